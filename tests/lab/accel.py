# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How machines are executed: by KVM where it really works, else translated by QEMU (TCG)."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from .cache import Log
from .config import Paths

# How KVM says on QEMU's standard error that it cannot go on. QEMU itself stays, with a machine that stands still.
KVM_FAILED = b"KVM internal error"
# A kernel without a root gets this far: memory and all processors are set up, drivers are loaded.
_KERNEL_STARTED = b"Unable to mount root fs"
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def choose(paths: Paths, kernel: Path, log: Log) -> str:
    """`kvm` or `tcg`; OSMIGRATE_LAB_ACCEL decides, else what was found out since the host's last boot."""
    forced = os.environ.get("OSMIGRATE_LAB_ACCEL")
    if forced:
        return forced
    record = paths.run / "accelerator"
    known = record.read_text().split() if record.exists() else []
    if known[:1] == [_BOOT_ID.read_text().strip()]:
        return known[1]
    reason = _kvm_problem(kernel)
    log(f"machines run without KVM, about five times slower: {reason}" if reason else "machines run with KVM")
    return remember(paths, "tcg" if reason else "kvm")


def remember(paths: Paths, accelerator: str) -> str:
    (paths.run / "accelerator").write_text(f"{_BOOT_ID.read_text().strip()} {accelerator}\n")
    return accelerator


def arguments(accelerator: str) -> list[str]:
    if accelerator == "kvm":
        return ["-accel", "kvm", "-cpu", "host"]
    # An Intel model, because Linux distrusts the clocks of an emulated AMD one, and an old one, because emulated AVX is
    # slow and the C library would use it.
    return ["-accel", "tcg,thread=multi,tb-size=256", "-cpu", "Nehalem"]


def _kvm_problem(kernel: Path) -> str | None:
    """Why KVM is of no use. A device node proves nothing, nor does a firmware that runs: a kernel has to start."""
    if not os.path.exists("/dev/kvm"):
        return "there is no /dev/kvm."
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm is not ours to use; join its group (usually: kvm) to use it."
    with tempfile.TemporaryDirectory() as directory:
        console, said = Path(directory, "console"), Path(directory, "said")
        console.touch()
        with open(said, "wb") as stream:
            machine = subprocess.Popen(
                [
                    "qemu-system-x86_64",
                    "-machine",
                    "q35",
                    *arguments("kvm"),
                    "-smp",
                    "2",
                    "-m",
                    "512",
                    "-nodefaults",
                    "-display",
                    "none",
                    "-no-reboot",
                    "-serial",
                    f"file:{console}",
                    "-kernel",
                    str(kernel),
                    "-append",
                    "console=ttyS0 panic=-1",
                ],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )
        try:
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                if _KERNEL_STARTED in console.read_bytes():
                    return None
                if machine.poll() is not None or KVM_FAILED in said.read_bytes():
                    break
                time.sleep(0.1)
        finally:
            machine.kill()
            machine.wait()
        lines = said.read_text(errors="replace").splitlines()
        return f"a kernel does not start with /dev/kvm ({lines[0] if lines else 'it hangs'})."
