# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles ask of slot_layout, rendered with what an operator may have set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins.filter.core import to_bool
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import making
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[2]
USUAL = {"slot_size": 4096, "persist_size": 16384, "disk": "", "spare": ""}


def asked(role: str, **told: Any) -> Any:
    text = yaml.safe_load((ROOT / f"roles/{role}/defaults/main.yml").read_text())[f"{role}_slot_layout"]
    environment = NativeEnvironment()
    environment.filters["bool"] = to_bool
    return environment.from_string(text).render(told)


@pytest.mark.parametrize(
    ("told", "meant"),
    [
        ({}, {}),
        ({"osmigrate_slot_layout": "no", "osmigrate_slot_size": 8192}, {}),
        ({"osmigrate_slot_layout": True}, USUAL),
        (
            {"osmigrate_slot_layout": "true", "osmigrate_slot_size": "8192", "osmigrate_slot_spare": "9f2c"},
            {**USUAL, "slot_size": 8192, "spare": "9f2c"},
        ),
        ({"osmigrate_slot_layout": True, "osmigrate_slot_disk": "/dev/vdb"}, {**USUAL, "disk": "/dev/vdb"}),
    ],
    ids=["nothing", "no", "yes", "as text of the command line", "another disk"],
)
def test_preflight_judges_what_stage_makes(told, meant):
    assert asked("preflight", **told) == meant == asked("stage", **told)


def test_what_is_asked_is_what_the_module_takes():
    defaults = {name: option.get("default") for name, option in making.ARGUMENT_SPEC.items()}
    assert {name: defaults[name] or "" for name in USUAL} == USUAL


def test_without_slots_a_rehearsal_goes_on_with_no_candidate():
    tasks = {task["name"]: task for task in yaml.safe_load((ROOT / "roles/stage/tasks/main.yml").read_text())}
    make, write, tell = [task for name, task in tasks.items() if name.split()[0] in ("Make", "Write", "Tell")]
    assert make["register"] in write["when"] and "ansible_check_mode" in write["when"]
    candidate = tell["ansible.builtin.set_fact"]["stage_candidate"]
    assert candidate["root"] == {} and candidate["etc_report"] == []
