# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a legacy node has its things, and whose packages it is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from . import el, rootfs
from .cache import Log
from .config import Paths


@dataclass(frozen=True)
class Layout:
    """What differs between the trees of legacy nodes.

    tree: makes the tree, with more packages.
    initrd: how the file of that is called in /boot.
    settings: the directory of what units read.
    services: what an administrator enables; unwanted: what nothing in the lab can serve.
    files: what lies beside the files of all nodes.
    furnish: finishes the tree of a node, told which paths kubelet's package brought.
    """

    tree: Callable[[Paths, Log, tuple[str, ...]], Path]
    initrd: str
    settings: str
    services: tuple[str, ...]
    unwanted: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    furnish: Callable[[Path, Iterable[str]], None] = lambda _work, _owned: None


LAYOUTS = {
    "debian": Layout(
        rootfs.legacy,
        "initrd.img-*",
        "/etc/default",
        ("ssh.service", "cron.service"),
        ("apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"),
    ),
    "el": Layout(
        el.tree,
        "initramfs-*.img",
        "/etc/sysconfig",
        ("sshd.service", "crond.service", "chronyd.service", "rsyslog.service"),
        files=(el.FILES,),
        furnish=el.furnish,
    ),
}
DEFAULT = "debian"
