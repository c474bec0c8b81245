# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A deployment as the next root of a soft-reboot: mounted as ostree's program in an initramfs mounts it.

ostree has a command for that since 2025.3, and only for deployments with composefs; these are refused here.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import struct
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Bind, NextRoot
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes, read_text

# What the initramfs goes by, and in it what makes more of a root than directories that are seen in other places.
SETTINGS = ("usr/lib/ostree/prepare-root.conf", "etc/ostree/prepare-root.conf")
OWN_WAYS = re.compile(r"(?mi)^\s*(enabled|transient|transient-ro|readonly)\s*=\s*(?!no\b|false\b|0\b)\S")
READ_ONLY = re.compile(r"(?mi)^\s*readonly\s*=\s*true\b")


def of(ostree: program.Ostree, path: str) -> NextRoot:
    """Return how a deployment is mounted without its initramfs.

    :param ostree: Ostree.
    :param path: of the deployment, as the entry has it.
    """
    if not ostree.is_booted():
        return _never("the system that runs is none that OSTree started")
    deployment = os.path.realpath(os.path.join(ostree.root, path.lstrip("/")))
    if any(OWN_WAYS.search(read_text(os.path.join(deployment, name))) for name in SETTINGS):
        return _never(f"{SETTINGS[0]} of the release has its initramfs put its root together")
    if READ_ONLY.search(read_text(os.path.join(ostree.root, "ostree/repo/config"))):
        return _never(f"{SYSROOT} of this node is read-only by OSTree's configuration")
    booted = os.path.join(ostree.root, program.BOOTED_FLAG.lstrip("/"))
    running, wanted = os.stat(ostree.root), os.stat(deployment)
    files = {program.BOOTED_FLAG: booted_as(read_bytes(booted), running, wanted)}
    return NextRoot("", mounts(deployment, os.path.join(ostree.root, SYSROOT.lstrip("/"))), files)


def mounts(deployment: str, sysroot: str) -> typing.List[Bind]:
    """Return what makes a root of a deployment.

    :param deployment: str, its directory.
    :param sysroot: str, the root of the file system that has /ostree.
    """
    found = [Bind(deployment, "", False), Bind(sysroot, SYSROOT.lstrip("/"), False)]
    if os.path.islink(os.path.join(sysroot, "boot/loader")):
        found.append(Bind(os.path.join(sysroot, "boot"), "boot", False))
    return found + [Bind(os.path.join(deployment, "usr"), "usr", True)]


def booted_as(flag: bytes, running: os.stat_result, wanted: os.stat_result) -> bytes:
    """Return what ostree finds of the deployment that runs: it goes by the numbers of device and file there.

    Versions that note nothing look at / itself.

    :param flag: what it finds now.
    :param running, wanted: of the directories of the deployments.
    """
    before, after = (struct.pack("=QQ", one.st_dev, one.st_ino) for one in (running, wanted))
    return flag.replace(before, after)


def _never(problem: str) -> NextRoot:
    return NextRoot(problem, [], {})
