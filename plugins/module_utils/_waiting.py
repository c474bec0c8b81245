# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module on the controller waits for while it waits, left where the callback `progress` finds it.

Ansible shows nothing of a task before it ends. So whoever waits writes one sentence for its node into a directory that
the callback made, whose path is in the environment. Where there is none nobody listens.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

VARIABLE = "OSMIGRATE_WAITING_DIRECTORY"
LONGEST = 300


def tell(node: str, why: str) -> None:
    """Say what a node waits for, as a clause. Nothing depends on whether that can be written."""
    path = place(os.environ.get(VARIABLE, ""), node)
    if not path:
        return
    try:
        fresh = f"{path}.{os.getpid()}"
        file = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        try:
            os.write(file, printable(why, LONGEST).encode("utf-8", "replace"))
        finally:
            os.close(file)
        os.rename(fresh, path)
    except OSError:
        pass


def heard(directory: str, node: str, since: float) -> str:
    """Return what a node waits for, "" if nothing was said since a moment (seconds since the epoch)."""
    path = place(directory, node)
    try:
        if not path or os.stat(path).st_mtime < since:
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return printable(file.read(4 * LONGEST), LONGEST)
    except OSError:
        return ""


def place(directory: str, node: str) -> typing.Optional[str]:
    """Return the file of a node, None where nobody listens or the name is none of a node."""
    plain = node and "/" not in node and not node.startswith(".") and len(node) <= 253
    return os.path.join(directory, node) if directory and plain else None
