# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From one deployment to the next: OSTree has merged /etc, and only what it cannot know is added."""

from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import NO_PLACE, Left
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

from tests.trees import write_tree

MERGED = {
    "/etc/passwd": "root:x:0:0::/root:/bin/bash\nmessagebus:x:996:996::/:/x\nops:x:1000:1000::/home/ops:/bin/sh\n",
    "/etc/group": "root:x:0:\nmessagebus:x:996:\nops:x:1000:\n",
    "/etc/shadow": "root:$6$x:1::::::\nops:$6$y:1::::::\n",
    "/etc/gshadow": "root:*::\nops:!::\n",
    "/etc/fstab": "/sysroot/x/var /var none bind,slave,shared 0 0\n/sysroot/data /data none bind 0 0\n",
    "/etc/hostname": "w1\n",
}


@pytest.fixture
def upgrade(move):
    """A function that upgrades: what the release changed, what OSTree's merge left."""

    def make(release=None, **options):
        moving = move({"/run/ostree-booted": "", "/data/": ("", 0o750), "/usr/local/x": "x"}, release)
        for name, content in MERGED.items():
            (moving.deployment / name.strip("/")).write_text(content)

        def run():
            made = plan.make_missing(moving.situation(), ending.Limits(options.get("deadman", 0), 60, 0))
            changes = apply.compare(made.items, moving.situation(), str(moving.var))
            apply.perform(changes, str(moving.deployment))
            return made, apply.actions(changes)

        return moving, run

    return make


PASSWD = {
    "/usr/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nmessagebus:x:996:996::/:/x\n",
    "/usr/etc/group": "root:x:0:\nmessagebus:x:996:\n",
}


def test_a_mount_point_below_the_root_is_all_that_is_missing(upgrade):
    moving, run = upgrade(PASSWD)
    made, actions = run()
    assert actions == ["make directory /data"]
    assert (moving.deployment / "data").stat().st_mode & 0o7777 == 0o750
    assert (made.unknown, made.left, made.collisions) == ([], [], [])
    assert run()[1] == []
    assert moving.read("/etc/passwd") == MERGED["/etc/passwd"]


def test_a_mount_point_fail_where_the_next_image_has_none(upgrade):
    moving, run = upgrade(PASSWD)
    moving.sealed = True
    made, actions = run()
    why = "the release has no directory /data, and none can be made there"
    assert made.left == [Left("/etc/fstab: /sysroot/data /data none", why, NO_PLACE)]
    assert actions == []


def test_system_accounts_of_the_new_release(upgrade):
    moving, run = upgrade(
        {
            "/usr/etc/passwd": PASSWD["/usr/etc/passwd"] + "_new:x:995:994::/:/x\nother:x:1000:993::/:/x\n",
            "/usr/etc/group": PASSWD["/usr/etc/group"] + "_new:x:994:\n",
            "/usr/etc/shadow": "root:*:1::::::\n_new:!:1::::::\n",
        }
    )
    made, _actions = run()
    assert moving.read("/etc/passwd") == MERGED["/etc/passwd"] + "_new:x:995:994::/:/x\nother:x:999:993::/:/x\n"
    assert moving.read("/etc/group") == MERGED["/etc/group"] + "_new:x:994:\n"
    assert moving.read("/etc/shadow") == MERGED["/etc/shadow"] + "_new:!:1::::::\n"
    assert [(each["name"], each["incumbent"], each["candidate"]) for each in made.collisions] == [("other", 1000, 999)]
    assert run()[1] == []


def test_numbers_of_accounts_that_both_have_stay(upgrade):
    moving, run = upgrade({**PASSWD, "/usr/etc/passwd": "root:x:0:0::/root:/bin/bash\nmessagebus:x:901:996::/:/x\n"})
    run()
    assert "messagebus:x:996:996" in moving.read("/etc/passwd")


def test_the_deadman_gets_its_new_time(upgrade):
    moving, run = upgrade(PASSWD, deadman=300)
    run()
    assert "OnBootSec=300" in moving.read("/etc/systemd/system/osmigrate-deadman.timer")
    assert run()[1] == []


def test_links_below_the_root_are_made_again(upgrade):
    moving, run = upgrade(PASSWD)
    (moving.incumbent / "exports").symlink_to("data/exports")
    assert "create link /exports" in run()[1]
    assert str((moving.deployment / "exports").readlink()) == "data/exports"
    assert run()[1] == []


def put(root, files):
    for name, text in files.items():
        (root / name.strip("/")).parent.mkdir(parents=True, exist_ok=True)
        (root / name.strip("/")).write_text(text)


def test_what_the_merge_keeps_and_the_next_release_has_no_program_for_is_told(upgrade):
    """The same rules as in a move, but only of what the node has now."""
    moving, run = upgrade(PASSWD)
    put(
        moving.incumbent,
        {"/usr/bin/agent": "", "/usr/local/bin/own": "", "/etc/agent/key": "x", "/var/lib/agent/state": "x"},
    )
    unit = "[Service]\nExecStart=/usr/bin/agent --key /etc/agent/key\nExecStartPre=/usr/local/bin/own\n"
    put(
        moving.deployment,
        {
            "/etc/systemd/system/agent.service": unit + "ExecStop=/usr/bin/never\nWorkingDirectory=/var/lib/agent\n",
            "/etc/agent/key": "x",
            "/usr/etc/cron.d/theirs": "* * * * * root /usr/bin/agent\n",
            "/etc/cron.d/theirs": "* * * * * root /usr/bin/agent\n",
        },
    )
    assert run()[0].differences["lost"] == ["/etc/systemd/system/agent.service: the release has no /usr/bin/agent"]


def tree(files):
    """Files as write_tree takes them; a list is content and mode."""
    return {name: (what[0], int(what[1], 8)) if isinstance(what, list) else what for name, what in files.items()}


UPGRADES = yaml.safe_load((Path(__file__).parent / "upgrades.yml").read_text())


@pytest.mark.parametrize("case", UPGRADES, ids=lambda case: case["name"])
def test_a_node_that_was_stricter_stays_so_or_it_is_told(upgrade, case):
    """Both releases are whole: what nobody changed on the node is what the next one brings."""
    moving, run = upgrade({**PASSWD, **tree(case.get("next", {}))})
    own, brought = tree(case.get("own", {})), tree(case.get("running", {}))
    write_tree(moving.incumbent, brought)
    write_tree(
        moving.incumbent, {name[len("/usr") :]: text for name, text in brought.items() if name.startswith("/usr/etc/")}
    )
    write_tree(moving.incumbent, own)
    write_tree(moving.deployment, {name: text for name, text in own.items() if name.startswith("/etc/")})
    made = run()[0]
    found = {of: told for of, told in made.differences.items() if told}
    assert {of: [word for word in words if word not in repr(found.get(of))] for of, words in case["told"].items()} == {
        of: [] for of in case["told"]
    }
    assert set(found) == set(case["told"])
    assert [word for word in case.get("unsaid", []) if word in repr(found)] == []
    if "left" in case:
        assert case["left"] in repr(made.left)
    assert run()[1] == []
