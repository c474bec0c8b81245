# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import identity_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.identity_plan import Claimed, Identity

N1 = Claimed("n1", Identity("m1", "b1", ("10.0.0.1", "fd00::1")))


@pytest.mark.parametrize(
    ("machine", "others", "said"),
    [
        (("m1", "b1", ("10.0.0.1",)), [], ""),
        (("m1", "b1", ("192.0.2.9", "fd00::1")), [], ""),
        (("m1", "b1", ()), [], ""),
        (("", "", ()), [], ""),
        (("m2", "b1", ("10.0.0.1",)), [], "its machine id is m2, and the Node object says m1"),
        (("m1", "b2", ("10.0.0.1",)), [], "its boot id is b2, and the Node object says b1"),
        (("m1", "b1", ("10.0.2.15",)), [], ""),  # behind a NAT
        (("m1", "", ("10.0.0.9",)), [], "it has none of the addresses 10.0.0.1, fd00::1"),
        # A kubelet says that its node is the machine of another one.
        (("m1", "b1", ()), [("evil", ("m1", "b1", ()))], "Node n1 and evil say that they are one machine"),
        (("m1", "b1", ()), [("evil", ("m9", "b9", ("10.0.0.1",)))], "Node n1 and evil say that they are one machine"),
        # Machines that were cloned are two.
        (("m1", "b1", ()), [("clone", ("m1", "b9", ("10.0.0.2",)))], ""),
        (("m1", "b1", ()), [("new", ("", "", ()))], ""),
    ],
)
def test_is_it_the_machine(machine, others, said):
    nodes = [N1, *(Claimed(name, Identity(*identity)) for name, identity in others)]
    assert said in identity_plan.objection(N1, Identity(*machine), nodes)
    assert bool(said) == bool(identity_plan.objection(N1, Identity(*machine), nodes))


def test_what_counts_of_a_node_object():
    addresses = [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "n1"}]
    node = {"metadata": {"name": "n1"}, "status": {"nodeInfo": {"machineID": "m1"}, "addresses": addresses}}
    assert identity_plan.claimed(node) == Claimed("n1", Identity("m1", "", ("10.0.0.1",)))
    assert identity_plan.claimed({"metadata": {"name": "n1"}}) == Claimed("n1", Identity("", "", ()))


def test_addresses_have_one_form():
    assert identity_plan.plain(["FD00::0:1", "10.0.0.1", "n1", "fd00::1%eth0x", ""])[:2] == ("fd00::1", "10.0.0.1")


def test_a_kubelet_that_is_late_is_waited_for():
    assert identity_plan.is_late(N1, Identity("m1", "b2", ()))
    assert not identity_plan.is_late(N1, Identity("m2", "b2", ()))
    assert not identity_plan.is_late(N1, Identity("", "b2", ()))
