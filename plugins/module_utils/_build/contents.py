# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a directory tree holds, as one digest: kinds, modes, owners, contents, and no times.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import lock


def digest(root: str) -> str:
    """Return the SHA-256 of all that lies below a directory, in hex, whatever the order in which it was written."""
    whole = hashlib.sha256()
    for line in sorted(_lines(root)):
        whole.update(line + b"\0")
    return whole.hexdigest()


def _lines(root: str) -> typing.Iterator[bytes]:
    for directory, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(directory, name)
            seen = os.lstat(path)
            what = ""
            if stat.S_ISREG(seen.st_mode):
                what = lock.file_digest(path)
            elif stat.S_ISLNK(seen.st_mode):
                what = os.readlink(path)
            elif stat.S_ISCHR(seen.st_mode) or stat.S_ISBLK(seen.st_mode):
                what = str(seen.st_rdev)
            line = f"{os.path.relpath(path, root)}\0{seen.st_mode:o} {seen.st_uid} {seen.st_gid} {what}"
            yield os.fsencode(line)
