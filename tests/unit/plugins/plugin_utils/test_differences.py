# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before and after a move: each kind of difference, explained and not."""

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._differences import differences

NOTHING = {
    **dict.fromkeys(["files", "services", "mounts", "addresses", "routes", "users", "groups", "sysctls"], {}),
    "kernel_arguments": [],
}
PLAN = {
    "plan": [
        {"source": "/etc/a", "target": "/etc/b", "rule": "time", "digest": "2", "lost": "a is now b"},
        {"source": "/etc/passwd: eve", "target": "/etc/passwd", "rule": "accounts", "digest": "", "lost": "no zsh"},
    ],
    "left": [
        {"path": "/etc/apt/x", "reason": "no packages"},
        {"path": "/etc/systemd/system/gone.service", "reason": "the release has no program"},
        {"path": "/etc/passwd: games", "reason": "a system user"},
        {"path": "/etc/sysctl.d/a.conf: vm/swappiness", "reason": "the release sets it"},
        {"path": "/proc/cmdline: quiet", "reason": "only shown"},
        {"path": "/etc/fstab: UUID=1 /swap swap", "reason": "kubelet wants no swap"},
    ],
    "unknown": [{"path": "/usr/lib/site/", "reason": "unowned"}, {"path": "/proc/cmdline: odd", "reason": "unknown"}],
    "collisions": [{"kind": "user", "name": "lab"}],
    "network": {
        "undeclared": ["The address 10.0.0.9/32 of ens3"],
        "lost": ["/etc/network/interfaces: up route add 10.9.0.0/16, of iface ens3"],
    },
}


def file(digest: str, mode: str = "0644") -> dict:
    return {"digest": digest, "mode": mode, "user": "root", "group": "root"}


def unit(state: str, enabled: str = "enabled", packaged: bool = False, conditions: bool = True) -> dict:
    return {"state": state, "enabled": enabled, "packaged": packaged, "conditions": conditions}


# section, before, after, verdict, what is said
CASES = {
    "the same file": ("files", {"/etc/x": file("1")}, {"/etc/x": file("1")}, "equal", ""),
    "a file that a rule carried elsewhere": (
        "files",
        {"/etc/a": file("1")},
        {"/etc/b": file("2")},
        "explained",
        "carried by the rules of time to /etc/b; a is now b",
    ),
    "a file that changed after it was carried": (
        "files",
        {"/etc/a": file("1")},
        {"/etc/b": file("3")},
        "unexplained",
        "not there",
    ),
    "a file that stays": ("files", {"/etc/apt/x": file("1")}, {}, "explained", "stays: no packages"),
    "a file in a directory that was named": (
        "files",
        {"/usr/lib/site/run": file("1")},
        {},
        "finding",
        "named by the plan: unowned",
    ),
    "a file that is gone": ("files", {"/usr/local/x": file("1")}, {}, "unexplained", "not there"),
    "a file with another mode": (
        "files",
        {"/etc/x": file("1")},
        {"/etc/x": file("1", "0600")},
        "explained",
        "the release has the same content",
    ),
    "a service that runs": ("services", {"a.service": unit("active")}, {"a.service": unit("active")}, "equal", ""),
    "a service that fails": (
        "services",
        {"a.service": unit("active")},
        {"a.service": unit("failed")},
        "unexplained",
        "was active, is failed",
    ),
    "a service that did not run and fails now": (
        "services",
        {"a.service": unit("inactive")},
        {"a.service": unit("failed")},
        "unexplained",
        "was inactive, is failed",
    ),
    "a service that failed before": (
        "services",
        {"a.service": unit("failed")},
        {"a.service": unit("failed")},
        "equal",
        "",
    ),
    "a service that is off": (
        "services",
        {"a.service": unit("active")},
        {"a.service": unit("inactive")},
        "unexplained",
        "was active, is inactive",
    ),
    "a service whose conditions do not hold": (
        "services",
        {"a.service": unit("active", packaged=True)},
        {"a.service": unit("inactive", conditions=False)},
        "explained",
        "its conditions do not hold on the release: was active, is inactive",
    ),
    "a service that nobody enabled any more": (
        "services",
        {"a.service": unit("active")},
        {"a.service": unit("active", "disabled")},
        "unexplained",
        "was enabled, is disabled",
    ),
    "a service of a package": (
        "services",
        {"a.service": unit("active", packaged=True)},
        {},
        "explained",
        "of a package of the incumbent that the release does not have, or not running",
    ),
    "a service of the administrator that is gone": (
        "services",
        {"a.service": unit("active")},
        {},
        "unexplained",
        "was active, is not there",
    ),
    "a service that stays": (
        "services",
        {"gone.service": unit("active")},
        {},
        "explained",
        "stays: the release has no program",
    ),
    "the root": (
        "mounts",
        {"/": "ext4 UUID=1 relatime"},
        {"/sysroot": "ext4 UUID=1 ro"},
        "explained",
        "seen at /sysroot; the release has its own",
    ),
    "a disk that is not mounted": (
        "mounts",
        {"/data": "xfs UUID=2 noatime"},
        {},
        "unexplained",
        "was xfs UUID=2 noatime, is not mounted",
    ),
    "a disk with other flags": (
        "mounts",
        {"/data": "xfs UUID=2 noatime"},
        {"/data": "xfs UUID=2 relatime"},
        "unexplained",
        "was xfs UUID=2 noatime, is xfs UUID=2 relatime",
    ),
    "a mount that stays": ("mounts", {"/swap": "x UUID=1 "}, {}, "explained", "stays: kubelet wants no swap"),
    "an address on another device": (
        "addresses",
        {"10.0.0.5/24": "bond0"},
        {"10.0.0.5/24": "52:54:00:00:00:01"},
        "unexplained",
        "was on bond0, is on 52:54:00:00:00:01",
    ),
    "an address with another prefix": (
        "addresses",
        {"10.0.0.5/24": "bond0"},
        {"10.0.0.5/16": "bond0"},
        "unexplained",
        "was on bond0, is gone",
    ),
    "an address that no file asks for": (
        "addresses",
        {"10.0.0.9/32": "bond0"},
        {},
        "finding",
        "named by the plan: The address 10.0.0.9/32 of ens3",
    ),
    "a route that is gone": ("routes", {"10.1.0.0/16 via 10.0.0.1 dev a": 0}, {}, "unexplained", "is gone"),
    "a route that cannot be written": (
        "routes",
        {"10.9.0.0/16 dev a": 0},
        {},
        "finding",
        "named by the plan: /etc/network/interfaces: up route add 10.9.0.0/16, of iface ens3",
    ),
    "the only route, with another metric": (
        "routes",
        {"default via 10.0.0.1 dev a": 0},
        {"default via 10.0.0.1 dev a": 1024},
        "explained",
        "of the routes to there the same one counts first; its metric was 0, is 1024",
    ),
    "one of two routes, with another metric": (
        "routes",
        {"default via 10.0.0.1 dev a": 0},
        {"default via 10.0.0.1 dev a": 1024, "default via 10.1.0.1 dev b": 100},
        "unexplained",
        "its metric was 0, is 1024",
    ),
    "a person": ("users", {"ops": "1000:1000:/home/ops:/bin/sh"}, {}, "unexplained", None),
    "a person with another shell": (
        "users",
        {"eve": "1001:1001:/home/eve:/bin/zsh"},
        {"eve": "1001:1001:/home/eve:/bin/sh"},
        "explained",
        "no zsh",
    ),
    "an account that stays": ("users", {"games": "5:60:/:/x"}, {}, "explained", "stays: a system user"),
    "an account with a collision": ("users", {"lab": "5:60:/:/x"}, {"lab": "6:60:/:/x"}, "finding", None),
    "a group of people": ("groups", {"ops": "1000:a"}, {"ops": "1000:"}, "unexplained", "was 1000:a, is 1000:"),
    "a group of the system": ("groups", {"adm": "4:"}, {"adm": "5:"}, "explained", None),
    "a kernel parameter": ("sysctls", {"vm/x": "1"}, {"vm/x": "2"}, "unexplained", "was 1, is 2"),
    "a kernel parameter of the release": (
        "sysctls",
        {"vm/swappiness": "1"},
        {"vm/swappiness": "2"},
        "explained",
        "the release sets it",
    ),
    "an argument": ("kernel_arguments", ["hugepages=1"], [], "unexplained", "not there"),
    "an argument that stays": ("kernel_arguments", ["quiet"], [], "explained", "stays: only shown"),
    "an argument that was named": ("kernel_arguments", ["odd"], [], "finding", "named by the plan: unknown"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_difference(case):
    section, before, after, verdict, why = case
    (row,) = differences({**NOTHING, section: before}, {**NOTHING, section: after}, PLAN)
    assert row["verdict"] == verdict
    assert why is None or row["why"] == why


COPY = {"target": "/etc/c", "source": "/etc/c", "rule": "sudo", "digest": "5", "lost": ""}
# before, after (of all sections), the record's changes, verdict, what is said
LOSSES = {
    "a copy that more may read": (
        {"files": {"/etc/c": file("5", "0600")}},
        {"files": {"/etc/c": file("5", "0644")}},
        {},
        "carried by the rules of sudo, but its mode was 0600, is 0644",
    ),
    "a copy that belongs to nobody": (
        {"files": {"/etc/c": {**file("5"), "group": "agents"}}},
        {"files": {"/etc/c": {**file("5"), "group": "210"}}},
        {},
        "carried by the rules of sudo, but its group was agents, is 210",
    ),
    "a copy whose rule sets its mode": (
        {"files": {"/etc/c": file("5", "0640")}},
        {"files": {"/etc/c": file("5", "0600")}},
        {"rule": "identity"},
        "",
    ),
    "people who are in a group of the system no more": (
        {"groups": {"sudo": "27:jdoe,ops"}, "users": {"ops": "1000:1000:/:/bin/sh"}},
        {"groups": {"sudo": "27:"}, "users": {"ops": "1000:1000:/:/bin/sh"}},
        {},
        "without jdoe, ops: was 27:jdoe,ops, is 27:",
    ),
    "an account of the incumbent that is in a group no more": (
        {"groups": {"ssl": "27:db"}, "users": {"db": "110:110:/:/bin/sh"}},
        {"groups": {"ssl": "28:"}},
        {},
        "",
    ),
    "a route that lost its place to another one": (
        {"routes": {"10.9.0.0/16 dev a": 10, "10.9.0.0/16 dev b": 10}},
        {"routes": {"10.9.0.0/16 dev a": 100, "10.9.0.0/16 dev b": 10}},
        {},
        "its metric was 10, is 100",
    ),
    "routes of which the same ones count, with other metrics": (
        {"routes": {"fec0::/64 dev a": 256, "fec0::/64 dev b": 256, "fec0::/64 dev c": 300}},
        {"routes": {"fec0::/64 dev a": 1024, "fec0::/64 dev b": 1024, "fec0::/64 dev c": 2048}},
        {},
        "",
    ),
    "a default route beside one that was named": (
        {"routes": {"default via 10.0.0.1 dev a": 0}},
        {},
        {},
        "is gone",
    ),
}


@pytest.mark.parametrize("case", LOSSES.values(), ids=LOSSES)
def test_a_loss_fails_to_be_explained(case):
    before, after, changes, why = case
    told = {"undeclared": ["The route to default by b via 10.1.0.1"], "lost": []}
    carried = {**PLAN, "plan": [{**COPY, **changes}], "network": told}
    rows = differences({**NOTHING, **before}, {**NOTHING, **after}, carried)
    assert [row["why"] for row in rows if row["verdict"] == "unexplained"] == ([why] if why else [])


def test_a_default_route_that_was_named_with_its_gateway():
    carried = {**PLAN, "network": {"undeclared": ["The route to default by b via 10.1.0.1"], "lost": []}}
    before = {**NOTHING, "routes": {"default via 10.1.0.1 dev b": 0}}
    assert [row["verdict"] for row in differences(before, NOTHING, carried)] == ["finding"]
