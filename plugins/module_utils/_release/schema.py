# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release manifest: its one schema, its canonical form and the id of its boot entry.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import calendar
import re
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks

SCHEMA = 1
# The last dash of an id separates its parts, so no version has one: two releases never share an id.
# Name and version become a GRUB entry id, a value in a block of 1024 bytes, and parts of paths.
NAME = r"[a-z][a-z0-9-]{0,63}"
VERSION = r"[0-9A-Za-z][0-9A-Za-z.+~]{0,63}"
# Every part starts with a letter, digit or underscore: no option for a command line, no hidden file, no way up.
REF = r"[0-9A-Za-z_][0-9A-Za-z._-]*(/[0-9A-Za-z_][0-9A-Za-z._-]*)*"
URL = r"https?://[0-9A-Za-z.:_\[\]-]+(/[0-9A-Za-z._~%!$&()*+,;=:-]*)*"
GPG_KEY = re.compile(
    r"\s*-----BEGIN PGP PUBLIC KEY BLOCK-----\n([\x20-\x7e]*\n)+-----END PGP PUBLIC KEY BLOCK-----\s*\Z"
)
# Of the root in an image, all of which are mounted read-only; and what images are made of.
FILESYSTEMS = ("ext4", "xfs", "erofs", "squashfs")
BLOCK = 4096
IMAGE_PATH = r"(/[0-9A-Za-z_][0-9A-Za-z._+~-]*)+"
DATE = "%Y-%m-%dT%H:%M:%SZ"


def validate(document: typing.Any, source: str = "The release manifest") -> typing.Dict[str, typing.Any]:
    """Check a manifest against the schema.

    :param document: what YAML or JSON made of the manifest.
    :param source: str, names the manifest in the error, at the beginning of a sentence.
    :returns: dict, the manifest with the defaults of optional keys filled in.
    :raises FleetError: lists every problem, each with the path of the key.
    """
    problems = []
    if isinstance(document, dict) and checks.is_integer(document.get("schema")) and document["schema"] != SCHEMA:
        # What another schema means by its keys is not ours to judge.
        problems.append(f"schema: {document['schema']} is not known here, only {SCHEMA} is")
        release = document
    else:
        release = _manifest(document, "", problems)
        if not problems and release.get("expires", "9") <= release["created"]:
            problems.append("expires: must be later than created")
    if problems:
        raise FleetError(f"{source} is not valid: {'; '.join(problems)}", todo="Correct it and sign it again")
    return release


def entry_id(release: typing.Dict[str, typing.Any]) -> str:
    """The id of the boot entry of a release.

    :param release: dict with name and version.
    :returns: str
    """
    return f"{release['name']}-{release['version']}"


def commits(release: typing.Dict[str, typing.Any]) -> typing.Dict[str, str]:
    """Return by payload kind what a release is pinned to: the digest of all that is written, in hex."""
    return {kind: payload[PINNED[kind]] for kind, payload in sorted(release["payloads"].items())}


def time_of(text: str) -> int:
    """Return a time of a manifest in seconds of the epoch."""
    return calendar.timegm(time.strptime(text, DATE))


def date(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    """Check a time in UTC, as checks has them."""
    if checks.is_text(value, path, problems):
        try:
            if len(value) != 20:  # strptime also takes numbers without their leading zeros
                raise ValueError(value)
            time.strptime(value, DATE)
        except ValueError:
            problems.append(f"{path}: {checks.shown(value)} is not a time in UTC like 2026-11-21T00:00:00Z")
    return value


def _url(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    # A URL with a password in it must not be repeated in a message, so none is.
    if checks.is_text(value, path, problems):
        if not re.match("https?://", value):
            problems.append(f"{path}: must begin with http:// or https://")
        elif "@" in value:
            problems.append(f"{path}: must not hold a user name or a password, a manifest is public")
        elif not re.match(URL + r"\Z", value):
            problems.append(f"{path}: must be a host and a path, without query or fragment")
    return value


def _blocks(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    checks.integer(BLOCK)(value, path, problems)
    if checks.is_integer(value) and value % BLOCK:
        problems.append(f"{path}: must be a multiple of {BLOCK}, as blocks of an image are")
    return value


def _gpg_key(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if checks.is_text(value, path, problems):
        if not GPG_KEY.match(value):
            problems.append(f"{path}: is not one ASCII-armoured PGP public key")
    return value


def _payloads(value: typing.Any, path: str, problems: checks.Problems) -> typing.Any:
    if value == {}:
        problems.append(f"{path}: is empty, there must be one of: {', '.join(sorted(PAYLOADS))}")
        return value
    # At least one of: a node takes what its backend knows, so no kind is missing for want of another.
    return checks.mapping({}, noun="payload kind", optional=PAYLOADS)(value, path, problems)


_version = checks.text(VERSION, "a version (letters, digits, dot, plus, tilde; 64 at most)")
_word = checks.text(r"[0-9A-Za-z][0-9A-Za-z.+~_-]*", "one word of letters, digits, dot, plus, tilde, underscore, dash")
_digest = checks.text("[0-9a-f]{64}", "a SHA-256, 64 hex digits in lower case")
_image_path = checks.text(IMAGE_PATH, "an absolute path in the image")

PAYLOADS = {
    "ostree": checks.mapping(
        required={
            "url": _url,
            "ref": checks.text(REF, "a name of an OSTree branch"),
            "commit": checks.text("[0-9a-f]{64}", "64 hex digits in lower case; a release is pinned to one commit"),
            "size": checks.integer(1),
            "boot_size": checks.integer(1),
        },
        lists={"gpg_keys": checks.list_of(_gpg_key)},
    ),
    "slots": checks.mapping(
        {
            "url": _url,
            "index": _url,
            "sha256": _digest,
            "index_sha256": _digest,
            "size": _blocks,
            "filesystem": checks.text("|".join(FILESYSTEMS), f"one of {', '.join(FILESYSTEMS)}"),
            "kernel": _image_path,
            "kernel_sha256": _digest,
            "initrd": _image_path,
            "initrd_sha256": _digest,
            "boot_size": checks.integer(1),
        },
    ),
}
# By which key of a payload it is pinned, of every kind.
PINNED = {"ostree": "commit", "slots": "sha256"}

_manifest = checks.mapping(
    required={
        "schema": checks.integer(SCHEMA),
        "name": checks.text(NAME, "a name (lower-case letters, digits, dashes, a letter first; 64 at most)"),
        "version": _version,
        "created": date,
        "os": checks.mapping({"id": _word, "version_id": _word, "architecture": _word, "kernel": _word}),
        "payloads": _payloads,
    },
    lists={"minimum_from": checks.list_of(_version)},
    optional={"expires": date, "serial": checks.integer(1)},
)
