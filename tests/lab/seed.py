# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What makes a copy of the template one particular node: a tar on a small read-only disk."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

from . import host
from .config import GUEST_GATEWAY
from .networks import ADDRESS, NAME_SERVER

Files = dict[str, tuple[bytes, int]]
_OPS_UID = 1000
_SECTOR = 512


def make_ssh_key(path: Path, comment: str) -> str:
    """Make the key pair unless it exists; return the public half."""
    if not path.exists():
        host.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])
    return path.with_name(path.name + ".pub").read_text()


def write(disk: Path, name: str, host_key: Path, authorized_key: str, node_files: Files) -> None:
    files = {path: (*file, 0) for path, file in {**node_files, **_identity(name, host_key)}.items()}
    for home, owner in (("/root", 0), ("/home/ops", _OPS_UID)):
        files[f"{home}/.ssh/authorized_keys"] = (authorized_key.encode(), 0o600, owner)
    content = _tar(files)
    disk.write_bytes(content + bytes(-len(content) % _SECTOR))


def _identity(name: str, host_key: Path) -> Files:
    public = host_key.with_name(host_key.name + ".pub")
    hosts = f"127.0.0.1 localhost\n127.0.1.1 {name}\n::1 localhost ip6-localhost ip6-loopback\n"
    return {
        "/etc/hostname": (f"{name}\n".encode(), 0o644),
        "/etc/hosts": (hosts.encode(), 0o644),
        "/etc/ssh/ssh_host_ed25519_key": (host_key.read_bytes(), 0o600),
        "/etc/ssh/ssh_host_ed25519_key.pub": (public.read_bytes(), 0o644),
    }


def network_files(index: int) -> Files:
    """Odd nodes have a fixed address, even ones ask for theirs; QEMU's network gives all the same one."""
    fixed = f"Address={ADDRESS}\nGateway={GUEST_GATEWAY}\nDNS={NAME_SERVER}\nLinkLocalAddressing=no"
    text = f"[Match]\nName=en*\n\n[Network]\n{'DHCP=ipv4' if index % 2 else fixed}\n"
    return {"/etc/systemd/network/10-lan.network": (text.encode(), 0o644)}


def _tar(files: dict[str, tuple[bytes, int, int]]) -> bytes:
    stream = io.BytesIO()
    made: set[Path] = set()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, (content, mode, owner) in sorted(files.items()):
            # Only the directories that may be missing; those that exist keep their modes.
            for parent in reversed(Path(path).parents):
                if parent not in made and parent != Path("/"):
                    made.add(parent)
                    member = tarfile.TarInfo(str(parent).lstrip("/"))
                    member.type, member.mode = tarfile.DIRTYPE, 0o700 if parent.name == ".ssh" else 0o755
                    member.uid = member.gid = owner
                    archive.addfile(member)
            member = tarfile.TarInfo(path.lstrip("/"))
            member.size, member.mode = len(content), mode
            member.uid = member.gid = owner
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()
