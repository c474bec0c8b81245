# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A channel: a small signed file that says which release is meant now, until when. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

The file NAME.CHANNEL.channel is a DSSE envelope, as that of a manifest is. Its text names the release by id and digest,
so who serves the file chooses nothing; its serial grows, so an older one can be told; it expires, so one that is held
back is noticed.
"""

import json
import os
import re
import typing
from urllib.parse import unquote, urljoin, urlsplit

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks, envelope, order, revoked, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.policy import DAY

TYPE = "application/vnd.osmigrate.fleet.channel.v1+json"
SUFFIX = ".channel"
SCHEMA = 1
_WORD = r"[a-z][a-z0-9-]{0,31}"
_FILE = re.compile(rf"({schema.NAME})\.({_WORD})\.channel")
_AGAIN = "Do not use it; let those who make it sign it again with release_channel"


class Pointer(typing.NamedTuple):
    """What a channel says. manifest: where the release is, beside the channel or as URL. sha256: of its release.yml.

    created, expires: in UTC. floor: version before which no release may be used any more, "" for none. blocked: as
    osmigrate_revoked has them.
    """

    name: str
    channel: str
    serial: int
    created: str
    expires: str
    release: str
    manifest: str
    sha256: str
    floor: str
    blocked: typing.Tuple[str, ...]

    def title(self) -> str:
        """Return what it is called in the middle of a sentence."""
        return f"channel {self.channel} of {self.name}"

    def says(self) -> typing.Tuple[typing.Any, ...]:
        """Return what it says, whenever it says it."""
        return self._replace(serial=0, created="", expires="")


def is_pointer(location: str) -> bool:
    """Whether a path or URL is that of a channel."""
    return (urlsplit(location).path if "://" in location else location).endswith(SUFFIX)


def file_name(name: str, channel: str) -> str:
    """Return how the file of a channel is called."""
    return f"{name}.{channel}{SUFFIX}"


def names_of(location: str) -> typing.Tuple[str, str]:
    """Return the name of releases and the channel that a location asks for.

    :raises FleetError: it is not called like that.
    """
    found = _FILE.fullmatch(os.path.basename(unquote(urlsplit(location).path) if "://" in location else location))
    if not found:
        raise FleetError(
            "A channel is called like debian-13.stable.channel, by the name of its releases and its own",
            todo="Correct the path or URL",
        )
    return found.group(1), found.group(2)


def manifest_location(location: str, pointer: Pointer) -> str:
    """Return where the manifest is that a channel names."""
    if "://" in location:
        return urljoin(location, pointer.manifest)
    if "://" in pointer.manifest:
        return pointer.manifest
    return os.path.join(os.path.dirname(location), pointer.manifest)


def payload_of(pointer: Pointer) -> str:
    """Return the text to sign."""
    said = dict(pointer._asdict(), schema=SCHEMA, blocked=list(pointer.blocked))
    return json.dumps(said, sort_keys=True, separators=(",", ":"))


def read_payload(payload: str, location: str, name: str) -> Pointer:
    """Read the signed text. Its signature is to be verified first.

    :param location: from which it came; another channel than that one asks for is refused.
    :param name: names the channel, at the beginning of a sentence.
    """
    problems: checks.Problems = []
    found = _document(
        envelope.read_json(payload, f"What is signed of {name[0].lower()}{name[1:]}", _AGAIN), "", problems
    )
    if not problems and found["schema"] != SCHEMA:
        problems.append(f"schema: {found['schema']} is not known here, only {SCHEMA} is")
    if problems:
        raise FleetError(f"{name} is not valid: {'; '.join(problems)}", todo=_AGAIN)
    found.pop("schema")
    pointer = Pointer(**dict(found, blocked=tuple(found["blocked"])))
    if (pointer.name, pointer.channel) != names_of(location):
        raise FleetError(
            f"{name} is {pointer.title()}", todo="Look who has put it there in place of the one that is meant"
        )
    return pointer


def examine(pointer: Pointer, name: str, now: float) -> None:
    """Refuse a channel that has expired or is not there yet.

    :param now: seconds of the epoch.
    """
    if schema.time_of(pointer.expires) <= now:
        raise FleetError(
            f"{name} has expired at {pointer.expires}",
            todo="Look whether the server holds a newer one back; if not, let those who make it sign it again",
        )
    if schema.time_of(pointer.created) > now + DAY:
        raise FleetError(
            f"{name} was made at {pointer.created}, which lies in the future", todo="Set the clock of this controller"
        )


def see_that_it_is_newer(pointer: Pointer, before: typing.Optional[Pointer], name: str) -> None:
    """Refuse a channel that is older than one that was seen before, or another one in its place."""
    if before is None or pointer == before:
        return
    if pointer.serial < before.serial:
        raise FleetError(
            f"{name} was rolled back: it is number {pointer.serial}, and number {before.serial}, for "
            f"{before.release}, was seen before",
            todo="Look whether the server has sent an older one; to go back, sign a newer one that names that release",
        )
    if pointer.serial == before.serial:
        raise FleetError(
            f"{name} is there twice as number {pointer.serial}, for {before.release} and for {pointer.release}",
            todo="Find out who has signed the other one; then sign one with a higher number",
        )


def see_that_it_is_meant(
    pointer: Pointer,
    name: str,
    release: typing.Dict[str, typing.Any],
    digest: str,
    signers: typing.List[str],
    required: int = 1,
) -> None:
    """Refuse a release that is not the one that a channel names, or that the channel itself excludes.

    :param release: a valid manifest.
    :param digest: of its release.yml.
    :param signers: fingerprints of the keys that signed it; empty where it is not signed.
    :param required: how many of them have to count.
    """
    found = schema.entry_id(release)
    if (found, digest) != (pointer.release, pointer.sha256):
        raise FleetError(
            f"{name} names {pointer.release} with the digest {pointer.sha256[:12]}, and there is {found} with "
            f"{digest[:12]}",
            todo="Publish both again, the release first",
        )
    if release["name"] != pointer.name:
        raise FleetError(f"{name} names a release of another name, {found}", todo=_AGAIN)
    if pointer.floor and order.is_older(dict(release, serial=0), {"version": pointer.floor}):
        raise FleetError(f"{name} allows no release before {pointer.floor}, and names {found}", todo=_AGAIN)
    for commit in schema.commits(release).values():
        problem = revoked.why(found, commit, signers, set(pointer.blocked), f"{pointer.title()}")
        if problem:
            raise FleetError(problem, todo="Use another release, or let those who make the channel sign it anew")
    left = [one for one in signers if one not in pointer.blocked]
    if signers and len(left) < required:
        raise FleetError(
            f"Release {found} is signed by {len(signers)} trusted keys, of which {pointer.title()} revokes all but "
            f"{len(left)}, and osmigrate_signatures_required asks for {required}",
            todo="Do not use it before others have signed it, too",
        )


def _is_reference(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if checks.is_text(value, path, problems):
        is_url = re.match(schema.URL + r"\Z", value) is not None
        if not is_url and (not re.match(schema.REF + r"\Z", value) or "~" in value[:1]):
            problems.append(f"{path}: {checks.shown(value)} is neither a URL nor a path below the channel")
    return value


def _is_floor(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    return value if value == "" else _version(value, path, problems)


_version = checks.text(schema.VERSION, "a version")
_document = checks.mapping(
    {
        "schema": checks.integer(1),
        "name": checks.text(schema.NAME, "a name of releases"),
        "channel": checks.text(_WORD, "a name of a channel (lower-case letters, digits, dashes)"),
        "serial": checks.integer(1),
        "created": schema.date,
        "expires": schema.date,
        "release": checks.text(f"{schema.NAME}-{schema.VERSION}", "the id of a release"),
        "manifest": _is_reference,
        "sha256": checks.text("[0-9a-f]{64}", "64 hex digits"),
        "floor": _is_floor,
    },
    lists={"blocked": checks.list_of(checks.text(r"[0-9A-Za-z.+~-]+", "an id, a commit or a fingerprint"))},
)
