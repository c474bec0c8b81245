# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Detached ed25519 signatures, and their verification on the node with the openssl program.

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

PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----(.*?)-----END \1-----", re.DOTALL)
# What every ed25519 public key begins with in DER (RFC 8410); 32 bytes of key follow.
ED25519 = binascii.unhexlify("302a300506032b6570032100")


# fingerprint: SHA-256 of the DER form, in hex, as `openssl pkey -pubin -outform DER | sha256sum` prints it.
class PublicKey(typing.NamedTuple):
    pem: str
    raw: bytes
    fingerprint: str


def public_keys(text, name):
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


def public_key(raw):
    """The public key that these 32 bytes are.

    :param raw: bytes
    :returns: PublicKey
    """
    der = ED25519 + raw
    pem = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(der).decode('ascii')}\n-----END PUBLIC KEY-----\n"
    return PublicKey(pem, raw, hashlib.sha256(der).hexdigest())


def decode(signature, name="The release"):
    """The 64 bytes of a signature.

    :param signature: str, base64.
    :param name: str, names the manifest, at the beginning of a sentence.
    :returns: bytes
    :raises FleetError: it is something else.
    """
    try:
        raw = base64.b64decode("".join(signature.split()).encode("utf-8"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 64:
        raise FleetError(f"{name} has a damaged signature: it is not 64 bytes in base64", todo="Sign the release again")
    return raw


def verify(data, signature, public_keys_pem):
    """Verify a signature with the openssl program.

    :param data: bytes, what was signed.
    :param signature: str, base64.
    :param public_keys_pem: list of str, the trusted keys; one has to match.
    :returns: str, the fingerprint of the key that matched.
    :raises FleetError: none matches, no key is given, or openssl cannot do it.
    """
    keys = [
        key for number, text in enumerate(public_keys_pem, 1) for key in public_keys(text, "Trusted key %d" % number)
    ]
    if not keys:
        raise FleetError("There is no trusted key to verify the release with", todo="Give at least one trusted key")
    raw = decode(signature)
    directory = tempfile.mkdtemp(prefix="osmigrate-")
    try:
        data_path = _write(directory, "data", data)
        signature_path = _write(directory, "signature", raw)
        for key in keys:
            key_path = _write(directory, key.fingerprint, key.pem.encode("ascii"))
            if _matches(data_path, signature_path, key_path):
                return key.fingerprint
    finally:
        shutil.rmtree(directory)
    raise mismatch("The release", keys)


def mismatch(name, keys):
    """The error that no trusted key matches.

    :param name: str, names the manifest, at the beginning of a sentence.
    :param keys: list of PublicKey that were tried.
    :returns: FleetError
    """
    return FleetError(
        f"{name} is not signed by any trusted key (tried {', '.join((key.fingerprint[:16] for key in keys))})",
        todo="Do not use it; get the release again from those who made it, or add their key to the trusted keys",
    )


def _write(directory, name, content):
    path = os.path.join(directory, name)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    return path


def _matches(data_path, signature_path, key_path):
    todo = "Install OpenSSL 3.0 or later on the node"
    done = run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", key_path, "-rawin", "-in", data_path]
        + ["-sigfile", signature_path],
        check=False,
        timeout=60,
        todo=todo,
    )
    if done.rc == 0:
        return True
    if "Signature Verification Failure" in done.stdout + done.stderr:
        return False
    version = run(["openssl", "version"], check=False, timeout=60, todo=todo).stdout.strip() or "openssl"
    said = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()[0]
    raise FleetError(f"{version} on this node cannot verify ed25519 signatures: {said}", todo=todo)
