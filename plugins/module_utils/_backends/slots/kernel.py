# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel and initramfs of a slot: copied out of it to where GRUB reads them, whatever file system the slot has.

They lie beside those of every other entry, in a directory of the slot's own, so that no slot's are ever written while
they may be needed.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import hashlib
import os
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

PLACE = DIRECTORY + "/slots"
# Nothing is ever written by them, not even a journal.
OPTIONS = {"ext4": "ro,noload", "xfs": "ro,norecovery,nouuid", "erofs": "ro", "squashfs": "ro"}
NAMES = {"kernel": "vmlinuz", "initrd": "initramfs.img"}
_LEFT = "The slot holds the release whole, and is in no boot menu; what runs serves on as it did"
_RUN = "/run/osmigrate"


def paths(partuuid: str, place: str = PLACE) -> typing.Dict[str, str]:
    """Return where kernel and initramfs of a slot belong, by "kernel" and "initrd". Pure."""
    return {part: os.path.join(place, partuuid, name) for part, name in NAMES.items()}


def differing(payload: typing.Dict[str, typing.Any], partuuid: str, place: str = PLACE) -> typing.List[str]:
    """Return which of "kernel" and "initrd" do not lie there as the release has them."""
    written = paths(partuuid, place)
    return [part for part, path in written.items() if _storage.digest(path) != payload[part + "_sha256"]]


def copy(device: str, payload: typing.Dict[str, typing.Any], partuuid: str, place: str = PLACE) -> None:
    """Copy kernel and initramfs out of a slot.

    :param payload: of the manifest.
    :raises FleetError: they are not in it, not what the manifest says, or cannot be written.
    """
    with _mounted(device, payload["filesystem"]) as root:
        for part, path in paths(partuuid, place).items():
            source = root + payload[part]
            if not os.path.realpath(source).startswith(os.path.realpath(root) + "/"):
                raise FleetError(f"{payload[part]} of the image leads out of it", _LEFT, "Build another image")
            try:
                _storage.make_directory(os.path.dirname(path))
                digest = _replace(source, path)
            except OSError as error:
                raise FleetError(
                    f"{payload[part]} cannot be copied from the slot to {path}: {error.strerror}",
                    _LEFT,
                    "Make room there if it is full, look at the manifest if it is missing, then run the same command "
                    "again",
                )
            if digest != payload[part + "_sha256"]:
                raise FleetError(
                    f"{payload[part]} of the image is not the {part} that the manifest names: another SHA-256",
                    _LEFT,
                    "Make the payload of the release again with slot_image, and sign its manifest again",
                )


def _replace(source: str, path: str) -> str:
    """Copy a file so that a cut leaves the old one or the new one whole; return its digest."""
    descriptor, temporary = tempfile.mkstemp(prefix=".osmigrate-", dir=os.path.dirname(path))
    sha = hashlib.sha256()
    try:
        with open(source, "rb") as content, os.fdopen(descriptor, "wb") as copied:
            for piece in iter(lambda: content.read(1 << 20), b""):
                sha.update(piece)
                copied.write(piece)
            copied.flush()
            os.fchmod(copied.fileno(), 0o600)
            os.fsync(copied.fileno())
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    _storage.sync_directory(os.path.dirname(path))
    return sha.hexdigest()


@contextlib.contextmanager
def _mounted(device: str, filesystem: str) -> typing.Iterator[str]:
    """Have a slot mounted where nobody looks, read-only, for a moment."""
    _storage.make_directory(_RUN)
    directory = tempfile.mkdtemp(prefix="slot-", dir=_RUN)
    try:
        run(
            ["mount", "-t", filesystem, "-o", OPTIONS[filesystem] + ",nodev,nosuid,noexec", device, directory],
            left=_LEFT,
            todo=f"See that the kernel which runs knows {filesystem}",
        )
        try:
            yield directory
        finally:
            run(["umount", directory], left=_LEFT)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
