# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root that the next soft-reboot starts: the kernel stays, and with it the boot id, the command line, and /run.

So what is in /run tells a trial that was started this way, until any reset, which leaves nothing of it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import glob
import os
import re
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import (
    cannot_be_written,
    make_directory,
    read_bytes,
    read_text,
    write_atomic,
)

# Where systemd looks for it. After the switch it is an empty directory: mounts below /run do not come along.
NEXTROOT = "/run/nextroot"
DIRECTORY = "/run/osmigrate-soft"
# The id of the entry, from when it is prepared until its trial has ended.
MARK = DIRECTORY + "/entry"
# What files in /run say of the root that runs, by their paths: then, and now.
THEN, NOW = DIRECTORY + "/then", DIRECTORY + "/now"
PROGRAM = DIRECTORY + "/guard"
GUARD = "osmigrate-guard.service"
UNIT_PATH = "/run/systemd/system/" + GUARD
# It comes through the soft-reboot as it is, and needs nothing of either system. Nothing else would end a trial whose
# system hangs before its own deadman has started.
UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Reset of this machine if nobody confirms the trial that a soft-reboot starts
DefaultDependencies=no
IgnoreOnIsolate=yes
SurviveFinalKillSignal=yes
Conflicts=reboot.target kexec.target poweroff.target halt.target

[Service]
ExecStart=/bin/sh %s
StandardInput=null
StandardOutput=null
StandardError=null
OOMScoreAdjust=-1000
"""
# By which the guard resets, with nobody's help.
RESET = "/proc/sysrq-trigger"
# Since then a unit may outlive the end of all processes. Soft-reboots themselves came one version before.
SYSTEMD = 255
LIBRARY = re.compile(r"/libsystemd-shared-([0-9]+)")
LIBRARIES = ("usr/lib*/systemd", "usr/lib/*/systemd")


def systemd_version(root: str) -> int:
    """Return the version of systemd on a root as its library's name has it, 0 if there is none."""
    paths = [path for place in LIBRARIES for path in glob.glob(os.path.join(root, place, "libsystemd-shared-*"))]
    return max([int(found.group(1)) for found in map(LIBRARY.search, paths) if found] or [0])


def problem(running: int, candidate: int) -> str:
    """Say why a trial by soft-reboot would have no guard, or no soft-reboot, "" if it has both.

    :param running, candidate: versions of systemd.
    """
    if not os.path.exists(RESET):
        return f"its guard could not reset the machine, for the kernel has no {RESET}"
    for version, whose in ((running, "of what runs"), (candidate, "of the release")):
        if version < SYSTEMD:
            shown = f"systemd {version}" if version else "no systemd that is known"
            return f"{shown} is the one {whose}, and it needs {SYSTEMD}"
    return ""


def is_prepared() -> bool:
    """Say whether a root of ours is mounted for the next soft-reboot."""
    return os.path.exists(MARK) and os.path.ismount(NEXTROOT)


def started() -> str:
    """Return the entry whose trial a soft-reboot has started, and that has not ended; "" where none was."""
    return "" if os.path.ismount(NEXTROOT) else read_text(MARK).strip()


# The directory, where it is seen below the new root, and whether nobody writes there.
Mounts = typing.Iterable[typing.Tuple[str, str, bool]]


def commands(mounts: Mounts) -> typing.List[typing.List[str]]:
    """Return what mounts a root where systemd looks for it, as list of argument lists, in order."""
    found = []
    for source, place, read_only in mounts:
        target = os.path.join(NEXTROOT, place) if place else NEXTROOT
        found.append(["mount", "--bind", source, target])
        # What is mounted or unmounted on either side later is no business of the other.
        found.append(["mount", "--make-private", target])
        if read_only:
            found.append(["mount", "-o", "remount,bind,ro", target])
    return found


def prepare(name: str, mounts: Mounts, files: typing.Dict[str, bytes], guard: str) -> None:
    """Mount a root for the next soft-reboot, and have its guard ready.

    :param name: id of the entry.
    :param files: what files in /run, by path, have to say once it runs.
    :param guard: program of the guard, a shell script.
    """
    forget()
    left = "No trial is armed; a plain reboot boots what it booted before"
    try:
        for path, content in sorted(files.items()):
            for place, said in ((THEN, content), (NOW, read_bytes(path))):
                make_directory(os.path.dirname(place + path))
                write_atomic(place + path, said, 0o644)
        for path in (NEXTROOT, DIRECTORY, os.path.dirname(UNIT_PATH)):
            make_directory(path)
        # The guard starts when the soft-reboot is asked for.
        told = "".join(f"cp {THEN}{path} {path}\n" for path in sorted(files))
        write_atomic(PROGRAM, (told + guard).encode("utf-8"), 0o644)
        write_atomic(UNIT_PATH, (UNIT % PROGRAM).encode("utf-8"), 0o644)
    except OSError as error:
        raise cannot_be_written(DIRECTORY, error)
    try:
        for argv in commands(mounts) + [["systemctl", "daemon-reload"]]:
            run(argv, left=left, todo="See what it says, or set osmigrate_reboot_method to kexec or firmware")
        write_atomic(MARK, (name + "\n").encode("utf-8"), 0o644)
    except FleetError:
        forget()
        raise


def forget() -> None:
    """Leave nothing of what prepare() made, whether that was started or not."""
    if not os.path.isdir(DIRECTORY):
        return
    run(["systemctl", "stop", GUARD], check=False)
    if os.path.ismount(NEXTROOT):
        run(["umount", "--recursive", NEXTROOT])
        for parent, _directories, names in os.walk(NOW):
            for path in (os.path.join(parent, name) for name in names):
                shutil.copyfile(path, path[len(NOW) :])
    if os.path.isdir(NEXTROOT):
        os.rmdir(NEXTROOT)
    shutil.rmtree(DIRECTORY)
    if os.path.exists(UNIT_PATH):
        os.unlink(UNIT_PATH)
    run(["systemctl", "daemon-reload"], check=False)
