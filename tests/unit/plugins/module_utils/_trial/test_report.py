# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of the incumbent. The program itself runs in tests/cluster."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import node_object, report as reporting


def facts(verdict="fell_back", node="w1", failures=None, purpose="move"):
    trial = {"entry": "d-1", "node": node, "purpose": purpose} if verdict else None
    return {"verdict": verdict, "reason": "it panicked", "trial": trial, "failures": failures or {}}


@pytest.fixture
def told(monkeypatch, tmp_path):
    """What was told: lines of the log, and annotations; the API server fails as often as .away says."""

    class Told:
        log = property(lambda self: (tmp_path / "kmsg").read_text() if (tmp_path / "kmsg").exists() else "")
        annotations = []
        away = 0
        seconds = 0

        def clock(self):
            return self.seconds

        def sleep(self, seconds):
            self.seconds += seconds

        def annotate(self, access, node, annotations):
            if self.away:
                self.away -= 1
                raise FleetError("away")
            self.annotations.append((node, annotations))

        def report(self, *seen):
            answers = list(seen)
            reporting.report(lambda: answers.pop(0) if len(answers) > 1 else answers[0], self.clock, self.sleep)

    made = Told()
    made.annotations = []
    monkeypatch.setattr(reporting, "KMSG", str(tmp_path / "kmsg"))
    monkeypatch.setattr(node_object, "read_kubeconfig", lambda: None)
    monkeypatch.setattr(node_object, "annotate", made.annotate)
    return made


def test_a_drill_is_meant_to_fall_back(told):
    told.report(facts(purpose="drill"))
    assert (told.log, told.annotations) == ("", [])


@pytest.mark.parametrize("verdict", ["", "never_rebooted", "booted_candidate"])
def test_nothing_to_report(told, verdict):
    told.report(facts(verdict))
    assert (told.log, told.annotations) == ("", [])


@pytest.mark.parametrize(
    ("verdict", "line"),
    [("fell_back", "d-1 fell back: it panicked"), ("unknown", "d-1 does not run: it panicked")],
)
def test_a_fall_back(told, verdict, line):
    told.report(facts(verdict, failures={"d-1": {"attempts": 2}, "d-2": {}}))
    assert told.log == f"<4>osmigrate: {line}\n"
    ((node, annotations),) = told.annotations
    assert node == "w1"
    assert annotations == {
        "osmigrate.fleet/phase": "failed",
        "osmigrate.fleet/verdict": verdict,
        "osmigrate.fleet/reason": "it panicked",
        "osmigrate.fleet/attempts": "3",
    }


def test_a_try_that_was_spent_without_a_start_counts_as_no_attempt(told):
    told.report(facts("never_started", failures={"d-1": {"attempts": 2}}))
    assert told.log == "<4>osmigrate: d-1 was not started: it panicked\n"
    assert told.annotations == [
        (
            "w1",
            {
                "osmigrate.fleet/phase": "failed",
                "osmigrate.fleet/verdict": "never_started",
                "osmigrate.fleet/reason": "it panicked",
            },
        )
    ]


def test_the_api_server_comes_late(told):
    told.away = 20
    told.report(facts())
    assert len(told.annotations) == 1
    assert 600 < told.seconds < 1200


def test_the_api_server_never_comes(told):
    told.away = 9999
    told.report(facts())
    assert told.annotations == []
    assert 3600 <= told.seconds < 3700


def test_a_playbook_was_there_before_the_api_server(told):
    told.away = 1
    told.report(facts(), facts(), facts(""))
    assert told.annotations == []


def test_a_record_without_the_name_of_the_node(told):
    told.report(facts(node=""))
    assert (told.annotations, told.seconds) == ([], 0)


def test_a_node_that_cannot_be_judged(told):
    def look():
        raise FleetError("The record is damaged")

    reporting.report(look)
    assert told.annotations == []
    assert "damaged" in told.log


def test_it_does_not_wait_for_credentials_that_no_time_brings(told, monkeypatch):
    def nobody():
        raise node_object.NoCredentials("no credentials")

    monkeypatch.setattr(node_object, "read_kubeconfig", nobody)
    told.report(facts())
    assert told.seconds == 0
    assert "no credentials" in told.log
