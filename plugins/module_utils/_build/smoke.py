# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A payload of a release, booted once on a machine of QEMU before anybody gets it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import select
import shutil
import tempfile
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import smoke_disks
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some

_ESCAPES = re.compile(r"\x1b\[[0-9;?!]*[A-Za-z]")
_FAILED = re.compile(r"\[FAILED\] Failed to (?:start|mount|listen on) (\S+)")
# What the machine says of itself when its boot has ended: smoke_disks.LOOK says it, judge reads it.
_SAID = re.compile(r"^osmigrate-smoke (failed|writable|silent|deaf|broken|end) ?(.*)$", re.MULTILINE)
_PROBLEMS = {
    "writable": "lets %s be written, which belongs to the release",
    "silent": "has %s, which does not answer",
    "deaf": "has nothing that answers on port %s, by which nodes are reached",
    "broken": "has %s, which does not run",
}
_BROKEN = re.compile(r"Kernel panic - [^\r\n]*|You are in (?:emergency|rescue) mode")
# KVM that is there may not work, as inside of another machine: then nothing is ever said.
_KVM, _SILENT = "/dev/kvm", 45


def boot(made: smoke_disks.Maker, name: str, work: str, memory: int, limit: int) -> int:
    """Boot a payload from disks of its own, and return in how many seconds all of it was up, and looked at.

    :param made: makes the disks in a directory.
    :param name: of the payload, for the beginning of a sentence.
    :param work: directory with room for the release, twice.
    :param memory: MiB.
    :param limit: seconds after which it counts as failed.
    :raises FleetError: it did not come up, units of it have failed, or it is not as a release has to be.
    """
    scratch = tempfile.mkdtemp(prefix="smoke-", dir=work)
    try:
        machine = made(scratch)
        said, seconds = "", 0
        if os.access(_KVM, os.R_OK | os.W_OK):
            said, seconds = _watch(_qemu(machine, memory, ["-accel", "kvm", "-cpu", "host"]), limit, _SILENT)
        if not said:
            said, seconds = _watch(
                _qemu(machine, memory, ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]), limit, limit
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    outcome = judge(said)
    if outcome.problem:
        raise _refused(name, outcome.problem)
    if not outcome.is_up:
        raise _refused(name, f"was not up within {limit} seconds")
    if outcome.failed:
        raise _refused(name, f"has units that fail: {some(outcome.failed, 5)}")
    return seconds


class Outcome(typing.NamedTuple):
    """What a console says. problem: why it cannot come up any more, "" if it can."""

    is_up: bool
    problem: str
    failed: typing.List[str]


def judge(said: str) -> Outcome:
    """Read what a booting machine has said on its console so far."""
    text = _ESCAPES.sub("", said).replace("\r", "")
    broken = _BROKEN.search(text)
    problem = f"said: {broken.group(0)}" if broken else ""
    failed, is_up = set(_FAILED.findall(text)), False
    for word, what in _SAID.findall(text):
        is_up = is_up or word == "end"
        problem = problem or (_PROBLEMS[word] % what if word in _PROBLEMS else "")
        failed |= {what} if word == "failed" else set()
    return Outcome(is_up, problem, sorted(failed))


def _refused(name: str, problem: str) -> FleetError:
    return FleetError(f"{name} {problem}", "It is not signed", "Mend the recipe and build again")


def _qemu(machine: smoke_disks.Machine, memory: int, processor: typing.List[str]) -> typing.List[str]:
    around = ["-m", str(memory), "-smp", "2", "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
    started = ["-kernel", machine.kernel, "-initrd", machine.initramfs, "-append", " ".join(machine.arguments)]
    for disk in machine.disks:
        read_only = ",readonly=on" if disk.read_only else ""
        started += ["-drive", f"file={disk.path},format=raw,if=virtio,cache=unsafe{read_only}"]
    return ["qemu-system-x86_64", *processor, *around, *started, "-nic", "user,model=virtio-net-pci"]


def _watch(argv: typing.Sequence[str], limit: int, silent: int) -> typing.Tuple[str, int]:
    """Run a machine until it is up, has ended, or the time is over; return what it said, and seconds.

    :param silent: seconds after which it ends that has said nothing at all.
    """
    began, said = time.monotonic(), ""
    process = _command.start(argv, todo="Install qemu-system-x86")
    stream = process.stdout
    try:
        while stream is not None and time.monotonic() - began < (limit if said else silent):
            if not select.select([stream], [], [], 1)[0]:
                continue
            piece = os.read(stream.fileno(), 1 << 16)
            said += piece.decode("utf-8", "replace")
            outcome = judge(said)
            if not piece or outcome.is_up or outcome.problem:
                break
    finally:
        process.kill()
        process.communicate()
    return said, int(time.monotonic() - began)
