# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The live view: what is in it, and what the real library makes of it on a terminal."""

from __future__ import annotations

import io

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.callback import progress
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _live,
    _rollout as rollout,
    _terminal,
)

EVIL = "[red]w[/red] \x1b[2J [link=http://x]"


def state(*told: tuple[float, str, dict[str, object]], nodes: int = 4) -> rollout.Rollout:
    """Return what is made of events: seconds, kind, fields."""
    made = rollout.Rollout()
    names = [f"w{number}" for number in range(nodes)]
    first = (0.0, "batch", {"play": "p", "number": 1, "of": 2, "nodes": names, "total": nodes})
    for number, (at, kind, said) in enumerate([first, *told], 1):
        rollout.apply(made, events.event("r", number, at, kind, **said))
    return made


def step(at: float, node: str, key: str) -> tuple[float, str, dict[str, object]]:
    return at, "step", {"node": node, "step": key}


MOVES = (
    step(0, "w0", "drain"),
    step(60, "w0", "reboot"),
    (100, "result", {"node": "w0", "outcome": "done"}),
    step(100, "w1", "claim"),
    step(110, "w2", "drain"),
    (110, "service", {"node": "w2", "serving": False}),
    step(120, "w3", "stage"),
    (130, "result", {"node": "w3", "outcome": "held", "why": "No room."}),
)


def test_who_is_out_of_service_comes_first_and_failures_stay() -> None:
    shown = _live.picture(state(*MOVES), 140, lambda node, since: f"{node} since {since:.0f}")
    assert (shown.ended, shown.total) == (2, 4)
    assert shown.totals.startswith("batch 1 of 2, 1 done, 0 failed, 1 held up, 2 to go")
    assert shown.moving == [
        _live.Moving("w2", "drain", "30 s", "1 min", "w2 since 110"),
        _live.Moving("w1", "claim", "40 s", "", "w1 since 100"),
    ]
    assert shown.failed == [("w3", "stage", "No room.")]


def test_a_large_rollout_fits_a_terminal() -> None:
    told = [step(number, f"w{number}", "drain") for number in range(100)]
    told += [(200, "result", {"node": f"w{number}", "outcome": "failed", "why": "x"}) for number in range(50)]
    shown = _live.picture(state(*told, nodes=100), 300, lambda *_: "")
    assert (len(shown.moving), shown.more) == (_live.MOST_MOVING, 50 - _live.MOST_MOVING)
    assert (shown.failed[-1][0], shown.more_failed) == ("w49", 50 - _live.MOST_FAILED)


@pytest.mark.parametrize("width", [60, 200])
def test_it_is_drawn_below_what_is_printed_and_taken_away(width: int) -> None:
    out = io.StringIO()
    view = _terminal.Terminal(out, force_terminal=True, width=width, height=40)
    view.begin()
    view.show(_live.picture(state(*MOVES), 140, lambda *_: EVIL))
    drawn = out.getvalue()
    assert "w2" in drawn and "No room." in drawn and "1 done" in drawn
    # What others write is no markup.
    assert "[red]" in drawn and "\x1b[2J" not in drawn
    view.end()
    view.end()
    # The cursor is there again.
    assert out.getvalue().endswith("\x1b[?25h") or "\x1b[?25h" in out.getvalue()[len(drawn) :]


def test_what_is_printed_meanwhile_stays_in_one_piece() -> None:
    out = io.StringIO()
    view = _terminal.Terminal(out, force_terminal=True, width=60, height=40)
    view.begin()
    print(f"\x1b[31m{'x' * 200}\x1b[0m [bold]plain[/bold]")
    view.end()
    assert "x" * 200 in out.getvalue() and "[bold]plain[/bold]" in out.getvalue()


def test_no_silence_is_longer_than_thirty_seconds() -> None:
    every = yaml.safe_load(progress.DOCUMENTATION)["options"]["every"]["default"]
    # The beat comes once in LOOKS_EVERY seconds, whatever Ansible waits for.
    assert every + progress.LOOKS_EVERY < 30


def test_without_a_terminal_there_is_none() -> None:
    assert not _terminal.is_possible()


@pytest.mark.parametrize("read_by", [{"AWX_ISOLATED_DATA_DIR": "/runner"}, {"TERM": "dumb"}])
def test_a_terminal_that_a_program_reads_gets_lines(monkeypatch: pytest.MonkeyPatch, read_by: dict[str, str]) -> None:
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with open("/dev/ptmx", "w") as terminal:
        monkeypatch.setattr(_terminal.sys, "stdout", terminal)
        assert _terminal.is_possible()
        for name, value in read_by.items():
            monkeypatch.setenv(name, value)
        assert not _terminal.is_possible()
        monkeypatch.undo()
