# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links that presets make, which no package owns."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import presets
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

from tests.trees import write_tree


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


def test_a_unit_is_enabled_with_the_one_that_names_it(tmp_path):
    files = {
        "/usr/lib/systemd/system-preset/90-default.preset": "enable NetworkManager.service\ndisable *\n",
        "/usr/lib/systemd/system/NetworkManager.service": "[Install]\nAlso=nm-dispatcher.service gone.service\n",
        "/usr/lib/systemd/system/nm-dispatcher.service": "[Install]\nAlias=dbus-nm-dispatcher.service\n",
        "/usr/lib/systemd/system/other.service": "[Install]\nWantedBy=multi-user.target\n",
    }
    linked = {"/etc/systemd/system/dbus-nm-dispatcher.service"}
    assert presets.enabled(Tree(str(write_tree(tmp_path, files))), files) == linked


def test_a_unit_that_no_package_brought_was_enabled_by_a_person(tmp_path):
    """Presets are applied when a package is installed; where no line of theirs says no, they would say yes to any."""
    files = {
        "/usr/lib/systemd/system-preset/90-default.preset": "disable nothing.service\n",
        "/usr/lib/systemd/system/of-a-package.service": "[Install]\nWantedBy=multi-user.target\n",
        "/usr/lib/systemd/system/by-hand.service": "[Install]\nWantedBy=multi-user.target\n",
    }
    owned = [name for name in files if "hand" not in name]
    assert presets.enabled(Tree(str(write_tree(tmp_path, files))), owned) == {
        "/etc/systemd/system/multi-user.target.wants/of-a-package.service"
    }
