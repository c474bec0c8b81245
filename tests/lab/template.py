# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The disk that every legacy node starts from: Debian 12 as an administrator runs it, without an identity."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from . import accel, cache, host, images, kubebin, layouts, networks, nodefiles
from .cache import Log
from .config import APP_IMAGE, NODE_CPUS, NODE_DISK_GIB, NODE_MEMORY_MIB, PAUSE_IMAGE, Paths

FILES = Path(__file__).parent / "files"
# Partitions in sectors of 512 bytes: what grub-install needs on BIOS, what firmware reads on UEFI, and the root.
ESP_START, ESP_SECTORS = 4096, 64 * 2048
ROOT_START = ESP_START + ESP_SECTORS
ROOT_UUID = "6f736d69-6772-6174-652d-6c6162313200"
# `lab`, encrypted; only the serial console asks for it.
OPS_PASSWORD = "$6$osmigratelab$uHIHyQs3tp4LfEGvgAfn3XvIEnrO6d0x1ojNnYCn.GrTWEGqLujVqpK/ZiN0T7H5/QEesLWrVymUZHEKQQn6j0"
FINISHED = b"lab: template finished"


def build(paths: Paths, log: Log, network: str = networks.DEFAULT, layout: str = layouts.DEFAULT) -> Path:
    """Directory with `disk`, the raw image, and `kernel` and `initrd`, which are also on that disk.

    :param network: a name of networks.NETWORKS.
    :param layout: a name of layouts.LAYOUTS; the disk of another than the default one does not boot by itself.
    """
    wanted = networks.NETWORKS[network]
    places = layouts.LAYOUTS[layout]
    tree = places.tree(paths, log, wanted.packages)
    programs = kubebin.build(paths, log)
    inputs = {
        "tree": tree.name,
        "kubelet": kubebin.identity(programs),
        "files": FILES / "node",
        "file system": FILES / "mke2fs.conf",
        "recipe": Path(__file__),
        "images": Path(images.__file__),
        "unit": nodefiles.KUBELET_UNIT,
        "network": repr(wanted),
        "layout": Path(layouts.__file__),
    }

    def make(part: Path) -> None:
        with tempfile.TemporaryDirectory(dir=paths.cache, prefix="template-", suffix=".part") as scratch:
            work = Path(scratch) / "tree"
            try:
                _furnish(tree, work, programs / "kubelet", wanted, places, Path(scratch))
                part.mkdir()
                for name, pattern in (("kernel", "vmlinuz-*"), ("initrd", places.initrd)):
                    (source,) = (work / "boot").glob(pattern)
                    host.run(host.as_root(["install", "--mode=644", source, part / name]))
                _finish_somehow(paths, work, part, log)
            finally:
                host.remove(work)

    names = [name for name in (layout, network) if name not in (layouts.DEFAULT, networks.DEFAULT)]
    return cache.artifact(paths, "+".join(["template", *names]), inputs, make, log)


def _furnish(
    tree: Path, work: Path, kubelet: Path, network: networks.Network, layout: layouts.Layout, scratch: Path
) -> None:
    """Copy the tree and add what the administrator of a Kubernetes node adds."""
    additions = scratch / "additions"
    for files in (FILES / "node", *layout.files):
        shutil.copytree(files, additions, symlinks=True, dirs_exist_ok=True)
    unit = "usr/lib/systemd/system/kubelet.service"
    for path, content in {
        "etc/fstab": f"UUID={ROOT_UUID} / ext4 errors=remount-ro 0 1\n",
        "etc/hostname": "template\n",
        "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
        "etc/resolv.conf": f"nameserver {networks.NAME_SERVER}\n",
        "etc/machine-id": "",
        unit: nodefiles.KUBELET_UNIT.replace("/etc/default/", f"{layout.settings}/"),
        **network.files,
    }.items():
        file = additions / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    archives = additions / "usr/lib/lab/images"
    archives.mkdir()
    for number, image in enumerate((PAUSE_IMAGE, APP_IMAGE)):
        images.build(image, tree / "bin/busybox", archives / f"{number}.tar")

    def root(*argv: str | Path) -> None:
        host.run(host.as_root(argv))

    root("cp", "--archive", "--reflink=auto", tree, work)
    root("rm", "-f", work / "etc/resolv.conf")
    # Git keeps no modes but the executable bit, and the copies belong to root.
    host.run(["chmod", "--recursive", "u=rwX,go=rX", additions])
    root("cp", "--recursive", "--no-dereference", "--preserve=mode", "--no-target-directory", additions, work)
    root("chmod", "440", work / "etc/sudoers.d/ops")
    root("install", "--mode=755", kubelet, work / "usr/bin/kubelet")
    root(
        "chroot",
        work,
        "useradd",
        "--uid",
        "1000",
        "--user-group",
        "--shell",
        "/bin/bash",
        "--groups",
        "adm,systemd-journal",
        "--password",
        OPS_PASSWORD,
        "ops",
    )
    root("sh", "-c", 'cp -n "$1"/etc/skel/.[a-z]* "$1"/home/ops/', "sh", work)
    root("chown", "--recursive", "1000:1000", work / "home/ops")
    root(
        "systemctl",
        f"--root={work}",
        "enable",
        *network.services,
        "kubelet.service",
        "containerd.service",
        *layout.services,
    )
    # Nothing can be downloaded here, and there is no screen.
    root(
        "systemctl",
        f"--root={work}",
        "disable",
        "e2scrub_all.timer",
        "e2scrub_reap.service",
        "getty@tty1.service",
        *layout.unwanted,
    )
    layout.furnish(work, ("/usr/bin/kubelet", f"/{unit}"))


def _write_disk(tree: Path, disk: Path) -> None:
    sectors = NODE_DISK_GIB << 21
    with open(disk, "wb") as image:
        image.truncate(sectors * 512)
    host.run(
        [
            "sgdisk",
            "--set-alignment=1",
            f"--new=1:2048:{ESP_START - 1}",
            "--typecode=1:ef02",
            "--change-name=1:bios",
            f"--new=2:{ESP_START}:{ROOT_START - 1}",
            "--typecode=2:ef00",
            "--change-name=2:esp",
            f"--new=3:{ROOT_START}:0",
            "--typecode=3:8300",
            "--change-name=3:root",
            disk,
        ]
    )
    # One sector a cluster: mkfs.fat goes by the size of the disk, and firmware takes too few clusters for another FAT.
    host.run(
        [
            "mkfs.fat",
            "-F",
            "32",
            "-s",
            "1",
            "-i",
            "05310000",
            "-n",
            "ESP",
            f"--offset={ESP_START}",
            disk,
            str(ESP_SECTORS // 2),
        ]
    )
    # The last sectors belong to the second partition table.
    kibibytes = (sectors - ROOT_START - 2048) // 2
    host.run(
        host.as_root(
            [
                "env",
                f"MKE2FS_CONFIG={FILES / 'mke2fs.conf'}",
                "mke2fs",
                "-q",
                "-F",
                "-t",
                "ext4",
                "-L",
                "root",
                "-U",
                ROOT_UUID,
                "-d",
                tree,
                "-E",
                f"offset={ROOT_START * 512}",
                disk,
                f"{kibibytes}K",
            ]
        )
    )


def _finish_somehow(paths: Paths, work: Path, part: Path, log: Log) -> None:
    accelerator = accel.choose(paths, part / "kernel", log)
    log(f"template: installing GRUB and the container images in one boot ({accelerator}), 1 or 2 minutes without KVM")
    _write_disk(work, part / "disk")
    try:
        _finish(part, accelerator)
    except host.HostError:
        if accelerator != "kvm":
            raise
        log("template: its boot failed with KVM; from now on machines run without")
        _write_disk(work, part / "disk")
        _finish(part, accel.remember(paths, "tcg"))


def _finish(part: Path, accelerator: str) -> None:
    """Boot the disk once, with its kernel given from outside, for what needs a running machine."""
    run_once(
        part,
        accelerator,
        "/usr/lib/lab/finish",
        ["-drive", f"file={part / 'disk'},format=raw,if=virtio,cache=unsafe,discard=unmap"],
    )


def run_once(template: Path, accelerator: str, script: str, drives: list[str]) -> None:
    """Boot the kernel of a template, let it run a script of the machine's and end.

    :param script: path inside the machine; it says FINISHED on the console when all of it was done.
    :param drives: QEMU's arguments for the disks, the one with the root first.
    :raises HostError: it ended otherwise, with the console's last lines, or not at all.
    """
    arguments = " ".join(
        [
            f"root=UUID={ROOT_UUID} rw console=ttyS0 panic=-1",
            f'systemd.run="/bin/sh {script}" systemd.run_success_action=poweroff-force',
            "systemd.run_failure_action=poweroff-force systemd.mask=kubelet.service",
            # On a busy host containerd needs more than its minute and a half.
            "systemd.default_timeout_start_sec=600",
        ]
    )
    with tempfile.TemporaryDirectory() as directory:
        console, said = Path(directory, "console"), Path(directory, "said")
        argv = [
            "qemu-system-x86_64",
            *machine_arguments(accelerator),
            "-serial",
            f"file:{console}",
            "-no-reboot",
            "-kernel",
            template / "kernel",
            "-initrd",
            template / "initrd",
            "-append",
            arguments,
            *drives,
        ]
        with open(said, "wb") as stream:
            machine = subprocess.Popen(list(map(str, argv)), stdin=subprocess.DEVNULL, stdout=stream, stderr=stream)
        try:
            deadline = time.monotonic() + 1800
            while machine.poll() is None and time.monotonic() < deadline and accel.KVM_FAILED not in said.read_bytes():
                time.sleep(0.2)
        finally:
            machine.kill()
            machine.wait()
        if FINISHED not in console.read_bytes():
            lines = (console.read_text(errors="replace") + said.read_text(errors="replace")).splitlines()
            raise host.HostError(f"the template's boot for {script} failed:\n" + "\n".join(lines[-25:]))


def machine_arguments(accelerator: str) -> list[str]:
    """What all machines of the lab have in common."""
    return [
        "-machine",
        "q35",
        *accel.arguments(accelerator),
        "-m",
        str(NODE_MEMORY_MIB),
        "-smp",
        str(NODE_CPUS),
        "-nodefaults",
        "-display",
        "none",
        "-device",
        "virtio-rng-pci",
    ]
