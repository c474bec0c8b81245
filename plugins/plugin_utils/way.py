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


def next_steps(boot: dict[str, Any], target: str, retry: bool = False) -> Way:
    """Decide what is left until the node runs the target by default.

    :param boot: what osmigrate.fleet.boot_info returned.
    :param target: id of the entry to end on.
    :param retry: try the target again although it failed on this node.
    """
    booted, verdict, reason = boot["booted"]["entry"], boot["verdict"], boot["reason"]
    on_trial = (boot["trial"] or {}).get("entry", "")
    move = MOVE if target == PACKAGE or target in boot["entries"] else ("stage", *MOVE)

    if on_trial and on_trial != target:
        if verdict == "booted_candidate":
            return Way((), f"It runs {on_trial} on trial, which another rollout has to confirm or revert.")
        rest = next_steps({**boot, "trial": None, "verdict": ""}, target, retry)
        return Way(("revert", *rest.steps), rest.refusal)
    if verdict == "booted_candidate":
        return Way(("verify", "confirm"))
    if verdict in ("fell_back", "unknown"):
        return Way(("revert", *move)) if retry else Way(("revert",), _failure(target, verdict, reason))
    if booted == target == boot["default"]:
        return Way(())
    if target in boot["failures"] and not retry:
        failed = boot["failures"][target]
        return Way((), _failure(target, failed["verdict"], failed["reason"]))
    return Way(move)


def _failure(target: str, verdict: str, reason: str) -> str:
    return f"{target} was tried here before and the verdict was {verdict}: {reason.rstrip('.')}."
