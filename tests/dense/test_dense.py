# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that an administrator has worked on for years, moved to the release: everything is equal or explained.

Once with its network configured by ifupdown, once by netplan and NetworkManager: a bond with a VLAN on it, routes, and
a device that asks for its address. OSMIGRATE_FLAVOURS=ifupdown chooses.
"""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
from collections import Counter
from ipaddress import ip_interface, ip_network
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._differences import differences

from tests.e2e.fleet import INVENTORY, Fleet, Playbook
from tests.lab import host, networks, workloads

HERE = Path(__file__).parent
NODE = "w5"
FLAVOURS = ("ifupdown", "netplan")
CHOSEN = os.environ.get("OSMIGRATE_FLAVOURS", ",".join(FLAVOURS)).split(",")
# The node's own job writes the time into it, every five minutes.
WRITTEN_BY_CRON = "/srv/backup/last-heartbeat"
DATA = ("/data/note", "/export/README", "/srv/shared/note", "/home/alice/.bashrc", "/var/lib/lab-volumes/store/.keep")


def unpacked() -> str:
    """A shell script that puts the files where they belong."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for path in sorted((HERE / "files").rglob("*")):
            if path.is_file():
                member = archive.gettarinfo(path, str(path.relative_to(HERE / "files")))
                member.uid = member.gid = 0
                member.uname = member.gname = "root"
                archive.addfile(member, io.BytesIO(path.read_bytes()))
    packed = base64.b64encode(stream.getvalue()).decode()
    return f"echo {packed} | base64 -d | tar -xz -C / --no-overwrite-dir --keep-directory-symlink\n"


def furnish(fleet: Fleet) -> None:
    """Do on the node what its administrator did, and reboot it."""
    machine = fleet.machines[NODE]
    script = unpacked() + (HERE / "furnish.sh").read_text()
    host.run(machine.ssh_command("sh -s", user="root"), input=script, timeout=900)
    was = fleet.shell(NODE, "cat /proc/sys/kernel/random/boot_id")
    fleet.shell(NODE, "systemd-run --on-active=1 systemctl reboot")
    fleet.wait_for(lambda: not machine.answers(), "the reboot", 300)
    fleet.wait_for(machine.answers, "the boot", 900)
    assert fleet.shell(NODE, "cat /proc/sys/kernel/random/boot_id") != was
    fleet.control_plane.kubectl("wait", "--for=condition=Ready", f"node/{NODE}", "--timeout=300s")


def look(fleet: Fleet, file: Path, **what: list[str]) -> dict:
    """Return the state of the node."""
    variables = {"dense_state": str(file), **{f"dense_{name}": value for name, value in what.items()}}
    argv = ["ansible-playbook", str(HERE / "state.yml"), "-i", str(INVENTORY), "--limit", NODE]
    # In a file, because a list of files may be too long for an argument.
    arguments = file.with_suffix(".vars.json")
    arguments.write_text(json.dumps(variables))
    assert Playbook([*argv, "-e", f"@{arguments}"], fleet.environment()).wait().rc == 0
    return json.loads(file.read_text())


def show(rows: list[dict]) -> None:
    """Print the comparison: how many are equal, and each difference with its reason."""
    print("\n=== before and after")
    for (section, verdict), count in sorted(Counter((row["section"], row["verdict"]) for row in rows).items()):
        print(f"{section:18} {verdict:12} {count}")
    for row in rows:
        if row["verdict"] != "equal":
            print(f"{row['verdict']:12} {row['section']}: {row['name']}: {row['why']}")


class Moved(NamedTuple):
    """The moved fleet, the data before, the rows of the comparison, and what node_carry returned."""

    fleet: Fleet
    data: dict
    rows: list[dict]
    carried: dict


@pytest.fixture(scope="module", params=[flavour for flavour in FLAVOURS if flavour in CHOSEN])
def moved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Moved:
    directory = tmp_path_factory.mktemp("dense")
    fleet = Fleet.fresh(f"{NODE}={request.param}")
    # One node alone: a second replica would be one that the budget protects and that has nowhere to go.
    fleet.control_plane.kubectl("scale", "deployment/web", "--namespace=demo", "--replicas=1")
    furnish(fleet)
    workloads.wait_available(fleet.control_plane, 300)
    data = {path: fleet.shell(NODE, f"stat -c '%u %g %a' {path}; sha256sum <{path}") for path in DATA}
    before = look(fleet, directory / "before.json")
    kept = directory / "carry.json"
    hooks = {"osmigrate_hooks_migrate": [str(HERE / "keep_carry.yml")], "dense_carry": str(kept)}
    assert fleet.play("migrate", **hooks, **fleet.release("13.1")).rc == 0
    carried = json.loads(kept.read_text())
    files = [*before["files"], *(record["target"] for record in carried["plan"] if record["digest"])]
    after = look(fleet, directory / "after.json", files=sorted(set(files)), sysctls=list(before["sysctls"]))
    rows = differences(before, after, carried)
    show(rows)
    return Moved(fleet, data, rows, carried)


def test_nothing_is_unexplained(moved):
    assert [row for row in moved.rows if row["verdict"] == "unexplained" and row["name"] != WRITTEN_BY_CRON] == []


def test_addresses_and_routes_are_the_same(moved):
    fleet, _data, rows, _carried = moved
    same = {row["name"] for row in rows if row["section"] == "addresses" and row["verdict"] == "equal"}
    assert same >= {networks.ADDRESS, networks.VLAN_ADDRESS}
    assert any(ip_interface(address).network == ip_network(networks.SECOND_NETWORK) for address in same)
    routes = {row["name"].partition(" ")[0]: row["verdict"] for row in rows if row["section"] == "routes"}
    # NetworkManager gives each device a metric of its own, which means nothing where there is one route.
    kept = {to for to, verdict in routes.items() if verdict in ("equal", "explained")}
    assert kept >= {"default", networks.ROUTED, networks.ROUTED_BY_VLAN}
    assert "Bonding Mode: fault-tolerance (active-backup)" in fleet.shell(NODE, "cat /proc/net/bonding/bond0")
    assert f"id {networks.VLAN} " in fleet.shell(NODE, f"ip -d link show bond0.{networks.VLAN}")
    assert fleet.shell(NODE, "systemctl is-active systemd-networkd").strip() == "active"


def test_names_of_devices_are_what_the_release_was_foretold_to_give(moved):
    foretold = {one["predicted"] for one in moved.carried["network"]["names"]}
    assert foretold == {*networks.MEMBERS, networks.LEASED}
    assert foretold <= set(moved.fleet.shell(NODE, "ls /sys/class/net").split())


def test_what_no_rule_takes_was_named(moved):
    named = {row["name"] for row in moved.rows if row["verdict"] == "finding"}
    assert {"/etc/site/unknown.conf", "/usr/libexec/site/run", "strange=1"} <= named


def test_data_and_workloads_are_the_same(moved):
    fleet, data, _rows, _carried = moved
    assert data == {path: fleet.shell(NODE, f"stat -c '%u %g %a' {path}; sha256sum <{path}") for path in DATA}
    workloads.wait_available(fleet.control_plane, 300)
    assert 'VERSION_ID="13"' in fleet.shell(NODE, "cat /etc/os-release")


def test_what_the_administrator_made_works(moved):
    fleet = moved.fleet
    assert fleet.shell(NODE, "systemctl is-active site-agent site-report.timer site-hand").split() == ["active"] * 3
    verify = "openssl verify -CAfile /etc/ssl/certs/ca-certificates.crt /usr/local/share/ca-certificates/site.crt"
    assert fleet.shell(NODE, verify).strip().endswith("OK")
    # What may be run by whom, and who may read what.
    assert "site-agent" in fleet.shell(NODE, "sudo -l -U alice")
    assert fleet.shell(NODE, "runuser -u bob -- head -c 7 /etc/containerd/config.toml") == "version"
    assert fleet.shell(NODE, "crontab -l -u alice").strip() == "* * * * * true"
