# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What one area of a node's configuration is made of, as data: see areas/.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

# How files are taken.
ALWAYS = "always"  # whoever made them
MADE = "made"  # what an administrator made: not from a package, or a configuration file that was changed
ADDED = "added"  # what no package brought, if a release of the same family has nothing in its place
NEEDED = "needed"  # the same, and what came from a package if the release has nothing in its place


class Rule(typing.NamedTuple):
    how: str
    patterns: typing.List[str]
    shown: bool
    needs: typing.List[str]
    as_is: bool


class Area(typing.NamedTuple):
    name: str
    rules: typing.List[Rule]
    stays: typing.List[tuple]
    same: typing.List[tuple]
    words: typing.List[tuple]


def take(how: str, patterns: str, shown: bool = False, needs: str = "", as_is: bool = False) -> Rule:
    """Make a Rule.

    :param how: one of ALWAYS, MADE, ADDED and NEEDED.
    :param patterns: str, paths and patterns with blanks between them, as Tree.glob takes them, of all families.
    :param shown: bool, whether a diff shows the content: only where the files are known to hold no secret, whoever
        may read them on the node. Of others it says that they differ.
    :param needs: str, programs without which the files have no effect, as Debian has them, with blanks between them.
    :param as_is: bool, whether names in the content are left alone where the candidate is of another family.
    """
    return Rule(how, patterns.split(), shown, needs.split(), as_is)


def area(
    name: str,
    rules: typing.Sequence[Rule] = (),
    stays: typing.Sequence[typing.Tuple[str, str]] = (),
    same: typing.Sequence[typing.Tuple[str, str]] = (),
    words: typing.Sequence[typing.Tuple[str, str]] = (),
) -> Area:
    """Make an Area.

    :param name: str, what the plan calls it.
    :param rules: Rules; the first one that takes a file decides.
    :param stays: pairs of str, a reason and the patterns of what stays behind for it.
    :param same: pairs of str, one thing as (Debian, EL) call it: a file, a program or a unit. A file is carried to
        where the candidate has it; in every file that is carried the name becomes the candidate's.
    :param words: pairs of str, the same for words in the files of this area only.
    """
    split = [(pattern, reason) for reason, patterns in stays for pattern in patterns.split()]
    return Area(name, list(rules), split, list(same), list(words))
