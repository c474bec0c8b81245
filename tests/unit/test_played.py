# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests/cluster plays to playbooks is the real boot control, on a node that boots as GRUB would let it."""

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.modules import boot_info, boot_trial

from tests.cluster.played.node import Node

ARMED = {"state": "armed", "name": "r-2", "run": "one", "fence": 1}


@pytest.fixture
def node(tmp_path):
    made = Node(tmp_path, "w1")
    made.make()
    return made


def ask(node, **arguments):
    return node.boot_trial(arguments, False)


def test_it_runs_what_is_its_default(node):
    facts = node.boot_info({}, False)
    assert (facts["booted"]["entry"], facts["default"], sorted(facts["entries"])) == ("r-1", "r-1", ["r-1", "r-2"])
    assert set(yaml.safe_load(boot_info.RETURN)) <= set(facts)
    assert set(yaml.safe_load(boot_trial.RETURN)) <= set(ask(node, **ARMED))


@pytest.mark.parametrize(("method", "due"), [("firmware", None), ("kexec", "r-2")])
def test_a_trial_that_boots_and_is_confirmed(node, method, due):
    ask(node, **ARMED, method=method)
    node.node_reboot({"fence": 1}, False)
    assert node.boot_info({}, False)["verdict"] == "booted_candidate"
    assert started_by_kexec(node) is (method == "kexec")
    done = ask(node, state="confirmed", name="r-2", run="one", fence="1")
    assert (done["firmware_due"] or {}).get("entry") == due
    assert started_by_kexec(node) is (method == "kexec")
    node.reboot()
    assert not started_by_kexec(node)
    menu = node.menu()
    assert (menu["booted"], menu["default"], menu["trial"], menu["reboots"]) == ("r-2", "r-2", "", 2)
    assert node.boot_info({}, False)["firmware_due"] is None


@pytest.mark.parametrize("method", ["firmware", "kexec"])
def test_a_trial_that_does_not_boot_is_home(node, method):
    node.how(good=False)
    ask(node, **ARMED, method=method)
    node.reboot()
    facts = node.boot_info({}, False)
    assert (facts["booted"]["entry"], facts["verdict"]) == ("r-1", "fell_back")
    ask(node, state="reverted", run="one", fence=1)
    assert node.boot_info({}, False)["failures"]["r-2"]["verdict"] == "fell_back"


def test_a_run_that_lost_the_node_does_nothing(node):
    ask(node, **{**ARMED, "fence": 2})
    for late in (lambda: ask(node, **ARMED), lambda: node.node_reboot({"fence": "1"}, False)):
        with pytest.raises(FleetError, match="taken this node over"):
            late()
    assert node.menu()["reboots"] == 0


def test_check_mode_changes_nothing(node):
    before = node.menu()
    node.boot_trial(ARMED, True)
    node.node_reboot({}, True)
    assert node.menu() == before


def test_a_machine_that_runs_another_boot_than_kubernetes_shows_is_not_armed(node):
    with pytest.raises(FleetError, match="its boot id is played-1, and the Node object says b-9"):
        ask(node, **ARMED, boot_id="b-9")
    assert node.menu()["trial"] == ""


def test_a_node_that_has_lost_an_address_is_not_confirmed(node, monkeypatch):
    ask(node, **ARMED)
    node.node_reboot({"fence": 1}, False)
    monkeypatch.setattr(boot_trial, "differences", lost)
    with pytest.raises(FleetError, match=r"lost 10\.0\.0\.5"):
        ask(node, state="confirmed", name="r-2", run="one", fence="1")
    assert node.menu()["default"] == "r-1"


def started_by_kexec(node):
    with node.played():
        return node.control(check_mode=True).by_kexec()


def lost(params):
    raise FleetError("The node has lost 10.0.0.5, by which Kubernetes knows it")
