# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a trial can be counted on this node: the tiers of boot control, each with its evidence.

`probe` looks, `decide` is pure. docs/design.md, "Tiers", says why there are these and no others.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import array
import errno
import fcntl
import os
import re
import struct
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, grubfiles
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import SEARCH_PATH

BLOCK, ESP_BLOCK, KEXEC, NONE = "block", "esp-block", "kexec", ""
# File systems that keep a rewritten block where it was, and devices that GRUB writes to.
IN_PLACE = ("ext2", "ext3", "ext4", "xfs")
PLAIN = ("part", "disk", "loop")
ESP_BLOCK_PATH = "EFI/osmigrate/" + grub.BLOCK

LOCKDOWN = "/sys/kernel/security/lockdown"
FIEMAP = 0xC020660B
FIEMAP_SYNC = 1
EXTENTS_MAX = 16
# Drivers whose devices the next kernel often finds in a state that only a reset ends.
UNEASY = ("amdgpu", "hpsa", "nouveau", "nvidia", "radeon")
EXTENT = struct.Struct("=QQQ16xI12x")
# Flags of an extent (linux/fiemap.h) that mean: GRUB would write elsewhere than the file system reads, or must not.
STRANGE = (
    (0x002, "has no known place"),
    (0x004, "has no place yet"),
    (0x008, "is compressed or encoded"),
    (0x080, "is encrypted"),
    (0x200, "lies inside an inode"),
    (0x400, "shares a block with another file"),
    (0x800, "is allocated, but not written"),
    (0x2000, "is shared with another file"),
)


class Block(typing.NamedTuple):
    size: int
    mapped: int
    flags: typing.Optional[typing.List[int]]


class Probe(typing.NamedTuple):
    boot: _storage.Filesystem
    block: typing.Optional[Block]
    esp: typing.Optional[_storage.Filesystem]
    kexec_problem: str


class Tier(typing.NamedTuple):
    name: str
    evidence: typing.List[str]
    block: str
    uuid: str


def probe(block_path: str) -> Probe:
    """Look at the storage of this node.

    :param block_path: str, where the environment block lies or would lie beside grub.cfg.
    :returns: Probe; its block is None while there is none.
    """
    boot = _storage.filesystem(os.path.dirname(block_path))
    return Probe(boot, probe_block(block_path), find_esp(), kexec_problem())


def find_esp() -> typing.Optional[_storage.Filesystem]:
    """Return the EFI system partition, None if none is mounted."""
    mounted = {mount.target for mount in _storage.mounts()}
    for place in grubfiles.ESP_PLACES:
        # systemd puts an automount on the same place, and only what is mounted on it has the type.
        if place in mounted and os.path.isdir(os.path.join(place, "EFI")):
            found = _storage.filesystem(place)
            if found.target == place:
                return found
    return None


def probe_block(path: str) -> typing.Optional[Block]:
    """Look at where a file lies.

    :returns: Block: its size in bytes, how many of them are mapped, the flags of its extents (None where the file
        system does not tell); or None if there is no such file.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        request = array.array("B", struct.pack("=QQIIII", 0, max(size, 1), FIEMAP_SYNC, 0, EXTENTS_MAX, 0))
        request.extend(bytearray(EXTENT.size * EXTENTS_MAX))
        try:
            fcntl.ioctl(descriptor, FIEMAP, request, True)
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.ENOTTY):
                raise
            return Block(size, 0, None)
        return parse_fiemap(request.tobytes(), size)
    finally:
        os.close(descriptor)


def parse_fiemap(answer: bytes, size: int) -> Block:
    """Read the kernel's answer to FIEMAP.

    :param answer: bytes, struct fiemap with its extents.
    :param size: int bytes of the file.
    :returns: Block.
    """
    count = struct.unpack_from("=QQII", answer)[3]
    mapped, flags = 0, []
    for number in range(count):
        logical, _physical, length, extent_flags = EXTENT.unpack_from(answer, 32 + number * EXTENT.size)
        mapped += max(0, min(logical + length, size) - logical)
        flags.append(extent_flags)
    return Block(size, mapped, flags)


def kexec_problem() -> str:
    """Return why this system cannot start another kernel by itself, empty if it can."""
    if not any(os.access(os.path.join(directory, "kexec"), os.X_OK) for directory in SEARCH_PATH.split(":")):
        return "there is no kexec program (package kexec-tools)"
    locked = re.search(r"\[(\w+)\]", _storage.read_text(LOCKDOWN))
    if locked and locked.group(1) != "none":
        return f"the kernel is locked down ({locked.group(1)}), as Secure Boot has it"
    try:
        with open("/proc/sys/kernel/kexec_load_disabled") as disabled:
            return "the kernel forbids it (kernel.kexec_load_disabled)" if disabled.read().strip() != "0" else ""
    except OSError:
        return "the kernel cannot do it"


def kexec_doubt(root: str = "/") -> str:
    """Say what makes kexec a risk on this machine, "" if nothing that is known does.

    :param root: str, where proc and sys are visible; "/" but for tests.
    """
    loaded = {line.partition(" ")[0] for line in _storage.read_text(os.path.join(root, "proc/modules")).splitlines()}
    found = [name for name in UNEASY if name in loaded]
    if found:
        return f"the driver {found[0]} is loaded, whose devices may need a reset by the firmware"
    if _storage.read_text(os.path.join(root, "sys/hypervisor/guest_type")).strip() == "PV":
        return "this is a paravirtualised guest of Xen, which cannot do it"
    return ""


def decide(found: Probe, block_path: str) -> Tier:
    """Choose the first tier that this node's storage allows.

    :param found: Probe.
    :param block_path: str, where the block lies beside grub.cfg.
    :returns: Tier: name, evidence as list of sentences without their full stops, path of the block, and UUID of the
        file system by which GRUB finds it ("" where that is its own); name and path are "" where nothing is possible.
    """
    evidence = [f"/boot is {_shown(found.boot)}"]
    obstacles = _obstacles(found.boot, "/boot")
    if not obstacles:
        evidence.append("GRUB rewrites a block there in place")
        if found.block is not None:
            evidence.append(_block_shown(found.block))
        return Tier(BLOCK, evidence, block_path, "")
    evidence += obstacles
    if found.esp is None:
        evidence.append(f"No EFI system partition is mounted on {' or '.join(grubfiles.ESP_PLACES)}")
    else:
        obstacles = _obstacles(found.esp, found.esp.target, ("vfat",))
        evidence.append(f"{found.esp.target} is {_shown(found.esp)}")
        if not obstacles and found.esp.uuid:
            evidence.append("GRUB rewrites a block there in place")
            path = os.path.join(found.esp.target, ESP_BLOCK_PATH)
            return Tier(ESP_BLOCK, evidence, path, found.esp.uuid)
        evidence += obstacles or ["It has no UUID by which GRUB could find it"]
    if not found.kexec_problem:
        evidence.append("The running system can start the candidate by kexec")
        return Tier(KEXEC, evidence, block_path, "")
    evidence.append(f"The running system cannot start the candidate by kexec: {found.kexec_problem}")
    return Tier(NONE, evidence, "", "")


def _shown(filesystem: _storage.Filesystem) -> str:
    return f"{filesystem.fstype} on {filesystem.device} ({', '.join(filesystem.layers) or 'no device'})"


def _obstacles(
    filesystem: _storage.Filesystem, place: str, fstypes: typing.Tuple[str, ...] = IN_PLACE
) -> typing.List[str]:
    found = []
    if filesystem.fstype not in fstypes:
        found.append(f"GRUB cannot count a trial on {place}, because it is {filesystem.fstype}")
    if filesystem.journals_data:
        found.append(f"GRUB cannot count a trial on {place}, because it is mounted with data=journal")
    strange = [layer for layer in filesystem.layers if layer not in PLAIN]
    if strange or not filesystem.layers:
        found.append(f"GRUB cannot write to {place}, because it lies on {', '.join(strange) or 'no device'}")
    return found


def block_problem(block: Block) -> str:
    """Say why GRUB must not rewrite a block where it lies, empty if it may. Made anew, it may lie well.

    :param block: Block.
    """
    if block.flags is None:  # FAT does not tell, and never moves what is rewritten
        return ""
    problems = ["has holes"] if block.mapped != block.size else []
    problems += [words for flag, words in STRANGE if any(flags & flag for flags in block.flags)]
    return " and ".join(problems)


def _block_shown(block: Block) -> str:
    problem = block_problem(block)
    if problem:
        return f"The block that is there {problem}, so it is made anew"
    extents = len(block.flags or [])
    several = "" if extents == 1 else "s"
    return f"The block that is there has {block.size} bytes in {extents} extent{several}, written and not shared"


def recorded(record: typing.Optional[dict]) -> typing.Optional[Tier]:
    """Return the Tier that a record of the node holds, or None.

    :param record: dict or None, item "control" of state.json.
    """
    return Tier(record["tier"], record["evidence"], record["block"], record["uuid"]) if record else None


def record(tier: Tier) -> dict:
    """Return what state.json keeps of a Tier."""
    return {"tier": tier.name, "evidence": tier.evidence, "block": tier.block, "uuid": tier.uuid}
