# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether what a user gave a playbook is what its playbooks read: names, places and values of variables. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _values
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import MADE, PREFIX, meant, registry

# They work on releases.
OF_BUILDERS = ("release_build", "release_review", "release_contents", "release_publish", "release_channel")
# They work on clusters or releases, and not on hosts.
OF_CLUSTERS = ("status", "halt", "resume", "access") + OF_BUILDERS
# They go the way of nodes, and change nothing.
REHEARSALS = ("plan",)
# To stop is not to depend on what else somebody has written into an inventory.
FORGIVING = ("halt",)
_NEEDED_TO_STOP = (
    "osmigrate_kubeconfig",
    "osmigrate_context",
    "osmigrate_expected_server",
    "osmigrate_pool_label",
    "osmigrate_pools",
)


class Undefined(Exception):
    """A value refers to a variable that there is not."""


class Sight(NamedTuple):
    """What is to be seen before any host is touched.

    playbook: which one runs.
    extra: what -e gave, by name, of whatever prefix.
    run: names that -e or the playbook itself set, so that they are there before any host is.
    hosts: by host, the variables of our prefix as they were written; of hosts with the same ones, one stands for all.
    evaluate: the value of a variable for a host; raises Undefined, or ValueError with what is wrong.
    """

    playbook: str
    extra: Mapping[str, Any]
    run: frozenset[str]
    hosts: Mapping[str, Mapping[str, Any]]
    evaluate: Callable[[str, str], Any]


def problems(sight: Sight, where: _values.Where) -> list[str]:
    """Return one sentence for each mistake, without its full stop."""
    found = [*_names(sight), *_strangers(sight), *_places(sight), *_missing(sight)]
    # A value that nobody reads is not worth a second sentence.
    return list(dict.fromkeys(found)) or list(dict.fromkeys(_judged(sight, where)))


def _seen(sight: Sight) -> Iterator[tuple[str, str]]:
    """Yield (name, host) once for each name of our prefix, with one of the hosts that have it."""
    named = set()
    for host, variables in sight.hosts.items():
        for name in variables:
            if name not in named and _counts(sight, name):
                named.add(name)
                yield name, host


def _counts(sight: Sight, name: str) -> bool:
    return sight.playbook not in FORGIVING or name in sight.run or name in _NEEDED_TO_STOP


def _names(sight: Sight) -> Iterator[str]:
    for name, host in _seen(sight):
        known = registry().get(name)
        where = "" if name in sight.run else f" (of {printable(host)})"
        if name in MADE:
            if name in sight.extra:
                yield f"{name} is kept by the playbooks themselves and is not to be set"
        elif known is None:
            close = meant(name, registry())
            hint = f"did you mean {close}?" if close else "docs/variables.md has all of them"
            yield f"{printable(name)}{where} is no variable of osmigrate.fleet; {hint}"
        elif known.scope == "ours":
            yield f"{name}{where} is set by the playbooks for hooks and is not to be set"


def _strangers(sight: Sight) -> Iterator[str]:
    """Tell names of -e that lack the prefix, or have it misspelt, and that no variable of ours refers to."""
    written = " ".join(str(value) for variables in sight.hosts.values() for value in variables.values())
    for name in sight.extra:
        if name.startswith(PREFIX) or name in written:
            continue
        close = PREFIX + name if PREFIX + name in registry() else meant(name, registry())
        if close:
            yield f"{printable(name)} is read by nothing here; the variable is {close}"


def _places(sight: Sight) -> Iterator[str]:
    for name, host in _seen(sight):
        known = registry().get(name)
        if known is None:
            continue
        if known.scope == "run" and name not in sight.run:
            yield (
                f"{name} is set in the inventory (of {printable(host)}), where it has no effect, because it is read"
                f" before any host is; give it with -e {name}=... instead"
            )
        elif known.narrows and name in sight.run and sight.playbook not in (*known.read_by, "status"):
            others = [one.name for one in registry().values() if one.narrows and sight.playbook in one.read_by]
            instead = f"; it reads {' and '.join(others)}" if others else ""
            yield f"The playbook {sight.playbook} does not read {name} and would work on more than that{instead}"


def _missing(sight: Sight) -> Iterator[str]:
    for known in registry().values():
        if sight.playbook in known.required:
            without = [host for host, variables in sight.hosts.items() if known.name not in variables]
            if without and known.name not in sight.run:
                what = known.meaning.split(". ")[0].rstrip(".")
                yield f"{known.name} is not set (seen from {printable(without[0])}): {what}"


def _judged(sight: Sight, where: _values.Where) -> Iterator[str]:
    looked: dict[tuple[str, str], Any] = {}
    for host, variables in sight.hosts.items():
        values = {}
        for name, written in variables.items():
            known = registry().get(name)
            if known is None or not _counts(sight, name) or sight.playbook not in known.read_by:
                continue
            key = (name, repr(written))
            if key not in looked:
                try:
                    looked[key] = sight.evaluate(host, name)
                except Undefined as error:
                    looked[key] = _LATER
                    if known.type not in _MAY_COME_LATER:
                        yield f"{name} cannot be evaluated for {printable(host)}: {printable(error)}"
                    continue
                except ValueError as error:
                    looked[key] = _LATER
                    yield f"{name} cannot be evaluated for {printable(host)}: {printable(error)}"
                    continue
                wrong = _values.problem(known, looked[key], where)
                if wrong:
                    looked[key] = _LATER
                    yield f"{name} {wrong}"
            values[name] = looked[key]
        yield from _together(sight, {name: value for name, value in values.items() if value is not _LATER})


# Hooks and gates may refer to what is known only when they run, such as osmigrate_hook.
_MAY_COME_LATER = ("hooks", "dicts", "dict")
_LATER = object()


def _together(sight: Sight, values: Mapping[str, Any]) -> Iterator[str]:
    """Tell values that are good by themselves and not together."""
    if sight.playbook not in ("migrate", "upgrade", "rollback", "drill", "plan"):
        return

    def seconds(variable: str) -> int:
        return read_seconds(values.get(PREFIX + variable, registry()[PREFIX + variable].default))

    ready, verify = seconds("ready_for"), seconds("verify_timeout")
    if ready >= verify:
        yield (
            f"osmigrate_ready_for is {ready} s and osmigrate_verify_timeout {verify} s, so no node could ever be Ready"
            " for long enough; give it more time"
        )
    released = PREFIX + "waves_released"
    if int(values.get(released, 0)) and PREFIX + "waves" not in values:
        yield f"{released} is {values[released]} and osmigrate_waves is not set, so there is nothing that it releases"
    health, deadman = seconds("health_deadline"), seconds("deadman_seconds")
    if sight.playbook in ("migrate", "upgrade", "plan") and 0 < deadman <= health:
        yield (
            f"osmigrate_health_deadline is {health} s and osmigrate_deadman_seconds {deadman} s, so a trial would end"
            " before its health checks have; give it more time"
        )
