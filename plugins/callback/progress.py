# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's edge of plugin_utils/_watch.py: what Ansible calls, brought into our terms."""

from __future__ import annotations

DOCUMENTATION = """
name: progress
type: aggregate
short_description: Shows how far a rollout is, and reports on it
version_added: 1.0.0
author:
  - osmigrate.fleet contributors (@osmigrate)
description:
  - Prints a line whenever a node comes to a step that people wait for, is done, fails or is held up, with the batch,
    the totals, and an estimate of the time that is left.
  - Writes what happens to a log of events, and reports on it when the run ends, if O(directory) is set.
  - An error in it is told once, as a warning, and never ends a run.
requirements:
  - Enabling in the configuration (C(callbacks_enabled)).
options:
  lines:
    description: Whether to print lines of progress.
    type: bool
    default: true
    env:
      - name: OSMIGRATE_PROGRESS_LINES
    ini:
      - section: callback_osmigrate_progress
        key: lines
  live:
    description:
      - Whether to keep a live view at the bottom of a terminal, with a bar, a line for each node on its way, and each
        failure until the end. It needs the Python library C(rich) on the controller, and a terminal; where one of them
        is not there, and where ansible-runner or AWX reads the terminal, lines are printed.
    type: bool
    default: true
    env:
      - name: OSMIGRATE_PROGRESS_LIVE
    ini:
      - section: callback_osmigrate_progress
        key: live
  every:
    description:
      - After how many seconds without a line it is said what each node is at, since when, and what it waits for, such
        as who holds the places of a budget, which pods have not left and why, or how much of a release lies there.
        V(0) for never.
    type: int
    default: 25
    env:
      - name: OSMIGRATE_PROGRESS_EVERY
    ini:
      - section: callback_osmigrate_progress
        key: every
  metrics_file:
    description:
      - A file for the textfile collector of Prometheus' node exporter, whose name has to end in C(.prom). It is written
        anew every 15 seconds at most, and when the run ends. It needs the Python library C(prometheus-client).
      - What is in it is this run. A run that moves no node, as that of the playbook C(status), and a rehearsal
        (C(--check), C(plan)) leave it as it is, with what an alert is about.
    type: path
    env:
      - name: OSMIGRATE_PROGRESS_METRICS_FILE
    ini:
      - section: callback_osmigrate_progress
        key: metrics_file
  pushgateway:
    description: URL of a Pushgateway to which the same is pushed.
    type: str
    env:
      - name: OSMIGRATE_PROGRESS_PUSHGATEWAY
    ini:
      - section: callback_osmigrate_progress
        key: pushgateway
  pushgateway_group:
    description:
      - Labels of the group of metrics at the Pushgateway, each as C(NAME=VALUE). A push takes the place of what the
        same group had. Those who roll out several clusters, or slices of a job, at the same time give each a group of
        its own. Then what a group of the past has said stays until somebody deletes it there.
      - C({first_host}) in a value stands for the first host of the inventory by its name, which is another one for
        each slice of AWX, and the same for one slice each time.
    type: list
    elements: str
    default: []
    env:
      - name: OSMIGRATE_PROGRESS_PUSHGATEWAY_GROUP
    ini:
      - section: callback_osmigrate_progress
        key: pushgateway_group
  alertmanager:
    description:
      - URL of an Alertmanager in which a node is silenced while this run has it out of service.
      - A silence lasts ten minutes, and is renewed while the run lives. It is ended when the node is given back, and
        when the run ends, whatever became of the node. A run that was killed leaves it for ten minutes at most. One
        that somebody has ended is not made again.
      - If that fails, the run says so once, goes on, and tries again.
    type: str
    env:
      - name: OSMIGRATE_PROGRESS_ALERTMANAGER
    ini:
      - section: callback_osmigrate_progress
        key: alertmanager
  alertmanager_label:
    description:
      - Label of alerts that names the node as the cluster does. A port may follow the name, as in C(instance).
    type: str
    default: node
    env:
      - name: OSMIGRATE_PROGRESS_ALERTMANAGER_LABEL
    ini:
      - section: callback_osmigrate_progress
        key: alertmanager_label
  alertmanager_token:
    description:
      - Token of bearer authentication at O(alertmanager). Name and password of basic authentication are a part of that
        URL instead.
    type: str
    env:
      - name: OSMIGRATE_PROGRESS_ALERTMANAGER_TOKEN
  directory:
    description:
      - Where the log of events, C(events.jsonl), is written, and the report, C(report.html), C(report.md),
        C(report.json) and C(report.xml), which is JUnit's. It is made if it is not there.
      - One directory for each rollout. Runs that go on with the rollout append to its log, and the report is on all of
        them.
      - The files are for their owner alone. They name nodes, findings and reasons of failures.
      - Without it nothing is written.
    type: path
    env:
      - name: OSMIGRATE_PROGRESS_DIRECTORY
    ini:
      - section: callback_osmigrate_progress
        key: directory
"""

EXAMPLES = """
examples: |
  # ansible.cfg
  [defaults]
  callbacks_enabled = osmigrate.fleet.progress

  [callback_osmigrate_progress]
  directory = rollouts/2026-11
"""

import atexit
import contextlib
import functools
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible import constants, context
from ansible.plugins.callback import CallbackBase
from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _ahead as ahead,
    _batches as batches,
    _events as events,
    _exposition,
    _heartbeat,
    _live,
    _metrics,
    _page as page,
    _progress as progress,
    _rollout as rollout,
    _run_report as run_report,
    _silence,
    _terminal,
    _watch as watch,
)
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._event_log import EventLog, replace

LOG = "events.jsonl"
# Kinds of events that also a run has which moves no node.
OF_NO_NODE = ("run", "release", "end")
# Who scrapes does not look more often.
METRICS_EVERY = 15
# So often it is looked whether there was a line.
LOOKS_EVERY = 1
COLOURS = {rollout.DONE: constants.COLOR_OK, rollout.FAILED: constants.COLOR_ERROR, rollout.HELD: constants.COLOR_WARN}


def harmless(method: Callable[..., None]) -> Callable[..., None]:
    """Let an error in a method end the plugin with a warning, and nothing else."""

    @functools.wraps(method)
    def guarded(self: CallbackModule, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception as error:
            self.disabled = True
            self._end_view()
            said = events.clean(error) or error.__class__.__name__
            self._display.warning(f"osmigrate.fleet.progress has ended, the run goes on: {said}")

    return guarded


class CallbackModule(CallbackBase):
    """See DOCUMENTATION."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "osmigrate.fleet.progress"
    CALLBACK_NEEDS_ENABLED = True

    # Before a run has begun, and where there is no terminal.
    _view: _terminal.Terminal | None = None

    @harmless
    def v2_playbook_on_start(self, playbook: Any) -> None:
        directory = self.get_option("directory")
        self._log = EventLog(Path(directory) / LOG) if directory else None
        self._run, self._number = uuid.uuid4().hex, 0
        self._unwritten: list[events.Event] | None = []
        self._state = rollout.Rollout()
        self._watch = watch.Watch(self._tell)
        self._play, self._batch = "", 0
        self._measured, self._unmeasured, self._first_host = 0.0, False, ""
        self._begin_to_silence()
        self._begin_to_wait()
        name = Path(getattr(playbook, "_file_name", None) or "").stem
        self._tell("run", playbook=name, check=bool(context.CLIARGS.get("check")))

    def _begin_to_wait(self) -> None:
        self._spoke = time.time()
        self._task = ""
        # What nodes are called in the cluster, where that is not the name of the host.
        self._names: dict[str, str] = {}
        self._heard = ""
        self._beats = _heartbeat.Heartbeat(LOOKS_EVERY, self._beat)
        if self.get_option("lines") and self.get_option("live") and _terminal.is_possible():
            self._view = _terminal.Terminal()
            self._view.begin()
            # Whoever interrupts a run wants the cursor back.
            atexit.register(self._end_view)
        if self._view or (self.get_option("lines") and self.get_option("every") > 0):
            self._heard = tempfile.mkdtemp(prefix="osmigrate-")
            os.environ[_waiting.VARIABLE] = self._heard
        if self._heard or self._silences:
            self._beats.begin()

    @harmless
    def _beat(self) -> None:
        now = time.time()
        if self.disabled:
            return
        self._silence(lambda silences: silences.renew(now))
        if self._view:
            # The signal may have come while another thread adds a node: the next one will do.
            with contextlib.suppress(RuntimeError):
                self._view.show(_live.picture(self._state, now, self._why))
            return
        if not self._heard or now - self._spoke < self.get_option("every"):
            return
        # The signal may have come in the middle of a line, or while another thread adds a node: the next one will do.
        with contextlib.suppress(RuntimeError):
            said = progress.waiting(self._state, now, self._why)
            self._say(said or f"Waiting: {self._task}", now)

    def _begin_to_silence(self) -> None:
        self._silences: _silence.Silences | None = None
        self._silencing, self._unsilenced, self._process = False, False, os.getpid()
        url = self.get_option("alertmanager")
        if url:
            server = _silence.Alertmanager(url, self.get_option("alertmanager_token") or "")
            self._silences = _silence.Silences(server, self.get_option("alertmanager_label"))
            # Whoever interrupts a run gets no end of its statistics.
            atexit.register(self._end_to_silence)

    def _end_to_silence(self) -> None:
        if os.getpid() == self._process:
            self._silence(_silence.Silences.end_all)
            self._silences = None

    def _silence(self, action: Callable[[_silence.Silences], None]) -> None:
        # The signal may come while one is being made.
        if self._silences is None or self._silencing:
            return
        self._silencing = True
        try:
            action(self._silences)
        except FleetError as error:
            if not self._unsilenced:
                self._display.warning(f"osmigrate.fleet.progress: {error}")
            self._unsilenced = True
        finally:
            self._silencing = False

    def _silence_node(self, one: events.Event) -> None:
        host = one.said["node"]
        node = self._names.get(host, host)
        if one.said["serving"]:
            self._silence(lambda silences: silences.end(node))
        else:
            comment = f"The node is being moved to {self._state.release or 'a release'} by the run {self._run}."
            self._silence(lambda silences: silences.begin(node, comment, one.at))

    def _why(self, host: str, since: float) -> str:
        # Two clocks read one after the other may differ by what a file system rounds.
        told = (_waiting.heard(self._heard, name, since - 1) for name in (self._names.get(host, host), host))
        return events.clean(next(filter(None, told), ""))

    def _write(self, one: events.Event) -> None:
        """Write to the log, from the first event on that is of a node: status has none, and is no part of a rollout."""
        if self._log is None:
            return
        if self._unwritten is not None:
            self._unwritten.append(one)
            if one.kind in OF_NO_NODE:
                return
        for event in self._unwritten or [one]:
            self._log.append(event)
        self._unwritten = None

    def _say(self, line: str, at: float, color: str | None = None) -> None:
        self._spoke = at
        self._display.display(f"{time.strftime('%H:%M:%S', time.localtime(at))} {line}", color=color)

    def _end_view(self) -> None:
        view, self._view = self._view, None
        if view:
            view.end()

    def _end_to_wait(self) -> None:
        self._beats.end()
        self._end_view()
        if self._heard:
            os.environ.pop(_waiting.VARIABLE, None)
            shutil.rmtree(self._heard, ignore_errors=True)

    @harmless
    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        self._task = events.clean(task.get_name())

    @harmless
    def v2_playbook_on_play_start(self, play: Any) -> None:
        name = play.get_name()
        inventory = play.get_variable_manager()._inventory
        self._first_host = min((host.name for host in inventory.get_hosts("all", ignore_restrictions=True)), default="")
        everybody = inventory.get_hosts(play.hosts, ignore_restrictions=True)
        total = len(everybody)
        hosts = inventory.get_hosts(play.hosts)
        nodes = [host.name for host in hosts]
        called = ((host.name, host.vars.get("k8s_node_name")) for host in hosts)
        self._names.update((name, node) for name, node in called if isinstance(node, str))
        # One play is announced for each of its batches.
        self._batch = self._batch + 1 if name == self._play else 1
        self._play = name
        sizes = batches.sizes(total, play.serial)
        way = self._ahead(play, everybody, sizes) if self._batch == 1 else None
        check = bool(play.check_mode) or bool(context.CLIARGS.get("check"))
        self._watch.play(name, self._batch, len(sizes), nodes, total, way, check)

    def _ahead(self, play: Any, hosts: list[Any], sizes: list[int]) -> dict[str, Any]:
        manager = play.get_variable_manager()
        found = {host.name: host for host in hosts}
        return ahead.of_play(
            map(_host, hosts),
            map(_host, manager._inventory.get_hosts("all", ignore_restrictions=True)),
            str(play.strategy),
            sizes,
            lambda name: manager.get_vars(play=play, host=found[name], include_hostvars=False),
            self._state.release,
        )

    @harmless
    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        self._watch.begun(host.name, _task(task))

    @harmless
    def v2_runner_on_ok(self, result: Any) -> None:
        task = _task(result._task)
        # Newer versions of Ansible convert a result when it is asked for.
        if task.module in watch.LOOKED_AT:
            self._watch.ended(result._host.name, task, result._result)

    @harmless
    def v2_runner_on_skipped(self, result: Any) -> None:
        self._watch.skipped(result._host.name, _task(result._task))

    @harmless
    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if not ignore_errors:
            self._watch.failed(result._host.name, _task(result._task), result._result)

    @harmless
    def v2_runner_on_unreachable(self, result: Any) -> None:
        if not result._task.ignore_unreachable:
            # No rescue sees a node that does not answer.
            self._watch.failed(result._host.name, _task(result._task)._replace(caught=False), result._result)

    @harmless
    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._end_to_wait()
        self._watch.end()
        self._end_to_silence()
        self._measure(time.time())
        if self._log and self._unwritten is None:
            self._report(self._log.path)

    def _report(self, log: Path) -> None:
        with open(log, encoding="utf-8", errors="replace") as lines:
            said = run_report.facts(rollout.reduce(events.read_all(lines)))
        for suffix, form in page.FORMS.items():
            replace(log.with_name(f"report.{suffix}"), form(said))
        self._display.display(f"{said['sentence']} The report is {log.with_name('report.html').absolute()}.")

    def _measure(self, now: float) -> None:
        self._measured = now
        file, gateway = self.get_option("metrics_file"), self.get_option("pushgateway")
        if self._unmeasured or not (file or gateway) or not rollout.moves(self._state):
            return
        found = _metrics.of_rollout(self._state, now)
        try:
            if file:
                _exposition.write(file, found)
            if gateway:
                group = [one.replace("{first_host}", self._first_host) for one in self.get_option("pushgateway_group")]
                _exposition.push(gateway, found, _exposition.grouping(group))
        except FleetError as error:
            self._unmeasured = True
            self._display.warning(f"osmigrate.fleet.progress writes no metrics any more: {error}")

    def _tell(self, kind: str, **said: Any) -> None:
        self._number += 1
        one = events.event(self._run, self._number, time.time(), kind, **said)
        self._write(one)
        rollout.apply(self._state, one)
        if kind == "service":
            self._silence_node(one)
        if one.at - self._measured >= METRICS_EVERY:
            self._measure(one.at)
        line = progress.line(self._state, one) if self.get_option("lines") else ""
        if line:
            self._say(line, one.at, COLOURS.get(str(one.said.get("outcome"))))


def _host(host: Any) -> ahead.Host:
    return ahead.Host(host.name, [group.name for group in host.get_groups()], host.vars.get("k8s_node"))


def _task(task: Any) -> watch.Task:
    action = str(getattr(task, "resolved_action", None) or task.action)
    state = task.args.get("state") if isinstance(task.args, dict) else None
    role = getattr(task, "_role", None)
    return watch.Task(
        name=task.name or action,
        module=action.removeprefix(watch.OURS) if action.startswith(watch.OURS) else "",
        state=state if isinstance(state, str) else "",
        role=role.get_name().removeprefix(watch.OURS) if role else "",
        check=bool(task.check_mode),
        caught=_is_caught(task),
    )


def _is_caught(task: Any) -> bool:
    """Say whether the task is in the part of some block that a rescue follows."""
    child, parent = task, task._parent
    while parent is not None:
        parts = getattr(parent, "rescue", None)
        if parts and child._uuid in {one._uuid for one in parent.block}:
            return True
        child, parent = parent, parent._parent
    return False
