# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import network
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import confined
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import HELD_MAX
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model as net
from ansible_collections.osmigrate.fleet.plugins.modules import node_carry

from tests.backends.roots import deployed

PARAMS = {
    "extra_paths": [],
    "kernel_arguments": [],
    "deadman_seconds": 0,
    "deadman_most": 0,
    "health_timeout": 60,
    "health_deadline": 0,
    "accepted": [],
}
MOUNTINFO = """\
27 1 254:3 / / rw - ext4 /dev/vda3 rw
28 27 254:3 /var/lib/kubelet /var/lib/kubelet rw shared:1 - ext4 /dev/vda3 rw
29 27 254:3 /srv/backup /export rw - ext4 /dev/vda3 rw
30 27 254:16 / /data rw - xfs /dev/vdb rw
"""


@pytest.fixture
def node(tmp_path):
    """A package-managed root and a deployment, as small as can be."""
    for name in ("node/etc", "node/home", "deployment/etc", "deployment/usr/etc", "var"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "node/etc/hostname").write_text("w1\n")
    (tmp_path / "deployment/home").symlink_to("var/home")
    return tmp_path


def carry(node, check_mode=False, etc_merged=False, **params):
    root = deployed(node / "deployment", node / "var", etc_merged)
    return node_carry.carry(str(node / "node"), root, [], {**PARAMS, **params}, check_mode)


def test_check_mode_tells_what_a_run_does_and_does_nothing(node):
    foretold = carry(node, check_mode=True)
    assert foretold["changed"] and not (node / "deployment/etc/hostname").exists()
    done = carry(node)
    assert done == foretold
    assert (node / "deployment/etc/hostname").read_text() == "w1\n"
    again = carry(node)
    assert (again["changed"], again["actions"], again["diff"]) == (False, [], [])
    assert [record["target"] for record in again["plan"]] == [record["target"] for record in done["plan"]]


@pytest.mark.skipif(os.geteuid() != 0, reason="the copy keeps owners")
def test_check_mode_asks_programs_about_what_a_run_would_make(node, monkeypatch):
    """A program that always refuses stands for the release's: what it is asked about is real, that it starts is not."""
    for path in ("node/etc/sudoers.d/ops", "deployment/usr/sbin/visudo"):
        (node / path).parent.mkdir(parents=True)
        (node / path).write_text("ops ALL=(ALL) ALL\n")
    with open(node / "node/etc/large", "wb") as large:
        large.truncate(HELD_MAX + 1)
    asked = []

    def refuse(place, argv, *_rest):
        (seen,) = [Path(seen) for seen, at in place.binds if at == "/etc"]
        asked.append(((seen / "sudoers.d/ops").read_text(), (seen / "large").exists()))
        return Completed(argv, 1, "", "/etc/sudoers.d/ops:1: no\n")

    monkeypatch.setattr(confined, "ask", refuse)
    with pytest.raises(FleetError, match=r"/etc/sudoers.d/ops:1: no .carry-refused-visudo.") as refused:
        carry(node, check_mode=True, extra_paths=["/etc/large"])
    assert asked == [("ops ALL=(ALL) ALL\n", False)]
    assert "Nothing was written into the candidate" in str(refused.value)
    assert not (node / "deployment/etc/sudoers.d").exists()
    accepted = carry(node, check_mode=True, accepted=["carry-refused-visudo"])
    assert "carry-refused-visudo" in [found["key"] for found in accepted["findings"]]


def test_diff(node):
    (node / "deployment/etc/hostname").write_text("debian\n")
    (shown,) = (shown for shown in carry(node)["diff"] if shown["after_header"] == "/etc/hostname")
    assert (shown["before"], shown["after"]) == ("debian\n", "w1\n")


def test_after_a_merge_only_what_that_cannot_know(node):
    assert carry(node, etc_merged=True)["actions"] == []
    assert [
        action for action in carry(node, etc_merged=True, deadman_seconds=60)["actions"] if "deadman" not in action
    ] == [
        "make directory /etc/osmigrate",
        "make directory /etc/systemd",
        "make directory /etc/systemd/system",
        "make directory /etc/systemd/system/sysinit.target.wants",
        "create /etc/osmigrate/end-trial",
    ]
    assert carry(node, etc_merged=True, deadman_seconds=60)["actions"] == []


def test_network(node):
    """The plan has it in check mode; what was merged has its own."""
    (node / "node/etc/network").mkdir()
    (node / "node/etc/network/interfaces").write_text("auto ens3\niface ens3 inet static\n address 10.0.0.5/24\n")
    wants = node / "deployment/usr/etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    (node / "deployment/etc/systemd").mkdir()
    (wants / "systemd-networkd.service").symlink_to("/usr/lib/systemd/system/systemd-networkd.service")
    mac = "52:54:00:aa:00:00"
    link = net.Link("ens3", net.PHYSICAL, mac, True, mac, 1500, True, "", "", {}, ["10.0.0.5/24"], [])
    live = network.Live(net.State({"ens3": link}, []), ["ifupdown"], {"ens3": "enp1s0"})
    root = deployed(node / "deployment", node / "var")
    found = node_carry.carry(str(node / "node"), root, [], PARAMS, True, live)
    unit = "/etc/systemd/network/10-osmigrate-ens3.network"
    assert "create " + unit in found["actions"]
    (record,) = (record for record in found["plan"] if record["target"] == unit)
    assert (record["source"], record["rule"]) == ("/etc/network/interfaces", "network/systemd-networkd")
    assert (found["network"]["rendered"], found["network"]["names"][0]["predicted"]) == (["ifupdown"], "enp1s0")
    merged = root._replace(etc_merged=True)
    found = node_carry.carry(str(node / "node"), merged, [], PARAMS, True, live)
    assert "network" not in found and found["actions"] == []


def test_fail_where_there_is_no_candidate(node):
    with pytest.raises(FleetError, match="node is not a complete candidate: .*/usr/etc is not there"):
        node_carry.examine(str(node / "node"), deployed(node / "node", node / "var"))


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"deadman_seconds": -1}, "0 or more, not -1"),
        ({"health_deadline": 9, "health_timeout": 0}, "0 seconds cannot pass"),
        ({"deadman_seconds": 300, "health_deadline": 300}, "have 300 seconds, but the deadman reboots after 300"),
    ],
)
def test_fail_on_limits_that_contradict_each_other(node, limits, message):
    with pytest.raises(FleetError, match=message):
        carry(node, **limits)


def test_fail_on_what_runs(node):
    deployment = str(node / "deployment")
    with pytest.raises(FleetError, match="is what runs now"):
        node_carry.examine(deployment, deployed(deployment, node / "var"))


def test_fail_without_a_var(node):
    with pytest.raises(FleetError, match="none is not there"):
        node_carry.examine(str(node / "node"), deployed(node / "deployment", node / "none"))


def test_a_directory_mounted_over_itself_is_still_on_the_root():
    assert node_carry.foreign_mounts(_storage.parse_mountinfo(MOUNTINFO)) == ["/export", "/data"]


def test_what_would_keep_the_node_from_serving_stops_it_before_anything_is_written(node):
    (node / "node/etc/containerd").mkdir()
    (node / "node/etc/containerd/config.toml").write_text('BinaryName = "/usr/bin/nvidia"\n')
    with pytest.raises(FleetError, match="no /usr/bin/nvidia.*carry-not-serving") as refused:
        carry(node)
    assert refused.value.result["inhibitors"] == ["carry-not-serving"]
    assert not (node / "deployment/etc/hostname").exists()
    assert carry(node, accepted=["carry-not-serving"])["inhibitors"] == []
