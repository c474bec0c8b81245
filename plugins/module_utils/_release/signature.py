# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detached ed25519 signatures, and their verification on the node.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import base64
import binascii
import hashlib
import os
import re
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import ed25519

PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# What every ed25519 public key begins with in DER (RFC 8410); 32 bytes of key follow.
ED25519 = binascii.unhexlify("302a300506032b6570032100")


# fingerprint: SHA-256 of the DER form, in hex, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
class PublicKey(typing.NamedTuple):
    pem: str
    raw: bytes
    fingerprint: str


class TrustedKey(typing.NamedTuple):
    """A key that may sign; names: of the releases that it may sign, empty for all."""

    key: PublicKey
    names: typing.Tuple[str, ...]


def public_keys(text: str, name: str) -> typing.List[PublicKey]:
    """Read the ed25519 public keys of one PEM text.

    :param text: str, one or more PEM blocks; what stands between them is ignored.
    :param name: str, names the text in errors, at the beginning of a sentence.
    :returns: list of PublicKey, not empty.
    :raises FleetError: there is none, or something else is among them.
    """
    todo = "Give the public half of an ed25519 key, as 'openssl pkey -in KEY -pubout' prints it"
    keys = []
    for label, body in PEM.findall(text):
        if label != "PUBLIC KEY":
            raise FleetError(f"{name} holds a {label.lower()} instead of a public key", todo=todo)
        try:
            der = base64.b64decode("".join(body.split()), validate=True)
        except ValueError:
            raise FleetError(f"{name} holds a damaged PEM block", todo=todo)
        if not der.startswith(ED25519) or len(der) != len(ED25519) + 32:
            raise FleetError(f"{name} is not an ed25519 key", todo=todo)
        keys.append(public_key(der[len(ED25519) :]))
    if not keys:
        raise FleetError(f"{name} holds no PEM public key", todo=todo)
    return keys


def public_key(raw: bytes) -> PublicKey:
    """The public key that these 32 bytes are.

    :param raw: bytes
    :returns: PublicKey
    """
    der = ED25519 + raw
    pem = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode('ascii')}\n-----END PUBLIC KEY-----\n"
    return PublicKey(pem, raw, hashlib.sha256(der).hexdigest())


def trusted_keys(given: typing.Iterable[typing.Any]) -> typing.List[TrustedKey]:
    """Read keys as the controller hands them to a node.

    :param given: PEM texts, or dicts with key, a PEM text, and names.
    :raises FleetError: one is no ed25519 public key.
    """
    found = []
    for number, item in enumerate(given, 1):
        item = item if isinstance(item, dict) else {"key": item}
        keys = public_keys(item["key"], f"Trusted key {number}")
        found += [TrustedKey(key, tuple(item.get("names") or ())) for key in keys]
    return found


def decode(signature: str) -> bytes:
    """Return the 64 bytes of a signature that came as base64.

    :raises FleetError: it is something else.
    """
    try:
        raw = base64.b64decode(signature.encode("utf-8"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 64:
        raise FleetError("The release has a damaged signature: it is not 64 bytes in base64", todo=_DO_NOT_USE)
    return raw


def count(
    data: bytes,
    signatures: typing.Iterable[bytes],
    keys: typing.Iterable[TrustedKey],
    required: int,
    name: str,
    matches: typing.Callable[[PublicKey, bytes, bytes], bool],
) -> typing.List[TrustedKey]:
    """Find those keys that really signed some bytes.

    :param signatures: each 64 bytes.
    :param required: how many keys have to have signed.
    :param name: names the manifest, at the beginning of a sentence.
    :param matches: (key, signature, data) -> whether the key made it.
    :returns: the keys that did.
    :raises FleetError: they are too few.
    """
    keys, signatures = list(keys), list(signatures)
    if not keys:
        raise FleetError(f"There is no trusted key to verify {name[0].lower()}{name[1:]} with", todo=_GIVE_KEYS)
    signers: list = []
    for key in keys:
        known = [one.key.fingerprint for one in signers]
        if key.key.fingerprint in known or any(matches(key.key, one, data) for one in signatures):
            signers.append(key)
    distinct = {one.key.fingerprint for one in signers}
    if not distinct:
        tried = ", ".join(sorted({one.key.fingerprint[:16] for one in keys}))
        raise FleetError(f"{name} is not signed by any trusted key (tried {tried})", todo=_DO_NOT_USE)
    _enough(distinct, required, name)
    return signers


def allowed(signers: typing.Iterable[TrustedKey], required: int, release: str, name: str) -> typing.List[str]:
    """Keep those signers that may sign for releases of a name.

    :param release: the release's name.
    :param name: names the manifest, at the beginning of a sentence.
    :returns: their fingerprints, each once.
    :raises FleetError: they are too few.
    """
    signers = list(signers)
    found = {one.key.fingerprint for one in signers if not one.names or release in one.names}
    if not found:
        by = ", ".join(sorted({one.key.fingerprint[:16] for one in signers}))
        raise FleetError(f"{name} is signed by {by}, which may not sign releases called {release}", todo=_DO_NOT_USE)
    _enough(found, required, name)
    return sorted(found)


_GIVE_KEYS = "Give the public key of those who make the release in osmigrate_trusted_keys"
_DO_NOT_USE = "Do not use it; get the release again from those who made it, or add their key to osmigrate_trusted_keys"


def _enough(fingerprints: typing.Set[str], required: int, name: str) -> None:
    if len(fingerprints) < required:
        by = ", ".join(sorted(one[:16] for one in fingerprints))
        raise FleetError(
            f"{name} is signed by {len(fingerprints)} of the {required} trusted keys that "
            f"osmigrate_signatures_required asks for ({by})",
            todo="Do not use it before the others have signed it, too",
        )


def matches_on_node(key: PublicKey, signature: bytes, data: bytes) -> bool:
    """Verify one signature with the openssl program, or without it where it is missing or older than 3.0."""
    directory = tempfile.mkdtemp(prefix="osmigrate-")
    try:
        said = _said_by_openssl(
            _write(directory, "data", data),
            _write(directory, "signature", signature),
            _write(directory, "key", key.pem.encode("ascii")),
        )
    finally:
        shutil.rmtree(directory)
    return ed25519.matches(key.raw, signature, data) if said is None else said


def _write(directory: str, name: str, content: bytes) -> str:
    path = os.path.join(directory, name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    return path


def _said_by_openssl(data_path: str, signature_path: str, key_path: str) -> typing.Optional[bool]:
    """Whether the key made it; None where openssl cannot tell."""
    argv = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key_path, "-rawin", "-in", data_path]
    try:
        done = run(argv + ["-sigfile", signature_path], check=False, timeout=60)
    except FleetError:
        return None
    if done.rc == 0:
        return True
    return False if "Signature Verification Failure" in done.stdout + done.stderr else None
