# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks before a move share. Pure.

A check is a function ``(node, wanted) -> str``: what was found, as a sentence without its full stop, "" where all is
well. ``wanted`` is the release that the node shall be moved to, as node_preflight documents its options. The key of a
check is its name, and stays what it is once released: operators accept findings by it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE

Facts = typing.Dict[str, typing.Any]  # those of a node, or what a release wants, as node_preflight has them
Find = typing.Callable[[Facts, Facts], str]
Checks = typing.List[contract.Check]
SHOWN = 5  # of many things that one finding is about


def into(checks: Checks) -> typing.Callable[..., typing.Callable[[Find], Find]]:
    """Return the decorator by which a file adds its checks to its list."""

    def described(
        severity: str, title: str, remedy: str, acceptable: typing.Optional[bool] = None
    ) -> typing.Callable[[Find], Find]:
        def register(find: Find) -> Find:
            checks.append(contract.check(find, severity, title, remedy, acceptable))
            return find

        return register

    return described


def runs_release(node: Facts) -> bool:
    """Say whether the node runs a release already, and not what packages made of it."""
    return node["ostree"]["booted"] or node["entry"] not in ("", PACKAGE)


def some(sentences: typing.Sequence[str], between: str = "; ") -> str:
    """Name the first few of many things."""
    more = len(sentences) - SHOWN
    return between.join(list(sentences[:SHOWN]) + ([f"and {more} more"] if more > 0 else []))
