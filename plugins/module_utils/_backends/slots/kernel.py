# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernel and initramfs of a slot: copied out of it to where GRUB reads them, whatever file system the slot has.

They lie beside those of every other entry, in a directory of the slot's own, so that no slot's are ever written while
they may be needed. The initramfs is followed by an archive of ours, which mounts what a slot keeps (persist.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.initrd import ALIGNMENT
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

PLACE = DIRECTORY + "/slots"
# Nothing is ever written by them, not even a journal.
OPTIONS = {"ext4": "ro,noload", "xfs": "ro,norecovery,nouuid", "erofs": "ro", "squashfs": "ro"}
NAMES = {"kernel": "vmlinuz", "initrd": "initramfs.img"}
_LEFT = "The slot holds the release whole, and is in no boot menu; what runs serves on as it did"
_MOUNT = "/run/osmigrate/slot"
_NEW = ".new"  # always the same name, so that what a cut leaves does not fill /boot
_COPY = """\
set -e
mount -t "$1" -o "$2" "$3" "$4"
cp -- "$4$5" "$6"
cp -- "$4$7" "$8"
"""


def arguments(root: str, filesystem: str) -> typing.List[str]:
    """Return the kernel's arguments by which it finds a slot. Pure.

    :param root: the device, such as PARTUUID=...
    """
    words = [f"root={root}", "ro", f"rootfstype={filesystem}"]
    options = [one for one in OPTIONS[filesystem].split(",") if one != "ro"]
    return words + ([f"rootflags={','.join(options)}"] if options else [])


def paths(partuuid: str, place: str = PLACE) -> typing.Dict[str, str]:
    """Return where kernel and initramfs of a slot belong, by "kernel" and "initrd". Pure."""
    return {part: os.path.join(place, partuuid, name) for part, name in NAMES.items()}


def differing(
    payload: typing.Dict[str, typing.Any], partuuid: str, added: bytes = b"", place: str = PLACE
) -> typing.List[str]:
    """Return which of "kernel" and "initrd" do not lie there as the release has them.

    :param added: what follows the initramfs of the release.
    """
    written, tails = paths(partuuid, place), {"kernel": b"", "initrd": added}
    return [part for part in NAMES if not _is(written[part], payload[part + "_sha256"], tails[part])]


def _is(path: str, digest: str, added: bytes) -> bool:
    """Say whether a file is that of the release, with what is added to it."""
    if not added:
        return _storage.digest(path) == digest
    sha = hashlib.sha256()
    try:
        with open(path, "rb") as content:
            os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            # The release's own ends somewhere in the last ones: zeros fill it up to where an archive may begin.
            left = os.fstat(content.fileno()).st_size - len(added) - ALIGNMENT
            while left > 0:
                piece = content.read(min(left, 1 << 20))
                sha.update(piece)
                left -= len(piece)
            end = content.read()
    except OSError:
        return False
    rest = end[: -len(added)]
    for length in range(len(rest) + 1):
        there = sha.copy()
        there.update(rest[:length])
        if there.hexdigest() == digest:
            return end == rest[:length] + bytes(len(rest) - length) + added
    return False


def copy(
    slot: str,
    device: str,
    payload: typing.Dict[str, typing.Any],
    partuuid: str,
    added: bytes = b"",
    place: str = PLACE,
) -> None:
    """Copy kernel and initramfs out of a slot.

    The slot is mounted where only the program that copies sees it, so that nothing stays mounted however that ends.

    :param slot: what people call it.
    :param payload: of the manifest.
    :param added: what follows the initramfs.
    :raises FleetError: they are not in it, not what the manifest says, or cannot be written.
    """
    final, filesystem = paths(partuuid, place), payload["filesystem"]
    problem = f"Kernel and initramfs of {slot} ({device}) cannot be copied to {place}"
    todo = (
        f"See that the kernel that runs knows {filesystem} and that {place} has room, then run the same command again"
    )
    try:
        for directory in (_MOUNT, *map(os.path.dirname, final.values())):
            _storage.make_directory(directory)
        parts = [word for part, path in final.items() for word in (payload[part], path + _NEW)]
        options = OPTIONS[filesystem] + ",nodev,nosuid,noexec"
        alone = ["unshare", "--mount", "--propagation", "private", "sh", "-c", _COPY, "sh"]
        done = run([*alone, filesystem, options, device, _MOUNT, *parts], check=False, left=_LEFT, todo=todo)
        if done.rc:
            raise FleetError(f"{problem}: {done.said()}", _LEFT, todo)
        for part, path in final.items():
            if _storage.digest(path + _NEW) != payload[part + "_sha256"]:
                raise FleetError(
                    f"{payload[part]} of the image is not the {part} that the manifest names: another SHA-256",
                    _LEFT,
                    "Make the payload of the release again with slot_image, and sign its manifest again",
                )
        for path, tail in zip(final.values(), (b"", added)):
            _put(path, tail)
    except OSError as error:
        raise FleetError(f"{problem}: {error.strerror}", _LEFT, todo)


def _put(path: str, tail: bytes) -> None:
    """Let what was copied be there whole, with what follows it, whatever cuts this off."""
    with open(path + _NEW, "r+b") as copied:
        extend(copied, tail)
        copied.flush()
        os.fchmod(copied.fileno(), 0o600)
        os.fsync(copied.fileno())
    os.rename(path + _NEW, path)
    _storage.sync_directory(os.path.dirname(path))


def extend(initramfs: typing.BinaryIO, tail: bytes) -> None:
    """Write an archive behind those that an initramfs has, nothing if there is none."""
    end = initramfs.seek(0, os.SEEK_END)
    initramfs.write(b"\0" * (-end % ALIGNMENT) + tail if tail else b"")
