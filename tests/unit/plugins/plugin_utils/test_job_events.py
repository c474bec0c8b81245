# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of jobs, read anew: what ansible-runner and AWX keep, whole, in pieces and as somebody has cut it.

A real run of ansible-runner is read in tests/unit/plugins/callback.
"""

from __future__ import annotations

import json
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _rollout as rollout
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Unread
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._job_events import read_texts

WAY = [("k8s_node_lease", "acquired", "node"), ("k8s_node_approval", "given", "drain")]
WAY += [
    ("k8s_node_claim", "claimed", "drain"),
    ("k8s_node_cordon", "cordoned", "drain"),
    ("k8s_node_drain", "", "drain"),
]
WAY += [("boot_trial", "armed", "trial"), ("node_reboot", "", "trial"), ("boot_info", "", "verify")]
WAY += [("boot_trial", "confirmed", "confirm"), ("k8s_node_cordon", "uncordoned", "drain")]
STEPS = ["wait", "look", "claim", "cordon", "drain", "arm", "reboot", "verify", "confirm", "uncordon"]


class Job:
    """A job as ansible-runner keeps it, an event each second. A task is one of a play, whatever its host."""

    def __init__(self, playbook="/project/migrate.yml", rehearsal=False):
        self.told, self.play = [], "p0"
        self.tell("playbook_on_start", playbook=playbook)
        self.tell("playbook_on_play_start", name="Validate", uuid="p0")
        self.end("localhost", "validate_input", "", "", "ok", rehearsal=rehearsal)

    def tell(self, event, **data):
        number = len(self.told) + 1
        data = {"play_uuid": self.play, **data}
        created = f"2026-11-29T14:{number // 60:02}:{number % 60:02}.5+00:00"
        self.told.append({"uuid": f"u{number}", "counter": number, "created": created, "runner_ident": "abc",
                          "event": event, "stdout": "", "event_data": data})  # fmt: skip

    def batch(self, uuid):
        self.play = uuid
        self.tell("playbook_on_play_start", name="Move")
        return self

    def begin(self, host, module, state, role):
        task = {
            "task": "A task",
            "task_uuid": f"{host}-{self.play}-{module}-{state}-{role}",
            "task_path": f"{role}.yml:{module}-{state}",
            "task_action": f"osmigrate.fleet.{module}",
            "role": role,
            "resolved_role": f"osmigrate.fleet.{role}",
            "host": host,
        }
        self.tell("runner_on_start", **task)
        return task

    def end(self, host, module, state, role, how, ignore=None, **result):
        task = self.begin(host, module, state, role)
        res = {"invocation": {"module_args": {"state": state}}, **result} if how != "skipped" else None
        self.tell(f"runner_on_{how}", **task, res=res, ignore_errors=ignore)
        return self

    def move(self, host, until=None):
        for module, state, role in WAY[:until]:
            self.end(host, module, state, role, "ok", pool="general")
        return self

    def done(self, host):
        after = {"phase": "done", "release": "d-1", "verdict": "booted_candidate"}
        return self.end(host, "k8s_node_record", "", "node", "ok", after=after)

    def stats(self, **failures):
        self.tell("playbook_on_stats", failures=failures, dark={})
        return self

    def texts(self):
        return [json.dumps(one) for one in self.told]

    def read(self):
        return rollout.reduce(read_texts(self.texts()))


def test_a_move_is_what_the_callback_would_have_told():
    state = Job().batch("p1").move("w1").done("w1").batch("p2").move("w2", 7).stats().read()
    one, two = state.nodes["w1"], state.nodes["w2"]
    assert list(rollout.missing(state)) == []
    assert [span.step for span in one.spans] == STEPS
    assert (one.outcome, one.pool, one.verdict, two.outcome) == ("done", "general", "booted_candidate", "unfinished")
    # From the end of what cordons to the end of what uncordons.
    assert (one.out_of_service(0), two.out_since is not None) == (12, True)
    assert (state.batch.number, state.batch.of, state.batch.total) == (2, 2, 2)


def test_what_is_rescued_and_what_is_not():
    job = Job().batch("p1")
    for host in ("rescued", "cleared"):
        job.move(host, 3).end(host, "k8s_node_drain", "", "drain", "failed", msg=f"{host}: a pod is left.")
        job.end(host, "k8s_node_cordon", "uncordoned", "drain", "ok")
    job.end("rescued", "", "", "node", "failed", msg="It is given up.")
    job.move("ignored", 3).end("ignored", "k8s_node_drain", "", "drain", "failed", ignore=True, msg="no")
    job.move("silent", 7).end("silent", "boot_info", "", "verify", "unreachable", msg="timed out")
    nodes = job.stats(rescued=2, cleared=1, silent=1).read().nodes
    assert (nodes["rescued"].outcome, nodes["rescued"].why) == ("held", "It is given up.")
    assert (nodes["cleared"].outcome, nodes["cleared"].why) == ("held", "cleared: a pod is left.")
    assert nodes["rescued"].failed_in == nodes["cleared"].failed_in == "drain"
    assert nodes["ignored"].why == ""
    assert (nodes["silent"].outcome, nodes["silent"].why) == ("failed", "The node does not answer: timed out.")


def test_a_job_that_was_killed_leaves_its_node_where_it_was():
    job = Job().batch("p1").move("w1").done("w1").move("w2", 5)
    # What it was to do is known by the other host alone.
    job.begin("w2", *WAY[5])
    state = job.read()
    assert state.nodes["w2"].now_in.step == "arm" and state.nodes["w2"].outcome == ""
    assert "has not ended" in " ".join(rollout.missing(state))


def test_a_task_that_is_included_anew_for_each_host_is_the_same():
    job = Job().batch("p1").move("w1").done("w1").batch("p2").move("w2", 5)
    task = job.begin("w2", *WAY[5])
    job.tell("runner_on_failed", **task, res={"msg": "It could not be armed."})
    node = job.stats(w2=1).read().nodes["w2"]
    assert (node.outcome, node.failed_in) == ("failed", "arm")


def test_a_rehearsal_is_one():
    [run] = list(Job(rehearsal=True).batch("p1").move("w1").stats().read().runs.values())
    assert run.check and run.playbook == "migrate"


def test_a_page_that_is_missing_is_told_and_one_that_came_twice_is_not():
    texts = Job().batch("p1").move("w1").stats().texts()
    state = rollout.reduce(read_texts([*texts[:5], *texts[9:], *texts[:3]]))
    assert "lacks 4 of its events" in " ".join(rollout.missing(state))


def test_jobs_and_logs_together_are_one_rollout():
    log = '{"v":1,"run":"r","n":1,"at":1,"kind":"run","playbook":"migrate","check":false}\n'
    page = json.dumps({"results": [{**one, "job": 9, "runner_ident": ""} for one in Job().batch("p1").move("w1").told]})
    state = rollout.reduce(read_texts([log, page, "\n".join(Job().batch("p1").move("w2").texts())]))
    assert set(state.runs) == {"r", "job 9", "job abc"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "broken"),
        ("[7]", "broken"),
        ('{"results": [{"a": 1}]}', "broken"),
        ('{"event": "playbook_on_start", "counter": "x"}', "broken"),
        ('{"event": "runner_on_ok", "counter": 1, "event_data": {}}', "an event of a job without its data"),
        ('{"event": "runner_on_ok", "counter": 1, "event_data": [], "created": "x", "job": []}',
         "an event of a job without its data"),
    ],
)  # fmt: skip
def test_what_is_no_event_of_a_job(text, why):
    assert list(read_texts([text])) == [Unread(why)]


def test_ten_thousand_tasks_cost_little():
    job = Job()
    for batch in range(50):
        job.batch(f"p{batch + 1}")
        for number in range(10):
            job.move(f"w{batch}-{number}").done(f"w{batch}-{number}")
    begun = time.process_time()
    assert len(job.stats().read().nodes) == 500
    assert time.process_time() - begun < 5
