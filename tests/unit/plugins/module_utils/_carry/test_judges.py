# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release's own programs judge what was carried.

The table's rules are tested with what the real programs of Debian 13 have said (judges.yml), so that they need no such
root. Confinement is tested with real mounts and namespaces: the root has the shell and the libraries of this machine.
Whole runs with the real programs are made where the lab has a root file system of Debian 13.
"""

import os
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import judges, model, plan, programs, rehearsal
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import confined
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import carried
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

from tests.backends.roots import deployed

SAID = yaml.safe_load((Path(__file__).parent / "judges.yml").read_text())
LAB = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "osmigrate-lab/cache"
TRIXIE = next(iter(sorted(LAB.glob("rootfs-trixie-*/usr/sbin/sshd"))), None)
BY_NAME = {program.name: program for program in programs.PROGRAMS}
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces and mounts need root")


def situation(tmp_path: Path, incumbent: dict, candidate: dict) -> model.Situation:
    for side, files in (("incumbent", incumbent), ("candidate", candidate)):
        (tmp_path / side).mkdir(exist_ok=True)
        for name, text in files.items():
            path = tmp_path / side / name.strip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            content, mode = text if isinstance(text, tuple) else (text, 0o644)
            path.write_text(content)
            path.chmod(mode)
    return model.open_situation(str(tmp_path / "incumbent"), deployed(tmp_path / "candidate", tmp_path), [])


@pytest.fixture
def shell(tmp_path):
    """A root with a shell and nothing else, which is seen as it is anywhere."""
    for place in ("bin", "lib", "lib64", "usr"):
        if Path("/" + place).is_symlink():
            (tmp_path / "candidate" / place).parent.mkdir(exist_ok=True)
            (tmp_path / "candidate" / place).symlink_to(os.readlink("/" + place))
    root = tmp_path / "candidate"
    for place in ("usr", "etc", "run", "tmp", "dev", "proc", "sys", "var/lib"):
        (root / place).mkdir(parents=True, exist_ok=True)
    return confined.Place(str(root), str(root), (("/usr", "/usr"), (str(tmp_path), "/var/lib")))


@pytest.mark.parametrize("case", SAID, ids=lambda case: f"{case['program']}-{case['is']}")
def test_what_a_program_says_is_understood(tmp_path, case):
    tree = situation(tmp_path, {}, case.get("files", {})).candidate
    done = Completed([], case["rc"], "", case["said"])
    refused, warned = judges._said(tree, BY_NAME[case["program"]], done, list(case.get("files", {})))
    assert {"refused": refused, "warned": warned} == {"refused": [], "warned": [], **case["told"]}


@pytest.mark.parametrize(
    ("program", "line"),
    [
        ("systemd-tmpfiles", "systemd-tmpfiles: unrecognized option '--dry-run'"),
        ("systemd-analyze", "systemd-analyze: unrecognized option '--recursive-errors=no'"),
        ("udevadm", "Unknown command verb 'verify'."),
        ("nmcli", "Error: Option '--offline' is unknown, try 'nmcli -help'."),
        ("dockerd", "unknown flag: --validate"),
        ("sysctl", "sysctl: unrecognized option '--dry-run'"),
    ],
)
def test_a_program_that_is_too_old_refuses_nothing(program, line):
    assert judges._too_old(BY_NAME[program], Completed([], 1, "", f"{line}\nUsage: ...\n")) == line
    assert judges._too_old(BY_NAME[program], Completed([], 0, "", line)) == ""


def test_what_a_file_says_is_not_taken_for_an_old_program():
    line = "/etc/sudoers.d/a:1:10: unknown option 'hunter2'"
    assert judges._too_old(BY_NAME["visudo"], Completed([], 1, "", line)) == ""


def test_every_program_has_a_case_of_each_verdict():
    assert {(case["program"], case["is"]) for case in SAID} >= {
        (name, verdict) for name in BY_NAME for verdict in ("taken", "refused")
    }


def test_only_what_the_release_does_not_bring_is_asked_about(tmp_path):
    sides = situation(
        tmp_path,
        {"/var/lib/kubelet/config.yaml": "x"},
        {"/etc/logrotate.d/own": "x", "/etc/logrotate.d/dpkg": "y", "/usr/etc/logrotate.d/dpkg": "y",
         "/etc/systemd/system/osmigrate-health.service": "x", "/usr/lib/systemd/system/a.service": "x",
         "/etc/systemd/system/a.service.d/own.conf": "x"},
    )  # fmt: skip
    asked = {name: judges.changed(sides, program) for name, program in BY_NAME.items()}
    assert {name: files for name, files in asked.items() if files} == {
        "logrotate": ["/etc/logrotate.d/own"],
        "kubelet": ["/var/lib/kubelet/config.yaml"],
        "systemd-analyze": ["/usr/lib/systemd/system/a.service"],
    }


def test_flags_of_kubelet(tmp_path):
    files = {
        "/var/lib/kubelet/config.yaml": "x",
        "/var/lib/kubelet/kubeadm-flags.env": 'KUBELET_KUBEADM_ARGS="--a=1 --b=2"\n',
        "/etc/default/kubelet": "KUBELET_EXTRA_ARGS=--c=3\n# KUBELET_EXTRA_ARGS=--d\n",
        "/etc/sysconfig/kubelet": 'KUBELET_EXTRA_ARGS="--e\n',
    }
    assert judges._flags(situation(tmp_path, files, {}).incumbent) == [
        "--config=/var/lib/kubelet/config.yaml", "--a=1", "--b=2", "--c=3"
    ]  # fmt: skip


def test_words_of_files_that_are_not_for_everybody_are_hidden(tmp_path):
    files = {"/etc/a": ("# note\nsecret = hunter2 of='x1y2'\n", 0o600), "/etc/b": "open word\n"}
    hidden = judges._secrets(situation(tmp_path, {}, files), files)
    lines = ["/etc/a:2: secret cannot be 'hunter2', word", "see http://ops:pw123@host/", "x1y2"]
    assert judges._cleaned(lines, hidden) == [
        "/etc/a:2: secret cannot be '***', word", "see http://***@host/", "***"
    ]  # fmt: skip


def test_many_long_lines_are_cut():
    told = judges._cleaned([f"{number} {'x' * 5000}" for number in range(50)] * 2, set())
    assert len(told) == judges.MOST_LINES + 1 and told[-1] == "and 46 lines more"
    assert all(len(line) <= judges.LONGEST_LINE for line in told)


@needs_root
def test_a_program_can_change_nothing_and_reach_nobody(shell):
    script = "touch /etc/x; touch /var/lib/x; mount -o remount,rw / 2>&1; ls /sys/class/net /run; touch /tmp/a /run/b"
    done = confined.ask(shell, ["/bin/sh", "-c", script], 10, ["sshd"])
    assert done.rc == 0 and done.stderr.count("Read-only file system") == 2
    assert "sshd" in done.stdout and not (Path(shell.root) / "run/sshd").exists()
    assert not (Path(shell.root) / "etc/x").exists()
    mounted = Path("/proc/self/mounts").read_text()
    assert shell.root not in mounted


@needs_root
def test_what_does_not_end_is_killed_with_its_children(shell):
    with pytest.raises(FleetError, match=r"/bin/sh did not end within 1 seconds"):
        confined.ask(shell, ["/bin/sh", "-c", "sleep 4242.17 & sleep 4242.17"], 1)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    assert "sleep 4242.17" not in listed


@needs_root
def test_what_never_ends_by_itself_is_ended(shell):
    done = confined.ask(shell, ["/bin/sh", "-c", "echo words >&2; exec sleep 4242"], 10, lasts=1)
    assert (done.rc, done.stderr) == (0, "words\n")


@needs_root
def test_what_cannot_be_started_is_said(shell):
    with pytest.raises(FleetError, match=r"/bin/nothing could not be started"):
        confined.ask(shell, ["/bin/nothing"], 10)


@pytest.mark.parametrize("kind", [judges.REFUSED, judges.WARNED, judges.SAME, judges.DIFFERS, judges.SILENT])
def test_what_they_say_is_a_finding(kind):
    verdict = judges.Verdict("nft", kind, ["/etc/nftables.conf:1: Error"])
    (found,) = carried.judged([verdict], [])
    assert found["detail"] == "nft: /etc/nftables.conf:1: Error"
    assert found["key"] == {
        "refused": "carry-refused-nft", "warned": "carry-warned", "same": "carry-refused-before",
        "differs": "carry-sshd-differs", "silent": "carry-not-asked",
    }[kind]  # fmt: skip


# What the programs need of the lab's root file system. Programs are found by their links to libraries.
PARTS = (
    "usr/sbin/sshd usr/lib/openssh usr/sbin/visudo usr/libexec/sudo usr/bin/systemd-tmpfiles usr/bin/chown "
    "usr/lib/x86_64-linux-gnu usr/lib/systemd etc/pam.d"
).split()
FILES = {
    "/etc/passwd": "root:x:0:0::/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\n",
    "/etc/ssh/sshd_config": "Include /etc/ssh/sshd_config.d/*.conf\nHostKey /etc/ssh/key\n",
    "/etc/sudoers": ("root ALL=(ALL:ALL) ALL\n@includedir /etc/sudoers.d\n", 0o440),
}


@pytest.fixture
def trixie(tmp_path):
    """A node and its candidate with programs of the lab's root file system of Debian 13."""
    for side in ("incumbent", "candidate"):
        for name in ("usr", "run", "tmp", "dev", "proc", "sys", "var/lib", "etc/ssh", "usr/etc"):
            (tmp_path / side / name).mkdir(parents=True, exist_ok=True)
        for name in ("bin", "lib", "lib64", "sbin"):
            (tmp_path / side / name).symlink_to(f"usr/{name}")
        for name in PARTS:
            place = tmp_path / side / name
            place.parent.mkdir(parents=True, exist_ok=True)
            # As links to the same file, where that can be.
            source = str(TRIXIE.parents[2] / name)
            if subprocess.run(["cp", "-al", source, str(place)], check=False, capture_output=True).returncode:
                subprocess.run(["cp", "-a", source, str(place)], check=True)
        (tmp_path / side / "usr/lib64").symlink_to("lib/x86_64-linux-gnu")
        key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / side / "etc/ssh/key")]
        subprocess.run(key, check=True)
    return tmp_path


@needs_root
@pytest.mark.skipif(TRIXIE is None, reason="the lab has made no root file system of Debian 13 here")
def test_real_programs(trixie):
    node = {**FILES, "/etc/ssh/sshd_config.d/a.conf": "PasswordAuthentication no\n"}
    files = {
        **FILES,
        "/etc/ssh/sshd_config.d/50-release.conf": "PasswordAuthentication yes\n",
        "/etc/sudoers.d/a": ("ops ALL=(ALL NOPASSWD hunter2\n", 0o440),
        "/etc/tmpfiles.d/a.conf": "d /run/x 0755 nobody-here - -\n",
    }
    found = {(verdict.program, verdict.kind): verdict for verdict in judges.ask(situation(trixie, node, files))}
    assert set(found) == {("sshd", judges.DIFFERS), ("visudo", judges.REFUSED), ("systemd-tmpfiles", judges.REFUSED)}
    assert found["sshd", judges.DIFFERS].words == ["passwordauthentication: no on the node, yes on the candidate"]
    assert found["visudo", judges.REFUSED].words == ["/etc/sudoers.d/a:1:14: syntax error"]


@needs_root
@pytest.mark.skipif(TRIXIE is None, reason="the lab has made no root file system of Debian 13 here")
@pytest.mark.parametrize(
    ("accepted", "told"),
    [("COLORTERM", []), ("PATH", ["acceptenv: LC_PAPER on the node, LC_PAPER; PATH on the candidate"])],
)
def test_what_says_how_a_terminal_looks_is_no_difference(trixie, accepted, told):
    node = {**FILES, "/etc/ssh/sshd_config.d/a.conf": "AcceptEnv LANG LC_PAPER\n"}
    files = {**FILES, "/etc/ssh/sshd_config.d/50-release.conf": f"AcceptEnv LC_PAPER {accepted}\n"}
    verdicts = judges.ask(situation(trixie, node, files))
    assert [word for verdict in verdicts if verdict.kind == judges.DIFFERS for word in verdict.words] == told


@needs_root
@pytest.mark.skipif(TRIXIE is None, reason="the lab has made no root file system of Debian 13 here")
def test_real_programs_are_asked_before_the_plan_is_applied(trixie):
    node = {**FILES, "/etc/sudoers.d/a": ("ops ALL=(ALL NOPASSWD hunter2\n", 0o440)}
    sides = situation(trixie, node, {**FILES, **{"/usr" + name: what for name, what in FILES.items()}})
    made = plan.make(sides, [], ending.Limits(0, 60, 0))
    before = os.listdir(rehearsal.MEMORY)
    with rehearsal.of(sides, made.items) as seen:
        found = {verdict.program: verdict.kind for verdict in judges.ask(seen)}
    assert found == {"visudo": judges.SAME}
    assert os.listdir(rehearsal.MEMORY) == before
    assert not (trixie / "candidate/etc/sudoers.d/a").exists()
