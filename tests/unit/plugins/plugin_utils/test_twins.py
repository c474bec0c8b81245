# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _twins


@pytest.mark.parametrize(
    "hosts",
    [
        {},
        {"w1": {}, "w2": {}},
        {f"w1.{one}": {"k8s_node_name": "w1", "osmigrate_context": one} for one in "ab"},
        {"w1": {"ansible_host": "x", "ansible_port": 2201}, "w2": {"ansible_host": "x", "ansible_port": 2202}},
        {"w1": {"ansible_host": "{{ jump }}"}, "w2": {"ansible_host": "{{ jump }}"}},
        {name: {"ansible_host": "x", "ansible_connection": "local"} for name in ("w1", "w2")},
    ],
)
def test_hosts_of_their_own(hosts):
    assert list(_twins.problems(hosts)) == []


@pytest.mark.parametrize(
    ("hosts", "said"),
    [
        ({"w1": {}, "alias": {"k8s_node_name": "w1"}}, "The hosts alias and w1 both are node w1, "),
        (
            {name: {"k8s_node_name": "n"} for name in "abcdefg"},
            "The hosts a and b and c and d and e and 2 more all are",
        ),
        ({"w1": {"ansible_host": "x"}, "w2": {"ansible_host": "x"}}, "The hosts w1 and w2 have the address x, "),
        (
            {name: {"ansible_host": "x", "ansible_port": 22} for name in ("w1", "w2")},
            "The hosts w1 and w2 have the address x, ",
        ),
    ],
)
def test_hosts_that_meet(hosts, said):
    (found,) = _twins.problems(hosts)
    assert found.startswith(said)
