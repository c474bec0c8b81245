# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a file has beside content, mode and owner: access control lists, capabilities, attributes of users.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import errno
import fcntl
import os
import struct
import typing

ACLS = ("system.posix_acl_access", "system.posix_acl_default")
CAPABILITY = "security.capability"
# An access control list: a version, then entries of tag, permissions and number.
VERSION, ENTRY = struct.Struct("<I"), struct.Struct("<HHI")
KINDS = {0x02: "user", 0x08: "group"}
# struct fsxattr: flags, three numbers that do not count here, the id of a project between them, and padding.
FS_IOC_FSGETXATTR, FSXATTR = 0x801C581F, struct.Struct("=IIIII8x")
IMMUTABLE, APPEND_ONLY = 0x08, 0x10
WITHOUT = (errno.ENOTSUP, errno.ENODATA, errno.ENOENT, errno.EACCES)


def read(path: str) -> tuple:
    """Return what is carried of a file or directory, as tuple of (name, bytes), sorted. Labels of SELinux are not.

    :param path: str, no link.
    """
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except OSError as error:
        if error.errno in WITHOUT:
            return ()
        raise
    kept = [name for name in sorted(names) if name in ACLS or name == CAPABILITY or name.startswith("user.")]
    return tuple((name, os.getxattr(path, name, follow_symlinks=False)) for name in kept)


def not_kept(path: str) -> typing.List[str]:
    """Return what a file or directory has that its copy will not have, as sentences without their subject.

    A flag that keeps a file from being changed would keep a deployment from being removed.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return []
    try:
        flags, _size, _extents, project, _copied = FSXATTR.unpack(
            fcntl.ioctl(descriptor, FS_IOC_FSGETXATTR, bytes(FSXATTR.size))
        )
    except OSError:
        return []  # a file system without such flags
    finally:
        os.close(descriptor)
    told = ["it cannot be changed on the node (immutable), and can on the candidate"] if flags & IMMUTABLE else []
    told += ["it can only grow on the node (append-only), and is free on the candidate"] if flags & APPEND_ONLY else []
    return told + ([f"its project {project} for quotas is not kept"] if project else [])


def renumbered(found: tuple, numbers: typing.Dict[typing.Tuple[str, int], int]) -> tuple:
    """Let access control lists name the same users and groups by their numbers on the candidate.

    :param found: tuple, what read returned.
    :param numbers: dict of (kind, number) to number.
    """
    return tuple((name, _renumbered(value, numbers) if name in ACLS else value) for name, value in found)


def _renumbered(value: bytes, numbers: typing.Dict[typing.Tuple[str, int], int]) -> bytes:
    entries = [
        (tag, permissions, numbers.get((KINDS.get(tag, ""), number), number))
        for tag, permissions, number in ENTRY.iter_unpack(value[VERSION.size :])
    ]
    # The kernel wants users and groups in the order of their numbers.
    return value[: VERSION.size] + b"".join(
        ENTRY.pack(*entry) for entry in sorted(entries, key=lambda entry: (entry[0], entry[2]))
    )


def write(path: str, wanted: tuple) -> None:
    """Give a file or directory what is wanted, and take what read finds besides."""
    for name, value in wanted:
        os.setxattr(path, name, value, follow_symlinks=False)
    for name, _value in read(path):
        if name not in [kept for kept, _value in wanted]:
            os.removexattr(path, name, follow_symlinks=False)
