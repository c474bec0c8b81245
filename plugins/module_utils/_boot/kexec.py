# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kexec program: a kernel that the next reboot starts, without firmware and boot loader.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import glob
import os
import re
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.initrd import ALIGNMENT
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

# There while the kernel that is loaded is a trial of ours; node_reboot goes by it, and every boot forgets it.
MARK = "/run/osmigrate-kexec"
# Of Debian's kexec-tools, whose directory is read as run-parts does.
SETTINGS = "etc/default/kexec"
SNIPPET = re.compile(r"[A-Za-z0-9_-]+\Z")
LOADS = re.compile(r"""(?:export\s+)?LOAD_KEXEC=["']?([^"'\s;#]*)""")


def on_reboot(root: str = "/") -> str:
    """Return the file by which kexec-tools has every reboot start the same system by kexec, "" if none does.

    As its scripts read them: the one file, then those of a directory in their order; the last word counts.
    """
    beside = sorted(glob.glob(os.path.join(root, SETTINGS + ".d", "*")))
    found = ""
    for path in [os.path.join(root, SETTINGS), *(one for one in beside if SNIPPET.match(os.path.basename(one)))]:
        for line in _lines.shell(_storage.read_text(path)):
            said = LOADS.match(line)
            if said:
                found = path if said.group(1) == "true" else ""
    return found


def is_loaded() -> bool:
    """Say whether a kernel of ours is loaded."""
    return os.path.exists(MARK)


def load(kernel: str, initrds: typing.List[str], command_line: str, devicetree: str = "") -> None:
    """Load a kernel for the next reboot.

    :param kernel: str, path as the running system sees it.
    :param initrds: list of str, likewise; the kernel unpacks them one over the other.
    :param command_line: str, the whole of it.
    :param devicetree: str, path of the one to start it with, "" for that of the firmware.
    """
    with tempfile.TemporaryDirectory(prefix="osmigrate-initrd.", dir=os.path.dirname(MARK)) as directory:
        initrd = os.path.join(directory, "initrd")
        try:
            # Closed before it is loaded: the kernel refuses a file that somebody may still write to.
            with open(initrd, "wb") as joined:
                join(initrds, joined)
        except OSError as error:
            raise _storage.cannot_be_written(initrd, error)
        run(
            ["kexec", "--load", kernel, f"--initrd={initrd}", f"--command-line={command_line}"]
            + ([f"--dtb={devicetree}"] if devicetree else []),
            left="No trial is armed; a plain reboot boots what it booted before",
            todo="See that the node has kexec (package kexec-tools) and what it says, then run the same command again",
        )
    with open(MARK, "w"):
        pass


def join(paths: typing.List[str], joined: typing.IO[bytes]) -> None:
    """Write archives one after the other, each aligned. kexec takes one initramfs only, where GRUB takes several.

    :param paths: list of str.
    :param joined: binary file that is open for writing.
    """
    for path in paths:
        joined.write(b"\0" * (-joined.tell() % ALIGNMENT))
        with open(path, "rb") as archive:
            shutil.copyfileobj(archive, joined)


def unload() -> None:
    """Forget the kernel that load() loaded, if there is one."""
    if is_loaded():
        run(["kexec", "--unload"])
        os.unlink(MARK)
