# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A slot that does not run, as it will see itself: its image, read-only, with its own /etc over that of the release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import kernel, persist
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

PLACE = "/run/osmigrate/slots"
# What others mount or find there.
DIRECTORIES = ("usr/etc", "etc", "var", "boot", "run", "proc", "sys", "dev", "tmp")


def place(partuuid: str, root: str = "/") -> str:
    """Return where a slot is shown; a boot entry calls its root by that, too. Pure."""
    return os.path.join(root, PLACE.lstrip("/"), partuuid)


def partuuid_of(path: str) -> str:
    """Return of which slot that is the place. Pure."""
    return os.path.basename(path)


def is_shown(partuuid: str) -> bool:
    """Say whether a slot is seen there with its /etc."""
    here = place(partuuid)
    return {here, here + "/etc"} <= {mount.target for mount in _storage.mounts()}


def show(device: str, partuuid: str, filesystem: str, entry: str, prepare: typing.Callable[[str], None]) -> None:
    """Let a slot be seen.

    :param filesystem: of the image.
    :param entry: id of its boot entry.
    :param prepare: takes where the image is seen, and sees that PERSIST has the layer of its /etc.
    :raises FleetError: it cannot be mounted, or is no root that can run from a slot, or has no such layer.
    """
    hide(partuuid)
    here = place(partuuid)
    _storage.make_directory(here)
    todo = f"See that the kernel that runs knows {filesystem} and overlay, then run the same command again"
    options = kernel.OPTIONS[filesystem] + ",nodev"
    run(["mount", "-t", filesystem, "-o", options, device, here], left=persist.LEFT, todo=todo)
    missing = [name for name in DIRECTORIES if not os.path.isdir(os.path.join(here, name))]
    if missing:
        hide(partuuid)
        raise FleetError(
            f"The image has no directory {', '.join('/' + name for name in missing)}, so it cannot run from a slot",
            persist.LEFT,
            "Build it in the shape that docs/slots.md describes, and publish it under another version",
        )
    try:
        prepare(here)
    except FleetError:
        hide(partuuid)
        raise
    options = persist.upper(entry).options(here)
    run(["mount", "-t", "overlay", "-o", options, "overlay", here + "/etc"], left=persist.LEFT, todo=todo)


def hide(partuuid: str) -> None:
    """Let a slot not be seen any more.

    :raises FleetError: somebody is in it.
    """
    here = place(partuuid)
    for target in _below(here):
        run(
            ["umount", target],
            left="The node serves on as it did",
            todo=f"See who is there with 'fuser --mount {target}'",
        )


def _below(here: str) -> typing.List[str]:
    """Return what is mounted there, what lies on another first."""
    return [mount.target for mount in reversed(_storage.mounts()) if _storage.is_below(mount.target, here)]
