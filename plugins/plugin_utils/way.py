# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's way: which steps are left, decided from what the node says now. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple

PACKAGE = "package"
MOVE = ("drain", "trial", "verify", "confirm")


class Way(NamedTuple):
    """What is left to do on one node.

    steps: of "revert", "stage", "drain", "trial", "verify", "confirm", in order; empty where nothing is left. A target
    that is in the boot menu is not staged again: it gets there only when all of it lies on the node.
    refusal: why the node must not go on, empty if it may. Steps given beside it are still to be taken.
    """

    steps: tuple[str, ...]
    refusal: str = ""


def next_steps(boot: dict[str, Any], target: str, retry: bool = False, attempts_max: int = 3) -> Way:
    """Decide what is left until the node runs the target by default.

    :param boot: what osmigrate.fleet.boot_info returned.
    :param target: id of the entry to end on.
    :param retry: try the target again although it failed on this node.
    :param attempts_max: how often it may have failed here before retry does not count any more.
    """
    booted, verdict, reason = boot["booted"]["entry"], boot["verdict"], boot["reason"]
    on_trial = (boot["trial"] or {}).get("entry", "")
    move = MOVE if target == PACKAGE or target in boot["entries"] else ("stage", *MOVE)

    if on_trial and on_trial != target:
        if verdict == "booted_candidate":
            return Way((), f"It runs {on_trial} on trial, which another rollout has to confirm or revert.")
        rest = next_steps({**boot, "trial": None, "verdict": ""}, target, retry, attempts_max)
        return Way(("revert", *rest.steps), rest.refusal)
    if verdict == "booted_candidate":
        return Way(("verify", "confirm"))
    if verdict in ("fell_back", "unknown"):
        # The fall-back that is not noted yet counts, too.
        attempts = _attempts(boot, target) + 1
        refusal = _refusal(target, attempts, verdict, reason, retry, attempts_max)
        return Way(("revert",), refusal) if refusal else Way(("revert", *move))
    if booted == target == boot["default"]:
        return Way(())
    if target in boot["failures"]:
        failed = boot["failures"][target]
        attempts = _attempts(boot, target)
        refusal = _refusal(target, attempts, failed["verdict"], failed["reason"], retry, attempts_max)
        if refusal:
            return Way((), refusal)
    return Way(move)


def _attempts(boot: dict[str, Any], target: str) -> int:
    failed = boot["failures"].get(target)
    return failed.get("attempts", 1) if failed else 0


def _refusal(target: str, attempts: int, verdict: str, reason: str, retry: bool, attempts_max: int) -> str:
    why = f"the verdict was {verdict}: {reason.rstrip('.')}."
    if not retry:
        return f"{target} was tried here before and {why}"
    if attempts >= attempts_max:
        return (
            f"{target} has failed here {attempts} times, and osmigrate_attempts_max is {attempts_max}. "
            f"The last time {why} Raise osmigrate_attempts_max to try it again."
        )
    return ""
