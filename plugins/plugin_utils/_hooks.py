# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's hooks: what is written in variables, read into one shape before the first of them runs."""

from __future__ import annotations

import os
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

POINTS = ("pre", "migrate", "before_drain", "before_reboot", "post", "on_failure")
PLACES = ("node", "controller")
KEYS = ("tasks", "role", "where", "timeout", "vars")


class Hook(NamedTuple):
    """One hook.

    kind: "tasks" for a task file, "role" for a role.
    name: path of the file, or name of the role.
    where: "node" or "controller".
    timeout: seconds for all of its tasks together, 0 for no limit.
    vars: what the operator gives it.
    """

    kind: str
    name: str
    where: str
    timeout: int
    vars: dict[str, Any]


def read_hooks(written: Any, point: str, timeout: int) -> list[Hook]:
    """Read the hooks of one point.

    :param written: list of str (path of a task file, or name of a role) and of dicts with KEYS.
    :param point: one of POINTS.
    :param timeout: seconds where a hook says nothing.
    :raises ValueError: one sentence that names the point, the item and the mistake.
    """
    if point not in POINTS:
        raise ValueError(f"There is no hook {point}; there are {', '.join(POINTS)}")
    if not isinstance(written, list):
        raise ValueError(f"The hooks of {point} are no list")
    hooks = []
    for number, one in enumerate(written, 1):
        try:
            hooks.append(_read(one, timeout))
        except ValueError as error:
            raise ValueError(f"Hook {number} of {point}: {error}") from None
    return hooks


def _read(one: Any, timeout: int) -> Hook:
    if isinstance(one, str):
        one = {"tasks" if _is_path(one) else "role": one}
    if not isinstance(one, dict):
        raise ValueError("it is neither a path nor the name of a role nor a dictionary")
    strange = sorted(set(one) - set(KEYS))
    if strange:
        raise ValueError(f"it has {', '.join(map(str, strange))}, and only {', '.join(KEYS)} are known")
    named = [kind for kind in ("tasks", "role") if one.get(kind)]
    if len(named) != 1:
        raise ValueError("it needs either tasks, the path of a task file, or role, the name of a role")
    (kind,) = named
    # A path that is relative is looked for by Ansible, where it looks for all of them.
    if kind == "tasks" and os.path.isabs(one[kind]) and not os.path.isfile(one[kind]):
        raise ValueError(f"there is no file {one[kind]} on the controller")
    where = one.get("where", "node")
    if where not in PLACES:
        raise ValueError(f"where is {where}, and has to be {' or '.join(PLACES)}")
    seconds = one.get("timeout", timeout)
    if whole_number(str(seconds)) is None:
        raise ValueError(f"its timeout is {seconds}, and has to be whole seconds")
    given = one.get("vars") or {}
    if not isinstance(given, dict):
        raise ValueError("its vars are no dictionary")
    return Hook(kind, one[kind], where, int(seconds), given)


def _is_path(text: str) -> bool:
    return "/" in text or text.endswith((".yml", ".yaml"))
