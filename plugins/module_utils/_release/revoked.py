# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operator has withdrawn: releases by their id or commit, keys by their fingerprint. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

_HEX = re.compile(r"[0-9a-f]{64}\Z")
_ID = re.compile(f"{schema.NAME}-{schema.VERSION}" + r"\Z")


def read(given: typing.Iterable[typing.Any]) -> typing.Set[str]:
    """Read the operator's list. One that is misspelt would revoke nothing, so it is refused.

    :raises FleetError: an item can be neither an id nor a commit or fingerprint.
    """
    items = [str(item).strip() for item in given]
    items = [item.lower() if _HEX.match(item.lower()) else item for item in items]
    for item in items:
        if not _HEX.match(item) and (re.match(r"[0-9a-fA-F]*\Z", item) or not _ID.match(item)):
            raise FleetError(
                f"{printable(item, 80) or 'An empty text'} in osmigrate_revoked is neither the id of a release nor a "
                "commit or the fingerprint of a key, which have 64 hex digits",
                todo="Correct it in osmigrate_revoked, then run the same command again",
            )
    return set(items)


def why(
    entry: str, commit: str, signers: typing.Iterable[str], revoked: typing.Set[str], by: str = "osmigrate_revoked"
) -> str:
    """Say why a release must not be used.

    A name of releases reads like an id where it ends in a number (debian-13 is version 13 of "debian"). Whoever wrote
    it may have meant all releases of that name, so none of them is used: ids and commits say which ones are meant.

    :param entry: its id.
    :param commit: its commit, "" if that is not known.
    :param signers: fingerprints of the keys that signed it, as far as they are known.
    :param revoked: what read() returned.
    :param by: what revokes it, in the middle of a sentence.
    :returns: a sentence without its full stop, "" if it may be used: one of its signers is enough.
    """
    if entry in revoked:
        return f"Release {entry} is revoked by {by}"
    if commit in revoked:
        return f"Release {entry} is revoked by {by}, which has its commit {commit[:12]}"
    signers = list(signers)
    names = sorted(item for item in revoked if entry.startswith(item + "-"))
    if names:
        return f"Release {entry} may be meant by {names[0]}, as {by} has it, which is an id without its version"
    if signers and set(signers) <= revoked:
        keys = ", ".join(one[:16] for one in signers)
        return f"Release {entry} is signed by nobody but {keys}, which is revoked by {by}"
    return ""


def refuse(entry: dict, given: typing.Iterable[typing.Any], left: str) -> None:
    """Refuse a boot entry that was withdrawn.

    :param entry: an item of "entries" in docs/design.md, "State file".
    :param left: the state to name (see FleetError).
    :raises FleetError: it is revoked.
    """
    problem = why(entry["id"], entry.get("commit", ""), entry.get("release", {}).get("signed_by", ()), read(given))
    if problem:
        raise FleetError(problem, left, "Choose another release, or take it out of osmigrate_revoked")
