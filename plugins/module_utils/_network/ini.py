# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of sections and keys, where both may come more than once: units of systemd, keyfiles of NetworkManager. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""


def parse(text):
    """Return the sections in order, as list of (name, list of (key, value)); comments are left out."""
    sections = []
    for line in text.replace("\\\n", " ").splitlines():
        line = line.strip()
        if line.startswith("[") and line.endswith("]"):
            sections.append((line[1:-1], []))
        elif sections and line and line[0] not in "#;":
            key, equals, value = line.partition("=")
            if equals:
                sections[-1][1].append((key.strip(), value.strip()))
    return sections


def render(header, sections):
    """Return the text; sections without a line in them are left out.

    :param sections: list of (name, list of (key, value)).
    """
    blocks = ["[{}]\n{}".format(name, "".join("%s=%s\n" % line for line in lines)) for name, lines in sections if lines]
    return header + "\n".join(blocks)
