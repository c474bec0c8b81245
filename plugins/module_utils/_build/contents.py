# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory tree holds, as one digest: kinds, modes, owners, attributes, contents, and no times.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import lock
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.attributes import WITHOUT

# Given by the machine on which a tree lies.
_LABEL = "security.selinux"


def digest(root: str) -> str:
    """Return the SHA-256 of a directory and all below it, in hex, whatever the order in which it was written."""
    whole = hashlib.sha256()
    for line in sorted(_lines(root)):
        whole.update(line + b"\0")
    return whole.hexdigest()


def _lines(root: str) -> typing.Iterator[bytes]:
    # Itself, too, even where it is reached by a link.
    yield _line(os.path.realpath(root), ".")
    for directory, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(directory, name)
            yield _line(path, os.path.relpath(path, root))


def _line(path: str, name: str) -> bytes:
    seen = os.lstat(path)
    what = ""
    if stat.S_ISREG(seen.st_mode):
        what = lock.file_digest(path)
    elif stat.S_ISLNK(seen.st_mode):
        what = os.readlink(path)
    elif stat.S_ISCHR(seen.st_mode) or stat.S_ISBLK(seen.st_mode):
        what = str(seen.st_rdev)
    also = "".join(f"\0{key} {value.hex()}" for key, value in _attributes(path))
    return os.fsencode(f"{name}\0{seen.st_mode:o} {seen.st_uid} {seen.st_gid} {what}{also}")


def _attributes(path: str) -> typing.List[typing.Tuple[str, bytes]]:
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
    except OSError as error:
        if error.errno in WITHOUT:
            return []
        raise
    return [(name, os.getxattr(path, name, follow_symlinks=False)) for name in names if name != _LABEL]
