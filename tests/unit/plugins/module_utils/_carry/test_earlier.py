# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A candidate that is staged twice, and what was taken from the node between both times."""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import earlier

UNIT = "/etc/systemd/system/own.service"
WANTED = "/etc/systemd/system/multi-user.target.wants/own.service"
OWN, MOTD, ISSUE, JOB = "/etc/own/own.conf", "/etc/motd", "/etc/issue", "/etc/cron.d/job"
NODE = {
    UNIT: f"[Service]\nExecStart=/bin/bash {OWN}\n",
    WANTED: f"-> {UNIT}",
    OWN: "x",
    MOTD: "mine\n",
    ISSUE: "mine\n",
    JOB: f"* * * * * root cat {OWN}\n",
}
RELEASE = {"/usr" + MOTD: ("theirs\n", 0o640), "/usr" + ISSUE: "-> ../usr/lib/issue", "/usr/lib/issue": "theirs\n"}


def take_away(moving, *paths):
    for path in paths:
        (moving.incumbent / path.strip("/")).unlink()


def test_what_is_gone_from_the_node_is_gone_from_the_candidate(move):
    moving = move(NODE, RELEASE)
    moving.carry()
    take_away(moving, WANTED, UNIT, OWN, MOTD, ISSUE)
    made = moving.carry()
    assert [path for path in (UNIT, WANTED, OWN) if (moving.deployment / path.strip("/")).is_symlink()] == []
    assert [path for path in (UNIT, OWN) if (moving.deployment / path.strip("/")).exists()] == []
    assert (moving.read(MOTD), moving.mode(MOTD)) == ("theirs\n", 0o640)
    assert (moving.deployment / ISSUE.strip("/")).readlink().name == "issue"
    assert [one.lost for one in made.items if one.target == JOB] == ["the release has no /usr/sbin/cron"]


def test_what_comes_back_to_the_node_comes_along_again(move):
    moving = move(NODE, RELEASE)
    moving.carry()
    take_away(moving, MOTD)
    moving.carry()
    (moving.incumbent / MOTD.strip("/")).write_text("mine again\n")
    moving.carry()
    assert moving.read(MOTD) == "mine again\n"


def test_what_others_put_into_the_candidate_stays(move):
    moving = move(NODE, RELEASE)
    moving.carry()
    (moving.deployment / "etc/hook.conf").write_text("x")
    moving.carry()
    assert moving.read("/etc/hook.conf") == "x"


def test_a_note_that_is_no_json_is_none(move):
    moving = move(NODE, RELEASE)
    moving.carry()
    (moving.deployment / earlier.NOTE.strip("/")).write_text("")
    moving.carry()
    assert UNIT in moving.read(earlier.NOTE)


def test_directories_that_were_made_for_what_is_gone_are_gone(move):
    moving = move({**NODE, "/etc/own/deep/x.conf": "x\n", JOB: "* * * * * root cat /etc/own/deep/x.conf\n"}, RELEASE)
    moving.carry()
    take_away(moving, "/etc/own/deep/x.conf")
    moving.carry()
    assert not (moving.deployment / "etc/own/deep").exists()


def test_directories_in_which_others_put_something_stay(move):
    moving = move({**NODE, "/etc/deep/in/x.conf": "x\n", JOB: "* * * * * root cat /etc/deep/in/x.conf\n"}, RELEASE)
    moving.carry()
    take_away(moving, "/etc/deep/in/x.conf")
    (moving.deployment / "etc/deep/hook").write_text("x")
    moving.carry()
    assert [path.name for path in (moving.deployment / "etc/deep").iterdir()] == ["hook"]
