# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of which a schema of a file that people write is made, with messages for those people. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

A check is a function ``(value, path, problems) -> value``: it appends what is wrong to ``problems`` and returns the
value with defaults filled in.
"""

import difflib
import json
import re
import typing

LARGEST = 2**63 - 1
Problems = typing.List[str]
Check = typing.Callable[[typing.Any, str, Problems], typing.Any]
# YAML and JSON can say what UTF-8 cannot: surrogates.
_UNWRITABLE = re.compile("[\0\ud800-\udfff]")


def kind(value: typing.Any) -> str:
    """What a person calls the type of a value in a YAML file."""
    names = {type(None): "nothing", bool: "a boolean", int: "a number", float: "a decimal number"}
    names.update({str: "text", dict: "a mapping", list: "a list"})
    return names.get(type(value), "a " + type(value).__name__)


def is_integer(value: typing.Any) -> bool:
    """Whether it is a whole number; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool)


def shown(value: str) -> str:
    """A text as evidence in a message: one line, and short."""
    return json.dumps(value if len(value) <= 60 else value[:57] + "...")


def is_text(value: typing.Any, path: str, problems: Problems) -> bool:
    """Whether it is text that a file, a name or an argument can hold; if not, that is a problem."""
    if isinstance(value, str):
        if not _UNWRITABLE.search(value):
            return True
        problems.append(f"{path}: has a NUL or a lone surrogate in it, which no file can have")
        return False
    advice = "" if value is None or isinstance(value, (dict, list)) else "; put it in quotes"
    problems.append(f"{path}: must be text, not {kind(value)}{advice}")
    return False


def text(pattern: str, meaning: str) -> Check:
    """A text that matches whole.

    :param meaning: what such a text is, with its article.
    """
    whole = re.compile("(?:" + pattern + r")\Z")

    def check(value: typing.Any, path: str, problems: Problems) -> typing.Any:
        if is_text(value, path, problems) and not (len(value) <= 255 and whole.match(value)):
            problems.append(f"{path}: {shown(value)} is not {meaning}")
        return value

    return check


def integer(smallest: int, largest: int = LARGEST) -> Check:
    """A whole number that is neither smaller nor larger."""

    def check(value: typing.Any, path: str, problems: Problems) -> typing.Any:
        if not is_integer(value):
            problems.append(f"{path}: must be a whole number, not {kind(value)}")
        elif not smallest <= value <= largest:
            problems.append(f"{path}: must be between {smallest} and {largest}")
        return value

    return check


def list_of(item: Check) -> Check:
    """A list of what passes a check."""

    def check(value: typing.Any, path: str, problems: Problems) -> typing.Any:
        if not isinstance(value, list):
            problems.append(f"{path}: must be a list, not {kind(value)}")
            return value
        return [item(each, f"{path}[{index}]", problems) for index, each in enumerate(value)]

    return check


def mapping(
    required: typing.Dict[str, Check],
    lists: typing.Optional[typing.Dict[str, Check]] = None,
    noun: str = "key",
    optional: typing.Optional[typing.Dict[str, Check]] = None,
) -> Check:
    """A mapping with these required keys, optional lists, empty when left out, and other optional keys."""
    lists, optional = lists or {}, optional or {}
    known = dict(required, **lists, **optional)

    def check(value: typing.Any, path: str, problems: Problems) -> typing.Any:
        if not isinstance(value, dict):
            problems.append(f"{path or 'document'}: must be a mapping, not {kind(value)}")
            return value
        prefix = path + "." if path else ""
        problems.extend(_unknown(key, prefix, known, noun) for key in value if key not in known)
        problems.extend(f"{prefix}{key}: is missing" for key in required if key not in value)
        result: typing.Dict[str, typing.Any] = {key: [] for key in lists}
        result.update((key, known[key](value[key], prefix + key, problems)) for key in value if key in known)
        return result

    return check


def _unknown(key: typing.Any, prefix: str, known: typing.Dict[str, Check], noun: str) -> str:
    near = difflib.get_close_matches(str(key), known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
    return f"{prefix}{str(key)[:60]}: unknown {noun} ({hint})"
