# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""File systems of the node: where a path lives, how GRUB sees it, and how to write so that a power cut does no harm.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import re
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

MOUNTINFO = "/proc/self/mountinfo"
BTRFS = "/sys/fs/btrfs"

EXT4 = "/proc/fs/ext4"
EXT4_KEEPS = "/sys/fs/ext4"

# Layers of their own, as lsblk knows of none: of a btrfs, and of LVM, which shows them by the names of hidden devices.
SEVERAL = "several devices"
THIN, SNAPSHOT = "thin pool", "snapshot"
# Disks that the network brings, which lsblk shows like others.
NETWORK = "network"
NETWORK_TRANSPORTS = ("iscsi", "tcp", "rdma", "fcoe")
NETWORK_NAMES = ("nbd", "rbd", "drbd")
POOL, SECTOR = "-tpool", 512
LVM_RAID, LVM_CACHE, LVM_INTEGRITY, VDO = "RAID of LVM", "cache of LVM", "integrity of LVM", "VDO"
BCACHE = "bcache"
HIDDEN = (
    (THIN, re.compile(r"(-tpool|_tdata|_tmeta)$")),
    (SNAPSHOT, re.compile(r"-cow$")),
    (LVM_RAID, re.compile(r"_[rm]image_\d+$|_rmeta_\d+$|_mlog$")),
    (LVM_CACHE, re.compile(r"_(corig|cdata|cmeta|cvol|wcorig)$")),
    (LVM_INTEGRITY, re.compile(r"_(iorig|imeta)$")),
    (VDO, re.compile(r"-vpool$|_vdata$")),
)


class Mount(typing.NamedTuple):
    target: str
    root: str
    source: str
    fstype: str
    options: typing.List[str]
    number: str
    system_options: typing.List[str]


class Filesystem(typing.NamedTuple):
    target: str
    device: str
    uuid: str
    fstype: str
    layers: typing.List[str]
    size_bytes: int
    free_bytes: int
    journals_data: bool = False
    read_only: bool = False


class Pool(typing.NamedTuple):
    """A thin pool. free_bytes: of data, None where nobody can tell; problem: what is wrong with it, "" for nothing."""

    free_bytes: typing.Optional[int]
    problem: str


UNSEEN = Pool(None, "")
# Of its state, as dmsetup has it.
POOL_WORDS = (
    ("ro", "is read-only"),
    ("out_of_data_space", "has no room for data left"),
    ("needs_check", "needs a check"),
)
METADATA_MOST = 90  # percent; a pool whose metadata are full becomes read-only


class Room(typing.NamedTuple):
    """What there is room for in a directory, as its file system and quotas on it have it.

    free_bytes: for anybody; root_bytes: with what is reserved for root, without what ext4 keeps from everybody; files:
    how many more, None where nothing limits them.
    """

    size_bytes: int
    free_bytes: int
    root_bytes: int
    files: typing.Optional[int]


def parse_mountinfo(text: str) -> typing.List[Mount]:
    """Read the kernel's list of mounts.

    :param text: str, the content of /proc/self/mountinfo.
    :returns: list of Mount in the order of mounting; source is the file system's own name for its device.
    """
    mounts = []
    for line in _lines.lines(text):
        before, separator, after = line.partition(" - ")
        left, right = before.split(" "), after.split(" ")
        if not separator or len(left) < 6 or len(right) < 2:
            continue
        mounts.append(
            Mount(
                _unescaped(left[4]),
                _unescaped(left[3]),
                _unescaped(right[1]),
                right[0],
                left[5].split(","),
                left[2],
                right[2].split(",") if len(right) > 2 else [],
            )
        )
    return mounts


def _unescaped(text: str) -> str:
    return _lines.field(text)


def mounts() -> typing.List[Mount]:
    """Return what is mounted now, as list of Mount."""
    return parse_mountinfo(read_bytes(MOUNTINFO).decode("utf-8", "surrogateescape"))


def mount_of(path: str, mounted: typing.Iterable[Mount]) -> Mount:
    """Return the Mount that holds an absolute path without links; of several on one place the last is seen."""
    best = None
    for mount in mounted:
        if is_below(path, mount.target) and (best is None or len(mount.target) >= len(best.target)):
            best = mount
    if best is None:
        raise FleetError(f"No file system is mounted at {path}")
    return best


def is_below(path: str, directory: str) -> bool:
    """Say whether path is the directory or inside it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _is_of_network(name: str) -> bool:
    """Say whether a disk is one that a program or NVMe over fabrics brings."""
    name = os.path.basename(name)
    transport = read_text(f"/sys/block/{name}/device/transport").strip() if name.startswith("nvme") else ""
    return name.startswith(NETWORK_NAMES) or transport in NETWORK_TRANSPORTS


def lsblk(columns: str, *words: str) -> str:
    """Return what lsblk says, for blockdevices: util-linux knows JSON since 2.27, which is younger than EL 7.

    :param columns: their names, with commas.
    :param words: more arguments, which do not speak of the form.
    """
    argv = ["--paths", "--output", columns, *words]
    said = run(["lsblk", "--json", *argv], check=False)
    return said.stdout if said.rc == 0 else run(["lsblk", "--pairs", *argv]).stdout


def blockdevices(text: str) -> typing.List[typing.Dict[str, typing.Any]]:
    """Read what lsblk says, as JSON, or as lines of pairs, in which devices follow each other without children.

    :returns: dicts of columns, whose names are in small letters.
    """
    if text.lstrip().startswith("{"):
        return parse_json(text)["blockdevices"]
    found = []
    for line in _lines.lines(text):
        pairs = re.findall(r'([A-Z:-]+)="((?:\\.|[^"\\])*)"', line)
        plain = [
            (key, re.sub(r"\\x([0-9a-fA-F]{2})", lambda code: chr(int(code.group(1), 16)), value))
            for key, value in pairs
        ]
        found.append({key.lower(): value for key, value in plain})
    return found


def every(devices: typing.List[typing.Dict[str, typing.Any]]) -> typing.List[typing.Dict[str, typing.Any]]:
    """Return devices and all that is made of them, once for each way that leads there."""
    found = []
    for device in devices:
        found += [device, *every(device.get("children", []))]
    return found


def sync_file_system(path: str, left: str = "Nothing was changed") -> None:
    """Write out what the file system of a path still has in memory.

    :param left: the state to name in the error (see FleetError).
    """
    if run(["sync", "--file-system", path], check=False).rc != 0:
        run(["sync"], left=left)  # of coreutils before 8.24, as EL 7 has them, which writes out all


def parse_lsblk(text: str) -> typing.Tuple[str, str, typing.List[str]]:
    """Read one device and what it is made of.

    :param text: str, what lsblk --inverse says of the columns name, type, uuid and tran, as blockdevices takes it.
    :returns: (device path, uuid, list of str layer types from the file system down to the disks).
    """
    layers = []
    devices = blockdevices(text)
    first, pending = devices[0], list(devices)
    while pending:
        device = pending.pop(0)
        hidden = [layer for layer, ends in HIDDEN if device["type"] == "lvm" and ends.search(device["name"])]
        hidden += [BCACHE] if re.match(r"bcache\d", os.path.basename(device["name"])) else []
        network = [NETWORK] if device.get("tran") in NETWORK_TRANSPORTS or _is_of_network(device["name"]) else []
        layers += [layer for layer in [*hidden, device["type"], *network] if layer not in layers]
        pending.extend(device.get("children", []))
    return first["name"], first["uuid"] or "", layers


def filesystem(path: str) -> Filesystem:
    """Describe the file system that holds path.

    :param path: str, absolute; links are followed, its last parts need not exist.
    :returns: Filesystem; device, uuid and layers are empty where there is no block device below it.
    """
    path = os.path.realpath(path)
    mount = mount_of(path, mounts())
    device, uuid = mount.source, ""
    layers: typing.List[str] = []
    # A btrfs has no device number of its own, so its source is asked for; others may be called /dev/root.
    link = f"/sys/dev/block/{mount.number}"
    if os.path.exists(link):
        device = "/dev/" + os.path.basename(os.path.realpath(link))
    if device.startswith("/dev/"):
        device, uuid, layers = parse_lsblk(lsblk("NAME,TYPE,UUID,TRAN", "--inverse", device))
        uuid = uuid or _probed(device)
    if mount.fstype == "btrfs" and has_several_devices(uuid):
        layers.append(SEVERAL)
    here = room(path)
    journaled = journals_data(device, mount)
    read_only = "ro" in mount.options or "ro" in mount.system_options
    return Filesystem(
        mount.target, device, uuid, mount.fstype, layers, here.size_bytes, here.free_bytes, journaled, read_only
    )


def thin_pool(text: str) -> str:
    """Return the name of the thin pool of LVM that a device lies on, "" if it lies on none.

    :param text: as parse_lsblk takes it.
    """
    names = [os.path.basename(device["name"]) for device in every(blockdevices(text)) if device["type"] == "lvm"]
    return next((name for name in names if name.endswith(POOL)), "")


def pool_below(path: str) -> Pool:
    """Return how the thin pool below a directory is: its file system may promise more than that has."""
    mount = mount_of(os.path.realpath(path), mounts())
    link = f"/sys/dev/block/{mount.number}"
    if not os.path.exists(link):
        return UNSEEN
    pool = thin_pool(lsblk("NAME,TYPE", "--inverse", "/dev/" + os.path.basename(os.path.realpath(link))))
    try:
        said = [run(["dmsetup", word, pool], check=False).stdout for word in ("status", "table") if pool]
    except FleetError:
        return UNSEEN  # without the program nobody can tell
    return parse_pool(*said) if said else UNSEEN


def parse_pool(status: str, table: str) -> Pool:
    """Read what dmsetup says of a thin pool, one line each; UNSEEN where it says something else."""
    if re.match(r"\d+ \d+ thin-pool (Fail|Error)\b", status):
        return Pool(None, "has failed")
    found = re.match(r"\d+ \d+ thin-pool \d+ (\d+)/(\d+) (\d+)/(\d+) \S+ (.*)", status)
    block = re.match(r"\d+ \d+ thin-pool \S+ \S+ (\d+) ", table)
    if not found or not block:
        return UNSEEN
    meta, meta_all, data, data_all = (int(number) for number in found.groups()[:4])
    words = found.group(5).split()
    problems = [said for word, said in POOL_WORDS if word in words]
    if meta * 100 > meta_all * METADATA_MOST:
        problems.append(f"has used {meta * 100 // meta_all} % of its metadata")
    return Pool((data_all - data) * int(block.group(1)) * SECTOR, " and ".join(problems))


def _probed(device: str) -> str:
    """Return the UUID that stands on a device, whatever udev knows of it."""
    return run(["blkid", "-p", "-s", "UUID", "-o", "value", device], check=False).stdout.strip()


def with_uuids(found: typing.Iterable[Filesystem]) -> typing.List[typing.Dict[str, typing.Any]]:
    """Return all devices with name and uuid, for twins.

    :param found: file systems whose UUIDs are known. If one is not shown, lsblk has none of udev: the devices are read.
    """
    listed = every(blockdevices(lsblk("NAME,UUID")))
    shown = {device["uuid"] for device in listed}
    if all(one.uuid in shown for one in found if one.uuid):
        return listed
    return [dict(device, uuid=device["uuid"] or _probed(device["name"])) for device in listed]


def room(path: str) -> Room:
    """Look how much can be written into a directory, or where it would be made.

    A quota on a directory tree is only shown to who asks inside it, so the mount point is not asked instead.
    """
    path = os.path.realpath(path)
    while not os.path.exists(path):
        path = os.path.dirname(path)
    space = os.statvfs(path)
    return Room(
        space.f_blocks * space.f_frsize,
        space.f_bavail * space.f_frsize,
        max(0, space.f_bfree - _kept_by_ext4(path)) * space.f_frsize,
        space.f_favail if space.f_files else None,
    )


def _kept_by_ext4(path: str) -> int:
    """Return how many free blocks of the file system of a path nobody may have data in: ext4 keeps some for itself."""
    number = os.stat(path).st_dev
    device = os.path.realpath(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    kept = read_text(os.path.join(EXT4_KEEPS, os.path.basename(device), "reserved_clusters")).strip()
    return int(kept) if kept.isdigit() else 0


def journals_data(device: str, mount: Mount) -> bool:
    """Say whether an ext3 or ext4 writes data into its journal first, by an option or by a default that it keeps."""
    said = read_text(os.path.join(EXT4, os.path.basename(device), "options")).split()
    return "data=journal" in (said or mount.system_options)


def twins(listed: typing.List[typing.Dict[str, typing.Any]], found: Filesystem) -> typing.List[str]:
    """Return what else shows the UUID of a file system, sorted: a copy of a disk, or a snapshot.

    :param listed: of "blockdevices" in JSON of lsblk --list with the columns name and uuid.
    :returns: names of devices; to those of a snapshot that is added.
    """
    names = {device["name"] for device in listed}
    same = {device["name"] for device in listed if found.uuid and device["uuid"] == found.uuid}
    # What LVM hides below an origin is no device of its own.
    others = [name for name in sorted(same - {found.device}) if not name.endswith(("-real", "-cow"))]
    return [f"{name} ({SNAPSHOT})" if f"{name}-cow" in names else name for name in others]


def has_several_devices(uuid: str) -> bool:
    """Say whether a btrfs that is mounted lies on more than the device that its mount names."""
    devices = os.path.join(BTRFS, uuid, "devices")
    return os.path.isdir(devices) and len(os.listdir(devices)) > 1


def grub_path(path: str) -> str:
    """Return the path as GRUB sees it: from the root of the file system that holds it.

    :param path: str, absolute; links are followed.
    """
    path = os.path.realpath(path)
    return path_on_device(path, mount_of(path, mounts()))


def path_on_device(path: str, mount: Mount) -> str:
    """Return the path from the root of the file system that mount shows (a part of)."""
    return os.path.normpath(os.path.join(mount.root, os.path.relpath(path, mount.target)))


def digest(path: str) -> str:
    """Return the SHA-256 of a file as the disk has it, not as memory remembers it, in hex; "" if it is not there."""
    sha = hashlib.sha256()
    try:
        with open(path, "rb") as content:
            os.posix_fadvise(content.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            for piece in iter(lambda: content.read(1 << 20), b""):
                sha.update(piece)
    except OSError:
        return ""
    return sha.hexdigest()


def read_bytes(path: str) -> bytes:
    """Return what a file holds, nothing if it cannot be read."""
    try:
        with open(path, "rb") as content:
            return content.read()
    except OSError:
        return b""


def read_text(path: str) -> str:
    """Return what a file holds as str, where what is no UTF-8 does not matter; "" if it cannot be read."""
    return read_bytes(path).decode("utf-8", "replace")


def make_directory(path: str) -> None:
    """Make a directory, with its parents, unless it is there."""
    if not os.path.isdir(path):
        os.makedirs(path, 0o755)


def need_directory(path: str) -> None:
    """As make_directory, of a directory that a person has named.

    :raises FleetError: it cannot be made.
    """
    try:
        make_directory(path)
    except OSError as error:
        raise FleetError(f"Directory {path} cannot be made: {error.strerror}", todo="Give another one, or make it")


def write_atomic(path: str, data: bytes, mode: int) -> None:
    """Replace the file at path whole: readers and power cuts see the old content or the new, never a part.

    :param data: bytes.
    :param mode: int, permissions of the new file, which belongs to root.
    :raises FleetError: it cannot be written; then it is what it was.
    """
    try:
        _replace(path, data, mode)
    except OSError as error:
        raise cannot_be_written(path, error)


def cannot_be_written(path: str, error: OSError) -> FleetError:
    """Return the FleetError that says so; the file is what it was."""
    return FleetError(
        f"{path} cannot be written: {error.strerror}",
        "That file is what it was, and a plain reboot boots what it booted before",
        "Make room, or make the file system writable, and run the same command again",
    )


def _replace(path: str, data: bytes, mode: int) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".osmigrate-", dir=os.path.dirname(path))
    try:
        write_out(descriptor, data, mode)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    sync_directory(os.path.dirname(path))


def write_out(descriptor: int, data: bytes, mode: int) -> None:
    """Write a new file, whole and to the disk, and close it.

    :param descriptor: int, open for writing.
    :param data: bytes.
    :param mode: int, permissions of the file, whatever the umask is.
    """
    try:
        os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: str) -> None:
    """Bring the names in a directory to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
