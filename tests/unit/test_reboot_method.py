# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What roles and playbooks say of trials by kexec, rendered with what boot_info and boot_trial would have told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

ROOT = Path(__file__).resolve().parents[2]
LEFT_ALONE = "left alone"


def arrived(steps: list[str], **told: Any) -> Any:
    """Return what a node's way notes as kexec_boot in its end."""
    listed = yaml.safe_load((ROOT / "roles/node/tasks/way.yml").read_text())
    (task,) = (one for one in listed if (one.get("osmigrate.fleet.k8s_node_record") or {}).get("phase") == "done")
    known = {
        "omit": LEFT_ALONE,
        "ansible_check_mode": False,
        "node_target": "d-2",
        "node_way": {"steps": steps},
        **told,
    }
    for name, text in task["vars"].items():
        if isinstance(text, str) and "node_judged" not in text:
            known[name] = NativeEnvironment().from_string(text).render(known)
    return NativeEnvironment().from_string(task["osmigrate.fleet.k8s_node_record"]["kexec_boot"]).render(known)


def due(entry: str) -> dict[str, Any] | None:
    return {"entry": entry, "since": 1} if entry else None


@pytest.mark.parametrize(
    ("steps", "before", "confirmed", "noted"),
    [
        (["trial", "verify", "confirm"], "d-1", "d-2", "b2"),
        (["trial", "verify", "confirm"], "d-1", "", ""),
        ([], "d-2", "", "b1"),
        ([], "", "", LEFT_ALONE),
        (["trial", "return"], "d-1", "", LEFT_ALONE),
    ],
    ids=["by kexec", "by GRUB", "by kexec, of a run that was killed", "by GRUB, long ago", "a drill"],
)
def test_a_node_whose_default_grub_has_to_boot_is_named(steps, before, confirmed, noted):
    boot = {"firmware_due": due(before), "booted": {"boot_id": "b1"}}
    result = {"confirm_result": {"firmware_due": due(confirmed), "boot_id": "b2"}} if "confirm" in steps else {}
    assert arrived(steps, node_boot=boot, **result) == noted


def test_preflight_of_a_drill_goes_by_what_its_trial_goes_by():
    trial = yaml.safe_load((ROOT / "roles/trial/defaults/main.yml").read_text())["trial_method"]
    asked = {"trial_purpose": "drill", "osmigrate_reboot_method": "kexec"}
    plays = yaml.safe_load((ROOT / "playbooks/drill.yml").read_text())
    (found,) = {play["vars"].get("preflight_reboot_method") for play in plays if "node_purpose" in play.get("vars", {})}
    assert found == NativeEnvironment().from_string(trial).render(asked)
