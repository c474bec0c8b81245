# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tasks of a run mean for its nodes: tasks and results in, events out. Pure.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils import _steps
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import timings
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._failure import failure_reason
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._rollout import DONE, FAILED, HELD, UNFINISHED, WAITING

OURS = "osmigrate.fleet."
# Refuses the input of a whole run, on a host that stands for all.
NO_NODE = "validate_input"
# What a module does that is given no state, where it could be given one.
USUAL = {"k8s_node_lease": "acquired", "k8s_node_approval": "given"}
_RULES = {rule: number for number, step in enumerate(_steps.STEPS) for rule in step.begins}
_NUMBER = {step.key: number for number, step in enumerate(_steps.STEPS)}


class Task(NamedTuple):
    """A task on one host.

    name: as people know it. module: name of a module of ours, "" for all others. state: what it is given for `state`,
    "" if nothing. role: name of the role it is of, without the collection. check: whether it changes nothing. caught:
    whether a rescue will see its failure.
    """

    name: str
    module: str
    state: str = ""
    role: str = ""
    check: bool = False
    caught: bool = False


class Watch:
    """Watches one run.

    :param tell: takes the kind of an event, and its fields by name.
    """

    def __init__(self, tell: Callable[..., None]) -> None:
        self._tell = tell
        self._batch: dict[str, Any] | None = None
        self._ahead: dict[str, Any] | None = None
        # By host, in the play or batch at work: number of its step, and of the one before.
        self._at: dict[str, int] = {}
        self._before: dict[str, int] = {}
        # Hosts whose step was told, and was skipped then.
        self._skipped: set[str] = set()
        # By host, in this run.
        self._pools: dict[str, str] = {}
        self._outside: set[str] = set()
        self._armed: set[str] = set()
        self._judged: dict[str, str] = {}
        self._systems: dict[str, tuple[Any, Any]] = {}
        # Why each pool is halted, "" for one that is not.
        self._halts: dict[str, str] = {}
        self._ended: set[str] = set()
        # By host and by who has found them: a later look of the same takes the place of an earlier one.
        self._findings: dict[str, dict[str, list[Any]]] = {}
        self._release = ""

    def play(
        self,
        name: str,
        number: int,
        of: int,
        nodes: Sequence[str],
        total: int,
        ahead: dict[str, Any] | None = None,
        check: bool = False,
    ) -> None:
        """A play or one of its batches begins. It is told as soon as a node takes a step in it.

        :param ahead: how all of its nodes are to go, as _ahead.py has it; None if that was said.
        :param check: whether it only rehearses.
        """
        self._settle(self._skipped)
        self._ahead = ahead or self._ahead
        batch = {"play": name, "number": number, "of": of, "nodes": list(nodes), "total": total}
        self._batch = {**batch, "check": check}
        self._at = {}

    def begun(self, host: str, task: Task) -> None:
        """A task begins on a host."""
        number = self._step(task)
        if number is None or host in self._ended:
            return
        before, revert = self._at.get(host, -1), _NUMBER[_steps.REVERT]
        # What a later step does once more is a part of it, until the node goes back.
        if number <= before and revert not in (number, before) or number == before:
            return
        self._announce()
        self._before[host], self._at[host] = before, number
        self._skipped.discard(host)
        if _is_armed(number):
            self._armed.add(host)
        self._tell("step", node=host, step=_steps.STEPS[number].key)

    def skipped(self, host: str, task: Task) -> None:
        """A task was not for this host. What it begins is taken back only if no other step follows."""
        number = self._step(task)
        if number is not None and self._at.get(host) == number and host not in self._ended:
            self._at[host] = self._before[host]
            self._skipped.add(host)

    def _settle(self, hosts: set[str]) -> None:
        for host in sorted(hosts & self._skipped):
            number = self._at[host]
            self._tell("step", node=host, step=_steps.STEPS[number].key if number >= 0 else WAITING)
        self._skipped -= hosts

    def end(self) -> None:
        """The run ends."""
        self._settle(self._skipped)
        self._tell("end")

    def ended(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        """A task of a host ended well."""
        if task.module in LOOKED_AT:
            getattr(self, f"_{task.module}")(host, task, result)

    def failed(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        """A task of a host failed, and nobody has said that this does not matter."""
        if task.module in FAILURES_TELL:
            getattr(self, f"_{task.module}")(host, task, result)
        if host in self._ended:
            return
        if host not in self._at:
            if not task.module or task.module == NO_NODE or not self._is_of_batch(host):
                return
            self._announce()
        self._settle({host})
        why = failure_reason(result, task.name)
        if task.caught:
            self._tell("trouble", node=host, why=why)
        else:
            self._end(host, self._judge(host, result), "", why)

    def _is_of_batch(self, host: str) -> bool:
        return self._batch is not None and host in self._batch["nodes"]

    def _judge(self, host: str, result: Mapping[str, Any]) -> str:
        if host in self._judged:
            return self._judged[host]
        if host in self._armed:
            return FAILED
        return UNFINISHED if host in self._outside and result.get("unreachable") else HELD

    def _step(self, task: Task) -> int | None:
        if not task.module:
            return None
        given = task.state and task.state != USUAL.get(task.module)
        rules = (f"{task.module}={task.state}",) if given else (task.module, f"{task.module}@{task.role}")
        return next((_RULES[rule] for rule in rules if rule in _RULES), None)

    def _announce(self) -> None:
        if self._ahead is not None:
            self._tell("ahead", **self._ahead)
            self._ahead = None
        if self._batch is not None:
            self._tell("batch", **self._batch)
            self._batch = None

    def _end(self, host: str, outcome: str, verdict: str, why: str) -> None:
        self._ended.add(host)
        self._tell("result", node=host, outcome=outcome, verdict=verdict, why=why)

    def _release_info(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        self._is_release(_at(result, "release", "id"), _at(result, "release", "expires"))

    def _is_release(self, release: Any, expires: Any = "") -> None:
        if isinstance(release, str) and release and release != self._release:
            self._release = release
            self._tell("release", release=release, expires=expires or "")

    def _finds(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        found, known = result.get("findings"), self._findings.setdefault(host, {})
        if isinstance(found, list) and (found or known.get(task.module)):
            known[task.module] = found
            told = [one for module in FINDERS for one in known.get(module, [])]
            self._tell("findings", node=host, findings=told)

    _node_preflight = _node_carry = _finds

    def _k8s_node_cordon(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        self._serves(host, task, task.state != "cordoned")

    def _serves(self, host: str, task: Task, serving: bool) -> None:
        if task.check or serving is (host not in self._outside):
            return
        (self._outside.discard if serving else self._outside.add)(host)
        self._tell("service", node=host, serving=serving)

    def _k8s_node_claim(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        pool, state = result.get("pool"), _at(result, "invocation", "module_args", "state")
        if isinstance(pool, str) and pool and self._pools.get(host) != pool:
            self._pools[host] = pool
            self._tell("pool", node=host, pool=pool)
        if state in (FAILED, HELD):
            self._judged[host] = state
        halt = _at(result, "after", "halt")
        if isinstance(halt, Mapping) and isinstance(pool, str) and pool:
            why = str(halt.get("reason") or "It is halted.") if halt else ""
            if self._halts.get(pool, "") != why:
                self._halts[pool] = why
                self._tell("halt", pool=pool, why=why)

    def _k8s_node_drain(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        pods = result.get("pods")
        if isinstance(pods, list) and not task.check:
            left = [one for one in pods if isinstance(one, Mapping) and one.get("action") != STAYS]
            if left:
                self._tell("pods", node=host, pods=left)

    def _boot_info(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        if _is_armed(self._at.get(host, -1)):
            # Another run has cordoned it, and was killed: this one goes on with it.
            self._serves(host, task, False)
        system = _at(result, "booted", "os"), _at(result, "booted", "kernel")
        if host in self._at and any(system) and self._systems.get(host) != system:
            self._systems[host] = system
            self._tell("system", node=host, os=system[0], kernel=system[1])
        took = result.get("boot_seconds")
        if task.role == _steps.VERIFY and host in self._at and isinstance(took, Mapping) and took:
            self._tell("boot", node=host, parts=timings.of_boot(took))

    def _k8s_node_record(self, host: str, task: Task, result: Mapping[str, Any]) -> None:
        noted = result.get("after")
        if not isinstance(noted, Mapping):
            return
        if noted.get("phase") == _steps.ON_TRIAL:
            self._is_release(noted.get("release"))
        elif noted.get("phase") == _steps.DONE and host not in self._ended and host in self._at:
            self._end(host, DONE, str(noted.get("verdict") or ""), "")


# Modules that return findings: what speaks against the move, and what the plan means for the node.
FINDERS = ("node_preflight", "node_carry")
# Modules whose results say something also when they failed.
FAILURES_TELL = (*FINDERS, "k8s_node_drain")
# Modules whose results say something.
LOOKED_AT = (*FAILURES_TELL, "release_info", "boot_info", "k8s_node_cordon", "k8s_node_claim", "k8s_node_record")
# What a drain says of a pod that belongs on the node.
STAYS = "leave"


def _is_armed(number: int) -> bool:
    """Whether a node at a step, by its number, is on its trial."""
    return number >= _NUMBER["arm"] and _steps.STEPS[number].key not in (_steps.REVERT, "uncordon")


def _at(found: Any, *path: str) -> Any:
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
