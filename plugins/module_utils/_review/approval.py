# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who approved a difference: signatures over the digest of its report, beside it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML and cryptography, as
_release/reader.py does.
"""

import json
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, fetch, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import difference, policy, report
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json, visible

TYPE = "application/vnd.osmigrate.fleet.approval.v1+json"
LARGEST = 256 << 20
_AGAIN = "Make the report again with release_difference, and let the approvers read that one"
_SIGN = "Remove that file, and let the approvers read the report and sign it again with release_approve"


class Reviewed(typing.NamedTuple):
    """A report, what a policy asks of it, and who approved it.

    payload: the text that approvers sign. present: what they signed so far, None for nothing. approvers: names of those
    whose signatures verify, sorted.
    """

    difference: report.Record
    digest: str
    payload: str
    needs: typing.List[policy.Need]
    present: typing.Optional[envelope.Envelope]
    approvers: typing.List[str]

    def approved_by(self, need: policy.Need) -> typing.List[str]:
        """Return who of those that a rule asks has approved."""
        return [name for name in self.approvers if name in need.rule.by]

    def lacking(self) -> typing.List[policy.Need]:
        """Return what has too few approvals."""
        return [need for need in self.needs if len(self.approved_by(need)) < need.rule.approvals]

    def lacking_texts(self) -> typing.List[str]:
        """Return a sentence, without its full stop, for what has too few approvals."""
        return [
            f"{need.text()}, approved by {', '.join(self.approved_by(need)) or 'nobody'}" for need in self.lacking()
        ]

    def describe(self) -> typing.List[report.Record]:
        """Return the needs as modules return them."""
        return [
            {**need.describe(), "approved_by": self.approved_by(need), "approved": need not in self.lacking()}
            for need in self.needs
        ]


def load_policy(path: str) -> policy.Policy:
    """Read a policy file.

    :raises FleetError: it is not there or not valid.
    """
    name = f"Policy {path}"
    content = fetch.read_file(path, name)
    if content is None:
        raise FleetError(f"{name} does not exist", todo="Check its path")
    return policy.validate(reader.parse(content, name, policy.NEXT_STEP, reader.MOST_OF_OURS), name)


def signatures_path(path: str) -> str:
    """Return where the approvals of a report lie."""
    return path + ".sig"


def read(path: str, rules: policy.Policy) -> Reviewed:
    """Read a report and its approvals.

    :param path: of the report as JSON.
    :raises FleetError: it is no report, or what lies beside it are no approvals of it.
    """
    name = f"Report {path}"
    content = fetch.read_file(path, name, LARGEST)
    if content is None:
        raise FleetError(f"{name} does not exist", todo="Make it with release_difference")
    found = _report(content, name)
    digest = report.digest(content)
    payload = json.dumps(
        {"old": found["old"]["id"], "new": found["new"]["id"], "report": digest}, sort_keys=True, separators=(",", ":")
    )
    present = _present(path, name)
    data = envelope.signed_bytes(payload, TYPE)
    raw = [one for _keyid, one in present.signatures] if present and present.payload == payload else []
    approvers = sorted(
        who
        for who, keys in rules.approvers.items()
        if any(reader.matches(key, one, data) for key in keys for one in raw)
    )
    return Reviewed(found, digest, payload, policy.needs(rules, found), present, approvers)


def _report(content: bytes, name: str) -> report.Record:
    """Return what release_difference wrote; only what it writes, byte by byte, passes."""
    try:
        found = parse_json(content.decode("utf-8"))
        schema, heads = found["schema"], [found[side]["id"] for side in ("old", "new")]
        whole = all(isinstance(found[part], list) for part in report.PARTS)
        whole = whole and isinstance(found["new"].get("images"), dict)
        same = report.as_json(found).encode("utf-8") == content and all(isinstance(one, str) for one in heads)
    except (ValueError, KeyError, TypeError):
        raise FleetError(f"{name} is no report of release_difference", todo=_AGAIN)
    if schema != difference.SCHEMA:
        raise FleetError(f"{name} is in a form that is not known here", todo=_AGAIN)
    if not (same and whole):
        raise FleetError(f"{name} is not as release_difference wrote it", todo=_AGAIN)
    return found


def _present(path: str, name: str) -> typing.Optional[envelope.Envelope]:
    place = signatures_path(path)
    content = fetch.read_file(place, f"Approvals {place}")
    if content is None or not content.strip():
        return None
    return envelope.parse(content.decode("utf-8", "replace"), name, TYPE, _SIGN)


def see_that_it_is_approved(
    reviewed: Reviewed, pinned: typing.Dict[str, str], previous: typing.Optional[str], name: str, path: str
) -> None:
    """Raise FleetError unless a release is the one that was reviewed and has all approvals.

    :param pinned: what it is pinned to by payload kind; one of them is ostree.
    :param previous: commit of the release before, None where the caller does not know it.
    :param name: names the release, at the beginning of a sentence.
    :param path: of the report.
    """
    left = "Nothing was signed"
    sides = [reviewed.difference[side]["id"] for side in ("old", "new")]
    commit = pinned["ostree"]
    if sides[1] != commit:
        raise FleetError(
            f"{name} is commit {commit[:12]}, and report {path} is about {sides[1][:12]}",
            left,
            "Give the report of this release; make it of the commit and not of the directory before",
        )
    if sides[0] == sides[1] or previous not in (None, sides[0]):
        wanted = f"the release before is {previous[:12]}" if previous else "that is the release itself"
        raise FleetError(f"Report {path} compares it with {sides[0][:12]}, and {wanted}", left, _AGAIN)
    for kind, digest in sorted(pinned.items()):
        seen = reviewed.difference["new"]["images"].get(kind, "")
        if kind != "ostree" and digest != seen:
            about = f"is about {visible(str(seen))[:12]}" if seen else "says nothing of one"
            raise FleetError(
                f"{name} has an image for {kind}, {digest[:12]}, and report {path} {about}",
                left,
                "Make the report with that image, by which it is seen to hold what the commit does",
            )
    lacking = reviewed.lacking_texts()
    if lacking:
        raise FleetError(
            f"{name} has changes that need more approvals: {'. '.join(lacking)}",
            left,
            "Let them read the report and approve it with release_approve, then run the same command again",
        )
