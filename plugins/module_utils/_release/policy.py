# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a release that is properly signed is the one that the operator means, now. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import revoked as revocation, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

DAY = 24 * 3600  # how wrong clocks may be


class Wish(typing.NamedTuple):
    """What the operator says; empty or 0 for nothing.

    release_id, digest: what it has to be. max_age: seconds since it was created. revoked: what revoked.read() returned.
    """

    release_id: str
    digest: str
    max_age: int
    revoked: typing.Set[str]


def examine(name: str, release: dict, digest: str, signers: typing.List[str], wish: Wish, now: float) -> None:
    """Refuse a release that is another one, too old, of the future, expired or revoked.

    :param name: names the manifest, at the beginning of a sentence.
    :param release: a valid manifest.
    :param digest: of release.yml.
    :param signers: fingerprints of the keys whose signatures count.
    :param now: seconds of the epoch.
    :raises FleetError: it is refused.
    """
    found, created = schema.entry_id(release), schema.time_of(release["created"])
    if wish.release_id and found != wish.release_id:
        raise FleetError(
            f"{name} is {found}, and osmigrate_release_id asks for {printable(wish.release_id, 150)}",
            todo="Look whether the server has sent an older release, or correct osmigrate_release or "
            "osmigrate_release_id",
        )
    wanted = wish.digest.strip().lower()
    wanted = wanted[len("sha256:") :] if wanted.startswith("sha256:") else wanted
    if wanted and not re.match(r"[0-9a-f]{64}\Z", wanted):
        raise FleetError(
            "osmigrate_release_digest is no SHA-256 digest, which has 64 hex digits",
            todo="Give what sha256sum prints for the manifest that you mean",
        )
    if wanted and digest != wanted:
        raise FleetError(
            f"{name} has the digest {digest}, and osmigrate_release_digest asks for {wanted}",
            todo="Look whether the server has sent another release, or take the digest from those who made it",
        )
    if created > now + DAY:
        raise FleetError(
            f"{name} was created at {release['created']}, which lies in the future",
            todo="Set the clock of this controller, or get the release again from those who made it",
        )
    if "expires" in release and schema.time_of(release["expires"]) <= now:
        raise FleetError(
            f"{name} ({found}) has expired at {release['expires']}",
            todo="Look whether there is a newer release, or whether the server withholds it",
        )
    if wish.max_age and created + wish.max_age < now:
        raise FleetError(
            f"{name} ({found}) was created at {release['created']}, and osmigrate_release_max_age allows nothing "
            f"from before {time.strftime(schema.DATE, time.gmtime(now - wish.max_age))}",
            todo="Look whether there is a newer release, or whether the server withholds it",
        )
    for commit in schema.commits(release).values():
        problem = revocation.why(found, commit, signers, wish.revoked)
        if problem:
            raise FleetError(problem, todo="Use another release, or take it out of osmigrate_revoked")
