# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a slot keeps: PERSIST, where each release has a directory for its /etc, and all have one /var.

A slot is read-only. Its initramfs gets a small archive more, which mounts PERSIST and, over the release's /etc, what
was written there since; so the first process of the system itself reads the node's own configuration, whatever version
of systemd that is.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import errno
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# Below /run, which the initramfs hands to the system whole: no release needs a directory for it.
MOUNT = "/run/osmigrate/persist"
OURS = "osmigrate"  # the directory of PERSIST that is ours; what else is on it is somebody else's
VAR = MOUNT + "/" + OURS + "/var"
ETC = MOUNT + "/" + OURS + "/etc"
VAR_LINE = VAR + " /var none bind 0 0"  # of fstab
PRISTINE = "/usr/etc"
# What /etc and /var of a release may need at once.
ROOM_BYTES = 64 << 20
LEFT = "The slot is in no boot menu, and what runs serves on as it did"
_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description={description}
DefaultDependencies=no
{more}Before=initrd-root-fs.target

[Mount]
What={what}
Where={where}
Type={fstype}
Options={options}
"""
_ETC_AFTER = "Requires=sysroot.mount run-osmigrate-persist.mount\nAfter=sysroot.mount run-osmigrate-persist.mount\n"
# A disk that is slow to come is waited for as the root is: a trial has its deadman.
_PATIENT = "[Unit]\nJobRunningTimeoutSec=infinity\n"


class Upper(typing.NamedTuple):
    """Where what was written into the /etc of a release lies: path the layer, work what the kernel needs beside it."""

    path: str
    work: str

    def options(self, root: str) -> str:
        """Return the options of the mount that lays it over the /etc of the release that is seen at root. Pure."""
        return f"lowerdir={root}{PRISTINE},upperdir={self.path},workdir={self.work}"


def layer(entry: str, root: str = "/") -> str:
    """Return the directory of an entry's /etc, with all that belongs to it. Pure."""
    return os.path.join(root, ETC.lstrip("/"), entry)


def upper(entry: str, root: str = "/") -> Upper:
    """Return the Upper of an entry's /etc. Pure."""
    directory = layer(entry, root)
    return Upper(directory + "/upper", directory + "/work")


def archive(partition: layout.Partition, entry: str) -> bytes:
    """Return what the initramfs of a slot gets besides, for its /etc. Pure.

    :param partition: PERSIST.
    :param entry: id of the boot entry.
    """
    device = "/dev/disk/by-" + (f"partuuid/{partition.partuuid}" if partition.partuuid else f"uuid/{partition.uuid}")
    units = {
        "run-osmigrate-persist.mount": _UNIT.format(
            description="State and configuration of the node",
            more="",
            what=device,
            where=MOUNT,
            fstype=partition.fstype,
            options="defaults",
        ),
        "sysroot-etc.mount": _UNIT.format(
            description="The node's configuration over that of the release",
            more=_ETC_AFTER,
            what="overlay",
            where=SYSROOT + "/etc",
            fstype="overlay",
            options=upper(entry).options(SYSROOT),
        ),
        f"{_escaped(device)}.device.d/osmigrate.conf": _PATIENT,
    }
    mounts = [name for name in units if name.endswith(".mount")]
    return initrd.of_units(units, "initrd-root-fs.target.requires", mounts)


def _escaped(path: str) -> str:
    """Return a path as systemd names a unit by it."""
    return path.strip("/").replace("-", "\\x2d").replace("/", "-")


def is_open(root: str = "/") -> bool:
    """Say whether PERSIST is seen."""
    return os.path.isdir(os.path.join(root, MOUNT.lstrip("/"), OURS))


def is_root_of(directory: str) -> bool:
    """Say whether a root runs from a slot: its /etc is a layer on PERSIST."""
    etc = _storage.mount_of(os.path.join(directory, "etc"), _storage.mounts())
    return etc.fstype == "overlay" and any(one.startswith(f"upperdir={ETC}/") for one in etc.system_options)


def open_here(partition: layout.Partition) -> None:
    """See that PERSIST is mounted, writable, with room and our directories on it.

    :raises FleetError: it is damaged, full, or something else is there.
    """
    name = f"PERSIST ({partition.device})"
    todo = f"Look at {partition.device} and at what the kernel says of it, then run the same command again"
    held = [one for one in _storage.mounts() if one.target == MOUNT]
    if held and held[-1].number != partition.number:
        raise FleetError(f"{MOUNT} shows {held[-1].source}, and not {name}", LEFT, f"Unmount {MOUNT}")
    if not held:
        if partition.fstype not in ("ext4", "xfs", "btrfs"):
            what = partition.fstype or "no file system"
            raise FleetError(
                f"{name} holds {what}, and has to have ext4, XFS or btrfs", LEFT, "Make one, if nobody needs its data"
            )
        _storage.make_directory(MOUNT)
        done = run(["mount", "-t", partition.fstype, partition.device, MOUNT], check=False)
        if done.rc:
            raise FleetError(f"{name} cannot be mounted: {done.said()}", LEFT, todo)
    if os.statvfs(MOUNT).f_flag & os.ST_RDONLY:
        raise _unwritable(name, os.strerror(errno.EROFS), todo)  # also what the kernel made so, after an error
    free = _storage.room(MOUNT).free_bytes
    if free < ROOM_BYTES:
        raise FleetError(
            f"{name} has {free // 1000000} MB free, and a release needs {ROOM_BYTES // 1000000} there",
            LEFT,
            f"Make room on it, it is mounted at {MOUNT}, then run the same command again",
        )
    try:
        for path in (VAR, ETC):
            _storage.make_directory(path)
    except OSError as error:
        raise _unwritable(name, str(error.strerror), todo)


def _unwritable(name: str, why: str, todo: str) -> FleetError:
    return FleetError(f"{name} cannot be written: {why}", LEFT, todo)


def forget(entries: typing.Iterable[str]) -> None:
    """Remove the layers of entries that are gone, where PERSIST is seen; later ones find them otherwise."""
    for entry in entries:
        run(["rm", "-rf", "--", layer(entry)], left=LEFT, todo=f"Look at {MOUNT}")
