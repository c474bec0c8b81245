# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What text from outside may be taken for: a number, a name, an address, a sentence. Pure.

Node objects, manifests, files and answers of servers are written by others. What is read of them goes through here.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ipaddress
import json
import re
import typing

_DIGITS = re.compile(r"[0-9]+")
# A DNS subdomain, as the API server asks for it.
_NODE_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
# A DNS label, as names of namespaces are.
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_DNS_NAME = re.compile(
    r"([a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?\.)*[a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?\.?"
)
# The last part of a name that resolvers take for an IPv4 address.
_NUMBER_AT_END = re.compile(r"(?:.*\.)?(?:[0-9]+|0[xX][0-9a-fA-F]*)\.?")
_INTERFACE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,14}")
# Bytes that are no UTF-8, as Python has them in texts and names of files, and as results show them.
_NO_TEXT, _SHOWN = re.compile(r"[\udc80-\udcff]"), re.compile(r"\\x([89a-f][0-9a-f])")
_LONGEST_NAME = 253
_CUT = " [...]"


def whole_number(text: typing.Any, most_digits: int = 9) -> typing.Optional[int]:
    """Read a number from 0 on that somebody else wrote.

    :param text: str; a number that is one already stays one, as JSON and YAML have them.
    :returns: None if it is anything but ASCII digits, or has more of them than most_digits.
    """
    if isinstance(text, int) and not isinstance(text, bool):
        return text if 0 <= text < 10**most_digits else None
    if not isinstance(text, str) or len(text) > most_digits or not _DIGITS.fullmatch(text):
        return None
    return int(text)


def parse_json(text: str) -> typing.Any:
    """Read JSON that somebody else wrote.

    :raises ValueError: it is none, or nested more deeply than Python calls, which json says by another error.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply")


def printable(text: typing.Any, longest: int = 500) -> str:
    """Make one line of a text that a terminal shows as it is: nothing in it moves a cursor or turns the writing around.

    Blanks and line breaks of any kind become one blank, other characters that cannot be seen their escape sequences.

    :param longest: int, characters of the result at most; what is cut off is marked.
    """
    text = text if isinstance(text, str) else str(text)
    # More than is ever shown is not looked at.
    words = " ".join(text[: 2 * longest + 1].split())
    shown = visible(words)
    if len(shown) <= longest and len(text) <= 2 * longest + 1:
        return shown
    return shown[: max(0, longest - len(_CUT))] + _CUT[:longest]


def some(names: typing.Sequence[str], most: int) -> str:
    """Name the first ones, and say how many more there are: "a, b and 3 more"."""
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def named(value: typing.Any) -> typing.Tuple[str, ...]:
    """Return the texts of a list, or of a text that has them with commas."""
    given = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return tuple(str(one).strip() for one in given)


def visible(text: str) -> str:
    """Return the text with the escape sequences of what cannot be seen, line breaks among them."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in text)


def writable(value: typing.Any) -> typing.Any:
    """Return a result with each byte that is no UTF-8 as its escape sequence, such as \\xff: others cannot be written.

    :param value: anything that JSON can hold; names in dicts are looked at, too.
    """
    if isinstance(value, str):
        return _NO_TEXT.sub(lambda found: f"\\x{ord(found.group(0)) - 0xDC00:02x}", value)
    if isinstance(value, dict):
        return {writable(name): writable(one) for name, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [writable(one) for one in value]
    return value


def as_meant(text: str) -> str:
    """Return a text of a result, which writable made, as it was."""
    return _SHOWN.sub(lambda found: chr(0xDC00 + int(found.group(1), 16)), text)


def is_node_name(text: typing.Any) -> bool:
    """Whether a Node object can have this name."""
    return isinstance(text, str) and len(text) <= _LONGEST_NAME and _NODE_NAME.fullmatch(text) is not None


def is_namespace_name(text: typing.Any) -> bool:
    """Whether a namespace can have this name."""
    return isinstance(text, str) and _LABEL.fullmatch(text) is not None


def is_object_name(text: typing.Any) -> bool:
    """Whether an object of any kind can have this name: what it may not be is another path of the API server."""
    if not isinstance(text, str) or text in ("", ".", "..") or len(text) > _LONGEST_NAME:
        return False
    return "/" not in text and "%" not in text and text.isprintable()


def is_address(text: typing.Any) -> bool:
    """Whether a text is an IP address or a DNS name, and so neither an option of a program nor a template."""
    if not isinstance(text, str) or len(text) > _LONGEST_NAME:
        return False
    return _is_ip_address(text) or (_DNS_NAME.fullmatch(text) is not None and _NUMBER_AT_END.fullmatch(text) is None)


def _is_ip_address(text: str) -> bool:
    # Python takes any text for the zone of an IPv6 address, or, before 3.9, none.
    address, mark, zone = text.partition("%")
    if mark and (":" not in address or not _INTERFACE.fullmatch(zone)):
        return False
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
