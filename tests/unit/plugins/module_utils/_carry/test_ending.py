# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a candidate ends its trial by itself: the scripts run as they are, with other places for files and reboot."""

import os
import shutil
import subprocess
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import (
    deadman,
    ending,
    evidence,
    health,
    healthstate,
)

LINE = "root=UUID=1 osmigrate.trial=1 osmigrate.entry=d-13.1"
TRIAL = {"entry": "d-13.1", "armed_boot_id": "a"}


class Candidate:
    """Its files, below a directory of the test's."""

    def __init__(self, root):
        self.root = root
        for name in ("boot/grub", "boot/osmigrate", "run", "etc/osmigrate", "proc"):
            (root / name).mkdir(parents=True)
        (root / "proc/cmdline").write_text(LINE)
        (root / "boot/grub/osmigrate.env").write_text("# GRUB\nosm_default=\nosm_trial=d-13.1\n###")
        self.plant(ending.PROGRAM, ending.SCRIPT)
        self.plant(health.PROGRAM, health.SCRIPT.replace("@END@", str(root) + ending.PROGRAM))

    def plant(self, program, script):
        for real, fake in (
            ("/dev/kmsg", "/dev/stdout"),
            ("exec systemctl --force reboot", "echo rebooting"),
            *[(f"{place}/", f"{self.root}{place}/") for place in ("/boot", "/run", "/usr/lib/osmigrate")],
            ("/proc/cmdline", f"{self.root}/proc/cmdline"),
            ("=/etc/osmigrate/", f"={self.root}/etc/osmigrate/"),
            ("in /etc/osmigrate/", f"in {self.root}/etc/osmigrate/"),
            ("sleep 5;", "sleep 0.1;"),
            ("!= / ]", f"!= {self.root} ]"),
            ("-user 0", f"-user {os.geteuid()}"),
        ):
            script = script.replace(real, fake)
        (self.root / program.strip("/")).write_text(script)

    def check(self, name, body, mode=0o755, place="etc/osmigrate/health"):
        path = self.root / place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(mode)

    def run(self, program, *arguments):
        argv = ["/bin/sh", str(self.root) + program, *map(str, arguments)]
        return subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, timeout=30).stdout

    def health(self, limit=5, deadline=1):
        """Run the checks; return what they printed, and whether they rebooted."""
        output = self.run(health.PROGRAM, limit, deadline)
        return output, "rebooting" in output

    def results(self):
        return healthstate.parse((self.root / "run/osmigrate/health").read_text(), True)

    def reason(self):
        note = self.root / "boot/osmigrate/ended"
        ended = evidence.parse_ended(note.read_text()) if note.exists() else {}
        return evidence.explain(TRIAL, evidence.Evidence(ended, ""), "no note")


@pytest.fixture
def candidate(tmp_path):
    return Candidate(tmp_path)


@pytest.mark.parametrize(
    ("line", "block", "reboots"),
    [
        (LINE, "osm_default=\nosm_trial=d-13.1\n###", True),
        ("osmigrate.entry=d-13.1 osmigrate.trial=1", "osm_default=package\n###", True),
        ("osmigrate.entry=d-13.1 osmigrate.trial=1", "osm_default=d-13.10\n###", True),
        ("osmigrate.trial=1", "osm_default=d-13.1\n###", True),
        (LINE, "", True),
        ("ro osmigrate.entry=d-13.1 osmigrate.trial=1\n", "# GRUB\nosm_default=d-13.1\nosm_trial=\n###", False),
    ],
)
def test_only_what_is_not_confirmed_reboots(candidate, line, block, reboots):
    (candidate.root / "proc/cmdline").write_text(line)
    (candidate.root / "boot/grub/osmigrate.env").write_text(block)
    assert ("rebooting" in candidate.run(ending.PROGRAM, "deadman", "late")) is reboots
    assert (candidate.root / "boot/osmigrate/ended").exists() is reboots


def test_the_incumbent_reads_why(candidate):
    said = candidate.run(ending.PROGRAM, "deadman", "nobody confirmed it within 900 seconds (deadman)")
    assert said.startswith("osmigrate: the trial of d-13.1 ends: nobody confirmed it")
    assert candidate.reason() == "nobody confirmed it within 900 seconds (deadman)"
    assert [path.name for path in (candidate.root / "boot/osmigrate").iterdir()] == ["ended"]


@pytest.mark.parametrize("command", ["sync", "mv"])
def test_a_dead_disk_does_not_hold_up_the_reboot(candidate, command, monkeypatch, tmp_path):
    """One that not even SIGKILL ends is played by one that nobody kills."""
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / command).write_text("#!/bin/sh\nexec /bin/sleep 20 >/dev/null 2>&1\n")
    (programs / "sleep").write_text("#!/bin/sh\nexec /bin/sleep 1\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    begun = time.monotonic()
    assert "rebooting" in candidate.run(ending.PROGRAM, "deadman", "late")
    assert 0.9 < time.monotonic() - begun < 5
    assert candidate.reason() == "no note"


def test_no_place_for_a_note_is_no_reason_to_stay(candidate):
    (candidate.root / "boot/osmigrate").rmdir()
    assert "rebooting" in candidate.run(ending.PROGRAM, "deadman", "late")


def test_no_checks_pass(candidate):
    assert candidate.health()[1] is False
    assert candidate.results() == {"state": "passed", "checks": []}


def test_checks_run_in_the_order_of_their_names_and_those_of_etc_replace_the_releases(candidate):
    shipped = "usr/lib/osmigrate/health"
    candidate.check("required.d/20-b", "echo two")
    candidate.check("required.d/10-a", "echo shipped a", place=shipped)
    candidate.check("required.d/30 c", "echo shipped c", place=shipped)
    candidate.check("required.d/30 c", "echo three")
    candidate.check("required.d/40-*", "exit 1", place=shipped)
    (candidate.root / "etc/osmigrate/health/required.d/40-*").symlink_to("/dev/null")
    candidate.check("wanted.d/10-w", "echo wanted; exit 1")
    output, rebooted = candidate.health()
    said = [line for line in output.splitlines() if "\t" not in line]
    assert (said, rebooted) == (["shipped a", "two", "three", "wanted"], False)
    found = candidate.results()
    assert found["state"] == "passed"
    assert [check["name"] for check in found["checks"] if check["passed"]] == ["10-a", "20-b", "30 c", "40-*"]
    assert found["checks"][-1] == {"kind": "wanted", "name": "10-w", "passed": False, "detail": "exit status 1"}


def test_a_required_check_is_tried_again_until_it_passes(candidate):
    count = candidate.root / "count"
    candidate.check("required.d/10-slow", f"echo x >>{count}; test $(wc -l <{count}) = 3")
    candidate.check("required.d/20-once", f"echo y >>{count}.once")
    assert candidate.health(deadline=20)[1] is False
    assert candidate.results()["state"] == "passed"
    assert (candidate.root / "count.once").read_text() == "y\n"


@pytest.mark.parametrize(
    ("body", "mode", "why"),
    [
        ("exit 3", 0o755, "exit status 3"),
        ("sleep 20", 0o755, "it did not end within 1 seconds"),
        ("exit 0", 0o644, "it is not an executable file"),
    ],
)
def test_a_required_check_that_never_passes_ends_the_trial(candidate, body, mode, why):
    candidate.check("required.d/10-dns", body, mode)
    candidate.check("required.d/20-good", "true")
    output, rebooted = candidate.health(limit=1)
    assert rebooted
    assert candidate.reason() == f"the required health check 10-dns failed: {why}"
    assert candidate.results()["state"] == "failed"
    assert [check["passed"] for check in candidate.results()["checks"]] == [False, True]


def test_a_check_that_leaves_something_running_is_not_waited_for(candidate):
    candidate.check("required.d/10-daemon", "sleep 20 >/dev/null 2>&1 &")
    begun = time.monotonic()
    assert candidate.health()[1] is False
    assert time.monotonic() - begun < 5


def test_everything_is_planted_and_removed(move):
    moving = move({"/etc/osmigrate/health/required.d/10-dns": ("#!/bin/sh\n", 0o700)})
    made = moving.carry(deadman=600, health_deadline=300)
    assert "OnBootSec=600\n" in moving.read("/etc/systemd/system/osmigrate-deadman.timer")
    assert "end-trial deadman" in moving.read("/etc/systemd/system/osmigrate-deadman.service")
    assert "run-health-checks 60 300\n" in moving.read("/etc/systemd/system/osmigrate-health.service")
    assert moving.mode("/etc/osmigrate/health/required.d/10-dns") == 0o700
    assert made.unknown == []
    system = moving.deployment / "etc/systemd/system"
    assert str((system / "sysinit.target.wants" / deadman.TIMER).readlink()) == "../" + deadman.TIMER
    assert str((system / "multi-user.target.wants" / health.SERVICE).readlink()) == "../" + health.SERVICE
    moving.carry(deadman=600)
    assert (moving.deployment / ending.PROGRAM.strip("/")).exists()
    assert not (system / health.SERVICE).exists()
    moving.carry()
    assert list(system.rglob("osmigrate*")) == []
    assert not (moving.deployment / ending.PROGRAM.strip("/")).exists()


def _open_to_a_group(candidate, path):
    path.chmod(0o775)


def _open_to_all(candidate, path):
    path.chmod(0o757)


def _in_an_open_directory(candidate, path):
    path.parent.chmod(0o775)


def _below_an_open_directory(candidate, path):
    (candidate.root / "etc").chmod(0o777)


def _linked_out_of_an_open_directory(candidate, path):
    place = candidate.root / "open"
    place.mkdir()
    place.chmod(0o777)
    path.rename(place / "check")
    path.symlink_to(place / "check")


def _by_way_of_an_open_directory(candidate, path):
    """The check itself is nobody else's, but a link on the way to it is."""
    place = candidate.root / "open"
    place.mkdir()
    place.chmod(0o777)
    path.rename(candidate.root / "check")
    (place / "link").symlink_to("../check")
    path.symlink_to("../../../../open/link")


def _of_somebody_else(candidate, path):
    if os.geteuid():
        pytest.skip("needs root to give a file away")
    os.chown(path, 65534, 65534)


@pytest.mark.parametrize(
    "open_up",
    [
        _open_to_a_group,
        _open_to_all,
        _in_an_open_directory,
        _below_an_open_directory,
        _linked_out_of_an_open_directory,
        _by_way_of_an_open_directory,
        _of_somebody_else,
    ],
)
def test_a_check_that_others_can_change_is_not_run_and_fails_by_name(candidate, open_up):
    candidate.check("required.d/10-dns", "echo it ran")
    open_up(candidate, candidate.root / "etc/osmigrate/health/required.d/10-dns")
    output, rebooted = candidate.health()
    assert (rebooted, "it ran" in output) == (True, False)
    why = "others than root can change it, a directory above it or a link to it"
    assert candidate.reason() == f"the required health check 10-dns failed: {why}"


def test_a_check_may_be_a_link_between_files_of_root(candidate):
    candidate.check("opt/check", "echo it ran", place="")
    (candidate.root / "etc/osmigrate/health/required.d").mkdir(parents=True)
    (candidate.root / "etc/osmigrate/health/required.d/10-dns").symlink_to(candidate.root / "opt/check")
    output, rebooted = candidate.health()
    assert (rebooted, "it ran" in output) == (False, True)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_reads_the_units(move):
    moving = move()
    moving.carry(deadman=600, health_deadline=300)
    directory = moving.deployment / "etc/systemd/system"
    units = [str(directory / name) for name in (deadman.TIMER, deadman.SERVICE, health.SERVICE)]
    done = subprocess.run(["systemd-analyze", "verify", *units], stderr=subprocess.PIPE, text=True, check=False)
    assert "osmigrate" not in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize("script", [ending.SCRIPT, health.SCRIPT], ids=["end-trial", "run-health-checks"])
def test_shellcheck_has_nothing_to_say(script):
    argv = ["shellcheck", "--exclude", "SC2013,SC2034,SC2086", "-"]
    assert subprocess.run(argv, input=script, stdout=subprocess.PIPE, text=True, check=False).stdout == ""
