# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the node remembers about its boot entries and its trial, and the verdict on that trial. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import json
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, method, tier
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.grub import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import evidence as evidences

SCHEMA = 1
# What the first record of this schema had; the rest came later and may be missing.
REQUIRED = ("schema", "entries", "default", "trial", "failed")
MOVE, DRILL = "move", "drill"
PATH = DIRECTORY + "/state.json"
# After these the candidate has not run: nothing is held against it.
NOT_BEGUN = ("never_rebooted", "never_started")


class Verdict(typing.NamedTuple):
    verdict: str
    reason: str


State = typing.Dict[str, typing.Any]  # the record: docs/design.md, "State file"
Block = typing.Dict[str, str]  # the variables of the environment block

NO_TRIAL = Verdict("", "")


def empty() -> State:
    """Return the record of a node that was never touched."""
    return {
        "schema": SCHEMA,
        "entries": {},
        "default": PACKAGE,
        "confirmed_at": 0,
        "trial": None,
        "failed": {},
        "drills": {},
        "finalized": None,
        "called_off": "",
        "control": None,
        "package": None,
        "firmware_due": None,
        "newest": {},
        "fence": 0,
    }


def parse(text: typing.Optional[str]) -> State:
    """Read the content of state.json.

    :param text: str, None for a node that was never touched.
    :returns: dict (docs/design.md, "State file").
    :raises FleetError: the text is not such a record.
    """
    if text is None:
        return empty()
    try:
        state = parse_json(text)
        usable = state["schema"] == SCHEMA and not set(REQUIRED) - set(state) and _is_whole(dict(empty(), **state))
    except (ValueError, TypeError, KeyError, AttributeError):
        usable = False
    if not usable:
        raise FleetError(
            f"{PATH} is not a record that this version of osmigrate.fleet understands",
            "The node boots as its GRUB environment block says",
            "Move the file aside, and bring the release onto the node again that is its default",
        )
    if state["trial"]:
        known = {"node": "", "purpose": MOVE, "run": "", "fence": 0, "method": method.FIRMWARE}
        state["trial"] = dict(known, **state["trial"])
    entries = {name: _with_root(entry) for name, entry in state["entries"].items()}
    return dict(empty(), **dict(state, entries=entries))


def _with_root(entry: dict) -> dict:
    """Call the root of an entry what it is called now; the first versions knew deployments of OSTree only."""
    if "root" in entry or "deployment" not in entry:
        return entry
    return {**{name: entry[name] for name in entry if name != "deployment"}, "root": entry["deployment"]}


# What is read of a trial, an entry that failed, and an entry, with their types.
_TRIAL = {"entry": str, "incumbent": str, "armed_boot_id": str, "armed_at": (int, float), "tries": int}
_ENTRY = {
    **dict.fromkeys(("id", "title", "kernel", "initrd", "options", "backend", "root", "deployment"), str),
    "initrd_seconds": int,
    "deadman_seconds": int,
    "changed": dict,
}


def _is_whole(state: dict) -> bool:
    """Whether a record has the types that everything below here relies on; a power cut or a hand may change them."""
    tables = ("entries", "failed", "drills")
    return (
        all(isinstance(state[name], dict) for name in tables)
        and all(isinstance(one, dict) for name in tables for one in state[name].values())
        and all(_has(entry, _ENTRY, required=False) for entry in state["entries"].values())
        and all(_has(one, {"attempts": int}, required=False) for one in state["failed"].values())
        and all(_has(one, {"at": (int, float)}, required=False) for one in state["drills"].values())
        and isinstance(state["default"], str)
        and isinstance(state["called_off"], str)
        and _has(state, {"confirmed_at": (int, float)}, required=True)
        and (state["trial"] is None or _has(state["trial"], _TRIAL, required=True))
        and (
            state["trial"] is None or _has(state["trial"], {"node": str, "purpose": str, "method": str}, required=False)
        )
        and (state["finalized"] is None or _has(state["finalized"], {"entry": str}, required=True))
        and all(state[name] is None or isinstance(state[name], dict) for name in ("control", "package"))
        and (
            state["firmware_due"] is None
            or _has(state["firmware_due"], {"entry": str, "since": (int, float)}, required=True)
        )
    )


def _has(one: typing.Any, kinds: dict, required: bool) -> bool:
    return isinstance(one, dict) and all(
        isinstance(one[name], kind) if name in one else not required for name, kind in kinds.items()
    )


def render(state: State) -> str:
    """Return the content of state.json as str."""
    return json.dumps(state, indent=1, sort_keys=True) + "\n"


def fallback(state: State, default: str) -> str:
    """Return the id of the entry that grub.cfg boots by itself: PACKAGE, and a confirmed release once that is given up.

    :param state: dict, the node's record.
    :param default: str, id of the entry that the environment block makes the default.
    :returns: str, "" if the record knows none; then grub.cfg is left as it is.
    """
    if state["finalized"] is None:
        return PACKAGE
    confirmed = (default, state["default"], state["finalized"]["entry"])
    return next((name for name in confirmed if name in state["entries"]), "")


def live_trial(state: State, block: typing.Optional[Block]) -> typing.Optional[typing.Dict[str, typing.Any]]:
    """Return the trial that is under way or has ended without a decision, else None.

    :param state: dict, the node's record.
    :param block: dict of the environment block's variables, None if it is unusable.
    """
    trial = state["trial"]
    if trial is None or block is None:
        return trial
    # Without one it was confirmed or called off, and the run died before the record was rewritten.
    return trial if block.get("osm_trial") == trial["entry"] else None


# What of an entry says how it is booted.
LINES = ("kernel", "initrd", "devicetree", "options", "root_uuid", "boot_uuid", "digests")


def changed(known: typing.Dict[str, typing.Any], wanted: typing.Dict[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Return an entry that is the default, or runs, as staging it again leaves it: what is new is tried first.

    :param known: the entry as it is.
    :param wanted: the same as it is to be.
    :raises FleetError: it is to be another build, which is no change of an entry.
    """
    if known.get("commit", wanted.get("commit")) != wanted.get("commit") or known["root"] != wanted["root"]:
        raise FleetError(
            f"{known['id']} is booted from {known['root']}, and is to be {wanted['root']} now",
            "It stays what it was",
            "Give what was built anew another version",
        )
    kept = {name: known[name] for name in LINES if name in known}
    new = {name: wanted[name] for name in LINES if name in wanted and wanted[name] != kept.get(name, wanted[name])}
    return {**wanted, **kept, **({"changed": new} if new else {})}


def judge(
    state: State,
    block: typing.Optional[Block],
    booted_entry: str,
    boot_id: str,
    evidence: evidences.Evidence = evidences.NONE,
    on_trial: bool = True,
) -> Verdict:
    """Say what became of the trial.

    :param state: dict, the node's record.
    :param block: dict of the environment block's variables, None if it is unusable.
    :param booted_entry: str, id of the entry that runs now, "" if it is none of ours.
    :param boot_id: str, the kernel's boot id.
    :param evidence: Evidence of why the trial ended.
    :param on_trial: bool, whether what runs was started as a trial; it tells the default from itself with changes.
    :returns: Verdict; its verdict is "" where there is no trial to judge.
    """
    trial = live_trial(state, block)
    if trial is None:
        return NO_TRIAL
    # A soft-reboot keeps the boot id, so the root that runs says that there was one.
    switched = trial["method"] == method.SOFT and booted_entry == trial["entry"]
    if boot_id == trial["armed_boot_id"] and not switched:
        return Verdict("never_rebooted", "the node has not rebooted since the trial was armed")
    if booted_entry == trial["entry"] and (on_trial or trial["entry"] != trial["incumbent"]):
        return Verdict("booted_candidate", f"{booted_entry} is running")
    if booted_entry != trial["incumbent"]:
        runs = booted_entry or "another OS"
        return Verdict("unknown", f"neither the candidate nor the incumbent runs, but {runs}")
    if block is not None and block.get("osm_tries") == "x" * trial["tries"]:
        # GRUB counts right before it starts the candidate, so nothing is known against the release.
        return Verdict(
            "never_started",
            "GRUB booted the incumbent without starting the candidate: it could not count "
            "the try or read its menu, or somebody chose the incumbent",
        )
    if block is not None and block.get("osm_started") == "":
        return Verdict(
            "never_started",
            "GRUB counted the try, and a reset or a power cut came before it started the candidate",
        )
    return Verdict("fell_back", evidences.explain(trial, evidence, _without_evidence(state, block)))


def _without_evidence(state: State, block: typing.Optional[Block]) -> str:
    """Say what the environment block tells about a trial whose incumbent runs again."""
    if block is None:
        return "GRUB could not use its environment block, so the incumbent booted"
    tries = block.get("osm_tries", "")
    if block.get("osm_started") == grub.NOT_LOADED:
        return "GRUB counted the try, and could not load the candidate's kernel or initramfs"
    if "osm_started" not in block and not by_grub(state):
        way = "a soft-reboot" if (state["trial"] or {}).get("method") == method.SOFT else "kexec"
        return f"the candidate was to be started by {way}, and left no word before the incumbent booted"
    if tries == "0":
        return "GRUB counted the try and went on to start the candidate, which left no word before the incumbent booted"
    return "the incumbent was booted while the candidate still had tries left"


def by_grub(state: State) -> bool:
    """Say whether the trial of a record was to be started by GRUB."""
    of_tier = (state["control"] or {}).get("tier") == tier.KEXEC
    return not of_tier and (state["trial"] or {}).get("method") not in (method.KEXEC, method.SOFT)


def attempts(state: State, entry: str) -> int:
    """Return how often an entry has failed on this node, as int."""
    failed = state["failed"].get(entry)
    return failed.get("attempts", 1) if failed else 0  # records of older versions have no count


def traces(state: State, entry: str) -> str:
    """Return by what a backend knows whether an entry was booted since its /etc was made: it may have written there.

    :returns: digits in hex, other ones after each trial that failed and each drill; "" while there was none.
    """
    failed, drill = attempts(state, entry), state["drills"].get(entry, {}).get("at", 0)
    return f"{failed:04x}{int(drill):010x}" if failed or drill else ""
