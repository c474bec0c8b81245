# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks from which a payload is booted once: as a node would have it, and with nothing that only a node has.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import gzip
import os
import shutil
import typing
import uuid

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import kernel, layout, persist
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.payload import REPOSITORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import images, schema

_NAME = "smoke"
_ARCHITECTURE = "x86_64"
# A machine without hardware acceleration is slow, and not broken.
_PATIENCE = ("systemd.default_device_timeout_sec=900", "rd.systemd.default_device_timeout_sec=900")
_ARGUMENTS = ["console=ttyS0", *_PATIENCE]
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
# In the /etc of this one machine: the release has none of it. Each line begins anew, as the kernel writes there, too,
# and opens the console anew, as a getty that starts hangs it up.
LOOK = r"""
exec 2>/dev/null
say() { printf '\nosmigrate-smoke %s\n' "$*" >/dev/ttyS0; }
# Services that were started again: each with how often, and its state now.
again() {
    { systemctl show --property=Id,NRestarts,SubState -- '*.service'; echo; } | while IFS='=' read -r key value; do
        case $key in
        Id) unit=$value ;;
        NRestarts) count=$value ;;
        SubState) state=$value ;;
        "")
            if [ "${count:-0}" -gt 0 ] || [ "${state#auto-restart}" != "$state" ]; then
                echo "$unit ${count:-0} $state"
            fi
            state='' count=''
            ;;
        esac
    done
}
answers() {
    if command -v ssh-keyscan >/dev/null; then
        ssh-keyscan -T 60 127.0.0.1
    else
        python3 -c 'import socket; print(socket.create_connection(("127.0.0.1", 22), 60).recv(4).decode())'
    fi | grep -q .
}
systemctl is-system-running --wait >/dev/null
systemctl list-units --failed --plain --no-legend | while read -r unit rest; do say failed "$unit"; done
if touch /usr/.osmigrate-smoke; then say writable /usr; fi
sshd=
for unit in ssh.service sshd.service ssh.socket sshd.socket; do
    if systemctl is-enabled --quiet $unit; then sshd=$unit; fi
done
if ! answers; then
    if [ -n "$sshd" ]; then say silent "$sshd"; else say deaf 22; fi
fi
if [ -e /usr/bin/kubelet ]; then
    # It says its version when it has taken what it is configured with. Without an API server it then ends by itself.
    printf 'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n' >/run/osmigrate-kubelet
    timeout 60 /usr/bin/kubelet --config=/run/osmigrate-kubelet 2>&1 | grep -q 'Kubelet version' ||
        say broken /usr/bin/kubelet
fi
# What fails and is started again for ever is nowhere called failed. What recovered, or ends well each time, is not.
again >/run/osmigrate-again
if [ -s /run/osmigrate-again ]; then
    sleep 30
    again | while read -r unit count state; do
        if [ "${state#auto-restart}" = "$state" ] && grep -qF "$unit $count " /run/osmigrate-again; then continue; fi
        if journalctl --boot --quiet --output=cat --unit="$unit" | grep -q 'Failed with result'; then
            say failed "$unit"
        fi
    done
fi
say end
"""
_ROOM = 1 << 30


class Disk(typing.NamedTuple):
    """path: of a raw image."""

    path: str
    read_only: bool = False


class Machine(typing.NamedTuple):
    """What is booted. disks: the first one has the root. kernel, initramfs: paths. arguments: of the kernel."""

    disks: typing.List[Disk]
    kernel: str
    initramfs: str
    arguments: typing.List[str]


Maker = typing.Callable[[str], Machine]


def makers(release: typing.Dict[str, typing.Any], place: str) -> typing.Dict[str, Maker]:
    """Return for each payload of a release what makes its disks in an empty directory.

    :param release: a validated manifest.
    :param place: directory in which it is published, with repository and images.
    :raises FleetError: it is for machines of another architecture.
    """
    known: typing.Dict[str, typing.Callable[[typing.Dict[str, typing.Any], str, str], Machine]] = {
        "ostree": of_commit,
        "slots": of_image,
    }
    architecture = release["os"]["architecture"]
    if architecture != _ARCHITECTURE:
        raise FleetError(
            f"Release {schema.entry_id(release)} is for {architecture}, and what is booted here is {_ARCHITECTURE}",
            "It is not signed",
            "Boot it on a machine of its kind, and build it without that: osmigrate_build_boot=false",
        )
    found = sorted(set(release["payloads"]) & set(known))
    return {kind: functools.partial(known[kind], release["payloads"][kind], place) for kind in found}


def of_commit(payload: typing.Dict[str, typing.Any], place: str, scratch: str) -> Machine:
    """Deploy the commit of a payload on a disk."""
    commit = payload["commit"]
    root, image = os.path.join(scratch, "root"), os.path.join(scratch, "disk")
    os.mkdir(root)
    _command.run(["ostree", "admin", "init-fs", root])
    _command.run(["ostree", "admin", "os-init", f"--sysroot={root}", _NAME])
    own = os.path.join(root, "ostree", "repo")
    _command.run(["ostree", "config", f"--repo={own}", "set", "sysroot.bootloader", "none"])
    _command.run(["ostree", "pull-local", f"--repo={own}", os.path.join(place, REPOSITORY), commit])
    arguments = [f"--karg={one}" for one in ("root=/dev/vda", "rw", *_ARGUMENTS)]
    _command.run(["ostree", "admin", "deploy", f"--sysroot={root}", f"--os={_NAME}", *arguments, commit])
    deployed = os.path.join(root, "ostree", "deploy", _NAME, "deploy", commit + ".0")
    # OSTree seals it, and what is sealed cannot be removed.
    _command.run(["chattr", "-i", deployed], check=False)
    _let_it_look(deployed, has_ssh=os.path.isdir(os.path.join(deployed, "etc", "ssh")))
    (entry,) = os.listdir(os.path.join(root, "boot", "loader", "entries"))
    with open(os.path.join(root, "boot", "loader", "entries", entry), encoding="utf-8") as stream:
        lines = dict(line.rstrip("\n").partition(" ")[::2] for line in stream)
    files = []
    for key in ("linux", "initrd"):
        files.append(os.path.join(scratch, key))
        shutil.copyfile(os.path.join(root, "boot", lines[key].lstrip("/")), files[-1])
    size = int(_command.run(["du", "--summarize", "--block-size=1", root]).stdout.split()[0])
    _fill(image, root, size * 5 // 4 + _ROOM)
    return Machine([Disk(image)], files[0], files[1], lines["options"].split())


def of_image(payload: typing.Dict[str, typing.Any], place: str, scratch: str) -> Machine:
    """Unpack the image of a payload as a disk that nobody can write, with PERSIST as another one.

    :raises FleetError: the image is not what the manifest says.
    """
    image, kept = os.path.join(scratch, "slot"), os.path.join(scratch, "persist")
    with gzip.open(os.path.join(place, images.DIRECTORY, images.names(payload)[0])) as packed, open(image, "wb") as raw:
        shutil.copyfileobj(packed, raw, 1 << 20)
    files = {part: os.path.join(scratch, part) for part in kernel.NAMES}
    for part, path in files.items():
        _command.run(["debugfs", "-R", f"dump {payload[part]} {path}", image])
    found = {"sha256": image, **{part + "_sha256": path for part, path in files.items()}}
    wrong = sorted(key for key, path in found.items() if _storage.digest(path) != payload[key])
    if wrong:
        raise FleetError(
            f"The image of the slots is not what its manifest says: {', '.join(wrong)} differ",
            "It is not signed",
            "Build it again under another version",
        )
    own = str(uuid.uuid4())
    _fill(kept, _persist(scratch, image), _ROOM, own)
    partition = layout.Partition("", "", 0, "", fstype="ext4", uuid=own)
    with open(files["initrd"], "r+b") as initramfs:
        kernel.extend(initramfs, persist.archive(partition, _NAME))
    arguments = [*kernel.arguments("/dev/vda", payload["filesystem"]), *_ARGUMENTS]
    return Machine([Disk(image, read_only=True), Disk(kept)], files["kernel"], files["initrd"], arguments)


def _persist(scratch: str, image: str) -> str:
    """Make what PERSIST has for an image, and return the directory."""
    root = os.path.join(scratch, "root")
    # A program that has nothing to show says nothing, and does not fail.
    has_ssh = "Inode:" in _command.run(["debugfs", "-R", f"stat {persist.PRISTINE}/ssh", image]).stdout
    _let_it_look(root, has_ssh)
    with open(os.path.join(root, "etc", "fstab"), "w", encoding="ascii") as stream:
        stream.write(persist.VAR_LINE + "\n")
    upper = persist.upper(_NAME, root)
    for path in (upper.work, os.path.join(root, persist.VAR.lstrip("/"))):
        os.makedirs(path)
    os.rename(os.path.join(root, "etc"), upper.path)
    return os.path.join(root, persist.MOUNT.lstrip("/"))


def _fill(image: str, root: str, size: int, own: str = "random") -> None:
    """Make the image of a file system with what a directory has. own: its UUID."""
    _command.run(["mke2fs", "-q", "-t", "ext4", "-U", own, "-d", root, image, f"{size >> 10}k"])


def _let_it_look(root: str, has_ssh: bool) -> None:
    """Have the machine say what has become of its boot, and give it a network and, for its sshd, host keys."""
    units = os.path.join(root, "etc", "systemd", "system")
    wants = os.path.join(units, "multi-user.target.wants")
    os.makedirs(wants, exist_ok=True)
    name, network = "osmigrate-smoke", os.path.join(root, "etc", "systemd", "network")
    os.makedirs(network, exist_ok=True)
    for path, text in (
        (os.path.join(units, name + ".service"), _UNIT),
        (os.path.join(network, name + ".network"), _NETWORK),
        (os.path.join(root, "etc", name), LOOK),
    ):
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    os.symlink(f"../{name}.service", os.path.join(wants, name + ".service"))
    if has_ssh:
        os.makedirs(os.path.join(root, "etc", "ssh"), exist_ok=True)
        _command.run(["ssh-keygen", "-A", "-f", root])
