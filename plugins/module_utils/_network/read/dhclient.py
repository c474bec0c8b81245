# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dhclient is told to say of a node to DHCP servers. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import model

# The first one that exists counts; %s is the name of an interface.
FILES = (
    "/etc/dhcp/dhclient-%s.conf",
    "/etc/dhclient-%s.conf",
    "/etc/dhcp/dhclient.conf",
    "/etc/dhclient.conf",
)
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|#[^\n]*')
_BLOCK = re.compile(r'\b(\w+)\s*("[^"]*")?\s*\{[^{}]*\}')
_SENT = re.compile(r'\b(?:send|supersede)\s+([\w.-]+)\s*=?\s*("(?:\\.|[^"\\])*"|[^";]+);')
_BYTES = re.compile(r"[0-9A-Fa-f]{1,2}(:[0-9A-Fa-f]{1,2})+")
_ESCAPED = re.compile(r"\\([0-7]{3}|.)")
# What it sends, makes otherwise of what a server offers, or does not take from it.
_SAID = re.compile(r"\b(send|supersede|prepend|append|default|reject|require)\s+([\w.-]+)")
_IDENTIFIER, _HOST = "dhcp-client-identifier", "host-name"
# What is sent of it is what the candidate sends, too.
_USUAL = re.compile(r'\bsend\s+host-name\s*=?\s*(?:gethostname\(\)|"<hostname>")')
_NAME = re.compile(r'"[A-Za-z0-9.-]+"')


# What one interface sends: its id and its name as Stanza has them, "" where nothing is said of them; lost: what cannot
# be said so, and what is made of the server's answer.
class Sent(typing.NamedTuple):
    path: str
    client_id: str
    host: str
    lost: typing.List[model.Lost]


def sent(tree: typing.Any, name: str) -> Sent:
    """Return what dhclient sends for an interface; path is "" where it has no file.

    :param tree: Tree.
    """
    path = next((path for path in (file.replace("%s", name) for file in FILES) if tree.read(path) is not None), "")
    if not path:
        return Sent("", "", "", [])
    text = _COMMENT.sub(lambda found: found.group(1) or "", tree.text(path))
    own = [block.group(0) for block in _BLOCK.finditer(text) if block.group(2) == f'"{name}"']
    text = "\n".join([_BLOCK.sub("", text)] + own)
    client_id, host, told = "", "", []
    for option, value in _SENT.findall(text):
        value = " ".join(_lines.words(value))
        if option == _IDENTIFIER:
            client_id = _identifier(value)
        elif option == _HOST and _NAME.fullmatch(value):
            host = value.strip('"')
    for kind, option in _SAID.findall(text):
        if option == _IDENTIFIER:
            known = bool(client_id)
        else:
            known = kind == "send" and option == _HOST and (bool(host) or _USUAL.search(text) is not None)
        told += [] if known else [f"{kind} {option}"]
    return Sent(path, client_id, host, [model.Lost(path, f"{word} of {name}") for word in dict.fromkeys(told)])


def _identifier(value: str) -> str:
    """Return the id as Stanza has it, "" for an expression."""
    if value == "hardware":
        return "mac"
    if value.startswith('"'):
        text = _ESCAPED.sub(lambda found: _character(found.group(1)), value[1:-1])
        return ":".join(f"{octet:02x}" for octet in text.encode("utf-8", "surrogateescape"))
    if _BYTES.fullmatch(value):
        return ":".join(part.zfill(2).lower() for part in value.split(":"))
    return ""


def _character(escaped: str) -> str:
    return chr(int(escaped, 8) & 0xFF) if len(escaped) == 3 else escaped
