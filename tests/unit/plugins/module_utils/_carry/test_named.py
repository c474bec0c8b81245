# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What carried files name comes along, or it is told at the file: cases as data, and odd trees.

Cases are in named.yml, field.yml, administrators.yml and habits.yml, which says what each key of a case means.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

DATA = [Path(__file__).parent / name for name in ("named.yml", "habits.yml", "field.yml", "administrators.yml")]
CASES = [case for path in DATA for case in yaml.safe_load(path.read_text())]


def tree(files: dict) -> dict:
    """Files as move takes them; a list is content and mode."""
    known = files or {}
    return {name: (what[0], int(what[1], 8)) if isinstance(what, list) else what for name, what in known.items()}


def told(made) -> dict:
    """All that is said, by what it is said of."""
    said = {}
    for path, words in (
        [(left.path, left.reason) for left in made.left]
        + [(one.target, one.lost) for one in made.items]
        + [(part.source, part.lost) for one in made.items for part in one.parts]
        + [(one["path"], one["reason"]) for one in made.unknown]
    ):
        said[path] = f"{said.get(path, '')}; {words}"
    return said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_case(move, case):
    packages = {name: tuple(texts) for name, texts in case.get("packages", {}).items()}
    moving = move(tree(case.get("incumbent")), tree(case.get("release")), packages=packages)
    made = moving.carry()
    for path in case.get("carried", []):
        place = moving.var / path[len("/var/") :] if path.startswith("/var/") else moving.deployment / path.strip("/")
        assert os.path.lexists(place), path
    for path, lines in case.get("lines", {}).items():
        assert [line for line in lines if line not in moving.read(path)] == []
    said = told(made)
    expected = {path: [words] if isinstance(words, str) else words for path, words in case.get("told", {}).items()}
    unsaid = {path: [word for word in words if word not in said.get(path, "")] for path, words in expected.items()}
    assert {path: (words, said.get(path)) for path, words in unsaid.items() if words} == {}
    assert set(expected) <= set(said)
    assert [path for path in case.get("quiet", []) if said.get(path, "").strip("; ")] == []
    everything = repr(said) + repr(made.differences)
    assert [word for word in case.get("said", []) if word not in everything] == []
    assert [word for word in [*case.get("hidden", []), *case.get("unsaid", [])] if word in everything] == []


def test_a_tree_deeper_than_python_calls(move):
    moving = move()
    here = os.getcwd()
    try:
        os.chdir(moving.incumbent / "etc")
        for _level in range(1100):
            os.mkdir("a")
            os.chdir("a")
        Path("file").write_text("x")
        os.chdir(here)
        made = plan.make(moving.situation(), [], ending.Limits(0, 60, 0))
        (found,) = [one["path"] for one in made.unknown if one["path"].startswith("/etc/a/")]
        assert found.endswith("/a/file")
    finally:
        os.chdir(here)
        subprocess.run(["rm", "-rf", str(moving.incumbent / "etc/a")], check=True)


def test_names_that_are_no_text_are_carried_and_told_as_they_are(move):
    job, conf = "/etc/cron.d/job\udce4", "/etc/own/caf\udce9.conf"
    moving = move({job: "* * * * * root x\n", conf: "x"}, {"/usr/sbin/cron": "x"})
    made = moving.carry()
    assert (moving.deployment / job.strip("/")).exists()
    assert "unowned" in told(made)[conf]


def test_pipes_are_named_and_not_waited_for(move):
    moving = move({"/etc/cron.d/job": "x"})
    for name in ("cron.d/pipe", "hosts"):
        os.mkfifo(moving.incumbent / "etc" / name)
    assert {"/etc/cron.d/pipe", "/etc/hosts"} <= {one["path"] for one in moving.carry().unknown}


@pytest.mark.parametrize("shell", ["/usr/sbin/nologin", "/bin/false", "/bin/bash\r", "/usr/bin/never"])
def test_who_cannot_log_in_cannot_do_so_on_the_candidate(move, shell):
    """A shell that is missing lets nobody in; one in its place would."""
    passwd = "root:x:0:0:root:/root:/bin/bash\nops:x:1000:1000::/home/ops:" + shell + "\n"
    moving = move({"/etc/passwd": passwd})
    moving.carry()
    assert f"/home/ops:{shell}\n" in (moving.deployment / "etc/passwd").read_bytes().decode()


SPELLINGS = [
    (
        "/etc/NetworkManager/system-connections/a",
        "ca-cert=file:///etc/own/ca.pem\n",
        (kinds.MENTIONED, "/etc/own/ca.pem"),
    ),
    ("/etc/fstab", "/dev/drbd0 /srv/a ext4 defaults 0 2\n", (kinds.PROGRAM, "drbdadm")),
    ("/etc/fstab", "/dev/zvol/tank/a /srv/a ext4 defaults 0 2\n", (kinds.PROGRAM, "zfs")),
    ("/etc/fstab", "/etc/my\\040key /srv/a x keyfile=/etc/my\\040key 0 2\n", (kinds.FILE, "/etc/my key")),
    ("/etc/cron.d/a", "@daily root FOO=1 nice -n 19 'x' && /usr/bin/y\n", (kinds.MENTIONED, "/usr/bin/y")),
    ("/etc/own/script", '#!/bin/bash\nX="$(jq . x)"\n', (kinds.PROGRAM, "jq")),
    ("/etc/audit/rules.d/a.rules", "-a exit,never -F auid>=1000 -F loginuid=svc\n", (kinds.USER, "svc")),
    ("/etc/udev/rules.d/a.rules", "PROGRAM=\"/bin/sh -c 'own-id %k'\"\n", (kinds.PROGRAM, "own-id")),
    (
        "/etc/systemd/system/a.service",
        "[Service]\nLoadCredentialEncrypted=a\n",
        (kinds.FILE, "/etc/credstore.encrypted/a"),
    ),
    ("/etc/systemd/system/a.service", "[Service]\nExecStart=!!/usr/bin/x\n", (kinds.PROGRAM, "/usr/bin/x")),
    ("/etc/systemd/system/a.timer", "[Timer]\nUnit=b.service\n", (kinds.UNIT, "b.service")),
    ("/etc/systemd/system/a.socket", "[Socket]\nService=b.service\n", (kinds.UNIT, "b.service")),
    ("/etc/sysctl.d/a.conf", "-kernel.modprobe = /x\n", (kinds.PROGRAM, "/x")),
    ("/etc/sysctl.d/a.conf", "kernel/core_pattern=|/x %p\n", (kinds.PROGRAM, "/x")),
    ("/etc/cron.d/a", "SHELL='/bin/zsh'\n", (kinds.PROGRAM, "/bin/zsh")),
    ("/etc/own/script", "#!/usr/bin/env python3\n", (kinds.PROGRAM, "python3")),
    ("/etc/kubernetes/a.conf", "      command: aws\n", (kinds.PROGRAM, "aws")),
    ("/etc/kubernetes/manifests/a", '{"hostPath":{"type":"","path":"/a"}}', (kinds.FILE, "/a")),
    ("/etc/udev/rules.d/a.rules", 'ENV{SYSTEMD_WANTS}+="a.service b.service"\n', (kinds.UNIT, "b.service")),
]


@pytest.mark.parametrize(("target", "text", "named"), SPELLINGS)
def test_spellings(target, text, named):
    assert kinds.Named(*named) in reader.names(target, text)
