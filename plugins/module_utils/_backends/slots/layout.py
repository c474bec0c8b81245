# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a node's slots are: BOOT or ESP, ROOT-A, ROOT-B and PERSIST, which one runs, and why one cannot be written.

Partitions are found by their PARTLABEL, or by what the administrator says in FILE; never by the names of devices, which
change with the order in which a kernel finds disks.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

FILE = "/etc/osmigrate/slots.json"
LABELS = "/dev/disk/by-partlabel"
BOOT, ESP, ROOT_A, ROOT_B, PERSIST = "BOOT", "ESP", "ROOT-A", "ROOT-B", "PERSIST"
SLOTS = (ROOT_A, ROOT_B)
REQUIRED = (ROOT_A, ROOT_B, PERSIST)
NAMES = (BOOT, ESP, ROOT_A, ROOT_B, PERSIST)
# By what a layout file may name a partition, and the column of lsblk. An image brings another file system into a slot,
# so UUID and LABEL name what is never written.
TABLE_TAGS = {"PARTUUID": "partuuid", "PARTLABEL": "partlabel"}
CONTENT_TAGS = {"UUID": "uuid", "LABEL": "label"}
_COLUMNS = ["NAME", "TYPE", "MAJ:MIN", "SIZE", "RO", "MOUNTPOINT", *map(str.upper, TABLE_TAGS), "FSTYPE", *CONTENT_TAGS]
_SWAP = "[SWAP]"
# By this blkid says that there are signatures of several kinds.
_AMBIVALENT = 8
_SERVES = "Nothing was changed, and the node serves on as it did"


class Partition(typing.NamedTuple):
    """One partition.

    number: major:minor. mounted: where. above: numbers of the devices made of it. users: who else holds it, for people.
    """

    device: str
    number: str
    size_bytes: int
    partuuid: str
    partlabel: str = ""
    fstype: str = ""
    uuid: str = ""
    label: str = ""
    read_only: bool = False
    mounted: typing.Tuple[str, ...] = ()
    above: typing.Tuple[str, ...] = ()
    users: typing.Tuple[str, ...] = ()


class Layout(typing.NamedTuple):
    """The partitions of a node by their name here; running: the slot that "/" is on, "" if it is on none."""

    partitions: typing.Dict[str, Partition]
    running: str

    def slot(self, name: str) -> Partition:
        return self.partitions[name]

    def other(self) -> str:
        """Return the slot to write.

        :raises FleetError: none runs, so nobody knows which one may go.
        """
        if not self.running:
            raise FleetError(
                "The system that runs is on neither slot, so none of them is known to be free",
                _SERVES,
                "Free one whose data nobody needs ('wipefs --all' of its partition), then run the same command again",
            )
        return SLOTS[1 - SLOTS.index(self.running)]


def parse(text: str, mounts: typing.Sequence[_storage.Mount]) -> typing.List[Partition]:
    """Read which partitions there are.

    :param text: JSON of lsblk with the columns that read() asks for.
    :param mounts: what is mounted.
    :returns: each once, also where several disks lead to it, and none of a disk that is a part of another one.
    """
    found: typing.Dict[str, Partition] = {}
    for device in parse_json(text)["blockdevices"]:
        _walk(device, mounts, found)
    return list(found.values())


def _walk(
    device: typing.Dict[str, typing.Any],
    mounts: typing.Sequence[_storage.Mount],
    found: typing.Dict[str, Partition],
    member: bool = False,
) -> None:
    children = device.get("children") or []
    if device["type"] == "part" and not member:
        found[device["name"]] = _partition(device, mounts)
    # Paths to one disk, and disks of a mirror, show the partitions of the whole once more.
    whole = any(child["type"] != "part" for child in children) and device["type"] != "part"
    for child in children:
        _walk(child, mounts, found, member=whole and child["type"] == "part")


def _partition(device: typing.Dict[str, typing.Any], mounts: typing.Sequence[_storage.Mount]) -> Partition:
    above = list(_above(device))
    number = device["maj:min"].strip()
    places = [mount.target for mount in mounts if mount.number == number]
    users = [f"{one['name']} ({one['type']})" for one in above]
    if device["mountpoint"] == _SWAP:
        users.append("swap")
    text = {column: device[column] or "" for column in ("partuuid", "partlabel", "fstype", "uuid", "label")}
    return Partition(
        device["name"],
        number,
        int(device["size"]),
        text["partuuid"].lower(),
        text["partlabel"],
        text["fstype"],
        text["uuid"],
        text["label"],
        str(device["ro"]) in ("1", "True"),
        tuple(places),
        tuple(one["maj:min"].strip() for one in above),
        tuple(users),
    )


def _above(device: typing.Dict[str, typing.Any]) -> typing.Iterator[typing.Dict[str, typing.Any]]:
    for child in device.get("children") or []:
        yield child
        yield from _above(child)


def parse_file(text: str) -> typing.Dict[str, str]:
    """Read a layout file.

    :param text: JSON, a mapping of names to PARTUUID=..., PARTLABEL=...; of what is no slot also UUID=... or LABEL=...
    :raises FleetError: it is something else.
    """
    try:
        named = parse_json(text)
        usable = isinstance(named, dict) and all(_is_tag(name, value) for name, value in named.items())
    except ValueError:
        usable = False
    if not usable:
        raise FleetError(
            f"{FILE} is no layout file: it must be JSON that maps some of {', '.join(NAMES)} to PARTUUID=... or "
            f"PARTLABEL=...; {BOOT}, {ESP} and {PERSIST} may have UUID=... or LABEL=... instead",
            _SERVES,
            f"Correct {FILE}",
        )
    return dict(named)


def _is_tag(name: str, value: object) -> bool:
    tags = TABLE_TAGS if name in SLOTS else dict(TABLE_TAGS, **CONTENT_TAGS)
    return name in NAMES and isinstance(value, str) and value.partition("=")[0] in tags and not value.endswith("=")


def assign(partitions: typing.Sequence[Partition], named: typing.Dict[str, str], root: str) -> Layout:
    """Find out which partition is what.

    :param named: what a layout file says; what is not in it is found by its PARTLABEL.
    :param root: major:minor of the file system at "/".
    :raises FleetError: one is missing, or there are two of a kind.
    """
    chosen: typing.Dict[str, Partition] = {}
    for name in NAMES:
        tag = named.get(name, f"PARTLABEL={name}")
        fitting = [one for one in partitions if _fits(one, tag)]
        if len(fitting) > 1:
            devices = ", ".join(sorted(one.device for one in fitting))
            raise FleetError(
                f"{len(fitting)} partitions are {tag}: {devices}",
                _SERVES,
                f"Take a copy away, give one of them another label, or name {name} by its PARTUUID in {FILE}",
            )
        if not fitting and (name in REQUIRED or name in named):
            raise FleetError(
                f"This node has no partition {name}: none is {tag}",
                _SERVES,
                f"Give the partition that PARTLABEL, or name it in {FILE}; a node without two root partitions moves "
                "with the backend ostree, which needs none",
            )
        chosen.update((name, one) for one in fitting)
    _see_that_they_fit(chosen)
    running = [name for name in SLOTS if root in (chosen[name].number, *chosen[name].above)]
    return Layout(chosen, running[0] if running else "")


def _see_that_they_fit(chosen: typing.Dict[str, Partition]) -> None:
    names = sorted(chosen)
    for index, name in enumerate(names):
        twin = [other for other in names[index + 1 :] if chosen[other].number == chosen[name].number]
        if twin:
            raise FleetError(
                f"{name} and {twin[0]} are one partition, {chosen[name].device}", _SERVES, f"Correct {FILE}"
            )
        if name in SLOTS and not chosen[name].partuuid:
            raise FleetError(
                f"{name} ({chosen[name].device}) has no PARTUUID, by which it is booted",
                _SERVES,
                "Look at the partition table with 'blkid -p' and 'sfdisk --dump'",
            )
    if BOOT not in chosen and ESP not in chosen:
        raise FleetError(
            f"This node has neither a partition {BOOT} nor {ESP}",
            _SERVES,
            f"Give the partition of /boot the PARTLABEL {BOOT}, or name it in {FILE}",
        )


def _fits(partition: Partition, tag: str) -> bool:
    kind, _equals, value = tag.partition("=")
    mine = getattr(partition, dict(TABLE_TAGS, **CONTENT_TAGS)[kind])
    return bool(mine) and (mine.lower() == value.lower() if kind == "PARTUUID" else mine == value)


def in_use(layout: Layout, name: str, ours: typing.Sequence[str] = ()) -> str:
    """Say why a slot cannot be written now, "" if nothing is known that speaks against it. Pure.

    :param ours: where it may be mounted, because whoever writes it unmounts that first.
    """
    slot = layout.slot(name)
    slot = slot._replace(mounted=tuple(target for target in slot.mounted if target not in ours))
    if name == layout.running:
        return f"{name} ({slot.device}) is what runs"
    if slot.mounted:
        return f"{name} ({slot.device}) is mounted at {', '.join(slot.mounted)}"
    if slot.users:
        return f"{name} ({slot.device}) is in use by {', '.join(slot.users)}"
    if slot.read_only:
        return f"{name} ({slot.device}) is read-only"
    return ""


def read(file: str = FILE) -> Layout:
    """Look at the node.

    :param file: the layout file, which need not be there.
    :raises FleetError: this is no node with slots.
    """
    named = parse_file(_storage.read_text(file)) if os.path.exists(file) else {}
    return assign(partitions(), named, root_number())


def is_there(file: str = FILE, labels: str = LABELS) -> bool:
    """Say whether somebody has meant this to be a node with slots. Where it cannot be used as one, preflight says why:
    it does not get another backend because of a mistake."""
    return os.path.exists(file) or os.path.lexists(os.path.join(labels, ROOT_B))


def partitions() -> typing.List[Partition]:
    """Return the partitions of this node."""
    listed = run(["lsblk", "--json", "--paths", "--bytes", "--output", ",".join(_COLUMNS)], todo="Look at that program")
    return [_asked(one) for one in parse(listed.stdout, _storage.mounts())]


@functools.lru_cache(maxsize=1)
def running_partuuid() -> str:
    """Return the PARTUUID of the partition that "/" is on, whatever else the node has; "" for none."""
    number = root_number()
    return next((one.partuuid for one in partitions() if number in (one.number, *one.above)), "")


def root_number() -> str:
    """Return major:minor of the file system at "/"."""
    return _storage.mount_of("/", _storage.mounts()).number


def _asked(partition: Partition) -> Partition:
    """Ask a partition itself for what lsblk does not know where no udev has looked."""
    return partition if partition.partuuid else known(partition, probe(partition.device))


def probe(device: str, within: typing.Optional[typing.Tuple[int, int]] = None) -> typing.Dict[str, str]:
    """Return what blkid finds on a device itself, as parse_probe does.

    :param within: only there: first byte, and how many; None for all of it.
    """
    only = [f"--offset={within[0]}", f"--size={within[1]}"] if within else []
    argv = ["blkid", "-p", "-o", "export", *only, device]
    done = run(argv, check=False)
    if done.rc == _AMBIVALENT:
        # What others have left there: then it says nothing at all, unless it looks for one kind alone, which here is
        # none of those that slots have. What the table says of the partition is the same.
        done = run([*argv[:-1], "-n", "vfat", device], check=False)
    return parse_probe(done.stdout)


def known(partition: Partition, probed: typing.Dict[str, str]) -> Partition:
    """Return a partition with what blkid has found on it. Pure."""
    return partition._replace(
        partuuid=probed.get("PART_ENTRY_UUID", "").lower(),
        partlabel=probed.get("PART_ENTRY_NAME", ""),
        fstype=probed.get("TYPE", ""),
        uuid=probed.get("UUID", ""),
        label=probed.get("LABEL", ""),
    )


def parse_probe(text: str) -> typing.Dict[str, str]:
    """Read what blkid found on a device itself, of `blkid -p -o export`. Pure."""
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line)


def moved(probed: typing.Dict[str, str], partuuid: str, start: int, sectors: int) -> str:
    """Say how the table on the disk differs from what the kernel goes by, "" if it does not. Pure.

    :param probed: what parse_probe returns; without an entry there is no such partition any more.
    :param start, sectors: of 512 bytes each, as the kernel has them.
    """
    if probed.get("PART_ENTRY_UUID", "").lower() != partuuid:
        return f"its PARTUUID is {probed.get('PART_ENTRY_UUID') or 'none'} there and {partuuid} here"
    there = probed.get("PART_ENTRY_OFFSET", ""), probed.get("PART_ENTRY_SIZE", "")
    if there != (str(start), str(sectors)):
        return f"it begins at sector {there[0]} with {there[1]} sectors there, at {start} with {sectors} here"
    return ""


def check_table(name: str, slot: Partition) -> None:
    """See that the kernel still means by a partition what the table on the disk says.

    :raises FleetError: the table was changed, and the kernel has not read it since.
    """
    probed = probe(slot.device)
    sizes = [_storage.read_text(f"/sys/dev/block/{slot.number}/{part}").strip() for part in ("start", "size")]
    problem = moved(probed, slot.partuuid, *[int(size or 0) for size in sizes])
    if problem:
        raise FleetError(
            f"The partition table of the disk of {name} ({slot.device}) is not what the kernel goes by: {problem}",
            _SERVES,
            "Let the kernel read it again (partprobe, or a reboot), look whether it is what you want, then run the "
            "same command again",
        )


def found(listed: typing.Sequence[Partition], tag: str) -> typing.List[Partition]:
    """Return the partitions that a tag such as PARTUUID=... means. Pure."""
    return [one for one in listed if _fits(one, tag)]
