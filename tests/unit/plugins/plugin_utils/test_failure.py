# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._failure import failure_reason, node_failure

OURS = {
    "msg": "The disk is too small. Nothing was changed. Use a larger one.",
    "left_as": "Nothing was changed",
}
# As a node with a full disk answered with ansible-core 2.19.
DIED = {
    "msg": "Module result deserialization failed: No start of json char found",
    "module_stdout": "",
    "module_stderr": "Traceback (most recent call last):\n"
    '  File "<stdin>", line 266, in <module>\n'
    "FileNotFoundError: [Errno 2] No usable temporary directory found in ['/tmp', '/home/ops']\n",
}
NO_ROOM = (
    "The task Arm could not run on the node: FileNotFoundError: [Errno 2] No usable temporary directory found in "
    "['/tmp', '/home/ops']. A file system of the node is full or read-only."
)
KILLED = {"msg": "MODULE FAILURE\nSee stdout/stderr for the exact error", "module_stdout": "Killed\n"}


@pytest.mark.parametrize(
    "result, left, expected",
    [
        (OURS, True, OURS["msg"]),
        (OURS, False, "The disk is too small. Use a larger one."),
        ({"msg": "It is. Nothing was changed.", "left_as": "Nothing was changed"}, False, "It is."),
        ({"msg": "It was refused."}, False, "It was refused."),
        ({"rc": 1}, True, "The task Arm failed."),
        ({"unreachable": True, "msg": "No route to host."}, True, "The node does not answer: No route to host."),
        (DIED, True, NO_ROOM),
        (KILLED, True, "The task Arm could not run on the node: Killed."),
        ({"msg": DIED["msg"]}, True, f"The task Arm could not run on the node: {DIED['msg']}."),
    ],
)
def test_what_a_person_reads(result, left, expected):
    assert failure_reason(result, "Arm", left) == expected


RUNS = {"booted": {"entry": "package"}, "default": "package", "failures": {}}
OTHER = {"booted": {"entry": ""}, "default": "package", "failures": {"debian-13-13.1": {}}}
HOME = (
    "w-1 runs its default package and no cordon of ours is left on it. Mend the cause, then run the same command again."
)
SERVES = (
    "w-1 runs what is no entry of ours as before, and no cordon of ours is left on it. Its default is package. "
    "Mend the cause, then run the same command again with osmigrate_retry=true."
)
KEPT = (
    "w-1 runs package, but could not be given back: The API server refuses. "
    "Run the same command again when that is mended."
)
LOST = (
    "w-1 stays cordoned because it does not answer, does not run its default or may still be on trial. "
    "Look at it, then run the same command again; it goes on from whatever the node runs then."
)
UNCOUNTED = "No trial was armed, so this counts neither against debian-13-13.1 nor towards a halt of the pool."


@pytest.mark.parametrize(
    "boot, home, counts, returned, also, expected",
    [
        (RUNS, True, True, {}, [], f"It broke. {HOME}"),
        (RUNS, True, True, {"skipped": True}, ["", "", " "], f"It broke. {HOME}"),
        (OTHER, True, True, {}, [], f"It broke. {SERVES}"),
        (RUNS, True, True, {"failed": True, "msg": "The API server refuses."}, [], f"It broke. {KEPT}"),
        ({"unreachable": True}, False, True, {"skipped": True}, [], f"It broke. {LOST}"),
        (RUNS, False, True, {}, [], f"It broke. {LOST}"),
        (RUNS, True, False, {}, ["First.", "Last."], f"It broke. First. {HOME} {UNCOUNTED} Last."),
    ],
)
def test_what_a_person_reads_of_a_node(boot, home, counts, returned, also, expected):
    assert node_failure("It broke. ", "w-1", boot, "debian-13-13.1", home, counts, returned, also) == expected


def test_a_long_failure_is_told_shortly_where_its_node_is_given_up():
    told = node_failure("word " * 100, "w-1", RUNS, "debian-13-13.1", True, True, {})
    assert told.startswith("word word") and told.index("...") <= 300 and told.endswith(HOME)
