# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ansible-runner and AWX keep of a job, read as if the callback had followed it: our events out. Pure.

Their events have all of a task but its arguments, and whether a rescue follows. The state that it is given is in its
result, and who goes on after a failure was rescued.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import PurePath
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _events as events
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Event, Unread
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._watch import LOOKED_AT, NO_NODE, OURS, Task, Watch

START, OK, SKIPPED = "runner_on_start", "runner_on_ok", "runner_on_skipped"
FAILED, SILENT = "runner_on_failed", "runner_on_unreachable"
RESULTS = (OK, SKIPPED, FAILED, SILENT)
PLAY = "playbook_on_play_start"
EMPTY = "an event of a job without its data"

_Found = Mapping[str, Any]


def read_texts(texts: Iterable[str]) -> Iterator[Event | Unread]:
    """Read what there is of a rollout, each as the text of a file.

    :param texts: logs of events; events of ansible-runner, each by itself or one in each line; pages of AWX's API.
    """
    jobs: dict[str, dict[int, _Found]] = defaultdict(dict)
    for text in texts:
        for one in _documents(text):
            if isinstance(one, str):
                yield events.read(one)
            elif not isinstance(one.get("counter"), int):
                yield Unread("broken")
            else:
                job = next((one[name] for name in ("job", "runner_ident") if one.get(name) not in (None, "")), "")
                jobs[events.clean(f"job {job}", events.LONGEST_NAME).strip()].setdefault(one["counter"], one)
    for name, told in jobs.items():
        yield from _Job(name, [told[counter] for counter in sorted(told)]).read()


def _documents(text: str) -> Iterator[str | _Found]:
    """Yield events of jobs as they are, and of everything else its lines."""
    found = _json(text)
    listed = found.get("results") if isinstance(found, Mapping) else found
    if isinstance(listed, list):
        yield from (_of_job(one) or "" for one in listed)
        return
    whole = _of_job(found)
    if whole:
        yield whole
        return
    for line in text.splitlines():
        if line.strip():
            yield (_of_job(_json(line)) if '"event"' in line else None) or line


def _json(text: str) -> Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


def _of_job(one: Any) -> _Found | None:
    return one if isinstance(one, Mapping) and "event" in one and "counter" in one and "v" not in one else None


class _Play(NamedTuple):
    """A play or batch: the place of its event, its name, its hosts in the order in which they began."""

    number: int
    name: str
    hosts: dict[str, None]


class _Job:
    """One job: its events in the order of their counters."""

    def __init__(self, name: str, told: list[_Found]) -> None:
        self._name, self._told = name, told
        self._at, self._number = 0.0, 0
        self._made: list[Event | Unread] = []
        self._watch = Watch(self._tell)
        self._rehearsal = False
        # Where a host has begun a task last, by the play; and the results of each task on each host, in their order.
        self._begun_last: dict[tuple[str, str], int] = {}
        self._results: dict[tuple[str, str], list[_Found]] = defaultdict(list)
        self._states: dict[str, str] = {}
        self._rescued: dict[str, tuple[Task, _Found]] = {}
        self._plays: list[_Play] = []
        for number, one in enumerate(told):
            self._know(number, one)

    def _know(self, number: int, one: _Found) -> None:
        data = _data(one)
        task, host = _text(data.get("task_uuid")), _text(data.get("host"))
        if one.get("event") == PLAY:
            self._plays.append(_Play(number, _text(data.get("name")), {}))
        elif one.get("event") == START:
            if self._plays and host:
                self._plays[-1].hosts[host] = None
            self._begun_last[_text(data.get("play_uuid")), host] = number
        elif one.get("event") in RESULTS:
            self._results[task, host].append(one)
            state = _state(data.get("res"))
            if state:
                # The same task of another host may have none to show: it did not answer, or was killed.
                self._states[_place(data)] = state
            if _module(data) == NO_NODE and isinstance(data.get("res"), Mapping):
                self._rehearsal = self._rehearsal or data["res"].get("rehearsal") is True

    def _tell(self, kind: str, **said: Any) -> None:
        self._number += 1
        self._made.append(events.event(self._name, self._number, self._at, kind, **said))

    def read(self) -> Iterator[Event | Unread]:
        """Yield what the callback would have told."""
        before = 0
        for number, one in enumerate(self._told):
            # What is not there was told, too, and nobody knows what it was.
            self._number += max(0, one["counter"] - before - 1)
            before = one["counter"]
            self._at = max(self._at, _seconds(one.get("created")))
            self._take(number, one)
            yield from self._made
            self._made.clear()

    def _take(self, number: int, one: _Found) -> None:
        kind, data = one.get("event"), _data(one)
        if kind == "playbook_on_start":
            self._tell("run", playbook=PurePath(_text(data.get("playbook"))).stem, check=self._rehearsal)
        elif kind == PLAY:
            self._play(number)
        elif kind == "playbook_on_stats":
            self._end(data)
        elif kind == START or kind in RESULTS:
            host = _text(data.get("host"))
            if host:
                self._of_host(number, kind, host, data)
            else:
                self._made.append(Unread(EMPTY))

    def _play(self, number: int) -> None:
        """A play begins, or one of its batches, which are told as plays of one name, one after the other."""
        here = next(place for place, one in enumerate(self._plays) if one.number == number)
        name = self._plays[here].name
        before = sum(1 for _one in takewhile(lambda one: one.name == name, reversed(self._plays[:here])))
        batches = list(takewhile(lambda one: one.name == name, self._plays[here - before :]))
        total = sum(len(one.hosts) for one in batches)
        hosts = list(batches[before].hosts)
        self._watch.play(name, before + 1, len(batches), hosts, total, None, self._rehearsal)

    def _of_host(self, number: int, kind: str, host: str, data: _Found) -> None:
        task = self._task(data)
        if kind == START:
            result = next(iter(self._results[_text(data.get("task_uuid")), host]), None)
            # What was skipped has no result to say what it was; it began nothing.
            if result is None or result.get("event") != SKIPPED:
                self._watch.begun(host, task)
            return
        self._results[_text(data.get("task_uuid")), host].pop(0)
        found = data.get("res")
        res: _Found = found if isinstance(found, Mapping) else {}
        if kind == OK and task.module in LOOKED_AT:
            self._watch.ended(host, task, res)
        elif kind == SILENT and not _begins_again(self._begun_last, data, host, number):
            self._watch.failed(host, task, {"unreachable": True, **res})
        elif kind == FAILED and not data.get("ignore_errors"):
            caught = _begins_again(self._begun_last, data, host, number)
            if caught:
                self._rescued[host] = task, res
            self._watch.failed(host, task._replace(caught=caught), res)

    def _task(self, data: _Found) -> Task:
        role = _text(data.get("resolved_role") or data.get("role"))
        return Task(
            name=_text(data.get("task")),
            module=_module(data),
            state=_state(data.get("res")) or self._states.get(_place(data), ""),
            role=role.removeprefix(OURS),
            check=self._rehearsal,
        )

    def _end(self, data: _Found) -> None:
        # Who went on after a failure only to clear up was rescued by nobody.
        for name in ("failures", "dark"):
            hosts = data.get(name)
            for host in hosts if isinstance(hosts, Mapping) else ():
                if host in self._rescued:
                    task, res = self._rescued[host]
                    self._watch.failed(host, task._replace(caught=False), res)
        self._watch.end()


def _begins_again(last: Mapping[tuple[str, str], int], data: _Found, host: str, number: int) -> bool:
    return last.get((_text(data.get("play_uuid")), host), -1) > number


def _data(one: _Found) -> _Found:
    data = one.get("event_data")
    return data if isinstance(data, Mapping) else {}


def _place(data: _Found) -> str:
    """Return where a task stands: what is included anew for each host has another id each time."""
    return _text(data.get("task_path")) or _text(data.get("task_uuid"))


def _module(data: _Found) -> str:
    action = _text(data.get("resolved_action") or data.get("task_action"))
    return action.removeprefix(OURS) if action.startswith(OURS) else ""


def _state(result: Any) -> str:
    for name in ("invocation", "module_args", "state"):
        result = result.get(name) if isinstance(result, Mapping) else None
    return _text(result)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _seconds(value: Any) -> float:
    """Return a time of Python or of AWX as seconds since the epoch, 0 if it is none."""
    try:
        return datetime.datetime.fromisoformat(_text(value).replace("Z", "+00:00")).timestamp()
    except (ValueError, OverflowError):
        return 0.0
