# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One vocabulary of steps: roles, playbooks, next_steps and the design page say what module_utils/_steps.py says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils import _steps

ROOT = Path(__file__).resolve().parents[2]
OURS = "osmigrate.fleet."
INSIDE = ("block", "rescue", "always")


def tasks(listed: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for one in listed:
        yield one
        for part in INSIDE:
            yield from tasks(one.get(part, []))


def seen() -> Iterator[str]:
    """Yield what tasks of the roles would begin, in the forms that `begins` has."""
    for path in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        for task in tasks(yaml.safe_load(path.read_text())):
            for module in (name.removeprefix(OURS) for name in task if name.startswith(OURS)):
                state = (task[OURS + module] or {}).get("state")
                yield f"{module}={state}" if state else module
                yield f"{module}@{path.parts[-3]}"


SEEN = set(seen())


@pytest.mark.parametrize("rule", [rule for step in _steps.STEPS for rule in step.begins])
def test_what_begins_a_step_is_a_task_of_some_role(rule):
    assert rule in SEEN


def test_no_task_begins_two_steps():
    rules = [rule for step in _steps.STEPS for rule in step.begins]
    assert len(rules) == len(set(rules))


def test_all_that_next_steps_decides_about_is_a_step():
    decided = {_steps.STAGE, _steps.REPAIR, _steps.REVERT, *_steps.MOVE, *_steps.DRILL}
    assert decided == {step.way for step in _steps.STEPS if step.way}
    order = [step.way for step in _steps.STEPS if step.way]
    for way in (_steps.MOVE, _steps.DRILL):
        assert sorted(way, key=order.index) == list(way)


def test_a_node_serves_up_to_its_cordon_and_no_longer():
    serving = [step.serving for step in _steps.STEPS]
    assert serving == sorted(serving, reverse=True)
    assert next(step.key for step in _steps.STEPS if not step.serving) == "cordon"


def test_roles_ask_for_no_step_that_is_none():
    asked = {
        step
        for path in ROOT.glob("roles/*/tasks/*.yml")
        for step in re.findall(r"'(\w+)' (?:not )?in node_(?:way\.)?steps", path.read_text())
    }
    assert asked and asked <= {step.way for step in _steps.STEPS}


def test_roles_note_the_steps_that_no_module_notes():
    noted = {
        step
        for path in ROOT.glob("roles/*/tasks/*.yml")
        for step in re.findall(r"(?m)^ +node_step: (\w+)$", path.read_text())
    }
    assert noted == {"stage", "wait", "repair", "confirm", "return", "revert"}


def test_roles_note_no_phase_that_is_none():
    noted = {
        phase
        for path in ROOT.glob("roles/*/tasks/*.yml")
        for phase in re.findall(r"(?m)^ +phase: (\w+)$", path.read_text())
    }
    assert noted == {_steps.ON_TRIAL, _steps.DONE, _steps.FAILED}


def test_the_design_page_has_the_steps():
    page = (ROOT / "docs/design.md").read_text()
    for step in _steps.STEPS:
        way = f"`{step.way}`" if step.way else ""
        begins = ", ".join(f"`{rule}`" for rule in step.begins)
        assert f"| `{step.key}` | {step.words} | {way} | {'yes' if step.serving else 'no'} | {begins} |" in page
