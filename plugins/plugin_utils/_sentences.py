# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles tell a person of what a node runs, of its checks, of its hooks and of what it gave up. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# Of what a program of a hook has said, so that its last lines leave the message readable.
LONGEST_SAID = 300


def wrong_entry(boot: Mapping[str, Any], node: str, target: str, where: str = "") -> str:
    """Say that a node does not run what it should.

    :param boot: what boot_info returned.
    :param target: the entry that it should run.
    :param where: on what occasion, to follow that, such as "on a drill"; "" where it goes without saying.
    """
    runs = boot["booted"]["entry"] or "an entry that is not ours"
    why = boot["reason"] or ("no trial is under way" if where else "it was booted by hand")
    return f"{node} runs {runs} instead of {' '.join(filter(None, (target, where)))}: {why}."


def failed_checks(looked: Mapping[str, Any], node: str, target: str) -> str:
    """Say why a node has not passed its required health checks.

    :param looked: what boot_info returned, or why it could not be asked.
    :param target: the entry whose checks they are.
    """
    return f"{node} has not passed its required health checks: {_of_checks(looked, target)}."


def _of_checks(looked: Mapping[str, Any], target: str) -> str:
    if "booted" not in looked:
        return _without_stop(str(looked.get("msg") or "it could not be asked"))
    if looked["booted"]["entry"] != target:
        return str(looked["reason"])
    failing = [one["name"] for one in looked["health"]["checks"] if one["kind"] == "required" and not one["passed"]]
    return ", ".join(failing) or "they are still running"


def hook_failure(
    result: Mapping[str, Any], point: str, hook: Mapping[str, Any], node: str, task: str, late: bool
) -> str:
    """Say which hook failed, where, and why.

    :param result: what its task returned (`ansible_failed_result`).
    :param hook: one of what the filter hooks returned.
    :param task: name of the task that failed.
    :param late: its time was over.
    """
    why = f"it did not end within {hook['timeout']} seconds"
    if not late:
        said = str(result.get("stderr") or "")
        if len(said) > LONGEST_SAID:
            said = said[: LONGEST_SAID - 3] + "..."
        why = ": ".join(filter(None, (_without_stop(str(result.get("msg", "it gave no reason"))), said)))
    return f"The {point} hook {hook['name']} failed on {node} in its task '{task}': {_without_stop(why.strip())}."


def given_up(deletes: list[Mapping[str, Any]], done: bool) -> list[str]:
    """Say what was deleted of a package-managed system, or would be: a sentence, then a line for each path.

    :param deletes: what boot_finalize returned, with path and bytes.
    :param done: it was deleted, and not only looked for.
    """
    if not deletes:
        return ["Nothing is left of the package-managed system."]
    total = shown_bytes(sum(one["bytes"] for one in deletes))
    first = (
        f"Deleted, {total}:" if done else "Nothing was changed. With osmigrate_finalize=true this would be deleted, "
    )
    first += "" if done else f"{total}:"
    return [first, *(f"{one['path']}  {shown_bytes(one['bytes'])}" for one in deletes)]


def shown_bytes(size: int) -> str:
    """Return a number of bytes as a person reads it: as Ansible's human_readable does."""
    for factor, unit in ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "KB")):
        if size >= factor:
            return f"{size / factor:.2f} {unit}"
    return f"{float(size):.2f} Bytes"


def _without_stop(text: str) -> str:
    return re.sub(r"[.]$", "", text)
