# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small recipes and a whole build of one, for the tests of this room.

Run as a program, it builds in whatever environment it finds itself: building.py <recipe> <work> <version> <destination>
prints the commit.
"""

import sys
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import (
    locking,
    ostree,
    payload,
    recipe,
    schema,
    stages,
    tree,
)

TIME = 1764547200
KERNEL = "6.12.43+deb13-cloud-amd64"
RECIPE = """\
schema: 1
name: debian-13
ref: debian/13/x86_64
base:
  directory: root
kernel:
  initramfs: none
groups:
- {name: agents, gid: 812}
users:
- {name: agent, uid: 811, groups: [agents], home: /var/lib/agent}
files:
- {path: /etc/motd, content: "hello\\n"}
- {path: /usr/bin/agent, source: agent.sh, mode: "0755"}
- {path: /etc/agent.conf, link: ../usr/share/agent.conf}
- {path: /var/lib/agent, directory: true, mode: "0750"}
leave_out: [documentation]
remove: ["usr/games/*"]
"""
TREE = {
    "usr/lib/os-release": 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13"\n',
    f"usr/lib/modules/{KERNEL}/vmlinuz": "kernel",
    f"usr/lib/modules/{KERNEL}/initramfs.img": "initramfs",
    "usr/share/doc/README": "never read",
    "usr/games/nethack": "a game",
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
    "etc/group": "root:x:0:\n",
    "etc/shadow": "root:*:::::::\n",
    "etc/ssh/ssh_host_ed25519_key": "of one machine",
    "var/lib/dpkg/status": "",
    "var/log/build.log": "today",
    "var/log/journal/today": "today",
}


def prepare(directory: Path, text: str = RECIPE, names: "list[str] | None" = None) -> Path:
    """Write recipe and base, the files of the latter in the order of names, and return the recipe's path."""
    for name in names or list(TREE):
        path = directory / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(TREE[name])
        path.chmod(0o644)
    for path in (directory / "root").rglob("*"):
        if path.is_dir():
            path.chmod(0o755)
    (directory / "agent.sh").write_text("#!/bin/sh\n")
    (directory / "mine.yml").write_text(text)
    return directory / "mine.yml"


def lock(path: Path, work: Path, *, update: bool = False, frozen: bool = False) -> locking.Locked:
    read = recipe.read(str(path))
    with tree.alone(str(work)) as log:
        return locking.ensure(read, recipe.lock_of(read), update, frozen, TIME, log, False)


def build(path: Path, work: Path, last: str = schema.TIDY) -> tree.Built:
    """Build a tree up to a stage, with its lock."""
    read = recipe.read(str(path))
    locked = lock(path, work)
    with tree.alone(str(work)) as log:
        return tree.build(read.document, locked.lock, recipe.lock_of(read), str(work), last, log)


def publish(
    path: Path, work: Path, version: str, public: Path, *, frozen: bool = False, slots: bool = False
) -> payload.Published:
    """Build a tree and make its payload."""
    read = recipe.read(str(path))
    locked = lock(path, work).lock
    inputs = stages.of(read.document, locked)[-1].digest
    wanted = payload.Wanted(
        version, str(public), "http://images.example", 0, [], ostree.Signer("", ""), [], inputs, frozen, slots
    )
    directory = recipe.lock_of(read)
    with tree.alone(str(work)) as log, tree.place(str(work), frozen) as place:
        built = tree.build(read.document, locked, directory, place, schema.TIDY, log)
        return payload.publish(read.document, built.path, str(work), locked, directory, wanted, log)


if __name__ == "__main__":
    print(publish(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], Path(sys.argv[4])).commit)
