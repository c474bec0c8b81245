# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the value of a variable is one that the playbooks can work with. Pure; files and roles are asked for.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import pool_plan, wave_policy, windows
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import named, printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._hooks import read_hooks
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import Variable

# What Ansible's filter `bool` and the options of modules both take, and for the same.
_TRUTHS = ("true", "false", "yes", "no", "on", "off", "1", "0")
_WHOLE = re.compile(r"-?[0-9]{1,9}\Z")
_SHARE = re.compile(r"([0-9]{1,3})%\Z")
_PATH_LIKE = re.compile(r"[\[{]")


class Where:
    """What a value is judged by besides itself.

    :param strategies: whether Ansible has a strategy of this name.
    :param file: the path of a task file as Ansible would find it, None if there is none; raises ValueError if what it
        has is no list of tasks.
    :param role: whether Ansible has a role of this name.
    """

    def __init__(
        self,
        strategy: Callable[[str], bool],
        file: Callable[[str], str | None],
        role: Callable[[str], bool],
    ) -> None:
        self.strategy = strategy
        self.file = file
        self.role = role


def problem(variable: Variable, value: Any, where: Where) -> str:
    """Return what is wrong with a value as a clause that follows the variable's name, "" if nothing is."""
    if value is None:
        return "is empty (null); leave it out to have the default"
    try:
        _JUDGES[variable.type](variable, value, where)
    except ValueError as error:
        return str(error)
    return ""


def _said(value: Any) -> str:
    return "empty" if value == "" else printable(value, 100)


def _refuse(value: Any, wanted: str) -> ValueError:
    return ValueError(f"is {_said(value)}, and has to be {wanted}")


def _text(variable: Variable, value: Any, where: Where) -> None:
    if isinstance(value, (dict, list, tuple, bool)):
        raise ValueError(f"is {_kind(value)}, and has to be text")
    # A version that nobody put in quotes has lost its last zero.
    if isinstance(value, float):
        raise ValueError(f"is the number {value}, and has to be text; put it in quotes")
    if variable.required and not str(value).strip():
        raise ValueError("is empty")


def _kind(value: Any) -> str:
    kinds = ((dict, "a dictionary"), ((list, tuple), "a list"), (bool, "a boolean"))
    return next((said for kind, said in kinds if isinstance(value, kind)), "text")


def _texts(variable: Variable, value: Any, where: Where) -> None:
    _no_text_of_a_structure(variable, value)
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if isinstance(one, (dict, list, tuple, bool)) or one is None:
            raise ValueError(
                f"has an entry that is {'empty' if one is None else _kind(one)}; it has to be a list of texts"
            )


def _keys(variable: Variable, value: Any, where: Where) -> None:
    _no_text_of_a_structure(variable, value)
    for one in value if isinstance(value, (list, tuple)) else [value]:
        if not isinstance(one, (str, dict)) or not one:
            raise ValueError("has an entry that is neither text nor a dictionary with key and names")


def _no_text_of_a_structure(variable: Variable, value: Any) -> None:
    """Refuse what -e name=[1,2] gives: a text that only looks like a list."""
    if isinstance(value, str) and _PATH_LIKE.match(value.strip()):
        raise ValueError(
            f"is the text {printable(value, 60)}; give lists and dictionaries as JSON,"
            f" such as -e '{{\"{variable.name}\": [...]}}'"
        )


def _bool(variable: Variable, value: Any, where: Where) -> None:
    if str(value).strip().lower() not in _TRUTHS:
        raise _refuse(value, "true or false")


def _int(variable: Variable, value: Any, where: Where) -> None:
    text = str(value).strip()
    if isinstance(value, bool) or not _WHOLE.match(text):
        raise _refuse(value, f"a whole number{_bounds(variable)}")
    _within(variable, value, int(text))


def _bounds(variable: Variable) -> str:
    if variable.least is not None and variable.most is not None:
        return f" from {variable.least} to {variable.most}"
    return "" if variable.least is None else f" from {variable.least} on"


def _within(variable: Variable, value: Any, number: int) -> None:
    too_little = variable.least is not None and number < variable.least
    if too_little or (variable.most is not None and number > variable.most):
        unit = "seconds or a length of time" if variable.type == "duration" else "a whole number"
        raise _refuse(value, f"{unit}{_bounds(variable)}")


def _duration(variable: Variable, value: Any, where: Where) -> None:
    _within(variable, value, read_seconds(value))


def _choice(variable: Variable, value: Any, where: Where) -> None:
    if value not in variable.choices:
        raise _refuse(value, " or ".join((", ".join(variable.choices[:-1]), variable.choices[-1])))


def _choices(variable: Variable, value: Any, where: Where) -> None:
    _texts(variable, value, where)
    for one in named(value):
        if one not in variable.choices:
            raise _refuse(one, f"one or more of {', '.join(variable.choices)}")


def _limit(variable: Variable, value: Any, where: Where) -> None:
    try:
        if isinstance(value, (bool, float, dict, list)):
            raise FleetError("")
        pool_plan.resolve(value, 100)
    except FleetError:
        raise _refuse(value, "a number of nodes from 1 on, or a percentage from 1% to 100%") from None


def _pattern(variable: Variable, value: Any, where: Where) -> None:
    parts = value if isinstance(value, (list, tuple)) else [value]
    if not parts or not all(isinstance(one, str) and one.strip() for one in parts):
        raise _refuse(value, "a pattern of hosts, such as k8s_nodes:!role_control_plane")


def _batches(variable: Variable, value: Any, where: Where) -> None:
    _no_text_of_a_structure(variable, value)
    sizes = value if isinstance(value, (list, tuple)) else value.split(",") if isinstance(value, str) else [value]
    wanted = "a number of hosts from 1 on, a percentage from 1% to 100%, or several of these, with commas or as a list"
    if not sizes:
        raise ValueError(f"is an empty list, and has to be {wanted}")
    for size in sizes:
        text = str(size).strip()
        share = _SHARE.match(text)
        if isinstance(size, bool) or not (
            (share and 0 < int(share.group(1)) <= 100) or (_WHOLE.match(text) and int(text) > 0)
        ):
            raise _refuse(size if len(sizes) == 1 else value, wanted)


def _strategy(variable: Variable, value: Any, where: Where) -> None:
    if not isinstance(value, str) or not value or not where.strategy(value):
        raise _refuse(value, "linear, host_pinned or another strategy that Ansible has")


def _percentage(variable: Variable, value: Any, where: Where) -> None:
    # A percent sign would be read as 0 by whatever compares it.
    if isinstance(value, bool) or not re.match(r"[0-9]{1,3}(\.[0-9]+)?\Z", str(value)) or float(value) > 100:
        raise _refuse(value, "a number from 0 to 100, without a percent sign")


def _windows(variable: Variable, value: Any, where: Where) -> None:
    _list(variable, value)
    _schedule(value, [])


def _blackouts(variable: Variable, value: Any, where: Where) -> None:
    _list(variable, value)
    _schedule([], value)


def _schedule(opens: list, closed: list) -> None:
    try:
        windows.parse(opens, closed)
    except FleetError as error:
        raise ValueError(f"cannot be read: {printable(error.problem)}") from None


def _list(variable: Variable, value: Any) -> None:
    _no_text_of_a_structure(variable, value)
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"is {_kind(value)}, and has to be a list")


def _dicts(variable: Variable, value: Any, where: Where) -> None:
    _list(variable, value)
    for number, one in enumerate(value, 1):
        if not isinstance(one, dict):
            raise ValueError(f"has {_kind(one)} as entry {number}, and has to be a list of dictionaries")


def _dict(variable: Variable, value: Any, where: Where) -> None:
    _no_text_of_a_structure(variable, value)
    if not isinstance(value, dict):
        raise ValueError(f"is {_kind(value)}, and has to be a dictionary")


def _waves(variable: Variable, value: Any, where: Where) -> None:
    _dict(variable, value, where)
    try:
        wave_policy.read(value)
    except FleetError as error:
        raise ValueError(printable(error.problem.partition(" ")[2], 1000)) from None


def _kubeconfig(variable: Variable, value: Any, where: Where) -> None:
    if not isinstance(value, (str, dict)) or not value:
        raise ValueError("has to be the path of a kubeconfig, or what one has")


def _hooks(variable: Variable, value: Any, where: Where) -> None:
    _list(variable, value)
    point = variable.name.partition("hooks_")[2]
    for number, hook in enumerate(read_hooks(list(value), point, 0), 1):
        named = f"hook {number} of {point}"
        if hook.kind == "role":
            if not where.role(hook.name):
                raise ValueError(f"cannot be used: {named}: there is no role {printable(hook.name)} on the controller")
            continue
        try:
            found = where.file(hook.name)
        except ValueError as error:
            raise ValueError(f"cannot be used: {named}: {error}") from None
        if found is None:
            raise ValueError(
                f"cannot be used: {named}: there is no file {printable(hook.name)} on the controller;"
                " give its whole path"
            )


_JUDGES: dict[str, Callable[[Variable, Any, Where], None]] = {
    "text": _text,
    "texts": _texts,
    "keys": _keys,
    "bool": _bool,
    "int": _int,
    "duration": _duration,
    "choice": _choice,
    "choices": _choices,
    "limit": _limit,
    "pattern": _pattern,
    "batches": _batches,
    "strategy": _strategy,
    "percentage": _percentage,
    "windows": _windows,
    "blackouts": _blackouts,
    "dicts": _dicts,
    "dict": _dict,
    "waves": _waves,
    "kubeconfig": _kubeconfig,
    "hooks": _hooks,
}
