# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Record and environment block say the same: what a full disk or a cut between two writes left is settled. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

What GRUB does goes by the block, so the block is right wherever the two differ, and what the record remembers of
failures stays. A name that GRUB finds in no menu decides nothing. The verbs write in such an order that this loses
nothing (control.py).
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record


class Settled(typing.NamedTuple):
    """state: the record as it should be; block: what to write into the block, None where it stays; contradictions."""

    state: record.State
    block: typing.Optional[record.Block]
    contradictions: typing.List[str]


def default(state: record.State, block: typing.Optional[record.Block], menu: typing.Iterable[str]) -> str:
    """Return the id of the entry that GRUB boots when no trial is armed.

    :param state, block, menu: as settle() takes them.
    """
    named = (block or {}).get("osm_default") or PACKAGE
    # A menu that has what the record does not know: the record was lost.
    if named in state["entries"] or (state["finalized"] is None and named in menu):
        return named
    return record.fallback(state, named) or named


def settle(
    state: record.State,
    block: typing.Optional[record.Block],
    menu: typing.Iterable[str],
    changed_at: int,
    called_off: str,
) -> Settled:
    """Compare the two.

    :param state: the node's record.
    :param block: the variables of the environment block, None where GRUB reads none.
    :param menu: ids of the entries of the menu that GRUB reads.
    :param changed_at: when the block was written last, in seconds of the epoch.
    :param called_off: boot id if what runs is a trial of ours, else "".
    """
    found: typing.List[str] = []
    if block is None:
        return Settled(state, None, found)
    named, on_trial = block.get("osm_default") or PACKAGE, block.get("osm_trial", "")
    boots = default(state, block, menu)
    trial = state["trial"]
    if trial is not None and on_trial != trial["entry"]:
        found.append(f"The record has a trial of {trial['entry']}, and the boot menu has none of it")
        state = dict(state, trial=None)
    wanted = None
    if boots != named:
        found.append(f"The environment block has {named} as the default, which no menu has, so that GRUB boots {boots}")
        wanted = dict(block, osm_default=boots)
    if boots != state["default"] and (boots == PACKAGE or boots in state["entries"]):
        found.append(f"The record has {state['default']} as the default, and the boot menu has {boots}")
        failed = {name: failure for name, failure in state["failed"].items() if name != boots}
        state = dict(state, default=boots, confirmed_at=changed_at, failed=failed)
    if on_trial and state["trial"] is None:
        found.append(f"The boot menu has a trial of {on_trial}, and the record has none of it")
        state = dict(state, called_off=called_off or state["called_off"])
        wanted = {"osm_default": boots, "osm_trial": "", "osm_tries": ""}
    return Settled(state, wanted, found)
