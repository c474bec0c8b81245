# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release manifest: its one schema, its canonical form and the id of its boot entry.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

A check is a function ``(value, path, problems) -> value``: it appends what is wrong to ``problems`` and returns the
value with defaults filled in.
"""

import calendar
import difflib
import json
import re
import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

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
DATE = "%Y-%m-%dT%H:%M:%SZ"
LARGEST = 2**63 - 1


def validate(document, source="The release manifest"):
    """Check a manifest against the schema.

    :param document: what YAML or JSON made of the manifest.
    :param source: str, names the manifest in the error, at the beginning of a sentence.
    :returns: dict, the manifest with the defaults of optional keys filled in.
    :raises FleetError: lists every problem, each with the path of the key.
    """
    problems = []
    if isinstance(document, dict) and _is_integer(document.get("schema")) and document["schema"] != SCHEMA:
        # What another schema means by its keys is not ours to judge.
        problems.append("schema: %s is not known here, only %d is" % (document["schema"], SCHEMA))
        release = document
    else:
        release = _manifest(document, "", problems)
        if not problems and release.get("expires", "9") <= release["created"]:
            problems.append("expires: must be later than created")
    if problems:
        raise FleetError(f"{source} is not valid: {'; '.join(problems)}", todo="Correct it and sign it again")
    return release


def entry_id(release):
    """The id of the boot entry of a release.

    :param release: dict with name and version.
    :returns: str
    """
    return f"{release['name']}-{release['version']}"


def time_of(text: str) -> int:
    """Return a time of a manifest in seconds of the epoch."""
    return calendar.timegm(time.strptime(text, DATE))


def _kind(value):
    """What a person calls the type of a value in a YAML file."""
    names = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a decimal number"}
    names.update({str: "text", dict: "a mapping", list: "a list"})
    return names.get(type(value), "a " + type(value).__name__)


def _is_integer(value):
    return isinstance(value, int) and not isinstance(value, bool)


def shown(value):
    """A text as evidence in a message: one line, and short."""
    return json.dumps(value if len(value) <= 60 else value[:57] + "...")


def _is_text(value, path, problems):
    if isinstance(value, str):
        return True
    advice = "" if value is None or isinstance(value, (dict, list)) else "; put it in quotes"
    problems.append(f"{path}: must be text, not {_kind(value)}{advice}")
    return False


def _text(pattern, meaning):
    whole = re.compile("(?:" + pattern + r")\Z")

    def check(value, path, problems):
        if _is_text(value, path, problems) and not (len(value) <= 255 and whole.match(value)):
            problems.append(f"{path}: {shown(value)} is not {meaning}")
        return value

    return check


def _integer(smallest):
    def check(value, path, problems):
        if not _is_integer(value):
            problems.append(f"{path}: must be a whole number, not {_kind(value)}")
        elif not smallest <= value <= LARGEST:
            problems.append("%s: must be between %d and %d" % (path, smallest, LARGEST))
        return value

    return check


def _date(value, path, problems):
    if _is_text(value, path, problems):
        try:
            if len(value) != 20:  # strptime also takes numbers without their leading zeros
                raise ValueError(value)
            time.strptime(value, DATE)
        except ValueError:
            problems.append(f"{path}: {shown(value)} is not a time in UTC like 2026-11-21T00:00:00Z")
    return value


def _url(value, path, problems):
    # A URL with a password in it must not be repeated in a message, so none is.
    if _is_text(value, path, problems):
        if not re.match("https?://", value):
            problems.append(f"{path}: must begin with http:// or https://")
        elif "@" in value:
            problems.append(f"{path}: must not hold a user name or a password, a manifest is public")
        elif not re.match(URL + r"\Z", value):
            problems.append(f"{path}: must be a host and a path, without query or fragment")
    return value


def _gpg_key(value, path, problems):
    if _is_text(value, path, problems):
        if not GPG_KEY.match(value):
            problems.append(f"{path}: is not one ASCII-armoured PGP public key")
    return value


def _list(item):
    def check(value, path, problems):
        if not isinstance(value, list):
            problems.append(f"{path}: must be a list, not {_kind(value)}")
            return value
        return [item(each, "%s[%d]" % (path, index), problems) for index, each in enumerate(value)]

    return check


def _mapping(required, lists=None, noun="key", optional=None):
    """A mapping with these required keys, optional lists, empty when left out, and other optional keys."""
    lists, optional = lists or {}, optional or {}
    known = dict(required, **lists, **optional)

    def check(value, path, problems):
        if not isinstance(value, dict):
            problems.append(f"{path or 'document'}: must be a mapping, not {_kind(value)}")
            return value
        prefix = path + "." if path else ""
        problems.extend(_unknown(key, prefix, known, noun) for key in value if key not in known)
        problems.extend(f"{prefix}{key}: is missing" for key in required if key not in value)
        result = {key: [] for key in lists}
        result.update((key, known[key](value[key], prefix + key, problems)) for key in value if key in known)
        return result

    return check


def _unknown(key, prefix, known, noun):
    near = difflib.get_close_matches(str(key), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
    return f"{prefix}{str(key)[:60]}: unknown {noun} ({hint})"


def _payloads(value, path, problems):
    if value == {}:
        problems.append(f"{path}: is empty, there must be one of: {', '.join(sorted(PAYLOADS))}")
        return value
    return _mapping(PAYLOADS, noun="payload kind")(value, path, problems)


_version = _text(VERSION, "a version (letters, digits, dot, plus, tilde; 64 at most)")
_word = _text(r"[0-9A-Za-z][0-9A-Za-z.+~_-]*", "one word of letters, digits, dot, plus, tilde, underscore, dash")

PAYLOADS = {
    "ostree": _mapping(
        required={
            "url": _url,
            "ref": _text(REF, "a name of an OSTree branch"),
            "commit": _text("[0-9a-f]{64}", "64 hex digits in lower case; a release is pinned to one commit"),
            "size": _integer(1),
            "boot_size": _integer(1),
        },
        lists={"gpg_keys": _list(_gpg_key)},
    ),
}

_manifest = _mapping(
    required={
        "schema": _integer(SCHEMA),
        "name": _text(NAME, "a name (lower-case letters, digits, dashes, a letter first; 64 at most)"),
        "version": _version,
        "created": _date,
        "os": _mapping({"id": _word, "version_id": _word, "architecture": _word, "kernel": _word}),
        "payloads": _payloads,
    },
    lists={"minimum_from": _list(_version)},
    optional={"expires": _date, "serial": _integer(1)},
)
