# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree in the shape of a release: /usr is the release, /etc its defaults, and what changes lives in /var.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _osrelease
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kept, oci
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

_DPKG, _DPKG_BEFORE = "usr/lib/sysimage/dpkg", "var/lib/dpkg"
_TMPFILES = "usr/lib/tmpfiles.d/osmigrate-var.conf"
_VAR = (
    "d /var/home 0755 root root",
    "d /var/roothome 0700 root root",
    "d /var/srv 0755 root root",
    "d /var/opt 0755 root root",
    "d /var/mnt 0755 root root",
    "d /var/media 0755 root root",
    "d /var/usrlocal 0755 root root",
)


def make(path: str, name: str, version: str) -> None:
    """Turn a package-managed tree into a root that is never written to, and let it say which release it is."""
    _say_version(path, name, version)
    lines = list(_VAR)
    if os.path.isdir(os.path.join(path, _DPKG_BEFORE)):
        oci.remove(os.path.join(path, _DPKG))
        os.makedirs(os.path.join(path, os.path.dirname(_DPKG)), exist_ok=True)
        os.rename(os.path.join(path, _DPKG_BEFORE), os.path.join(path, _DPKG))
        lines.append(f"L /var/lib/dpkg - - - - ../../{_DPKG}")
    lines += _directories_of_var(path)
    os.makedirs(os.path.join(path, os.path.dirname(_TMPFILES)), exist_ok=True)
    _write(os.path.join(path, _TMPFILES), "".join(line + "\n" for line in lines))
    for place in kept.EMPTY:
        oci.remove(os.path.join(path, place))
        os.mkdir(os.path.join(path, place), 0o755)
        os.chmod(os.path.join(path, place), 0o1777 if place == "tmp" else 0o755)
    for link, goal in kept.LINKS.items():
        oci.remove(os.path.join(path, link))
        os.symlink(goal, os.path.join(path, link))
    oci.remove(os.path.join(path, "usr/etc"))
    os.rename(os.path.join(path, "etc"), os.path.join(path, "usr/etc"))


@contextlib.contextmanager
def etc_twice(path: str, time: int, log: Log) -> typing.Iterator[None]:
    """Show the defaults as /etc, too, each file once: so a slot has one that boots by itself, and one that stays to be
    seen when the node's own lies over the other. OSTree deploys no tree that has both."""
    etc = os.path.join(path, "etc")
    log.run(["cp", "--archive", "--link", os.path.join(path, "usr/etc"), etc], "showing /etc", time)
    try:
        yield
    finally:
        oci.remove(etc)


def os_of(path: str) -> typing.Dict[str, str]:
    """Return os-release of a tree, as dict."""
    root = Tree(path)
    return _osrelease.read(root.text)


def _say_version(path: str, name: str, version: str) -> None:
    root = Tree(path)
    place = root.outside(root.resolve("/usr/lib/os-release"))
    text = root.text("/usr/lib/os-release")
    pretty = _osrelease.parse_os_release(text).get("PRETTY_NAME", name)
    kept = [line for line in text.splitlines() if not line.startswith(("PRETTY_NAME=", "IMAGE_ID=", "IMAGE_VERSION="))]
    kept += [f'PRETTY_NAME="{pretty} {version}"', f"IMAGE_ID={name}", f"IMAGE_VERSION={version}"]
    os.makedirs(os.path.dirname(place), exist_ok=True)
    _write(place, "".join(line + "\n" for line in kept))


def _directories_of_var(path: str) -> typing.List[str]:
    """Say which directories of /var, which OSTree leaves empty, have to be there."""
    lines = []
    for name, status in Tree(path).walk(kept.VAR):
        if name != kept.VAR and stat.S_ISDIR(status.st_mode) and kept.can_be_said(name):
            mode = stat.S_IMODE(status.st_mode)
            lines.append(f"d {name} {mode:04o} {status.st_uid} {status.st_gid}")
    return sorted(set(lines) - set(_VAR))


def _write(path: str, text: str) -> None:
    oci.remove(path)
    with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)
    os.chmod(path, 0o644)
