# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's scripts, read as far as it matters whether our menu is read, and counts. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

# A comment, what ends a command, or a word with its quotes.
TOKEN = re.compile(
    r"""#[^\n]*|[\n;]|(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s;\\])(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|[^\s;\\])*""",
    re.DOTALL,
)
# What a word is made of.
PART = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\]+)|(.)""", re.DOTALL)
KEYWORDS = ("if", "then", "else", "elif", "do", "while", "until", "for", "in")
# After these GRUB reads no further in a file.
ENDS = (
    "return",
    "configfile",
    "legacy_configfile",
    "syslinux_configfile",
    "exit",
    "normal",
    "normal_exit",
    "boot",
    "reboot",
    "halt",
    "fwsetup",
)
# With this a command only asks whether it could, as mkconfig has it.
ASKS = "--is-supported"


def statements(text: str) -> typing.Iterator[typing.Tuple[int, typing.List[str]]]:
    """Take a script apart.

    :returns: commands as (in how many braces they stand, their words without quotes, the first one never a keyword).
    """
    depth, words = 0, []  # type: int, typing.List[str]
    for token in TOKEN.findall(text + "\n"):
        if token.startswith("#"):
            continue
        if token not in ("\n", ";", "{", "}"):
            if words or token not in KEYWORDS:
                words.append(_plain(token))
            continue
        if words:
            yield depth, words
        words = []
        depth = max(0, depth + {"{": 1, "}": -1}.get(token, 0))


def _plain(token: str) -> str:
    """Take the quotes off a word."""
    found = []
    for single, double, escaped, bare, rest in PART.findall(token):
        found.append(single or re.sub(r"""\\([$"\\])""", r"\1", double) or escaped.strip("\n") or bare or rest)
    return "".join(found)


def _ends(depth: int, words: typing.List[str]) -> bool:
    return depth == 0 and words[0] in ENDS and ASKS not in words


def ends_early(text: str) -> bool:
    """Say whether a file may end before its last line: by a command that is in no menu entry and no function."""
    return any(_ends(depth, words) for depth, words in statements(text))


def leads_away(text: str) -> str:
    """Return the command by which a grub.cfg may leave GRUB elsewhere before it reads custom.cfg, "" for none."""
    for depth, words in statements(text):
        if _sources_custom(depth, words):
            break
        if _ends(depth, words) and words[0] != "return":  # of grub.cfg that only ends the command it stands in
            return words[0]
    return ""


def _sources_custom(depth: int, words: typing.List[str]) -> bool:
    return depth == 0 and words[0] in ("source", ".") and os.path.basename("".join(words[1:2])) == "custom.cfg"


def sources_custom(text: str) -> bool:
    """Say whether a grub.cfg reads custom.cfg; a comment or a menu entry that names it does not."""
    return any(_sources_custom(depth, words) for depth, words in statements(text))


def has_menu(text: str) -> bool:
    """Say whether a grub.cfg makes a menu, and does not only lead to another one."""
    return any(words[0] in ("menuentry", "submenu", "blscfg") for _depth, words in statements(text))


def default_after_custom(text: str) -> bool:
    """Say whether a grub.cfg sets its default once more after custom.cfg, in which ours is."""
    late = False
    for depth, words in statements(text):
        if _sources_custom(depth, words):
            late = True
        elif late and depth == 0 and " ".join(words).startswith(("default=", "set default=")):
            return True
    return False


def reads_signed_only(text: str) -> bool:
    """Say whether a grub.cfg has GRUB read nothing more that is not signed: neither custom.cfg nor a kernel of ours."""
    return any(words[-1] == "check_signatures=enforce" for _depth, words in statements(text))


class Stub(typing.NamedTuple):
    """Where a grub.cfg on an EFI system partition sends GRUB on to: UUID of the file system, and directory there."""

    uuid: str
    directory: str


def _searched(words: typing.List[str]) -> str:
    """Return the name that a search is for; of its options only a hint may have a word of its own behind it."""
    hints = [at + 1 for at, word in enumerate(words) if word == "-h" or re.match(r"--hint[^=]*$", word)]
    return next((word for at, word in enumerate(words) if at not in hints and not word.startswith("-")), "")


def parse_stub(text: str) -> typing.Optional[Stub]:
    """Read such a file; None if it is none."""
    uuid, prefix = "", ""
    for _depth, words in statements(text):
        if words[0] == "search.fs_uuid" and len(words) > 1:
            uuid = words[1]
        elif words[0] == "search" and any(word in ("--fs-uuid", "-u") for word in words):
            uuid = _searched(words[1:]) or uuid
        elif words[0] == "set" and words[1:] and words[1].startswith("prefix="):
            prefix = words[1].partition(")")[2]
    return Stub(uuid, os.path.normpath(prefix)) if uuid and prefix else None
