# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record and environment block say the same: what a full disk or a cut between two writes left is settled. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

What GRUB does goes by the block, so the block is right wherever the two differ, and what the record remembers of
failures stays. The verbs write in such an order that this loses nothing (control.py).
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE


class Settled(typing.NamedTuple):
    """state: the record as it should be; stray: whether the block has a trial to clear; contradictions: sentences."""

    state: typing.Dict[str, typing.Any]
    stray: bool
    contradictions: typing.List[str]


def settle(
    state: typing.Dict[str, typing.Any],
    block: typing.Optional[typing.Dict[str, str]],
    changed_at: int,
    called_off: str,
) -> Settled:
    """Compare the two.

    :param state: the node's record.
    :param block: the variables of the environment block, None where GRUB reads none.
    :param changed_at: when the block was written last, in seconds of the epoch.
    :param called_off: boot id if what runs is a trial of ours, else "".
    """
    found: typing.List[str] = []
    if block is None:
        return Settled(state, False, found)
    default, on_trial = block.get("osm_default") or PACKAGE, block.get("osm_trial", "")
    trial = state["trial"]
    if trial is not None and on_trial != trial["entry"]:
        found.append(f"The record has a trial of {trial['entry']}, and the boot menu has none of it")
        state = dict(state, trial=None)
    if default != state["default"] and (default == PACKAGE or default in state["entries"]):
        found.append(f"The record has {state['default']} as the default, and the boot menu has {default}")
        failed = {name: failure for name, failure in state["failed"].items() if name != default}
        state = dict(state, default=default, confirmed_at=changed_at, failed=failed)
    stray = bool(on_trial) and state["trial"] is None
    if stray:
        found.append(f"The boot menu has a trial of {on_trial}, and the record has none of it")
        state = dict(state, called_off=called_off or state["called_off"])
    return Settled(state, stray, found)
