# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A release, booted once on a machine of QEMU before anybody gets it.

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
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import some

_OS = "smoke"
# A machine without hardware acceleration is slow, and not broken.
_PATIENCE = ("systemd.default_device_timeout_sec=900", "rd.systemd.default_device_timeout_sec=900")
_ARGUMENTS = ("root=/dev/vda", "rw", "console=ttyS0", *_PATIENCE)
_ESCAPES = re.compile(r"\x1b\[[0-9;?!]*[A-Za-z]")
_FAILED = re.compile(r"\[FAILED\] Failed to (?:start|mount|listen on) (\S+)")
# What the machine says of itself when its boot has ended: below, and read by judge.
_SAID = re.compile(r"^osmigrate-smoke (failed|writable|silent|broken|end) ?(.*)$", re.MULTILINE)
_PROBLEMS = {
    "writable": "lets %s be written, which belongs to the release",
    "silent": "has %s, which does not answer",
    "broken": "has %s, which does not run",
}
_UNIT = """\
[Unit]
Description=What has become of this boot

[Service]
ExecStart=/bin/sh /etc/osmigrate-smoke
"""
# Nodes bring their own network: without any, what waits for one would fail.
_NETWORK = """\
[Match]
Type=ether

[Network]
DHCP=yes
"""
# In the /etc of this one disk: the release has none of it. Each line begins anew, as the kernel writes there, too, and
# opens the console anew, as a getty that starts hangs it up.
_LOOK = r"""
exec 2>/dev/null
say() { printf '\nosmigrate-smoke %s\n' "$*" >/dev/ttyS0; }
systemctl is-system-running --wait >/dev/null
systemctl list-units --failed --plain --no-legend | while read -r unit rest; do say failed "$unit"; done
if touch /usr/.osmigrate-smoke; then say writable /usr; fi
if systemctl is-enabled --quiet ssh.service || systemctl is-enabled --quiet sshd.service; then
    ssh-keyscan -T 60 127.0.0.1 | grep -q . || say silent sshd
fi
if [ -e /usr/bin/kubelet ]; then
    /usr/bin/kubelet --version >/dev/null || say broken /usr/bin/kubelet
fi
say end
"""
_BROKEN = re.compile(r"Kernel panic - [^\r\n]*|You are in (?:emergency|rescue) mode")
_ROOM = 1 << 30
# KVM that is there may not work, as inside of another machine: then nothing is ever said.
_KVM, _SILENT = "/dev/kvm", 45


class Boot(typing.NamedTuple):
    """How a boot went. seconds: until all of it was up, and looked at. failed: units that did not start."""

    seconds: int
    failed: typing.List[str]


def boot(repository: str, commit: str, work: str, memory: int, limit: int) -> Boot:
    """Boot a commit from a disk of its own, and return when all of it is up. It gets fresh host keys for its sshd.

    :param work: directory with room for the release, twice.
    :param memory: MiB.
    :param limit: seconds after which it counts as failed.
    :raises FleetError: it did not come up, units of it have failed, or it is not as a release has to be.
    """
    scratch = tempfile.mkdtemp(prefix="smoke-", dir=work)
    try:
        disk = _disk(repository, commit, scratch)
        said, seconds = "", 0
        if os.access(_KVM, os.R_OK | os.W_OK):
            said, seconds = _watch(_machine(disk, memory, ["-accel", "kvm", "-cpu", "host"]), limit, _SILENT)
        if not said:
            said, seconds = _watch(
                _machine(disk, memory, ["-accel", "tcg,thread=multi", "-cpu", "Nehalem"]), limit, limit
            )
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    outcome = judge(said)
    if outcome.problem:
        raise _refused(commit, outcome.problem)
    if not outcome.is_up:
        raise _refused(commit, f"was not up within {limit} seconds")
    if outcome.failed:
        raise _refused(commit, f"has units that fail: {some(outcome.failed, 5)}")
    return Boot(seconds, outcome.failed)


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


def _refused(commit: str, problem: str) -> FleetError:
    return FleetError(f"Commit {commit[:12]} {problem}", "It is not signed", "Mend the recipe and build again")


def _disk(repository: str, commit: str, scratch: str) -> typing.Tuple[str, str, str, str]:
    """Deploy a commit on a new disk; return the disk, and kernel, initramfs and arguments to boot it with."""
    root, image = os.path.join(scratch, "root"), os.path.join(scratch, "disk")
    os.mkdir(root)
    _command.run(["ostree", "admin", "init-fs", root])
    _command.run(["ostree", "admin", "os-init", f"--sysroot={root}", _OS])
    own = os.path.join(root, "ostree", "repo")
    _command.run(["ostree", "config", f"--repo={own}", "set", "sysroot.bootloader", "none"])
    _command.run(["ostree", "pull-local", f"--repo={own}", repository, commit])
    arguments = [f"--karg={one}" for one in _ARGUMENTS]
    _command.run(["ostree", "admin", "deploy", f"--sysroot={root}", f"--os={_OS}", *arguments, commit])
    deployed = os.path.join(root, "ostree", "deploy", _OS, "deploy", commit + ".0")
    # OSTree seals it, and what is sealed cannot be removed.
    _command.run(["chattr", "-i", deployed], check=False)
    if os.path.isdir(os.path.join(deployed, "etc", "ssh")):
        _command.run(["ssh-keygen", "-A", "-f", deployed])
    _let_it_look(os.path.join(deployed, "etc"))
    (entry,) = os.listdir(os.path.join(root, "boot", "loader", "entries"))
    with open(os.path.join(root, "boot", "loader", "entries", entry), encoding="utf-8") as stream:
        lines = dict(line.rstrip("\n").partition(" ")[::2] for line in stream)
    files = []
    for key in ("linux", "initrd"):
        files.append(os.path.join(scratch, key))
        shutil.copyfile(os.path.join(root, "boot", lines[key].lstrip("/")), files[-1])
    size = int(_command.run(["du", "--summarize", "--block-size=1", root]).stdout.split()[0])
    blocks = f"{(size * 5 // 4 + _ROOM) >> 10}k"
    _command.run(["mke2fs", "-q", "-t", "ext4", "-d", root, image, blocks])
    return image, files[0], files[1], lines["options"]


def _let_it_look(etc: str) -> None:
    """Have the machine say what has become of its boot, and give it a network."""
    units = os.path.join(etc, "systemd", "system")
    wants = os.path.join(units, "multi-user.target.wants")
    os.makedirs(wants, exist_ok=True)
    name, network = "osmigrate-smoke", os.path.join(etc, "systemd", "network")
    os.makedirs(network, exist_ok=True)
    for path, text in (
        (os.path.join(units, name + ".service"), _UNIT),
        (os.path.join(network, name + ".network"), _NETWORK),
        (os.path.join(etc, name), _LOOK),
    ):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    os.symlink(f"../{name}.service", os.path.join(wants, name + ".service"))


def _machine(disk: typing.Tuple[str, str, str, str], memory: int, processor: typing.List[str]) -> typing.List[str]:
    image, kernel, initramfs, options = disk
    drive = f"file={image},format=raw,if=virtio,cache=unsafe"
    machine = ["-m", str(memory), "-smp", "2", "-display", "none", "-no-reboot", "-monitor", "none", "-serial", "stdio"]
    started = ["-kernel", kernel, "-initrd", initramfs, "-append", options, "-drive", drive]
    return ["qemu-system-x86_64", *processor, *machine, *started, "-nic", "user,model=virtio-net-pci"]


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
