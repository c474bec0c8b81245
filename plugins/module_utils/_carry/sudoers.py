# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of users and groups in carried files of sudo: on the candidate they may be those of others.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import accounts
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.logins import SUDO_TOKENS, is_group
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Item

AREA = "sudo"


def renumbered(planned: Item, people: accounts.Accounts) -> Item:
    """Return an Item of sudo's with the candidate's numbers; what they mean there is told in what is lost."""
    if planned.rule != AREA or planned.kind != FILE or not planned.source:
        return planned
    told: typing.List[str] = []

    def replace(found: typing.Match[str]) -> str:
        if found.group("number") is None:
            return found.group(0)
        kind, number = "group" if is_group(found) else "user", int(found.group("number"))
        new = people.numbers.get((kind, number))
        if new is None:
            others = sorted(accounts.holders(people.names[kind]).get(number, ()))
            told.append(f"{found.group(0)} is {' and '.join(others) or 'nobody'} in the release")
        elif new != number:
            told.append(f"{found.group(0)} is now {found.group('group')}#{new}")
            return f"{found.group('group')}#{new}"
        return found.group(0)

    text = SUDO_TOKENS.sub(replace, planned.content.decode("utf-8", "surrogateescape"))
    lost = "; ".join(dict.fromkeys(([planned.lost] if planned.lost else []) + told))
    return planned._replace(content=text.encode("utf-8", "surrogateescape"), lost=lost)
