# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that presets make, which no package owns."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import presets


@pytest.mark.parametrize(
    "unit, text, links",
    [
        ("sshd.service", "[Install]\nWantedBy=multi-user.target\n", ["multi-user.target.wants/sshd.service"]),
        (
            "a.service",
            "[Install]\nRequiredBy=b.target c.target\n",
            ["b.target.requires/a.service", "c.target.requires/a.service"],
        ),
        ("NetworkManager.service", "[Install]\nAlias=dbus-nm.service\n", ["dbus-nm.service"]),
        (
            "getty@.service",
            "[Install]\nWantedBy=getty.target\nDefaultInstance=tty1\n",
            ["getty.target.wants/getty@tty1.service"],
        ),
        ("console-getty.service", "[Service]\nExecStart=/bin/true\n", []),
    ],
)
def test_what_is_enabled_by_a_preset(unit, text, links):
    assert presets.installs(text, unit) == links
