# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.action.validate_input import read_auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _servers

PROD = "https://api.prod.example:6443"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (PROD, None),
        (PROD, []),
        (PROD, PROD),
        (PROD, f"{PROD}/"),
        (PROD, "api.prod.example:6443"),
        (PROD, "https://API.prod.example:6443"),
        (PROD, ["https://a", PROD]),
        ("https://api", "https://api:443/"),
        ("https://[2001:db8::1]:6443", "https://[2001:db8::1]:6443"),
        ("https://proxy/k8s/clusters/c-1", "https://proxy/k8s/clusters/c-1/"),
    ],
)
def test_the_one_that_is_meant(server, expected):
    _servers.refuse_others("halt", server, expected)


@pytest.mark.parametrize(
    "expected",
    [
        "https://api.prod.example",
        "http://api.prod.example:6443",
        "api.prod",
        f"{PROD}/k8s",
        "https://x:port",
        ["a", "b"],
    ],
)
def test_another_one_is_refused_with_both_named(expected):
    with pytest.raises(FleetError, match=f"halt would talk to {PROD}, and osmigrate_expected_server is ") as caught:
        _servers.refuse_others("halt", PROD, expected)
    assert str(expected if isinstance(expected, str) else expected[0]) in str(caught.value)


@pytest.mark.parametrize(("expected", "refused"), [(None, True), ([PROD], False)])
def test_another_one_than_the_hosts_are_from_is_refused_unless_it_is_expected(monkeypatch, expected, refused):
    monkeypatch.setattr(_servers, "of_cluster", lambda read, kubeconfig, context: PROD)
    values = {"osmigrate_expected_server": expected, "osmigrate_inventory_server": "https://lab:6443"}
    clusters = [{"host": "w-1", "kubeconfig": "", "context": "", "server": ""}]

    def ask(given):
        _servers.name_all("halt", read_auth, clusters, lambda host, name: given.get(name), True)

    ask({"osmigrate_inventory_server": f"{PROD}/"})
    if not refused:
        return ask(values)
    with pytest.raises(FleetError, match=f"hosts from https://lab:6443, and the playbook halt would talk to {PROD}"):
        ask(values)


def test_nobody_is_told_what_may_be_a_password(monkeypatch):
    monkeypatch.setenv("K8S_AUTH_HOST", "https://me:s3cret@api.prod.example:6443/")
    monkeypatch.setenv("K8S_AUTH_API_KEY", "s3cret")
    assert _servers.of_cluster(read_auth, None, None) == PROD


def test_each_is_named_once():
    clusters = [{"server": PROD, "hosts": 1}, {"server": "https://b", "hosts": 0}, {"server": "", "hosts": 3}]
    assert _servers.tell("halt", clusters) == [f"halt talks to {PROD}, for 1 host.", "halt talks to https://b."]
