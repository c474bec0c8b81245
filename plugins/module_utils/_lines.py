# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a line, a blank and a comment is, for each format of files that is read. Pure.

Python's own str.splitlines, split and strip know many more characters than the programs that read these files: to them
a form feed, U+0085 or U+2028 is a character like any other, so what follows it in a comment is still the comment.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

# What the C library takes for blank.
BLANKS = " \t\n\v\f\r"
_ALL_BLANK = str.maketrans(BLANKS, " " * len(BLANKS))

# What fstab and the kernel's lists of mounts have instead of a character that would end a field.
_OCTAL = re.compile(rb"\\([0-3][0-7]{2})")
_ENDS_FIELDS = re.compile(r"[\s\\]", re.ASCII)


def lines(text: str) -> typing.List[str]:
    """Return the lines of a text without their ends; a last one that is empty is none."""
    found = text.split("\n")
    return found[:-1] if not found[-1] else found


def words(text: str) -> typing.List[str]:
    """Return the words of a line: blanks of ASCII part them, and no others."""
    return [word for word in text.translate(_ALL_BLANK).split(" ") if word]


def quoted(text: str) -> typing.List[str]:
    """Return the words of a line as systemd reads them: blanks in quotes belong to a word."""
    found = re.findall(r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^ \t\n\v\f\r])+""", text)
    return [re.sub(r"""["']""", "", word) for word in found]


def field(word: str) -> str:
    """Return what a field of fstab or of a list of mounts means; its bytes may be written as octal numbers."""
    data = word.encode("utf-8", "surrogateescape")
    return _OCTAL.sub(lambda found: bytes([int(found.group(1), 8)]), data).decode("utf-8", "surrogateescape")


def as_field(text: str) -> str:
    """Return a text as a field of fstab."""
    return _ENDS_FIELDS.sub(lambda found: f"\\{ord(found.group(0)):03o}", text)


def effective(text: str, comments: str = "#") -> typing.List[str]:
    """Return the lines that are neither blank nor a comment, without the blanks at their ends.

    :param comments: str, the characters that begin a comment at the beginning of a line.
    """
    return [line.rstrip(BLANKS) for line in lines(text) if _says(line, comments)]


def _says(line: str, comments: str) -> bool:
    stripped = line.strip(BLANKS)
    return bool(stripped) and stripped[0] not in comments


def unit(text: str) -> typing.List[str]:
    """Return the effective lines of a file of systemd's, those that go on in the next one as one line.

    A comment never goes on, and where a line does, comments in between do not end it.
    """
    return _joined(text, "#;", " ", inside=True)


def unit_text(text: str) -> str:
    """Return what unit returns as one text, to be searched with (?m)."""
    return "\n".join(unit(text))


def rules(text: str) -> typing.List[str]:
    """Return the effective lines of a file of udev's rules."""
    return _joined(text, "#", "", inside=True)


def shell(text: str) -> typing.List[str]:
    """Return the effective lines of a file of a shell's variables."""
    return _joined(text, "#", "", inside=False)


def ifupdown(text: str) -> typing.List[str]:
    """Return the effective lines of /etc/network/interfaces."""
    return _joined(text, "#", " ", inside=False)


def _joined(text: str, comments: str, between: str, inside: bool) -> typing.List[str]:
    """Join lines that end with a backslash with the next one.

    :param between: str, what comes in the place of the backslash.
    :param inside: bool, whether a comment is one in the midst of such lines, too.
    """
    found: typing.List[str] = []
    begun: typing.Optional[str] = None
    for line in lines(text):
        line = line[:-1] if line.endswith("\r") else line
        if (begun is None or inside) and line.strip(BLANKS)[:1] in tuple(comments):
            continue
        whole = line if begun is None else begun + between + line
        begun = whole[:-1] if _goes_on(line) else None
        if begun is None and whole.strip(BLANKS):
            found.append(whole.strip(BLANKS))
    if begun is not None and begun.strip(BLANKS):
        found.append(begun.strip(BLANKS))
    return found


def _goes_on(line: str) -> bool:
    """Say whether the last character is a backslash that no other one takes the meaning of."""
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1
