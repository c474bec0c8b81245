# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a system says about itself in os-release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re

DEBIAN, EL = "debian", "el"


def parse_os_release(text):
    """Read os-release.

    :returns: dict of str to str.
    """
    values = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            values[name] = value
    return values


def family(values):
    """Return DEBIAN or EL, by what decides where files lie; DEBIAN where the system does not say.

    :param values: dict, what parse_os_release returned.
    """
    named = [values.get("ID", "")] + values.get("ID_LIKE", "").split()
    return EL if "debian" not in named and set(named) & {"rhel", "fedora", "centos"} else DEBIAN
