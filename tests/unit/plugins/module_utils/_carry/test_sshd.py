# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sshd's files come to on both systems: main file now, drop-ins of the node, of the release, what counts then."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import sshd

INCLUDE = "Include /etc/ssh/sshd_config.d/*.conf\n"
MAIN = INCLUDE + "KbdInteractiveAuthentication no\nUsePAM yes\nX11Forwarding yes\n"
PLACE = "/etc/ssh/sshd_config.d/"
CASES = [
    ("a release's drop-in says otherwise", MAIN + "PasswordAuthentication no\n", {},
     {"50-cloud-init.conf": "PasswordAuthentication yes\n"}, {"passwordauthentication": "no"}),
    ("a line was taken out", MAIN.replace("X11", "#X11") + "MaxAuthTries 3\n", {}, {},
     {"x11forwarding": "no", "maxauthtries": "3"}),
    ("a drop-in of the node comes first", MAIN, {"10-site.conf": "PermitRootLogin no\n"},
     {"50-site.conf": "PermitRootLogin yes\n"}, {"permitrootlogin": "no"}),
    ("a drop-in of the node comes last", MAIN, {"90-site.conf": "PermitRootLogin no\n"},
     {"50-site.conf": "PermitRootLogin yes\n"}, {"permitrootlogin": "no"}),
    ("an older name of a setting", MAIN.replace("KbdInteractive", "ChallengeResponse"), {},
     {"1.conf": "KbdInteractiveAuthentication yes\n"}, {"kbdinteractiveauthentication": "no"}),
    ("a setting without a default here", MAIN + "Ciphers aes256-ctr\n", {}, {"1.conf": "Ciphers 3des-cbc\n"},
     {"ciphers": "aes256-ctr"}),
    ("in a Match block it does not count", MAIN + "Match User a\nPermitRootLogin yes\n", {},
     {"1.conf": "PermitRootLogin yes\n"}, {"permitrootlogin": "prohibit-password"}),
]  # fmt: skip


@pytest.mark.parametrize(("now", "own", "release", "counts"), [case[1:] for case in CASES], ids=[c[0] for c in CASES])
def test_what_the_node_had_counts(move, now, own, release, counts):
    moving = move(
        {PLACE + name: text for name, text in own.items()},
        {
            "/usr/etc/ssh/sshd_config": MAIN,
            "/usr/sbin/sshd": "",
            **{"/usr" + PLACE + name: text for name, text in release.items()},
        },
        packages={"/etc/ssh/sshd_config": (now, MAIN)},
    )
    moving.carry()
    tree = moving.situation().candidate
    found = sshd.effective(tree.text, lambda: tree.glob(PLACE + "*"))
    assert {keyword: found[keyword].value for keyword in counts} == counts


def test_who_gets_in_by_the_release_alone_is_told(move):
    release = {"/usr/sbin/sshd": "", "/usr" + PLACE + "1.conf": "AllowUsers cloud\n"}
    moving = move({}, {"/usr/etc/ssh/sshd_config": MAIN, **release}, packages={"/etc/ssh/sshd_config": (MAIN, MAIN)})
    made = moving.carry()
    assert "the release says AllowUsers cloud, the node does not" in [left.reason for left in made.left]


def test_a_file_that_includes_itself_ends():
    found = sshd.effective(lambda path: "Include /etc/ssh/a\nUsePAM yes\n", lambda: ["/etc/ssh/a"])
    assert found["usepam"].value == "yes"
