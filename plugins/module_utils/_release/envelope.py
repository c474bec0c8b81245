# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is signed of a release, and the file that holds it (docs/design.md, "Release manifest"). Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

The file is a DSSE envelope (https://github.com/secure-systems-lab/dsse): a text, what the text is, and signatures of
both. The text is JSON, because nodes have no parser of YAML: the manifest, and the digest of the file that people read.
"""

import base64
import hashlib
import json
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks, schema

# Signed with the text, so that nothing else that these keys sign, and no later version of it, is taken for a release.
TYPE = "application/vnd.osmigrate.fleet.release.v1+json"
DEEPEST = 8
MOST_SIGNATURES = 16
MOST_DIGITS = 19
_AGAIN = "Do not use it before those who made it have signed it again with release_sign"
# What versions before 1.0 wrote: the 64 bytes of one signature, and nothing else.
_OLD = re.compile(r"\s*[0-9A-Za-z+/]{86}==\s*\Z")


class Envelope(typing.NamedTuple):
    """payload: the signed text. signatures: as raw bytes, each with the fingerprint of the key that claims it."""

    payload: str
    signatures: typing.List[typing.Tuple[str, bytes]]


def payload_of(document: dict, source: bytes) -> str:
    """Return the text to sign.

    :param document: a valid manifest as it was read; defaults are not filled in.
    :param source: the bytes of release.yml that it was read from.
    """
    signed = {"manifest": document, "sha256": digest(source)}
    return json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def digest(source: bytes) -> str:
    """Return the digest by which an operator pins a release, as sha256sum prints it for release.yml."""
    return hashlib.sha256(source).hexdigest()


def signed_bytes(payload: str, kind: str = TYPE) -> bytes:
    """Return the bytes that are signed: DSSE's pre-authentication encoding, which says what the text is."""
    body = payload.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode("ascii"), len(body), body)


def read_payload(payload: str, name: str) -> typing.Tuple[dict, str]:
    """Read the signed text. Its signature is to be verified first.

    :param name: names the release, at the beginning of a sentence.
    :returns: the manifest as schema.validate() returns it, and the digest of release.yml.
    :raises FleetError: it is no such text.
    """
    signed = read_json(payload, f"What is signed of {name[0].lower()}{name[1:]}")
    if not isinstance(signed, dict) or set(signed) != {"manifest", "sha256"} or not _is_digest(signed["sha256"]):
        raise FleetError(f"{name} has a signature over something else than a manifest and its digest", todo=_AGAIN)
    return schema.validate(signed["manifest"], name), signed["sha256"]


def render(envelope: Envelope, kind: str = TYPE) -> str:
    """Return the content of release.yml.sig, or of another file whose text is of that kind."""
    return (
        json.dumps(
            {
                "payloadType": kind,
                "payload": base64.b64encode(envelope.payload.encode("utf-8")).decode("ascii"),
                "signatures": [
                    {"keyid": keyid, "sig": base64.b64encode(raw).decode("ascii")} for keyid, raw in envelope.signatures
                ],
            },
            indent=1,
        )
        + "\n"
    )


def parse(text: str, name: str, kind: str = TYPE, todo: str = _AGAIN) -> Envelope:
    """Read the content of release.yml.sig; nothing in it is believed before its signatures are verified.

    :param name: names the release, or what else is signed, at the beginning of a sentence.
    :param kind: of the text that has to be signed there.
    :param todo: the next step to name in errors.
    :raises FleetError: it is something else.
    """
    if _OLD.match(text):
        raise FleetError(
            f"{name} is signed in the form of osmigrate.fleet before 1.0, which is not accepted any more", todo=todo
        )
    document = read_json(text, f"The signature file of {name[0].lower()}{name[1:]}", todo)
    try:
        if set(document) != {"payloadType", "payload", "signatures"}:
            raise ValueError("its keys")
        found = document["payloadType"]
        payload = base64.b64decode(document["payload"].encode("ascii"), validate=True).decode("utf-8")
        signatures = [(_keyid(one), _raw(one)) for one in document["signatures"]]
    except (ValueError, TypeError, KeyError, AttributeError):
        raise FleetError(f"{name} has a damaged signature file", todo=todo)
    if found != kind:
        raise FleetError(f"{name} has a signature over {checks.shown(str(found))} instead of {kind}", todo=todo)
    if not 1 <= len(signatures) <= MOST_SIGNATURES:
        raise FleetError(
            f"{name} has {len(signatures)} signatures, and there must be 1 to {MOST_SIGNATURES}", todo=todo
        )
    return Envelope(payload, signatures)


def _raw(signature: typing.Dict[str, str]) -> bytes:
    raw = base64.b64decode(signature["sig"].encode("ascii"), validate=True)
    if len(raw) != 64:
        raise ValueError("length")
    return raw


def _keyid(signature: typing.Dict[str, str]) -> str:
    if not _is_digest(signature["keyid"]):
        raise ValueError("keyid")
    return signature["keyid"]


def _is_digest(text: typing.Any) -> bool:
    return isinstance(text, str) and re.match(r"[0-9a-f]{64}\Z", text) is not None


def read_json(text: str, name: str, todo: str = _AGAIN) -> typing.Any:
    """Read JSON from outside: not deep, with short numbers, and without the freedom to give a key twice."""

    def pairs(items: typing.List[typing.Tuple[str, typing.Any]]) -> typing.Dict[str, typing.Any]:
        found = dict(items)
        if len(found) != len(items):
            raise ValueError("a key is there twice")
        return found

    def number(digits: str) -> int:
        if len(digits) > MOST_DIGITS:
            raise ValueError("a number is too long")
        return int(digits)

    def refuse(constant: str) -> typing.NoReturn:
        raise ValueError(f"{constant} is no number")

    try:
        if _depth(text) > DEEPEST:
            raise ValueError("it is nested too deeply")
        return json.loads(text, object_pairs_hook=pairs, parse_int=number, parse_constant=refuse)
    except ValueError as error:
        raise FleetError(f"{name} is not proper JSON: {error}", todo=todo)


def _depth(text: str) -> int:
    """Return how deep brackets outside of texts are nested at most, as int."""
    deepest = depth = 0
    for bracket in re.findall(r"[][{}]", re.sub(r'"(?:[^"\\]|\\.)*"', "", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest
