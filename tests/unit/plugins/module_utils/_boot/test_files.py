# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import errno
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import files as boot_files
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

READ_ONLY = OSError(errno.EROFS, "Read-only file system")


def removed_and_open(directory):
    """Return the content of the files of a directory that this process holds open and that have no name any more."""
    links = {path: os.readlink(path) for path in map("/proc/self/fd/{}".format, os.listdir("/proc/self/fd"))
             if os.path.islink(path)}  # fmt: skip
    return [open(path).read() for path, led in links.items() if led.startswith(str(directory)) and "(deleted)" in led]


def test_names_change_between_two_commits_and_the_old_files_keep_their_blocks(tmp_path, monkeypatch):
    for name in ("grub.cfg", "custom.cfg"):
        (tmp_path / name).write_text(f"old {name}")
    seen = []

    def commit(path):
        assert path == str(tmp_path)
        files = {found.name: found.read_text() for found in tmp_path.iterdir()}
        seen.append((files, sorted(removed_and_open(tmp_path))))

    monkeypatch.setattr(boot_files, "commit", commit)
    wanted = [("grub.cfg", b"new", 0o644), ("custom.cfg", b"new, too", 0o600), ("made", b"for the first time", 0o644)]
    boot_files.replace([boot_files.File(str(tmp_path / name), content, mode) for name, content, mode in wanted])
    old = {"grub.cfg": "old grub.cfg", "custom.cfg": "old custom.cfg"}
    new = {name: content.decode() for name, content, _mode in wanted}
    assert seen == [
        ({**old, **{f".{name}.osmigrate-new": content for name, content in new.items()}}, []),
        (new, sorted(old.values())),
    ]
    assert removed_and_open(tmp_path) == []
    assert (tmp_path / "custom.cfg").stat().st_mode & 0o7777 == 0o600


def test_replace_fail_leaves_all_old_files_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(boot_files, "commit", lambda path: pytest.fail("something was changed"))
    calls = []

    def full(_descriptor):
        calls.append("fsync")
        if len(calls) == 3:  # the file b, after the file a and their directory
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FleetError, match="b cannot be written: No space left on device.*That file is what it was"):
        boot_files.replace([boot_files.File(str(tmp_path / name), b"new", 0o644) for name in "ab"])
    assert {found.name: found.read_text() for found in tmp_path.iterdir()} == {"a": "old"}


@pytest.mark.parametrize("moment", ["before the names", "at a name", "after the names"])
def test_a_file_system_that_becomes_read_only_in_the_midst_is_told_in_a_sentence(tmp_path, monkeypatch, moment):
    for name in "ab":
        (tmp_path / name).write_text("old")
    rename, synced = os.rename, []

    def refuse(*_arguments):
        raise READ_ONLY

    def name_it(new, path):
        if path.endswith("b") and moment == "at a name":
            refuse()
        rename(new, path)

    def sync(path):
        synced.append(path)
        if len(synced) == {"before the names": 3, "after the names": 4}.get(moment):
            refuse()

    monkeypatch.setattr(os, "rename", name_it)
    monkeypatch.setattr(boot_files, "sync_directory", sync)
    monkeypatch.setattr(boot_files, "commit", lambda path: None)
    with pytest.raises(FleetError, match="cannot (be written|take its new content): Read-only file system"):
        boot_files.replace([boot_files.File(str(tmp_path / name), b"new", 0o644) for name in "ab"])
    new = {"before the names": "", "at a name": "a", "after the names": "ab"}[moment]
    assert {found.name: found.read_text() for found in tmp_path.iterdir()} == {
        name: "new" if name in new else "old" for name in "ab"
    }
    assert removed_and_open(tmp_path) == []


@pytest.fixture
def ioctls(tmp_path, monkeypatch):
    """Record the ioctls of this process and its watchdog instead of freezing the machine that tests run on."""
    answers, record = {}, tmp_path / "ioctls"

    def ioctl(_descriptor, request, *_rest):
        with record.open("a") as text:
            text.write("F" if request == boot_files.FIFREEZE else "T")
        if request in answers:
            raise answers[request]

    monkeypatch.setattr(boot_files.fcntl, "ioctl", ioctl)
    monkeypatch.setattr(boot_files, "sync_file_system", lambda path: None)
    instead = f"""
import fcntl
def ioctl(_descriptor, request, *_rest):
    assert request == {boot_files.FITHAW}
    with open({str(record)!r}, "a") as text:
        text.write("W")
fcntl.ioctl = ioctl
"""
    monkeypatch.setattr(boot_files, "WATCHDOG", instead + boot_files.WATCHDOG)
    return answers, lambda: record.read_text() if record.exists() else ""


def eventually(seen, wanted):
    ends = time.monotonic() + 20
    while seen() != wanted and time.monotonic() < ends:
        time.sleep(0.05)
    return seen()


def test_commit_freezes_and_thaws_once(tmp_path, ioctls):
    boot_files.commit(str(tmp_path))
    assert ioctls[1]() == "FT"


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EPERM])
def test_commit_only_syncs_what_has_no_journal(tmp_path, ioctls, number):
    ioctls[0][boot_files.FIFREEZE] = OSError(number, "reason")
    boot_files.commit(str(tmp_path))
    assert ioctls[1]() == "F"


def test_commit_waits_for_the_freeze_of_somebody_else(tmp_path, ioctls, monkeypatch):
    ioctls[0][boot_files.FIFREEZE] = OSError(errno.EBUSY, "Device or resource busy")
    monkeypatch.setattr(boot_files.time, "sleep", lambda _seconds: ioctls[0].clear())
    boot_files.commit(str(tmp_path))
    assert ioctls[1]() == "FFT"


def test_replace_leaves_all_as_it_was_if_the_freeze_does_not_end_fail(tmp_path, ioctls, monkeypatch):
    monkeypatch.setattr(boot_files, "BUSY_SECONDS", 0)
    ioctls[0][boot_files.FIFREEZE] = OSError(errno.EBUSY, "Device or resource busy")
    (tmp_path / "a").write_text("old")
    with pytest.raises(FleetError, match="something else has kept it frozen.*a power cut may still take it.*fsfreeze"):
        boot_files.replace([boot_files.File(str(tmp_path / "a"), b"new", 0o644)])
    found = {found.name: found.read_text() for found in tmp_path.iterdir() if found.name != "ioctls"}
    assert found == {"a": "old"}


def test_commit_fail(tmp_path, ioctls):
    ioctls[0][boot_files.FIFREEZE] = OSError(errno.EIO, "Input/output error")
    with pytest.raises(FleetError, match="cannot be frozen: Input/output error"):
        boot_files.commit(str(tmp_path))


def test_thawed_by_the_watchdog_already(tmp_path, ioctls):
    ioctls[0][boot_files.FITHAW] = OSError(errno.EINVAL, "Invalid argument")
    boot_files.commit(str(tmp_path))


PARENT = """
import os, signal, sys
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import files
# As nohup leaves it ignored.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
files.WATCHDOG = sys.argv[1]
files._start_watchdog(os.open(sys.argv[2], os.O_RDONLY))
os.kill({whom}, signal.{signal})
signal.pause()
"""


@pytest.mark.parametrize("whom", ["os.getpid()", "0"], ids=["it", "its process group"])
@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGHUP"])
def test_the_watchdog_thaws_when_its_parent_dies(tmp_path, ioctls, name, whom):
    parent = [sys.executable, "-c", PARENT.format(whom=whom, signal=name), boot_files.WATCHDOG, str(tmp_path)]
    known = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    died = subprocess.run(parent, env=known, start_new_session=True, timeout=30, check=False)
    assert died.returncode == -getattr(signal, name)
    assert eventually(ioctls[1], "W") == "W"


def test_the_watchdog_thaws_when_it_takes_too_long(tmp_path, ioctls, monkeypatch):
    monkeypatch.setattr(boot_files, "FREEZE_SECONDS", 0.1)
    release = boot_files._start_watchdog(os.open(str(tmp_path), os.O_RDONLY))
    assert eventually(ioctls[1], "W") == "W"
    release()


def test_nothing_is_frozen_without_a_watchdog_fail(tmp_path, ioctls, monkeypatch):
    monkeypatch.setattr(boot_files, "WATCHDOG", "raise SystemExit")
    with pytest.raises(FleetError, match="ended before it could stand by.*were not frozen"):
        boot_files.commit(str(tmp_path))
    assert ioctls[1]() == ""


def test_the_watchdog_starts_where_there_are_threads(tmp_path, ioctls, recwarn):
    thread = threading.Thread(target=time.sleep, args=[1])
    thread.start()
    boot_files.commit(str(tmp_path))
    thread.join()
    assert not [one for one in recwarn if "fork" in str(one.message)]
