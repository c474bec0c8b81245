# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a system says about itself in os-release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines

# What a value is made of, without a blank in between.
PARTS = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|((?:\\.|[^\s'"\\])+)""")
DEBIAN, EL = "debian", "el"
# As systems of a family name themselves or their parents; some of EL's name no parent.
NAMES = {
    DEBIAN: frozenset({"debian", "ubuntu"}),
    EL: frozenset(
        "rhel centos fedora rocky almalinux ol scientific eurolinux amzn openeuler euleros kylin anolis alinux "
        "opencloudos tencentos".split()
    ),
}


def parse_os_release(text: str) -> typing.Dict[str, str]:
    """Read os-release.

    :returns: dict of str to str.
    """
    values = {}
    for line in _lines.lines(text.lstrip("\ufeff")):
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            values[name] = _value(value)
    return values


def read(text: typing.Callable[[str], str]) -> typing.Dict[str, str]:
    """Read what a system says of itself; what an administrator has put in /etc comes before what came with it.

    :param text: callable that returns the content of an absolute path of that system, "" if it is not there.
    """
    return parse_os_release(text("/etc/os-release") or text("/usr/lib/os-release"))


def _value(text: str) -> str:
    """Read a value as a shell does; what a shell could not read is taken as it is."""
    found, part = [], PARTS.match(text)
    if part is None or not re.search(r"['\"\\]", text):
        return text
    while part:
        found.append(_plain(*part.groups()))
        part = PARTS.match(text, part.end())
    return "".join(found)


def _plain(single: typing.Optional[str], double: typing.Optional[str], bare: str) -> str:
    """Take the quotes off a part of a value; there is no escape in single ones."""
    if double is not None:
        return re.sub(r"\\([\"$`\\])", r"\1", double)
    return re.sub(r"\\(.)", r"\1", bare) if single is None else single


def family(values: typing.Dict[str, str]) -> str:
    """Return DEBIAN or EL, by what a system says of itself; "" where it says neither.

    :param values: dict, what parse_os_release returned.
    """
    named = {name.lower() for name in [values.get("ID", "")] + values.get("ID_LIKE", "").split()}
    return next((family for family, names in NAMES.items() if named & names), "")
