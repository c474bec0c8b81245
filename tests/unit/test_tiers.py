# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` does with tiers that pass, fail and run side by side; the tiers here are a Makefile's lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "gate/tiers.py"
# The two of "meets" end only if both run at once.
MAKEFILE = """
good: ; @echo said by good
bad: ; @echo said by bad; exit 1
meets-one: ; @mkfifo there; echo hello >there
meets-two: ; @until [ -p there ]; do sleep 0.1; done; cat there
waits: ; @touch waiting; while :; do sleep 0.1; done
fails-then: ; @until [ -e waiting ]; do sleep 0.1; done; exit 1
counts: ; @echo '<testsuite tests="5" failures="0" errors="0" skipped="1"/>' >build/counts.xml
"""


@pytest.fixture
def tiers(tmp_path):
    (tmp_path / "Makefile").write_text(MAKEFILE)
    (tmp_path / "build").mkdir()

    def run(words: str) -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, PROGRAM, "build", *words.split()],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout

    return run


def test_tests_are_counted_and_each_line_says_whose_it_is(tiers):
    code, said = tiers("good counts")
    assert code == 0
    assert "good| said by good\n" in said
    assert said.endswith("5 passed, 0 failed\n")


def test_the_first_that_fails_ends_it(tiers):
    code, said = tiers("bad good")
    assert code == 1
    assert "== bad: FAILED" in said
    assert "== good" not in said
    assert said.endswith("0 passed, 1 failed\n")


def test_lanes_after_the_first_run_side_by_side(tiers):
    code, said = tiers("good : meets-one : meets-two good")
    assert code == 0
    assert "meets-two| hello\n" in said
    assert said.endswith("4 passed, 0 failed\n")


def test_lanes_wait_for_the_first_and_do_not_begin_if_it_fails(tiers):
    code, said = tiers("bad : good")
    assert code == 1
    assert "== good" not in said


def test_a_lane_that_fails_stops_the_others(tiers):
    code, said = tiers("good : waits good : fails-then")
    assert code == 1
    assert "== waits: stopped" in said
    assert said.count("== good\n") == 1
    assert said.endswith("1 passed, 1 failed\n")
