# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a run: written and read back, whatever was said in them; and the file that has them."""

from __future__ import annotations

import json
import stat

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _events as events
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._event_log import EventLog, replace
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._events import Unread, event, read, written

FINDING = {"key": "space", "severity": "high", "title": "t", "detail": "d", "remedy": "r", "accepted": False}
POD = {"namespace": "shop", "name": "db-0", "owner": "StatefulSet/db", "action": "evict", "reason": "r",
       "blocked_by": "shop/db", "gone": True, "seconds": 12.5}  # fmt: skip
SAID = {
    "run": {"playbook": "migrate", "check": True},
    "release": {"release": "debian-13-13.1", "expires": "2026-12-21T00:00:00Z"},
    "batch": {"play": "Move", "number": 1, "of": 3, "nodes": ["w1", "w2"], "total": 9, "check": False},
    "ahead": {
        "nodes": ["w1"],
        "pools": ["worker"],
        "last": [90],
        "places": {"worker": 2},
        "sizes": [1],
        "soaks": [300],
        "sliding": False,
        "cap": 4,
    },
    "step": {"node": "w1", "step": "drain"},
    "pool": {"node": "w1", "pool": "worker"},
    "service": {"node": "w1", "serving": False},
    "findings": {"node": "w1", "findings": [FINDING]},
    "system": {"node": "w1", "os": "Debian GNU/Linux 13 (trixie)", "kernel": "6.12.0"},
    "boot": {"node": "w1", "parts": "kernel 5.5, initramfs 12.1"},
    "pods": {"node": "w1", "pods": [POD]},
    "halt": {"pool": "worker", "why": "Two nodes failed."},
    "trouble": {"node": "w1", "why": "It does not answer."},
    "result": {"node": "w1", "outcome": "failed", "verdict": "fell_back", "why": "A panic."},
    "end": {},
}


def test_each_kind_is_tried():
    assert set(SAID) == set(events.KINDS)


@pytest.mark.parametrize("kind", SAID)
def test_what_was_written_is_read(kind):
    one = event("r@c", 3, 12.5, kind, **SAID[kind])
    line = written(one)
    assert line.isascii() and line.count("\n") == 1
    assert read(line) == one


OUTSIDE = "a\x1b[2Jb\nc\u202e <script>"


@pytest.mark.parametrize("kind", ["trouble", "result"])
def test_text_from_outside_stays_one_line_that_moves_no_cursor(kind):
    why = read(written(event("r", 1, 0, kind, **{**SAID[kind], "why": OUTSIDE}))).said["why"]
    assert why == "a\\x1b[2Jb c\\u202e <script>"


def test_no_credential_of_a_url_is_written():
    why = "https://user:s3cr3t@images.example/repo refused: s3cr3t is wrong"
    line = written(event("r", 1, 0, "trouble", node="w1", why=why))
    assert "s3cr3t" not in line and "images.example" in line


def test_long_text_is_cut():
    one = event("r", 1, 0, "trouble", node="n" * 5000, why="y" * 50000)
    assert len(one.said["node"]) == events.LONGEST_NAME and len(one.said["why"]) == events.LONGEST_TEXT
    many = event("r", 1, 0, "batch", nodes=["n"] * (events.MOST_NAMES + 5))
    assert len(many.said["nodes"]) == events.MOST_NAMES


GOOD = {"v": 1, "run": "r", "n": 1, "at": 1, "kind": "step", "node": "w1", "step": "drain"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"v":1,"run":"r","n":1,"at":1,"ki', "broken"),
        ("[" * 100_000, "broken"),
        ("[]", "broken"),
        ("NaN", "broken"),
        (json.dumps({**GOOD, "v": 2}), "of version 2"),
        (json.dumps({**GOOD, "v": None}), "of version None"),
        (json.dumps({**GOOD, "kind": "dance"}), "of the unknown kind dance"),
        (json.dumps({**GOOD, "kind": ["step"]}), "broken"),
        (json.dumps({**GOOD, "n": "1"}), "broken"),
        (json.dumps({**GOOD, "n": True}), "broken"),
        (json.dumps({**GOOD, "at": float("nan")}), "broken"),
        (json.dumps({**GOOD, "at": -1}), "broken"),
        (json.dumps({**GOOD, "run": 7}), "broken"),
        (json.dumps({**GOOD, "v": True}), "of version True"),
        (json.dumps({**GOOD, "node": ""}), "broken"),
        (json.dumps({**GOOD, "node": 5}), "broken"),
        (json.dumps({**GOOD, "node": ["a"]}), "broken"),
        (json.dumps({**GOOD, "step": {"a": 1}}), "broken"),
        (json.dumps({name: value for name, value in GOOD.items() if name != "node"}), "broken"),
        (json.dumps({**GOOD, "kind": "service"}), "broken"),
        (json.dumps({**GOOD, "kind": "service", "serving": "false"}), "broken"),
        (json.dumps({**GOOD, "kind": "result", "outcome": "great"}), "broken"),
        (json.dumps({**GOOD, "kind": "batch", "of": "9", "nodes": []}), "broken"),
        (json.dumps({**GOOD, "kind": "batch", "of": True, "nodes": []}), "broken"),
        (json.dumps({**GOOD, "kind": "batch", "nodes": "w1"}), "broken"),
    ],
)
def test_what_is_no_event_is_said_to_be_none(line, why):
    assert read(line) == Unread(why)


def test_unknown_fields_and_those_that_an_older_log_lacks_do_no_harm():
    assert read(json.dumps({**GOOD, "more": "x"})).said == {"node": "w1", "step": "drain"}
    batch = read(json.dumps({**GOOD, "kind": "batch", "nodes": ["w1", 7]})).said
    assert (batch["nodes"], batch["of"], batch["check"]) == (["w1", "7"], 0, False)
    assert read(json.dumps({**GOOD, "kind": "findings", "findings": [1, {"key": 3}]})).said["findings"][0]["key"] == "3"


def test_a_log_is_for_its_owner_and_grows(tmp_path):
    path = tmp_path / "new" / "events.jsonl"
    for run in ("r1", "r2"):
        EventLog(path).append(event(run, 1, 0, "end"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.run for one in events.read_all(path.open())] == ["r1", "r2"]


def test_half_a_line_of_a_killed_run_spoils_no_other(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"v":1,"run":"dead","n"')
    path.chmod(0o644)
    EventLog(path).append(event("r", 1, 0, "end"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(events.read_all(path.open())) == [Unread("broken"), event("r", 1, 0, "end")]


def test_no_link_and_no_device_is_written_to_fail(tmp_path):
    (tmp_path / "victim").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "victim")
    for path in (tmp_path / "link", tmp_path, tmp_path / "victim" / "below"):
        with pytest.raises(FleetError, match="cannot be written"):
            EventLog(path)


def test_a_file_is_replaced_as_a_whole(tmp_path):
    replace(tmp_path / "d" / "page", "one")
    replace(tmp_path / "d" / "page", "two")
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["page"]
    assert (tmp_path / "d" / "page").read_text() == "two"
    with pytest.raises(FleetError, match="cannot be written"):
        replace(tmp_path / "d" / "page" / "below", "x")
