# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The benchmark runs too seldom to tell by itself that something has been taken away which it needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[1] / "bench"


@pytest.mark.parametrize("name", ["cluster.py", "release_builds.py"])
def test_the_benchmarks_without_machines_can_begin(name):
    argv = [sys.executable, BENCH / name, "--help"]
    environment = {**os.environ, "PYTHONPATH": f"{BENCH.parent}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
