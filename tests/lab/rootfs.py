# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of the lab's machines before they move, made from Debian's packages."""

from __future__ import annotations

from pathlib import Path

from . import cache, host
from .cache import Log
from .config import LEGACY_SUITE, TARGET_SUITE, Paths

# What a node needs; recipes/ has that of the releases.
PACKAGES = (
    "systemd",
    "systemd-sysv",
    "dbus",
    "udev",
    "kmod",
    "procps",
    "iproute2",
    "iptables",
    "e2fsprogs",
    "openssh-server",
    "sudo",
    "cron",
    "python3",
    "ca-certificates",
    "openssl",
    "gpg",
    "gpgconf",
    "zstd",
    "containerd",
    "runc",
    "containernetworking-plugins",
    "ostree",
    "linux-image-cloud-amd64",
    # For the flavours: what their storage needs, and a trial that GRUB cannot start.
    "lvm2",
    "xfsprogs",
    "btrfs-progs",
    "kexec-tools",
    # On a host with an older one, the next suite is verified with this tree's.
    "debian-archive-keyring",
    "initramfs-tools",
    "busybox-static",
    "grub-pc",
    "grub-efi-amd64-bin",
    "dosfstools",
)
LEFT_OUT = ("doc", "man", "info", "locale", "lintian", "bug")
HOST_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_MMDEBSTRAP = (
    "env",
    "LC_ALL=C.UTF-8",
    "SOURCE_DATE_EPOCH=1767225600",
    "mmdebstrap",
    "--mode=root",
    "--format=directory",
    f"--keyring={HOST_KEYRING}",
)


def legacy(paths: Paths, log: Log, more: tuple[str, ...] = ()) -> Path:
    """The Debian 12 tree, with more packages."""
    # Where packages come from does not count, only what was asked for.
    packages = (*PACKAGES, *more)
    inputs: dict[str, cache.Input] = {"options": "\n".join(_options(packages)), "suite": LEGACY_SUITE}

    def build(part: Path) -> None:
        log(f"{LEGACY_SUITE}: {len(packages)} packages and what they need; 2 minutes, up to 7 on a busy machine")
        host.run(_bootstrap_command(packages, part))

    return cache.artifact(paths, "+".join((f"rootfs-{LEGACY_SUITE}", *more)), inputs, build, log)


def extract_command(suite: str, packages: tuple[str, ...], tree: Path) -> list[str]:
    """The command that unpacks packages of a suite, with what they need, for programs of theirs that nothing has to
    configure."""
    return host.as_root(
        [
            *_MMDEBSTRAP,
            *(f"--aptopt={option}" for option in host.apt_options()),
            "--variant=extract",
            "--architectures=amd64",
            f"--include={','.join(packages)}",
            '--aptopt=APT::Install-Recommends "false"',
            suite,
            tree,
            f"deb {host.debian_mirror()[0]} {suite} main",
        ]
    )


def target_keyring(paths: Paths, log: Log) -> Path:
    """Keys that verify Debian 13: this machine's own, where they are new enough."""
    if f"/{TARGET_SUITE})" in host.run(["gpg", "--show-keys", HOST_KEYRING]).stdout:
        return HOST_KEYRING
    return legacy(paths, log) / HOST_KEYRING.relative_to("/")


def _bootstrap_command(packages: tuple[str, ...], tree: Path) -> list[str]:
    main, security = host.debian_mirror()
    return host.as_root(
        [
            *_MMDEBSTRAP,
            *(f"--aptopt={option}" for option in host.apt_options()),
            *_options(packages),
            LEGACY_SUITE,
            tree,
            f"deb {main} {LEGACY_SUITE} main",
            f"deb {main} {LEGACY_SUITE}-updates main",
            f"deb {security} {LEGACY_SUITE}-security main",
        ]
    )


def _options(packages: tuple[str, ...]) -> list[str]:
    return [
        "--variant=minbase",
        "--architectures=amd64",
        "--components=main",
        f"--include={','.join(packages)}",
        '--aptopt=APT::Install-Recommends "false"',
        '--aptopt=Acquire::Languages "none"',
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT),
        # grub-pc would ask where to install itself; there is no disk yet.
        '--essential-hook=echo grub-pc grub-pc/install_devices_empty boolean true | chroot "$1" debconf-set-selections',
        # Every reboot would otherwise skip the boot loader.
        '--essential-hook=echo kexec-tools kexec-tools/load_kexec boolean false | chroot "$1" debconf-set-selections',
        # Files of mmdebstrap's own that no administrator's node has.
        '--customize-hook=rm -f "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/etc/dpkg/dpkg.cfg.d/99mmdebstrap',
    ]
