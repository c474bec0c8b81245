# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Root file systems of the lab's machines, made from Debian's packages."""

from __future__ import annotations

from pathlib import Path

from . import cache, host
from .cache import Log
from .config import LEGACY_SUITE, TARGET_SUITE, Paths

# What a node needs on either OS.
NODE_PACKAGES = (
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
)
PACKAGES = {
    # debian-archive-keyring: on a host with an older one, the next suite is verified with this tree's.
    LEGACY_SUITE: (
        *NODE_PACKAGES,
        "debian-archive-keyring",
        "initramfs-tools",
        "busybox-static",
        "grub-pc",
        "grub-efi-amd64-bin",
        "dosfstools",
    ),
    # grub-common: its parser checks the boot menu before it takes effect.
    TARGET_SUITE: (*NODE_PACKAGES, "ostree-boot", "dracut", "grub-common"),
}
LEFT_OUT = ("doc", "man", "info", "locale", "lintian", "bug")
HOST_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def legacy(paths: Paths, log: Log, more: tuple[str, ...] = ()) -> Path:
    """The Debian 12 tree, with more packages."""
    return _tree(paths, LEGACY_SUITE, HOST_KEYRING, log, more)


def target(paths: Paths, log: Log) -> Path:
    """The Debian 13 tree."""
    keyring = HOST_KEYRING
    if f"/{TARGET_SUITE})" not in host.run(["gpg", "--show-keys", keyring]).stdout:
        keyring = legacy(paths, log) / HOST_KEYRING.relative_to("/")
    return _tree(paths, TARGET_SUITE, keyring, log)


def _tree(paths: Paths, suite: str, keyring: Path, log: Log, more: tuple[str, ...] = ()) -> Path:
    # Where packages come from does not count, only what was asked for.
    packages = (*PACKAGES[suite], *more)
    inputs = {"options": "\n".join(_options(packages)), "suite": suite}

    def build(part: Path) -> None:
        log(f"{suite}: {len(packages)} packages and what they need; 2 minutes, up to 7 on a busy machine")
        host.run(_bootstrap_command(suite, packages, keyring, part))

    return cache.artifact(paths, "+".join((f"rootfs-{suite}", *more)), inputs, build, log)


def _bootstrap_command(suite: str, packages: tuple[str, ...], keyring: Path, tree: Path) -> list[str]:
    main, security = host.debian_mirror()
    return host.as_root(
        [
            # An initrd that nothing boots is not made: releases make theirs with their own dracut arguments.
            "env",
            "LC_ALL=C.UTF-8",
            "SOURCE_DATE_EPOCH=1767225600",
            *(["INITRD=No"] if suite == TARGET_SUITE else []),
            "mmdebstrap",
            "--mode=root",
            "--format=directory",
            f"--keyring={keyring}",
            *(f"--aptopt={option}" for option in host.apt_options()),
            *_options(packages),
            suite,
            tree,
            f"deb {main} {suite} main",
            f"deb {main} {suite}-updates main",
            f"deb {security} {suite}-security main",
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
