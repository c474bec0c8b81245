# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine that the lab runs on: packages, room, root rights."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Callable, Iterable
from pathlib import Path

from . import ports
from .config import NODE_MEMORY_MIB, NODES, REPOSITORY, Paths
from .ports import Endpoint

NEED_DISK_GIB = 12
# What QEMU adds to a guest's memory, and what control plane and builds take beside the guests.
QEMU_OVERHEAD_MIB = 450
OTHER_MEMORY_MIB = 1800

# Tool -> the package that has it; names are the same on Debian 12/13 and Ubuntu 22.04/24.04.
TOOLS = {
    "mmdebstrap": "mmdebstrap",
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "sgdisk": "gdisk",
    "mke2fs": "e2fsprogs",
    "mkfs.fat": "dosfstools",
    "ostree": "ostree",
    "gpg": "gnupg",
    "gpgv": "gpgv",
    "openssl": "openssl",
    "ssh": "openssh-client",
}
# Packages that bring files rather than tools.
FILES = {
    "/usr/share/OVMF/OVMF_CODE_4M.fd": "ovmf",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}
PACKAGES = REPOSITORY / "tests/gate/packages.sh"
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class HostError(Exception):
    """The machine cannot carry the lab; the message says what is missing and how to get it."""


def run(argv: Iterable[str | Path], **options) -> subprocess.CompletedProcess:
    """Run a tool to its end; its output is captured and becomes the message if it fails."""
    words = [str(argument) for argument in argv]
    environment = {
        **os.environ,
        "LC_ALL": "C.UTF-8",
        "PATH": f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}",
        **options.pop("env", {}),
    }
    check = options.pop("check", True)
    options.setdefault("stdin", None if "input" in options else subprocess.DEVNULL)
    done = subprocess.run(words, text=True, capture_output=True, env=environment, check=False, **options)
    if check and done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise HostError(f"{' '.join(words[:6])} ... failed with status {done.returncode}:\n{tail}")
    return done


def as_root(argv: Iterable[str | Path]) -> list[str]:
    """The command line with root rights: unchanged for root, by password-less sudo for others."""
    words = [str(argument) for argument in argv]
    return words if os.geteuid() == 0 else ["sudo", "-n", *words]


def remove(path: Path) -> None:
    """Remove a file or a tree, also one that belongs to root."""
    if path.is_dir() and not path.is_symlink():
        run(as_root(["rm", "-rf", "--one-file-system", path]))
    else:
        path.unlink(missing_ok=True)


def missing_packages() -> list[str]:
    search = f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}"
    wanted = {package for tool, package in TOOLS.items() if not shutil.which(tool, path=search)}
    wanted |= {package for file, package in FILES.items() if not Path(file).exists()}
    return sorted(wanted)


def install_packages(log: Callable[[str], None]) -> None:
    """Install what is missing, saying so first. OSMIGRATE_LAB_INSTALL=no only says what would be done."""
    packages = missing_packages()
    if not packages:
        return
    if not shutil.which("apt-get"):
        raise HostError(f"packages are missing and this machine has no apt-get: {' '.join(packages)} (Debian's names).")
    log(f"packages are missing: {' '.join(packages)}")
    run([PACKAGES, *packages])
    if missing_packages():
        raise HostError(f"still missing after the installation: {' '.join(missing_packages())}.")


def check(paths: Paths, nodes: list[str], endpoints: Iterable[Endpoint], log: Callable[[str], None]) -> None:
    """Stop with one message that names everything in the way of starting these nodes.

    endpoints: where what is going to be started will listen.
    """
    problems = ports.refused(endpoints)
    if platform.machine() != "x86_64":
        problems.append(f"the lab's machines are x86_64, this one is {platform.machine()}.")
    if os.geteuid() != 0 and run(["sudo", "-n", "true"], check=False).returncode:
        problems.append("root rights are needed to build disks: run as root, or allow sudo without a password.")
    used = _tree_mib(paths)
    free = shutil.disk_usage(paths.root).free >> 20
    need = (NEED_DISK_GIB << 10) + max(0, len(nodes) - len(NODES)) * 1500
    if free + used < need:
        problems.append(
            f"{paths.root} has {free} MiB free and {need - used} MiB are needed: make room there, or set "
            "OSMIGRATE_LAB_DIR to a directory on a larger file system."
        )
    need_memory = len(nodes) * (NODE_MEMORY_MIB + QEMU_OVERHEAD_MIB) + (OTHER_MEMORY_MIB if nodes else 0)
    available = _available_memory_mib()
    if available < need_memory:
        problems.append(
            f"{available} MiB of memory are available and {need_memory} MiB are needed to start "
            f"{len(nodes)} nodes: stop something, or ask for fewer nodes (--nodes)."
        )
    if len(str(paths.run)) > 70:
        problems.append(f"the path {paths.run} is too long for sockets in it: set OSMIGRATE_LAB_DIR to a shorter one.")
    if problems:
        raise HostError("this machine cannot carry the lab yet:\n" + "\n".join(f"  - {line}" for line in problems))
    install_packages(log)


def _tree_mib(paths: Paths) -> int:
    done = run(as_root(["du", "-sm", paths.root]), check=False)
    return int(done.stdout.split()[0]) if done.stdout else 0


def _available_memory_mib() -> int:
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) >> 10
    return 0


def debian_mirror() -> tuple[str, str]:
    """Mirrors for Debian and for its security updates: those that this machine's apt uses, else Debian's own."""
    main, security = "http://deb.debian.org/debian", "http://deb.debian.org/debian-security"
    if shutil.which("apt-get"):
        listed = run(
            ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)", "Created-By: Packages"],
            check=False,
        ).stdout
        for line in sorted(set(listed.splitlines())):
            if line.startswith("Debian Debian-Security "):
                security = line.split()[-1]
            elif line.startswith("Debian Debian "):
                main = line.split()[-1]
    return main.rstrip("/"), security.rstrip("/")


def apt_options() -> list[str]:
    """This machine's own apt settings that decide whether a download works (proxy, clock checks)."""
    if not shutil.which("apt-config"):
        return []
    prefixes = ("Acquire::http::", "Acquire::https::", "Acquire::Check-", "Acquire::Retries", "Acquire::ForceIPv4")
    return [
        line.rstrip(";")
        for line in run(["apt-config", "dump"]).stdout.splitlines()
        if line.startswith(prefixes) and not line.endswith(' "";')
    ]
