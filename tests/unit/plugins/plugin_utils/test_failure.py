# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils.failure import failure_reason

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
