# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A system laid out as EL 9 is, of Debian 12's programs: rpm's database, EL's names and places, a GRUB with BLS."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import cache, grub, host, rootfs
from .cache import Log
from .config import Paths

FILES = Path(__file__).parent / "files/el"
SCRIPTS = "usr/lib/lab"
PACKAGES = ("rpm", "chrony", "rsyslog", "logrotate")


def tree(paths: Paths, log: Log, more: tuple[str, ...]) -> Path:
    """The tree, with more of Debian's packages; neither dpkg nor apt is in it."""
    base = rootfs.legacy(paths, log, (*more, *PACKAGES))
    modules = grub.build(paths, log)
    inputs = {"base": base.name, "grub": modules.name, "recipe": Path(__file__), "files": FILES}

    def make(part: Path) -> None:
        _root("cp", "--archive", "--reflink=auto", base, part)
        _root("mkdir", "--parents", part / SCRIPTS)
        for name in ("dress", "packages.py"):
            _root("install", "--mode=755", FILES / SCRIPTS / name, part / SCRIPTS / name)
        _root("chroot", part, f"/{SCRIPTS}/dress")
        _root("mkdir", "--parents", part / grub.MODULES)
        _root("cp", "--recursive", "--no-target-directory", modules, part / grub.MODULES)
        log("el: building every package of the tree by rpmbuild, a minute or two")
        _root("chroot", part, "python3", f"/{SCRIPTS}/packages.py")

    return cache.artifact(paths, f"rootfs-el+{'+'.join(more)}", inputs, make, log)


def furnish(work: Path, owned: Iterable[str]) -> None:
    """Finish a tree to which the additions of the lab were made.

    owned: paths of what the package kubelet brought.
    """
    # Who is an administrator is in the group of those, and no other file says so.
    _root("usermod", f"--root={work}", "--append", "--groups=wheel", "ops")
    _root("sed", "--in-place", "s/^ops /%wheel /", work / "etc/sudoers.d/ops")
    _root("rm", "--recursive", work / "etc/default/grub.d")
    for keyfile in (work / "etc/NetworkManager/system-connections").glob("*.nmconnection"):
        _root("chmod", "600", keyfile)
    _root("chroot", work, "python3", f"/{SCRIPTS}/packages.py", "kubelet", *owned)


def _root(*argv: str | Path) -> None:
    host.run(host.as_root(argv))
