# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kernel of a tree and its initramfs, where OSTree and the slots look for them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log

MODULES = "usr/lib/modules"
KERNEL, INITRAMFS, CONFIG = "vmlinuz", "initramfs.img", "config"


def make(document: Document, tree: str, time: int, log: Log) -> None:
    """Bring the one kernel and how it was built to its modules, and make its initramfs beside them.

    :raises FleetError: there is no kernel, or there are several.
    """
    wanted = document.get("kernel", {})
    tool = wanted.get("initramfs", schema.DRACUT)
    if tool == schema.NONE and not _versions(tree):
        return
    version = the_version(tree, log)
    modules = os.path.join(tree, MODULES, version)
    boot = os.path.join(tree, "boot", f"vmlinuz-{version}")
    if os.path.isfile(boot):
        os.replace(boot, os.path.join(modules, KERNEL))
    image = f"/{MODULES}/{version}/{INITRAMFS}"
    if tool == schema.DRACUT:
        options = ["--quiet", "--force", "--no-hostonly", "--reproducible", "--add", "ostree"]
        options += wanted.get(schema.ARGUMENTS, [])
        log.inside(tree, ["dracut", *options, "--kver", version, image], "dracut", time)
    elif tool == schema.INITRAMFS_TOOLS:
        log.inside(tree, ["mkinitramfs", *wanted.get(schema.ARGUMENTS, []), "-o", image, version], "mkinitramfs", time)
    else:
        _take_along(tree, version)
    # What makes an initramfs reads it in /boot.
    config = os.path.join(tree, "boot", f"config-{version}")
    if os.path.isfile(config):
        os.replace(config, os.path.join(modules, CONFIG))
    if not os.path.isfile(os.path.join(modules, INITRAMFS)):
        raise log.failed(f"kernel {version} has no initramfs", "Set kernel.initramfs to the program that makes it")


def the_version(tree: str, log: Log) -> str:
    """Return the version of the one kernel in a tree.

    :raises FleetError: there is none, or there are several.
    """
    found = _versions(tree)
    if not found:
        raise log.failed("the tree has no kernel", "Add one to packages.base, such as linux-image-amd64")
    if len(found) > 1:
        raise log.failed(f"the tree has {len(found)} kernels: {', '.join(found)}", "Leave one of them in the recipe")
    return found[0]


def _versions(tree: str) -> typing.List[str]:
    modules = os.path.join(tree, MODULES)
    names = sorted(os.listdir(modules)) if os.path.isdir(modules) else []
    places = os.path.join(modules, "{0}", KERNEL), os.path.join(tree, "boot", "vmlinuz-{0}")
    return [name for name in names if any(os.path.isfile(place.format(name)) for place in places)]


def _take_along(tree: str, version: str) -> None:
    """Move an initramfs that the base brought to where it belongs."""
    for name in (f"initrd.img-{version}", f"initramfs-{version}.img"):
        path = os.path.join(tree, "boot", name)
        if os.path.isfile(path):
            shutil.move(path, os.path.join(tree, MODULES, version, INITRAMFS))
