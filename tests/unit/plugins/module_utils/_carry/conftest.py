# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots to plan with: small trees of files, written as data."""

import hashlib
import os
import shutil
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

from tests.backends.roots import deployed
from tests.trees import make_rpm_database, write_tree

PASSWD = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin\n"
GROUP = "root:x:0:\ndaemon:x:1:\nadm:x:4:\nshadow:x:42:\nsystemd-journal:x:999:\n"
INCUMBENT = {
    "/etc/passwd": PASSWD
    + "messagebus:x:100:106::/nonexistent:/usr/sbin/nologin\nops:x:1000:1000:,,:/home/ops:/bin/bash\n",
    "/etc/group": GROUP.replace("adm:x:4:", "adm:x:4:ops") + "messagebus:x:106:\nops:x:1000:\n",
    "/etc/shadow": (
        "root:$6$rootsecret:1:0:99999:7:::\ndaemon:*:1:0:99999:7:::\nops:$6$opssecret:1:0:99999:7:::\n",
        0o640,
    ),
    "/etc/gshadow": ("root:*::\nops:!::\n", 0o640),
    "/etc/fstab": "UUID=1 / ext4 errors=remount-ro 0 1\n",
    "/etc/hostname": "w1\n",
    "/etc/machine-id": "0123456789abcdef0123456789abcdef\n",
    "/home/": "",
    "/root/": "",
    "/srv/": "",
    "/opt/": "",
    "/usr/local/": "",
    "/var/log/": "",
    "/var/lib/dpkg/info/base-files.list": (
        "/.\n/etc\n/var\n/var/log\n/var/spool\n/var/lib\n/var/lib/dpkg\n/home\n/bin/bash\n"
    ),
    "/var/lib/dpkg/status": "",
    "/bin/bash": "",
}
RELEASE = {
    "/usr/etc/passwd": PASSWD + "messagebus:x:996:996::/nonexistent:/usr/sbin/nologin\n",
    "/usr/etc/group": GROUP + "messagebus:x:996:\n",
    "/usr/etc/shadow": ("root:*:1:0:99999:7:::\ndaemon:*:1:0:99999:7:::\nmessagebus:!:1::::::\n", 0o640),
    "/usr/etc/gshadow": ("root:*::\nadm:*::\nmessagebus:!::\n", 0o640),
    "/usr/etc/fstab": "# nothing\n",
    "/usr/etc/systemd/system/": "",
    "/etc/": "",
    "/bin/bash": "",
    "/home": "-> var/home",
    "/root": "-> var/roothome",
    "/srv": "-> var/srv",
    "/opt": "-> var/opt",
    "/mnt": "-> var/mnt",
    "/usr/local": "-> ../var/usrlocal",
    "/var/": "",
    "/boot/": "",
}

# An EL incumbent has the same files but for the database of its packages, and its own numbers for some names.
EL_PASSWD = PASSWD + "chrony:x:992:987::/var/lib/chrony:/sbin/nologin\nops:x:1000:1000::/home/ops:/bin/bash\n"
EL_GROUP = "root:x:0:\ndaemon:x:2:\nwheel:x:10:ops\nadm:x:4:\ntape:x:33:\nchrony:x:987:\nops:x:1000:\n"
EL_INCUMBENT = {
    **{name: what for name, what in INCUMBENT.items() if "/dpkg/" not in name and name != "/bin/bash"},
    "/etc/os-release": 'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="8.10"\n',
    "/etc/passwd": EL_PASSWD,
    "/etc/group": EL_GROUP,
    "/var/lib/rpm/": "",
}
EL_RELEASE = {
    **RELEASE,
    "/usr/lib/os-release": 'ID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="9"\n',
    "/usr/etc/group": GROUP.replace("shadow:x:42:\n", "wheel:x:10:\n"),
}
DEBIAN_GROUP = GROUP + "sudo:x:27:\nwww-data:x:33:\ncrontab:x:990:\n_chrony:x:991:\n"
FAMILIES = {"debian": (INCUMBENT, RELEASE), "el": (EL_INCUMBENT, EL_RELEASE)}


def snapshot(root: Path) -> dict:
    """Everything of a tree: to see what changed in it."""
    found = {}
    for directory, directories, names in os.walk(root):
        for name in directories + names:
            path = Path(directory) / name
            if name == "rpmdb.sqlite-shm":
                continue  # changes with every reader
            status = path.lstat()
            content = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
            found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found


class Move:
    """One move between two trees, as often as it is asked for."""

    def __init__(
        self,
        directory: Path,
        incumbent: dict,
        release: dict,
        mount_points=(),
        packages=None,
        ids=None,
        families=("debian", "debian"),
    ):
        incumbent = {**FAMILIES[families[0]][0], **incumbent}
        release = {**FAMILIES[families[1]][1], **release}
        self.incumbent = write_tree(directory / "incumbent", incumbent)
        self.deployment = write_tree(directory / "deployment", release)
        self.var = directory / "var"
        self.var.mkdir()
        # A deployment's /etc begins as a copy of the release's own.
        pristine = {name[len("/usr") :]: what for name, what in release.items() if name.startswith("/usr/etc/")}
        write_tree(self.deployment, pristine)
        if families[0] == "el" and packages:
            if not shutil.which("rpmbuild"):
                pytest.skip("needs rpmbuild (Debian's package rpm)")
            write_tree(self.incumbent, {name: content for name, (content, _original) in packages.items()})
            made = directory / "rpm"
            make_rpm_database(self.incumbent, {name: original for name, (_now, original) in packages.items()}, made)
        else:
            for name, (content, original) in (packages or {}).items():
                self.package(name, content, original)
        for name, (uid, gid) in (ids or {}).items():
            os.chown(self.incumbent / name.strip("/"), uid, gid)
        self.mount_points = mount_points
        self.sealed = False

    def package(self, name: str, content: str, original: str) -> None:
        """Let a package of dpkg's have brought a configuration file that reads `content` and read `original`."""
        write_tree(self.incumbent, {name: content})
        status = self.incumbent / "var/lib/dpkg/status"
        digest = hashlib.md5(original.encode()).hexdigest()
        block = f"Package: p\nConffiles:\n {name} {digest}\nVersion: 1\n\n"
        status.write_bytes(status.read_bytes() + block.encode("utf-8", "surrogateescape"))

    def situation(self):
        root = deployed(self.deployment)._replace(sealed=self.sealed)
        return model.open_situation(str(self.incumbent), root, self.mount_points)

    def plan(self, extra_paths=(), deadman=0, health_timeout=60, health_deadline=0):
        limits = ending.Limits(deadman, health_timeout, health_deadline)
        return plan.make(self.situation(), list(extra_paths), limits)

    def records(self, **options):
        made = self.plan(**options)
        return {(record["target"], record["action"]): record for record in plan.describe(self.situation(), made)}

    def changes(self, made):
        return apply.compare(made.items, self.situation(), str(self.var))

    def carry(self, **options):
        """Apply; see that the incumbent is as it was and that a second run finds nothing to do."""
        before = snapshot(self.incumbent)
        made = self.plan(**options)
        apply.perform(self.changes(made), str(self.deployment))
        assert snapshot(self.incumbent) == before
        assert self.changes(self.plan(**options)) == []
        return made

    def read(self, name: str) -> str:
        return (self.deployment / name.strip("/")).read_text()

    def mode(self, name: str) -> int:
        return (self.deployment / name.strip("/")).stat().st_mode & 0o7777


@pytest.fixture
def move(tmp_path, monkeypatch):
    """A function that makes a Move: differences from a plain incumbent and a plain release."""

    monkeypatch.setattr(apply, "sync_file_system", lambda path, left: None)

    def make(incumbent=None, release=None, **options):
        return Move(tmp_path, incumbent or {}, release or {}, **options)

    return make
