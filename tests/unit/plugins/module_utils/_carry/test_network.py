# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of a node, as golden cases: fixtures/network/<case>.

A case has ``case.json`` (which live network, the systems at work, the candidate's system, predicted names), the files
of the incumbent below ``incumbent``, and what comes out: the candidate's new files below ``expected`` and everything
that is said about them in ``said.json``. Cases whose names end in ``_fail`` have something that cannot be carried. To
write down what comes out now, for a person to read before it is believed: ``OSMIGRATE_WRITE_GOLDEN=1``.

``bridge.live.json`` is what ``ip -j`` said in a network namespace, without the far ends of its veth pairs, and with
its devices called hardware. In ``bond-vlan.live.json`` the bond and the VLAN are written after what iproute2 prints:
the kernel at hand had neither.
"""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, network, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.ending import Limits

from tests.backends.roots import deployed

PLACE = Path(__file__).parent / "fixtures/network"
CASES = sorted(path.name for path in PLACE.iterdir() if path.is_dir())
OF_NETWORKS = re.compile("network|netplan", re.IGNORECASE)
UNITS = {"systemd-networkd": "systemd-networkd.service", "NetworkManager": "NetworkManager.service"}


def live(name):
    """Return the State of a recorded network."""
    return state.parse(state.Answers(**json.loads((PLACE / (name + ".live.json")).read_text())))


def situation(case, directory):
    described = json.loads((PLACE / case / "case.json").read_text())
    wants = directory / "deployment/usr/etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    if described["candidate"]:
        (wants / UNITS[described["candidate"]]).symlink_to("/usr/lib/systemd/system/x")
    running = network.Live(live(described["live"]), described["owners"], described["predicted"])
    return model.open_situation(str(PLACE / case / "incumbent"), deployed(directory / "deployment"), [], running)


def outcome(moving):
    """Return the files for the candidate by name, and what is said about them."""
    try:
        made = plan.make(moving, [], Limits(0, 60, 0))
    except FleetError as error:
        return {}, {"error": str(error)}
    items = [item for item in made.items if item.rule.startswith("network") and item.kind == model.FILE]
    records = [
        {
            "target": item.target,
            "source": item.source,
            "rule": item.rule,
            # Of what comes as it is, the mode is the one that the fixture happens to have here.
            "mode": f"{item.mode:04o}" if "osmigrate" in item.target else "",
            "lost": item.lost,
        }
        for item in items
    ]
    said = {
        "plan": records,
        "left": [[left.path, left.reason] for left in made.left if OF_NETWORKS.search(left.path)],
        "unknown": [one["path"] for one in made.unknown if OF_NETWORKS.search(one["path"])],
        "network": network.describe(moving),
    }
    return {item.target: item.content.decode() for item in items}, said


def files_of(directory):
    return {"/" + str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.parametrize("case", CASES)
def test_case(tmp_path, case):
    files, said = outcome(situation(case, tmp_path))
    expected = PLACE / case / "expected"
    if os.environ.get("OSMIGRATE_WRITE_GOLDEN"):
        shutil.rmtree(expected, ignore_errors=True)
        for name, text in files.items():
            (expected / name.strip("/")).parent.mkdir(parents=True, exist_ok=True)
            (expected / name.strip("/")).write_text(text)
        (PLACE / case / "said.json").write_text(json.dumps(said, indent=1) + "\n")
    assert said == json.loads((PLACE / case / "said.json").read_text())
    assert files == files_of(expected)


@pytest.mark.parametrize("case", CASES)
def test_what_gets_lost_is_told(case):
    """A case that is to fail says what, and no other does."""
    said = json.loads((PLACE / case / "said.json").read_text())
    told = [record["lost"] for record in said.get("plan", []) if record["rule"] != "network/netplan" and record["lost"]]
    # What netplan made of its files takes their place.
    left = [reason for _path, reason in said.get("left", []) if reason != network.NO_NETPLAN]
    assert bool(told or left or said.get("error")) == case.endswith("_fail")


def ends(directory, files, owners, target):
    """Return the outcome for one device, by files of the incumbent and the systems at work."""
    for name, text in files.items():
        (directory / "incumbent" / name.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (directory / "incumbent" / name.strip("/")).write_text(text)
    wants = directory / "deployment/usr/etc/systemd/system/multi-user.target.wants"
    wants.mkdir(parents=True)
    unit = UNITS.get(target, "networking.service")
    (wants / unit).symlink_to("/usr/lib/systemd/system/" + unit)
    running = network.Live(live("bridge"), owners, {})
    roots = [str(directory / name) for name in ("incumbent", "deployment")]
    return outcome(model.open_situation(roots[0], deployed(roots[1]), [], running))


def test_what_netplan_made_for_another_system_is_left(tmp_path):
    files = {
        "/etc/netplan/x.yaml": "network: {}\n",
        "/run/systemd/network/10-netplan-ens0f0.network": "[Match]\nName=ens0f0\n[Network]\nDHCP=yes\n",
        "/run/NetworkManager/system-connections/netplan-ens1f0": "[connection]\ntype=ethernet\n",
    }
    _files, said = ends(tmp_path, files, ["netplan"], "systemd-networkd")
    assert [path for path, _reason in said["left"]] == [
        "/etc/netplan/x.yaml",
        "/run/NetworkManager/system-connections/netplan-ens1f0",
    ]


def test_files_that_interfaces_includes_come_along(tmp_path):
    files = {
        "/etc/network/interfaces": "source-directory lab\nsource vlans/*.if\n",
        "/etc/network/lab/ens0f0": "auto ens0f0\niface ens0f0 inet dhcp\n",
        "/etc/network/lab/ens1f0.bak": "auto ens1f0\niface ens1f0 inet dhcp\n",
        "/etc/network/vlans/7.if": "auto ens2f0\niface ens2f0 inet dhcp\n",
    }
    made, said = ends(tmp_path, files, ["ifupdown"], "ifupdown")
    assert {name for name in made if name.startswith("/etc/network")} == set(files) - {"/etc/network/lab/ens1f0.bak"}
    assert said["unknown"] == ["/etc/network/lab/ens1f0.bak"]
