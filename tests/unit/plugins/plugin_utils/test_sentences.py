# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible.module_utils.common.text.formatters import bytes_to_human
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _sentences as sentences


def boot(entry: str, reason: str = "") -> dict:
    return {"booted": {"entry": entry}, "reason": reason, "health": {"state": "failed", "checks": []}}


@pytest.mark.parametrize(
    "looked, where, expected",
    [
        (boot("r-1"), "", "n runs r-1 instead of r-2: it was booted by hand."),
        (boot("", "a panic"), "", "n runs an entry that is not ours instead of r-2: a panic."),
        (boot("r-1"), "on a drill", "n runs r-1 instead of r-2 on a drill: no trial is under way."),
        (boot("r-1", "the deadman"), "on a drill", "n runs r-1 instead of r-2 on a drill: the deadman."),
    ],
)
def test_what_a_node_runs(looked, where, expected):
    assert sentences.wrong_entry(looked, "n", "r-2", where) == expected


def checked(*checks: tuple[str, str, bool]) -> dict:
    named = [dict(zip(("kind", "name", "passed"), one, strict=True)) for one in checks]
    return {**boot("r-2"), "health": {"state": "failed", "checks": named}}


@pytest.mark.parametrize(
    "looked, expected",
    [
        ({"msg": "No route to host.", "unreachable": True}, "No route to host."),
        ({}, "it could not be asked."),
        (boot("r-1", "the required health check disk failed"), "the required health check disk failed."),
        (checked(("required", "disk", False), ("required", "net", False), ("wanted", "x", False)), "disk, net."),
        (checked(("required", "disk", True)), "they are still running."),
    ],
)
def test_health_checks(looked, expected):
    assert sentences.failed_checks(looked, "n", "r-2") == f"n has not passed its required health checks: {expected}"


@pytest.mark.parametrize(
    "result, late, expected",
    [
        ({"msg": "non-zero return code.", "stderr": "no disk.\n"}, False, "non-zero return code: no disk."),
        ({"msg": "It failed."}, False, "It failed."),
        ({}, False, "it gave no reason."),
        ({"msg": "a", "stderr": "x" * 400}, False, "a: " + "x" * 297 + "..."),
        ({"msg": "killed"}, True, "it did not end within 5 seconds."),
    ],
)
def test_a_hook(result, late, expected):
    told = sentences.hook_failure(result, "post", {"name": "h.yml", "timeout": 5}, "n", "Do", late)
    assert told == f"The post hook h.yml failed on n in its task 'Do': {expected}"


def test_what_is_given_up():
    deletes = [{"path": "/usr", "bytes": 3 << 30}, {"path": "/etc", "bytes": 512}]
    assert sentences.given_up([], True) == ["Nothing is left of the package-managed system."]
    assert sentences.given_up(deletes, True) == ["Deleted, 3.00 GB:", "/usr  3.00 GB", "/etc  512.00 Bytes"]
    assert sentences.given_up(deletes, False)[0] == (
        "Nothing was changed. With osmigrate_finalize=true this would be deleted, 3.00 GB:"
    )


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1536, 1 << 20, 5 << 30, 7 << 40])
def test_sizes_are_shown_as_ansible_shows_them(size):
    assert sentences.shown_bytes(size) == bytes_to_human(size)
