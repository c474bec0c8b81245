# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers of users and groups, and lines that are no accounts: they stay what they are on the node."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


def add(moving, name, line):
    path = moving.incumbent / "etc" / name
    path.write_text(path.read_text() + line)


def test_nis_lines(move):
    moving = move()
    add(moving, "passwd", "+@admins::::::\n-mallory\n")
    add(moving, "group", "+:::\n")
    told = {left.path: left.reason for left in moving.carry().left}
    assert set(told) >= {"/etc/passwd: +@admins", "/etc/passwd: -mallory", "/etc/group: +"}
    assert "NIS" in told["/etc/passwd: +@admins"]


SHARED = [
    # lines of the node's passwd and group, lines of the candidate's
    pytest.param("ops-admin:x:1000:1000::/home/ops:/bin/bash\n", "", id="two_names_one_uid"),
    pytest.param("", "opsalias:x:1000:ops\n", id="two_groups_one_gid"),
    pytest.param("toor:x:0:0:second root:/root:/bin/bash\n", "", id="number 0"),
    pytest.param("", "rootalias:x:0:ops\n", id="group 0"),
    pytest.param("huge:x:4294967294:1999999999::/:/bin/bash\n", "huge:x:1999999999:\n", id="huge"),
    pytest.param("old:x:-2:-2::/:/bin/bash\n", "old:x:-2:\n", id="negative"),
    pytest.param("a:x:300:300::/:/bin/bash\nb:x:300:300::/:/bin/bash\n", "a:x:300:\nb:x:300:a\n", id="system"),
    pytest.param("bus2:x:100:106::/:/bin/bash\n", "", id="with an account that the release has elsewhere"),
]


@pytest.mark.parametrize("passwd, group", SHARED)
def test_numbers_stay_as_they_are_on_the_node(move, passwd, group):
    moving = move()
    add(moving, "passwd", passwd)
    add(moving, "group", group)
    made = moving.carry()
    for line in passwd.splitlines(True):
        assert line.replace(":106:", ":996:") in moving.read("/etc/passwd")
    for line in group.splitlines(True):
        assert line in moving.read("/etc/group")
    assert made.collisions == []


def test_only_the_releases_own_holder_collides(move):
    taken = "core:x:1000:1000::/:/bin/sh\n"
    passwd = "root:x:0:0:root:/root:/bin/bash\n"
    moving = move(release={"/usr/etc/passwd": passwd + taken})
    with pytest.raises(FleetError, match="ops cannot be carried: its number 1000 belongs to core in the release"):
        moving.plan()
    add(moving, "passwd", taken)
    assert "ops:x:1000:1000:" in "".join(made.content.decode() for made in moving.plan().items)


def test_a_number_that_is_given_anew_is_nobodys(move):
    lines = "".join(f"s{number}:x:{number}:{number}::/:/bin/bash\n" for number in (999, 998, 997))
    moving = move({}, {"/usr/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nother:x:998:998::/:/bin/sh\n"})
    add(moving, "passwd", lines)
    add(moving, "group", "".join(f"s{number}:x:{number}:\n" for number in (999, 998, 997)))
    moving.carry()
    numbers = [line.split(":")[2] for line in moving.read("/etc/passwd").splitlines()]
    assert len(numbers) == len(set(numbers)) and "s998:x:996:" in moving.read("/etc/passwd")


def test_subordinate_ids_of_root_and_of_names_of_the_release(move):
    text = "root:100000:65536\n0:200000:65536\nops:100000:4294867296\n1000:300000:1\nmessagebus:400000:1\ngone:1:1\n"
    moving = move({"/etc/subuid": text})
    moving.carry()
    assert moving.read("/etc/subuid") == text.replace("gone:1:1\n", "")


SUDOERS = [
    # line on the node, line on the candidate, what is told
    ("%#10 ALL=(ALL) ALL", "%#27 ALL=(ALL) ALL", "%#10 is now %#27"),
    ("%#33 ALL=(#992) ALL", "%#999 ALL=(#991) ALL", "%#33 is now %#999; #992 is now #991"),
    ("#4242 ALL=(#0) ALL", "#4242 ALL=(#0) ALL", "#4242 is nobody in the release"),
    ("#1000 ALL=ALL # see bug #992 and %#10", "#1000 ALL=ALL # see bug #992 and %#10", ""),
    ('Defaults badpass_message="%#10"', 'Defaults badpass_message="%#10"', ""),
    ("#includedir /etc/sudoers.local # %#10", "#includedir /etc/sudoers.local # %#10", ""),
]


@pytest.mark.parametrize("line, expected, told", SUDOERS, ids=[line for line, _expected, _told in SUDOERS])
def test_sudoers_gid(move, line, expected, told):
    moving = move(
        {"/etc/sudoers.d/admins": (line + "\n", 0o440)},
        {
            "/usr/bin/sudo": "x",
            "/usr/etc/passwd": "root:x:0:0:root:/root:/bin/bash\n_chrony:x:991:991::/:/bin/false\n",
            "/usr/etc/group": "root:x:0:\nuucp:x:10:\nsudo:x:27:\nwww-data:x:33:\n_chrony:x:991:\n",
        },
        families=("el", "debian"),
    )
    made = moving.carry()
    assert moving.read("/etc/sudoers.d/admins") == expected + "\n"
    assert [item.lost for item in made.items if item.target == "/etc/sudoers.d/admins"] == [told]
