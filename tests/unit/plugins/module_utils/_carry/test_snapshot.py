# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen of a node, on trees and from recorded output; a snapshot of two trees, compared by the plan."""

import hashlib
import os

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import administrator, plan, snapshot
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._differences import differences

# systemctl show of Debian 12, shortened.
SHOWN = """\
Type=oneshot
RemainAfterExit=no
Id=backup.service
TriggeredBy=backup.timer
LoadState=loaded
ActiveState=activating
FragmentPath=/etc/systemd/system/backup.service
UnitFileState=static
ConditionResult=yes

Type=notify
RemainAfterExit=no
Id=agent.service
LoadState=loaded
ActiveState=active
FragmentPath=/etc/systemd/system/agent.service
UnitFileState=enabled
ConditionResult=yes

Type=simple
Id=user@0.service
LoadState=loaded
ActiveState=active
FragmentPath=/lib/systemd/system/user@.service
UnitFileState=static

Type=simple
Id=run-1.service
LoadState=loaded
ActiveState=active
Transient=yes

Id=gone.service
LoadState=not-found
ActiveState=inactive
"""
MOUNTINFO = """\
27 1 254:3 / / rw,relatime - ext4 /dev/vda3 rw
28 27 0:20 / /proc rw - proc proc rw
29 27 254:16 / /data rw,noatime - xfs /dev/vdb rw
30 27 0:50 / /mnt/nfs ro,relatime - nfs4 10.0.0.1:/export rw
31 27 254:32 / /var/lib/kubelet/pods/1/volumes/x rw - ext4 /dev/vdc rw
"""
FILES = {
    "/etc/sysctl.d/60-a.conf": "vm.swappiness = 1\n",
    "/etc/apt/sources.list": "deb x\n",
    "/etc/ld.so.cache": "made anew",
    "/etc/empty": "\n",
    "/etc/link": "-> agent/agent.yml",
    "/etc/agent/agent.yml": "x: 1\n",
    "/usr/local/bin/tool": ("#!/bin/sh\n", 0o755),
    "/usr/lib/site/run": "#!/bin/sh\n",
    "/etc/systemd/system/osmigrate-report.service": "[Unit]\n",
}


def test_services(tmp_path):
    found = snapshot.services(SHOWN, Packages(Tree(str(tmp_path))))
    assert found == {
        "backup.service": {"state": "runs and ends", "enabled": "static", "packaged": False, "conditions": True},
        "agent.service": {"state": "active", "enabled": "enabled", "packaged": False, "conditions": True},
    }


def test_mounts():
    assert snapshot.mounts(_storage.parse_mountinfo(MOUNTINFO), {"/dev/vdb": "UUID=2"}) == {
        "/": "ext4 /dev/vda3 relatime",
        "/data": "xfs UUID=2 noatime",
        "/mnt/nfs": "nfs4 10.0.0.1:/export relatime,ro",
    }


def test_files_that_an_administrator_made(move):
    tree = move(FILES).situation().incumbent
    found = [path for path in administrator.files(tree, Packages(tree)) if not path.endswith(("shadow", "passwd"))]
    plain = ["/etc/fstab", "/etc/group", "/etc/hostname", "/etc/machine-id"]
    silent = ("/etc/ld.so.cache", "/etc/empty", "/etc/systemd/system/osmigrate-report.service")
    assert found == sorted([*plain, *(path for path in FILES if path not in silent)])


def test_a_file_and_a_link(move):
    tree = move({**FILES, "/etc/unit": "-> /lib/systemd/a.service"}).situation().incumbent
    assert snapshot.describe(tree, "/usr/local/bin/tool")["mode"] == "0755"
    assert snapshot.describe(tree, "/etc/link")["digest"] == hashlib.sha256(b"agent/agent.yml").hexdigest()
    assert snapshot.describe(tree, "/etc/unit")["digest"] == hashlib.sha256(b"/usr/lib/systemd/a.service").hexdigest()
    assert snapshot.describe(tree, "/etc/gone") is snapshot.describe(tree, "/etc/agent") is None


def state(tree, files):
    nothing = {**dict.fromkeys(["services", "mounts", "addresses", "routes", "sysctls"], {}), "kernel_arguments": []}
    described = {path: snapshot.describe(tree, path) for path in files}
    files = {path: found for path, found in described.items() if found}
    return {**nothing, "files": files, "users": snapshot.users(tree), "groups": snapshot.groups(tree)}


def test_every_file_of_a_move_is_accounted_for(move):
    """Trees, carried by the real planner: what the comparison says of each file that an administrator made."""
    moving = move(FILES)
    situation = moving.situation()
    names = administrator.files(situation.incumbent, situation.packages)
    before = state(situation.incumbent, names)
    made = moving.carry()
    records = plan.describe(situation, made)
    carried = {"plan": records, "unknown": made.unknown, "collisions": made.collisions}
    carried["left"] = [{"path": left.path, "reason": left.reason} for left in made.left]
    after = state(Tree(str(moving.deployment)), names + [record["target"] for record in records])
    # On the node /usr/local is the incumbent's own directory.
    after["files"]["/usr/local/bin/tool"] = before["files"]["/usr/local/bin/tool"]
    rows = {row["name"]: row for row in differences(before, after, carried)}
    assert not [row for row in rows.values() if row["verdict"] == "unexplained"]
    assert rows["/etc/sysctl.d/60-a.conf"]["verdict"] == rows["ops"]["verdict"] == "equal"
    assert rows["/etc/apt/sources.list"]["verdict"] == rows["/etc/fstab"]["verdict"] == "explained"
    assert rows["/etc/link"]["verdict"] == rows["/usr/lib/site/run"]["verdict"] == "finding"


def test_large_files_and_pipes_are_not_read(tmp_path, monkeypatch):
    """Somebody's image of a disk lies below /srv, and programs keep their pipes in /opt."""
    (tmp_path / "srv").mkdir()
    (tmp_path / "srv/disk").write_text("much")
    os.utime(str(tmp_path / "srv/disk"), (1, 1))
    os.mkfifo(str(tmp_path / "srv/control"))
    monkeypatch.setattr(snapshot, "LARGE", 3)
    tree = Tree(str(tmp_path))
    assert snapshot.describe(tree, "/srv/disk")["digest"] == hashlib.sha256(b"4 1").hexdigest()
    assert snapshot.describe(tree, "/srv/control")["digest"] == hashlib.sha256(b"").hexdigest()
