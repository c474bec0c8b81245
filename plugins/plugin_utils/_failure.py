# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a person reads about a task that failed, and about a node that is given up. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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


def of_silence(why: str) -> dict[str, Any]:
    """Return the result of a task that failed because its node does not answer. Ansible's own would drop the node.

    :param why: what the connection says.
    """
    return {"failed": True, "msg": failure_reason({"unreachable": True, "msg": why}, "")}


# How much of a failure is told again where its node is given up; the task that failed has told all of it.
LONGEST = 300


def node_failure(
    failure: str,
    node: str,
    boot: Mapping[str, Any],
    target: str,
    home: bool,
    counts: bool,
    returned: Mapping[str, Any],
    also: Iterable[str] = (),
) -> str:
    """Return what a person reads of a node that failed: why, the state it was left in, and the next step.

    :param failure: why, in one or a few sentences.
    :param boot: what boot_info says now; of a node that does not answer, what Ansible says.
    :param target: the entry that it was to run.
    :param home: it runs what it should.
    :param counts: the failure counts against the target and towards a halt of the pool.
    :param returned: the result of the task that gave it back to the scheduler.
    :param also: what else went wrong, each a sentence or empty; the first before the state, the others after it.
    """
    before, *after = [*also, ""]
    again = " with osmigrate_retry=true" if target in (boot.get("failures") or {}) else ""
    parts = [_cut(failure), before, _state(node, boot, home, returned, again)]
    if not counts:
        parts.append(f"No trial was armed, so this counts neither against {target} nor towards a halt of the pool.")
    return " ".join(part for part in (text.strip() for text in (*parts, *after)) if part)


def _state(node: str, boot: Mapping[str, Any], home: bool, returned: Mapping[str, Any], again: str) -> str:
    rerun = f"run the same command again{again}"
    if not home:
        return (
            f"{node} stays cordoned because it does not answer, does not run its default or may still be on trial. "
            "Look at it, then run the same command again; it goes on from whatever the node runs then."
        )
    runs, default = boot["booted"]["entry"] or "what is no entry of ours", boot["default"]
    if returned.get("failed"):
        why = str(returned.get("msg") or "").strip()
        return f"{node} runs {runs}, but could not be given back: {why} R{rerun[1:]} when that is mended."
    if runs == default:
        return f"{node} runs its default {default} and no cordon of ours is left on it. Mend the cause, then {rerun}."
    return (
        f"{node} runs {runs} as before, and no cordon of ours is left on it. Its default is {default}. "
        f"Mend the cause, then {rerun}."
    )


def _cut(text: str) -> str:
    """Cut at a word, as Jinja's truncate does."""
    return text if len(text) <= LONGEST + 5 else text[: LONGEST - 3].rsplit(" ", 1)[0] + "..."
