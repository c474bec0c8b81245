# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads about a task that failed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# How ansible-core, 2.16 and 2.19, begins to tell that a module died before it could say anything.
DIED = ("MODULE FAILURE", "Module result deserialization failed")
# What a Python that cannot unpack a module says on a node whose file systems take nothing more.
NO_ROOM = ("No usable temporary directory", "No space left on device", "Read-only file system")


def failure_reason(result: Mapping[str, Any], task: str, left: bool = True) -> str:
    """Return why a task failed, in one or a few sentences.

    :param result: what the task returned (`ansible_failed_result`).
    :param task: its name.
    :param left: tell the state that our modules say they left, too; not where it changes at once.
    """
    told = str(result.get("msg") or "").strip()
    if not left and result.get("left_as"):
        return told.replace(f". {result['left_as']}.", ".", 1)
    if result.get("unreachable"):
        return f"The node does not answer: {told.rstrip('.')}."
    if not told:
        return f"The task {task} failed."
    if not told.startswith(DIED):
        return told
    said = str(result.get("module_stderr") or result.get("module_stdout") or "").strip() or told
    last = said.splitlines()[-1].strip().rstrip(".")
    hint = " A file system of the node is full or read-only." if any(words in said for words in NO_ROOM) else ""
    return f"The task {task} could not run on the node: {last}.{hint}"
