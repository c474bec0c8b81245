# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels on the controller: read, verified, and remembered, so that an older one is noticed.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML and cryptography, as
reader does.
"""

import json
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    channel,
    envelope,
    fetch,
    reader,
    signature as signatures,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

_GIVE_KEYS = "Give the public key of those who make the channel in osmigrate_trusted_keys"


class Found(typing.NamedTuple):
    """A verified channel. name: for the beginning of a sentence. signed: what is signed."""

    name: str
    pointer: channel.Pointer
    signed: envelope.Envelope


def name_of(location: str) -> str:
    """Return what a channel is called at the beginning of a sentence."""
    return f"Channel {fetch.shown(location)}"


def read(location: str, timeout: int, keys: typing.List[signatures.TrustedKey], required: int, now: float) -> Found:
    """Read a channel whose signatures count and that has not expired.

    :param location: path or URL.
    :param timeout: seconds after which the fetch ends.
    :param keys: those that may sign.
    :param required: how many have to.
    :param now: seconds of the epoch.
    :raises FleetError: it is refused.
    """
    name = name_of(location)
    channel.names_of(location)
    if not keys:
        raise FleetError(f"{name} cannot be verified, because no trusted key was given", todo=_GIVE_KEYS)
    signed = read_signed(location, timeout)
    if signed is None:
        raise FleetError(f"{name} does not exist", todo="Check the path or URL of the channel")
    data = envelope.signed_bytes(signed.payload, channel.TYPE)
    raw = [one for _keyid, one in signed.signatures]
    signers = signatures.count(data, raw, keys, required, name, reader.matches)
    pointer = channel.read_payload(signed.payload, location, name)
    signatures.allowed(signers, required, pointer.name, name)
    channel.examine(pointer, name, now)
    return Found(name, pointer, signed)


def read_signed(location: str, timeout: int) -> typing.Optional[envelope.Envelope]:
    """Return what is signed at a place, whoever signed it; None where there is nothing."""
    name = name_of(location)
    content = fetch.read(location, name, timeout)
    if content is None or not content.strip():
        return None
    return envelope.parse(content.decode("utf-8", "replace"), name, channel.TYPE)


class Memory:
    """The newest pointer of each channel that was seen here.

    :param path: of the file that holds them, "" for none.
    :raises FleetError: the file is damaged: what was seen is not to be forgotten unsaid.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.expanduser(path)
        content = fetch.read_file(path, f"Memory {path}", fetch.LARGEST * 4) if path else None
        try:
            self._seen = parse_json(content.decode("utf-8")) if content else {}
            self._payloads = {str(key): str(value) for key, value in self._seen.items()}
        except (ValueError, AttributeError):
            raise FleetError(
                f"{path}, which remembers the newest channels, is damaged",
                todo="Look what has happened to it; without it, an older channel is only noticed when it expires",
            )

    def check(self, found: Found, location: str) -> bool:
        """Refuse a channel that is older than one that was seen.

        :returns: whether it was not seen before.
        """
        key = channel.file_name(found.pointer.name, found.pointer.channel)
        text = self._payloads.get(key)
        before = channel.read_payload(text, location, f"What {self.path} remembers of {key}") if text else None
        channel.see_that_it_is_newer(found.pointer, before, found.name)
        return found.pointer != before

    def keep(self, found: Found) -> None:
        """Write down what was seen; another run of the same moment may win, and both are of these keys."""
        if self.path:
            self._payloads[channel.file_name(found.pointer.name, found.pointer.channel)] = found.signed.payload
            make_directory(os.path.dirname(self.path) or ".")
            reader.write(self.path, json.dumps(self._payloads, indent=1, sort_keys=True) + "\n")
