# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is told of a program that failed."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed

DMESG = "       dmesg(1) may have more information after failed mount system call.\n"


@pytest.mark.parametrize(
    ("out", "err", "said"),
    [
        ("", "mount: /x: wrong fs type.\n" + DMESG, "mount: /x: wrong fs type."),
        ("", "warning: a\nerror: b\n", "error: b"),
        ("on the wrong one\n", "", "on the wrong one"),
        ("", "", "it said nothing"),
        ("", DMESG, DMESG.strip()),
    ],
    ids=["mount", "last line", "standard output", "nothing", "nothing else"],
)
def test_the_line_that_says_why(out, err, said):
    assert Completed(["a"], 1, out, err).said() == said
