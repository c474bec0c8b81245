# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a pattern and --limit leave hosts, and why it is none. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, some

# Groups that the inventory plugin makes only while some node is in them; to leave them out is never a mistake.
_COME_AND_GO = re.compile(
    r"ready|not_ready|schedulable|unschedulable|role_control_plane|role_worker"
    r"|osmigrate_(failed|held|excluded|on_package|on_release|phase_(trial|done|failed))\Z"
)
_FAMILY = re.compile(r"(role|pool|zone|os|arch|cluster|osmigrate_release)_.")
_NO_NAME = re.compile(r"[*?\[~@]")
_SUBSCRIPT = re.compile(r"(?<=.)\[[-0-9:]+\]\Z")
# An exclusion that matches nothing is one of a group that is empty now, unless it is nearly the name of another.
_NEARLY, _ALIKE = 0.9, 0.6

NOTHING = "No host was touched"


class Inventory:
    """The groups and hosts of an inventory, to be asked with patterns.

    :param groups: names of hosts by group, as Ansible's variable `groups` has them.
    :param limit: what --limit says, None if nothing.
    :param match: the names of the hosts that a pattern leaves under a limit, by Ansible's own rules.
    :param split: the parts of a pattern, by Ansible's own rules.
    """

    def __init__(
        self,
        groups: Mapping[str, Sequence[str]],
        limit: str | None,
        match: Callable[[str | list[str], str | None], list[str]],
        split: Callable[[str | list[str]], list[str]],
    ) -> None:
        self.limit = limit
        self.groups = {name for name in groups if name not in ("all", "ungrouped")}
        self.hosts = set(groups.get("all", ()))
        self._match = match
        self._split = split

    def match(self, pattern: str | list[str], limited: bool = True) -> list[str]:
        """Return the names of the hosts that a pattern leaves."""
        return self._match(pattern, self.limit if limited else None)

    def _unknown(self, pattern: str | list[str]) -> Iterator[tuple[str, str]]:
        """Yield each name in a pattern that is neither a group nor a host, and one that it may be meant for ("")."""
        known = self.groups | self.hosts
        for part in self._split(pattern):
            excluded, name = part.startswith("!"), part.lstrip("!&")
            name = _SUBSCRIPT.sub("", name)
            if not name or _NO_NAME.search(name) or name in known or name in ("all", "ungrouped", "localhost"):
                continue
            if excluded and _COME_AND_GO.match(name):
                continue
            close = difflib.get_close_matches(name, known, 1, _NEARLY if excluded else _ALIKE)
            if excluded and not close and _FAMILY.match(name):
                continue
            yield name, close[0] if close else ""

    def misspelt(self, pattern: str | list[str], said_by: str) -> list[str]:
        """Return a clause for each name that nothing is called by; `said_by` is where it stands."""
        return [
            f"{said_by} names {printable(name)}, which is neither a group nor a host of the inventory"
            + (f"; did you mean {printable(close)}?" if close else "")
            for name, close in self._unknown(pattern)
        ]


def resolve(inventory: Inventory, pattern: str | list[str], said: bool, sources: Iterable[str]) -> list[str]:
    """Return the hosts that a playbook works on.

    :param said: whether the pattern is the user's own and not the default.
    :param sources: what -i says.
    :raises FleetError: it is nobody, or not who was meant; says why.
    """
    shown = printable(pattern if isinstance(pattern, str) else ",".join(pattern))
    if not inventory.hosts:
        raise _no_inventory(sources)
    problems = inventory.misspelt(pattern, "osmigrate_hosts") if said else []
    if inventory.limit:
        problems += inventory.misspelt(inventory.limit, "--limit")
    if problems:
        raise FleetError("; ".join(problems).rstrip("?"), NOTHING, f"The inventory has {_some(inventory.groups)}")
    hosts = inventory.match(pattern)
    if hosts:
        return hosts
    if inventory.limit and inventory.match(pattern, limited=False):
        outside = inventory.match("all")
        raise FleetError(
            f"--limit {printable(inventory.limit)} leaves none of the hosts of {shown}: {_some(outside)}"
            f" {'is' if len(outside) == 1 else 'are'} not in it",
            NOTHING,
            "Limit to hosts of that pattern, or set osmigrate_hosts, for example to role_control_plane",
        )
    todo = f"Set osmigrate_hosts to a pattern of groups that have hosts; the inventory has {_some(inventory.groups)}"
    raise FleetError(
        f"The pattern {shown} ({'osmigrate_hosts' if said else 'the default'}) matches no host", NOTHING, todo
    )


def _no_inventory(sources: Iterable[str]) -> FleetError:
    named = [str(source) for source in sources]
    shown = printable(", ".join(named) or "none")
    return FleetError(
        f"The inventory has no host (-i: {shown})",
        NOTHING,
        "Give -i with the file of the plugin osmigrate.fleet.k8s_nodes, whose name has to end in k8s_nodes.yml, and see"
        " that its selectors match a node: ansible-inventory --graph shows what it finds",
    )


def _some(names: Iterable[str], most: int = 8) -> str:
    listed = sorted(names)
    return printable(some(listed, most)) if listed else "no group"
