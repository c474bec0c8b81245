# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sign a text with a key from a file, or take a signature that another tool made.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs the cryptography library, as
reader does.
"""

import base64
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.signature import PublicKey

# What the documentation fragment signer describes.
OPTIONS: typing.Dict[str, typing.Dict[str, typing.Any]] = {
    "private_key": {"type": "path", "no_log": False},
    "passphrase": {"type": "str", "no_log": True},
    "signature": {"type": "str"},
    "public_key": {"type": "str"},
}
EXCLUSIVE = [("private_key", "signature")]
TOGETHER = [("signature", "public_key")]
Maker = typing.Callable[[], bytes]


def signer(params: typing.Dict[str, typing.Any], data: bytes) -> typing.Tuple[typing.Optional[PublicKey], Maker]:
    """Return who signs and how.

    :param params: values of OPTIONS.
    :param data: bytes to be signed.
    :returns: the key, None where none was given, and what makes its signature.
    :raises FleetError: the key cannot be used, or the given signature is none of it.
    """
    if params["private_key"]:
        private_key = reader.load_private_key(params["private_key"], params["passphrase"])
        return reader.public_half(private_key), lambda: private_key.sign(data)
    if not params["signature"]:
        return None, lambda: b""
    key = reader.trusted_keys([params["public_key"]])[0].key
    try:
        raw = base64.b64decode(params["signature"].encode("ascii"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 64 or not reader.matches(key, raw, data):
        raise FleetError(
            f"The given signature does not verify with key {key.fingerprint[:16]}",
            todo="Sign exactly the bytes of to_be_signed, as raw ed25519 (no prehash)",
        )
    return key, lambda: raw


def added(
    before: typing.Optional[envelope.Envelope],
    payload: str,
    data: bytes,
    key: typing.Optional[PublicKey],
    make: Maker,
) -> typing.Optional[envelope.Envelope]:
    """Return the envelope with the signature of a key beside those that are there; as it was if it has it.

    :param before: None where nothing is signed yet.
    :param payload: text that is signed; signatures over another one are dropped.
    :param data: bytes that are signed of it.
    """
    others = before.signatures if before is not None and before.payload == payload else []
    if key is None or any(reader.matches(key, raw, data) for _keyid, raw in others):
        return before
    kept = [one for one in others if one[0] != key.fingerprint]
    return envelope.Envelope(payload, [*kept, (key.fingerprint, make())])
