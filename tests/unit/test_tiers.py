# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make test` does with tiers that pass and fail; the tiers here are a Makefile's lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[1] / "gate/tiers.py"
MAKEFILE = """
good: ; @echo said by good
bad: ; @echo said by bad; exit 1
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
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return run


def test_tests_are_counted(tiers):
    code, said = tiers("good counts")
    assert code == 0
    assert "said by good\n== ok: good" in said
    assert said.endswith("5 passed, 0 failed\n")


def test_the_first_that_fails_ends_it(tiers):
    code, said = tiers("bad good")
    assert code == 1
    assert "== FAILED: bad" in said
    assert "== good" not in said
    assert said.endswith("0 passed, 1 failed\n")
