# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of sections and keys, where both may come more than once: units of systemd, keyfiles of NetworkManager. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines


def parse(text: str) -> typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]]:
    """Read a file of systemd's: return the sections in order, as list of (name, list of (key, value))."""
    return _sections(_lines.unit(text))


def parse_keyfile(text: str) -> typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]]:
    """Read a file of NetworkManager's, where no line goes on in the next one, the same way."""
    return _sections(_lines.effective(text))


def _sections(lines: typing.List[str]) -> typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]]:
    sections: list = []
    for line in lines:
        line = line.strip(_lines.BLANKS)
        if line.startswith("[") and line.endswith("]"):
            sections.append((line[1:-1], []))
        elif sections:
            key, equals, value = line.partition("=")
            if equals:
                sections[-1][1].append((key.strip(_lines.BLANKS), value.strip(_lines.BLANKS)))
    return sections


def render(header: str, sections: typing.List[typing.Tuple[str, typing.List[typing.Tuple[str, str]]]]) -> str:
    """Return the text; sections without a line in them are left out.

    :param sections: list of (name, list of (key, value)).
    """
    blocks = [f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in lines) for name, lines in sections if lines]
    return header + "\n".join(blocks)
