# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fault matrix waits for, and would wait for in vain if it were called something else."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.faults.plays import PLAYS, STAGED
from tests.faults.story import PHASES

ROOT = Path(__file__).resolve().parents[2]
NAMED = [STAGED, *PHASES, *(task for cell in PLAYS for task in cell.get("at", []))]


def names(content: object) -> set[str]:
    """Names of all plays and tasks in what was read from a playbook or from tasks of a role."""
    if isinstance(content, list):
        return set().union(*map(names, content))
    if isinstance(content, dict):
        return names(list(content.values())) | {str(content.get("name"))}
    return set()


@pytest.fixture(scope="module")
def known() -> set[str]:
    files = [ROOT / "playbooks/migrate.yml", *ROOT.glob("roles/*/tasks/*.yml")]
    return set().union(*(names(yaml.safe_load(file.read_text())) for file in files))


@pytest.mark.parametrize("name", sorted(set(NAMED)))
def test_a_task_that_is_waited_for_exists(name: str, known: set[str]) -> None:
    assert name in known
