# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Events and timings on Node objects say."""

import re
from typing import Any, Optional

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    cordon_plan,
    event_plan,
    node_view,
    record_plan,
    times,
    timings,
)

NOW = 1_800_000_000
P = node_view.PREFIX


def node(name: str = "w1", ready: Optional[int] = None, **noted: str) -> dict[str, Any]:
    conditions = [{"type": "Ready", "status": "True"}]
    if ready is not None:
        conditions[0]["lastTransitionTime"] = times.stamp(ready)
    annotations = {P + key.replace("_", "-"): value for key, value in noted.items()}
    metadata = {"name": name, "uid": f"uid-of-{name}", "annotations": annotations}
    return {"metadata": metadata, "status": {"conditions": conditions}, "spec": {"unschedulable": True}}


def test_an_event_is_named_by_what_it_says() -> None:
    told = event_plan.Told("Cordoned", "Is out of service for rollout r1", "r1")
    first = event_plan.body(node(), told, NOW)
    assert event_plan.body(node(), told, NOW + 60)["metadata"] == first["metadata"]
    others = [told._replace(rollout="r2"), told._replace(message="x"), told._replace(reason="Drained")]
    names = {event_plan.body(node(), one, NOW)["metadata"]["name"] for one in others}
    assert len(names | {first["metadata"]["name"]}) == 4
    assert event_plan.body(node("w2"), told, NOW)["involvedObject"]["uid"] == "uid-of-w2"


@pytest.mark.parametrize("name", ["w1", "a" * 63 + "." + "b" * 135 + ".c.example", "n" * 253])
def test_its_name_is_one_that_the_api_server_takes(name: str) -> None:
    made = event_plan.body(node(name), event_plan.Told("Drained", "\x1b[31m" + "x" * 5000), NOW)
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*", made["metadata"]["name"])
    assert len(made["metadata"]["name"]) <= 253 and len(made["message"]) <= 1024 and "\x1b" not in made["message"]


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        ({}, {"phase": "trial", "release": "d-1", "rollout": "r"}, ["TrialBegins"]),
        ({"phase": "trial"}, {"phase": "done", "release": "d-1"}, ["Arrived"]),
        ({"phase": "trial"}, {"phase": "failed", "release": "d-1", "reason": "It fell back."}, ["MoveFailed"]),
        ({"phase": "done"}, {"phase": "done", "drilled_at": "x"}, []),
        ({"phase": "failed"}, {"phase": ""}, []),
    ],
)
def test_a_phase_is_told_when_it_changes(before: dict[str, str], after: dict[str, str], reasons: list[str]) -> None:
    told = record_plan.events(before, after)
    assert [one.reason for one in told] == reasons
    assert [one.kind for one in told] == ["Warning" if one == "MoveFailed" else "Normal" for one in reasons]


@pytest.mark.parametrize(
    ("armed", "ready", "phase", "noted"),
    [
        (-300, -60, "trial", "drain=100 reboot=240 verify=60"),
        # Nobody believes a node whose clock says that it was Ready before it rebooted, or will be tomorrow.
        (-300, -301, "trial", "drain=100 verify=300"),
        (-300, 86400, "trial", "drain=100 verify=300"),
        (-300, None, "trial", "drain=100 verify=300"),
        # No trial since the cordon: what an earlier move took stays.
        (-300, -60, "done", None),
        (-500, -60, "trial", None),
        (1, -60, "trial", None),
    ],
)
def test_what_the_parts_of_a_move_took(armed: int, ready: Optional[int], phase: str, noted: Optional[str]) -> None:
    found = node(
        ready=None if ready is None else NOW + ready,
        cordoned_by="r1",
        cordoned_at=times.stamp(NOW - 400),
        phase=phase,
        since=times.stamp(NOW + armed),
    )
    patch = cordon_plan.plan_uncordon(found, "osmigrate.fleet", NOW).patch
    assert patch["metadata"]["annotations"].get(timings.TIMINGS) == noted


def test_what_a_boot_took_is_read_whoever_wrote_it() -> None:
    took = {"kernel": 5.5, "initramfs": 12.1, "until kubelet": 31.0}
    assert timings.of_boot({**took, "odd": 1}) == "kernel 5.5, initramfs 12.1, until kubelet 31.0"
    assert timings.read_boot(timings.of_boot(took)) == took
    for evil in (None, "kernel", "kernel -1, initramfs 1e9, loader 9999999, odd 3", "\x1b[31m", "kernel 1\n"):
        assert timings.read_boot(evil) == {}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("drain=100 reboot=240 verify=60", {"drain": 100, "reboot": 240, "verify": 60}),
        ("drain=-1 reboot=1e9 verify=99999999 other=1 drain", {}),
        (None, {}),
        ("\x1b[31m", {}),
    ],
)
def test_timings_are_read_whoever_wrote_them(text: Optional[str], read: dict[str, int]) -> None:
    assert timings.read(text) == read
