# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One node's way: which steps are left, decided from what the node says now. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import revoked as revocation
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import (
    CONFIRM,
    DRILL,
    MOVE,
    REPAIR,
    RETURN,
    REVERT,
    STAGE,
    VERIFY,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.record import NOT_BEGUN


class Way(NamedTuple):
    """What is left to do on one node.

    steps: of REPAIR, REVERT, STAGE, and those of MOVE or DRILL, in order; empty where nothing is left. A target that is
    in the boot menu is not staged again: it gets there only when all of it lies on the node.
    refusal: why the node must not go on, empty if it may. Steps given beside it are still to be taken.
    """

    steps: tuple[str, ...]
    refusal: str = ""


def next_steps(
    boot: dict[str, Any],
    target: str,
    retry: bool = False,
    attempts_max: int = 3,
    drill: bool = False,
    commit: str = "",
    revoked: Iterable[Any] = (),
) -> Way:
    """Decide what is left until the node runs the target by default; for a drill until it has come home from it.

    :param boot: what osmigrate.fleet.boot_info returned.
    :param target: id of the entry to end on, or to come home from.
    :param retry: try the target again although it failed on this node.
    :param attempts_max: how often it may have failed here before retry does not count any more.
    :param drill: the target shall not be confirmed, but left by itself.
    :param commit: what the target has to be, "" where that is not asked.
    :param revoked: what the operator has withdrawn (see _release/revoked.py).
    :raises FleetError: revoked has something that can be neither an id, a commit nor a fingerprint.
    """
    refusal = _withdrawn(boot, target, commit, revoked)
    if refusal:
        # A trial of it is ended, and the node goes home.
        return Way((REVERT,) if (boot["trial"] or {}).get("entry") == target else (), refusal)
    way = _steps(boot, target, retry, attempts_max, drill)
    # What boot_info says is as it will be then. A node that is left as it is may wait for a run that does something.
    if boot["contradictions"] and (way.steps or not way.refusal):
        return Way((REPAIR, *way.steps), way.refusal)
    return way


def _withdrawn(boot: dict[str, Any], target: str, commit: str, revoked: Iterable[Any]) -> str:
    """Say why the entry of that id on this node must not be used, "" if it may."""
    entry = boot["entries"].get(target)
    if entry is None:
        return ""
    here = entry.get("commit", "")
    if commit and here and here != commit:
        return (
            f"{target} is commit {commit} by its manifest, and lies on this node as commit {here}. "
            "What was built anew needs another version."
        )
    why = revocation.why(target, here, entry.get("release", {}).get("signed_by", ()), revocation.read(revoked))
    return why and f"{why}."


def _steps(boot: dict[str, Any], target: str, retry: bool, attempts_max: int, drill: bool) -> Way:
    booted, verdict, reason = boot["booted"]["entry"], boot["verdict"], boot["reason"]
    trial = boot["trial"] or {}
    on_trial, drilled = trial.get("entry", ""), trial.get("purpose") == "drill"
    to_do = DRILL if drill else MOVE
    move = to_do if target == PACKAGE or _is_staged(boot, target, drill) else (STAGE, *to_do)

    if verdict == "booted_candidate":
        # No drill lets a move fall back, and no move keeps what a drill has booted, which lacks health checks.
        if on_trial == target and drilled == drill:
            return Way((RETURN,) if drill else (VERIFY, CONFIRM))
        if not drilled:
            return Way((), f"It runs {on_trial} on trial, which another rollout has to confirm or revert.")
    if boot["called_off"] or (on_trial and (on_trial != target or (drilled and verdict not in NOT_BEGUN))):
        # Nobody has to be asked about a drill that nobody watched to its end: it is called off, and that is all.
        runs = boot["default"] if boot["called_off"] or verdict == "booted_candidate" else booted
        home = {**boot["booted"], "entry": runs}
        settled = {**boot, "trial": None, "verdict": "", "called_off": False, "booted": home}
        rest = _steps(settled, target, retry, attempts_max, drill)
        return Way((REVERT, *rest.steps), rest.refusal)
    if verdict in ("fell_back", "unknown"):
        # The fall-back that is not noted yet counts, too.
        attempts = _attempts(boot, target) + 1
        refusal = _refusal(target, attempts, verdict, reason, retry, attempts_max)
        return Way((REVERT,), refusal) if refusal else Way((REVERT, *move))
    if target == PACKAGE and boot["finalized"]:
        return Way((), _given_up(boot))
    if booted == target == boot["default"] and not boot["entries"].get(target, {}).get("changed"):
        if drill:
            return Way((), f"{target} is the default here, so there is nothing to come home from.")
        # Without a block it is only what GRUB boots for want of one: the record may have another default.
        return Way(() if boot["block"]["usable"] or not boot["entries"] else (CONFIRM,))
    if target in boot["failures"]:
        failed = boot["failures"][target]
        attempts = _attempts(boot, target)
        refusal = _refusal(target, attempts, failed["verdict"], failed["reason"], retry, attempts_max)
        if refusal:
            return Way((), refusal)
    return Way(move)


def _is_staged(boot: dict[str, Any], target: str, drill: bool) -> bool:
    """Say whether the target is in the boot menu, and not only for a drill where it is to be moved to."""
    entry = boot["entries"].get(target)
    return entry is not None and (drill or entry.get("purpose") != "drill")


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


def _given_up(boot: dict[str, Any]) -> str:
    others = sorted(set(boot["entries"]) - {boot["default"], boot["booted"]["entry"]})
    way = f"Go back with osmigrate_rollback_to={' or '.join(others)}" if others else "No earlier release is staged here"
    return f"The package-managed system of this node was given up and cannot be booted any more. {way}."
