# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The partition table of a disk, and where in it two slots and PERSIST find room. Pure.

What is there stays where it is. Room is what belongs to no partition, what a spare partition has that was named by
hand, and the end of a physical volume that no logical volume uses.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

GPT, MBR = "gpt", "dos"
_LINUX = {GPT: "0fc63daf-8483-4772-8e79-3d69d8477de4", MBR: "83"}
# Of a table: numbers that it has, and the first sector that it cannot name any more.
_NUMBERS = {GPT: 128, MBR: 4}
_END = {GPT: 1 << 63, MBR: 1 << 32}
# Bytes of one number in a GPT, whose copy is at the end of the disk, with a header of one sector behind it.
_ENTRY = 128
# What sfdisk says of the end of a GPT is what the disk had when the table was written: one that has grown since has
# more, and sfdisk brings the copy there where it is not told otherwise.
_OLD_END = "last-lba:"
_ALIGNED = 1 << 20
_LINE = re.compile(r"^(/\S*?)(\d+) : start= *(\d+), size= *(\d+), type=([^,\s]+)(.*)$")
_FIELD = re.compile(r'(\w+)=("[^"]*"|[^,\s]+)')
INSTEAD = (
    "Move it with the backend ostree, which needs no partitions, or install it from an image with two root partitions"
)


class Part(typing.NamedTuple):
    """One partition. start, size: sectors. line: as sfdisk dumps it. uuid: PARTUUID, "" on an MBR."""

    number: int
    start: int
    size: int
    kind: str
    name: str
    uuid: str
    line: str

    def end(self) -> int:
        return self.start + self.size

    def device(self) -> str:
        return self.line.split(" ")[0]


class Table(typing.NamedTuple):
    """What `sfdisk --dump` says of a disk. first, end: sectors that partitions may have. head: the lines above them
    without _OLD_END."""

    device: str
    label: str
    id: str
    sector: int
    first: int
    end: int
    parts: typing.Tuple[Part, ...]
    head: typing.Tuple[str, ...]


class Volume(typing.NamedTuple):
    """A physical volume. partuuid: of its partition. needed: bytes from its start that logical volumes use."""

    partuuid: str
    group: str
    needed: int


class Wanted(typing.NamedTuple):
    """slot, persist: bytes; PERSIST gets the rest of where it lies. spare: PARTUUID of a partition to use up, or ""."""

    slot: int
    persist: int
    spare: str = ""


class Plan(typing.NamedTuple):
    """What the table becomes. removed: the spare, if any. shrunk: a volume and the bytes that it keeps, if any. made:
    PARTUUID and number by name."""

    table: Table
    made: typing.Dict[str, Part]
    removed: typing.Optional[Part] = None
    shrunk: typing.Optional[typing.Tuple[Volume, Part]] = None


def parse(text: str, size: int) -> Table:
    """Read a dump.

    :param size: bytes of the disk.
    :raises FleetError: it is of a kind that has no PARTUUIDs, or not whole.
    """
    head = [line for line in text.splitlines() if line.strip() and not line.startswith(("/", _OLD_END))]
    about = {key: value.strip() for key, _colon, value in (line.partition(":") for line in head)}
    device, label = about.get("device", "this disk"), about.get("label", "")
    if label not in _LINUX:
        raise FleetError(
            f"{device} has a partition table of the kind {label or 'none'}, and slots need {GPT} or {MBR}", todo=INSTEAD
        )
    sector = int(about.get("sector-size", 512))
    parts = [_part(line, about.get("label-id", ""), label) for line in text.splitlines() if line.startswith("/")]
    first = int(about.get("first-lba", _ALIGNED // sector))
    end = min(size // sector - _behind(about, sector) if label == GPT else size // sector, _END[label])
    ordered = sorted(parts, key=lambda part: part.start)
    return Table(device, label, about.get("label-id", ""), sector, first, end, tuple(ordered), tuple(head))


def _behind(about: typing.Dict[str, str], sector: int) -> int:
    """Return how many sectors the copy of a GPT takes at the end of the disk."""
    entries = int(about.get("table-length", _NUMBERS[GPT])) * _ENTRY
    return 1 + -(-entries // sector)


def _part(line: str, label_id: str, label: str) -> Part:
    match = _LINE.match(line)
    if not match:
        raise FleetError(f"sfdisk says something of a partition that is not understood: {line}", todo=INSTEAD)
    fields = {key: value.strip('"') for key, value in _FIELD.findall(match.group(6))}
    number = int(match.group(2))
    own = fields.get("uuid", "").lower() if label == GPT else partuuid_of(label_id, number)
    return Part(
        number, int(match.group(3)), int(match.group(4)), match.group(5).lower(), fields.get("name", ""), own, line
    )


def partuuid_of(label_id: str, number: int) -> str:
    """Return the PARTUUID of a partition of an MBR."""
    return f"{label_id.lower().replace('0x', '').zfill(8)}-{number:02x}"


def gaps(table: Table) -> typing.List[typing.Tuple[int, int]]:
    """Return what belongs to no partition, as first sector and the one behind the last, in whole mebibytes."""
    unit, found, at = max(1, _ALIGNED // table.sector), [], table.first
    for part in (*table.parts, None):
        end = part.start if part else table.end
        first, last = -(-at // unit) * unit, end // unit * unit
        if last > first:
            found.append((first, last))
        at = max(at, part.end()) if part else at
    return found


def plan(table: Table, wanted: Wanted, volumes: typing.Sequence[Volume], new_uuid: typing.Callable[[], str]) -> Plan:
    """Decide where the slots go.

    :param volumes: physical volumes on partitions of this disk.
    :param new_uuid: a PARTUUID that nobody has.
    :raises FleetError: there is no room, or the names are taken; nothing was changed.
    """
    taken = sorted({part.name for part in table.parts} & set(layout.REQUIRED))
    if taken:
        raise FleetError(
            f"{table.device} has {', '.join(taken)} already, and not all of {', '.join(layout.REQUIRED)}",
            todo=f"Look whose that is; remove it, give it another PARTLABEL, or name all of them in {layout.FILE}",
        )
    bare, removed = _without_spare(table, wanted.spare)
    made = _fill(bare, wanted, new_uuid)
    if made is not None:
        return Plan(_with(bare, made), made, removed)
    for volume in volumes:
        less, shrunk = _less(bare, volume)
        made = _fill(less, wanted, new_uuid) if shrunk else None
        if made is not None and shrunk:
            return Plan(_with(less, made), made, removed, (volume, shrunk))
    raise _no_room(bare, wanted, volumes)


def _without_spare(table: Table, spare: str) -> typing.Tuple[Table, typing.Optional[Part]]:
    if not spare:
        return table, None
    found = [part for part in table.parts if part.uuid == spare.lower()]
    if not found:
        raise FleetError(f"{table.device} has no partition with the PARTUUID {spare}", todo="Name one that is there")
    return table._replace(parts=tuple(part for part in table.parts if part not in found)), found[0]


def _less(table: Table, volume: Volume) -> typing.Tuple[Table, typing.Optional[Part]]:
    """Return the table with a smaller physical volume, and its partition as it is then; None if that gives nothing."""
    unit = max(1, _ALIGNED // table.sector)
    for part in table.parts:
        size = -(-volume.needed // table.sector // unit) * unit if part.uuid == volume.partuuid else part.size
        if size < part.size:
            line = re.sub(r"size= *\d+", f"size={size:12d}", part.line)
            shrunk = part._replace(size=size, line=line)
            return table._replace(parts=tuple(shrunk if one is part else one for one in table.parts)), shrunk
    return table, None


def _fill(table: Table, wanted: Wanted, new_uuid: typing.Callable[[], str]) -> typing.Optional[typing.Dict[str, Part]]:
    """Find room for all three, None if there is none; of two ways that fit, the one that leaves more to PERSIST."""
    sizes = {name: _sectors(wanted.slot, table) for name in layout.SLOTS}
    sizes[layout.PERSIST] = _sectors(wanted.persist, table)
    numbers = _free_numbers(table)
    if len(numbers) < len(sizes):
        return None
    room = {first: end - first for first, end in gaps(table)}
    orders = (layout.REQUIRED, layout.REQUIRED[::-1])
    ways = [way for way in (_placed(order, sizes, room) for order in orders) if way]
    if not ways:
        return None
    where, last = max(ways, key=lambda way: way[1])
    sizes[layout.PERSIST] = last
    made, at = {}, {first: first for first in room}
    for number, name in zip(numbers, layout.REQUIRED):
        made[name] = _new(table, number, at[where[name]], sizes[name], name, new_uuid())
        at[where[name]] += sizes[name]
    return made


def _placed(
    order: typing.Sequence[str], sizes: typing.Dict[str, int], room: typing.Dict[int, int]
) -> typing.Optional[typing.Tuple[typing.Dict[str, int], int]]:
    """Return in which gap each comes, in each order where least is left over, and what PERSIST gets then."""
    left, where = dict(room), {}
    for name in order:
        fitting = [first for first in left if left[first] >= sizes[name]]
        if not fitting:
            return None
        where[name] = min(fitting, key=lambda first: (left[first], first))
        left[where[name]] -= sizes[name]
    return where, sizes[layout.PERSIST] + left[where[layout.PERSIST]]


def _sectors(size: int, table: Table) -> int:
    return -(-size // _ALIGNED) * (_ALIGNED // table.sector)


def _free_numbers(table: Table) -> typing.List[int]:
    used = {part.number for part in table.parts}
    return [number for number in range(1, _NUMBERS[table.label] + 1) if number not in used]


def _new(table: Table, number: int, start: int, size: int, name: str, own: str) -> Part:
    between = "p" if table.device[-1:].isdigit() else ""
    line = f"{table.device}{between}{number} : start={start:12d}, size={size:12d}, type={_LINUX[table.label]}"
    if table.label == MBR:
        return Part(number, start, size, _LINUX[MBR], "", partuuid_of(table.id, number), line)
    return Part(number, start, size, _LINUX[GPT], name, own, line + f', uuid={own.upper()}, name="{name}"')


def _with(table: Table, made: typing.Dict[str, Part]) -> Table:
    parts = sorted((*table.parts, *made.values()), key=lambda part: part.start)
    return table._replace(parts=tuple(parts))


def _no_room(table: Table, wanted: Wanted, volumes: typing.Sequence[Volume]) -> FleetError:
    need = 2 * wanted.slot + wanted.persist
    if len(_free_numbers(table)) < len(layout.REQUIRED):
        why = f"its MBR has {len(_free_numbers(table))} numbers left for partitions"
    else:
        free = [(end - first) * table.sector >> 20 for first, end in gaps(table)]
        why = f"it has {' and '.join(map(str, sorted(free, reverse=True))) or 'no'} MiB without a partition"
        if volumes:
            why += f", and the volume group {volumes[0].group} frees too little at the end of its partition"
    return FleetError(
        f"{table.device} has no room for two slots of {wanted.slot >> 20} MiB and PERSIST of "
        f"{wanted.persist >> 20} MiB: {why}",
        todo=f"Free {need >> 20} MiB, give a spare partition or smaller sizes. {INSTEAD}",
    )


def render(table: Table) -> str:
    """Return a table as sfdisk takes it."""
    return "\n".join([*table.head, "", *[part.line for part in table.parts], ""])


def changed(before: Table, after: Table, meant: Plan) -> str:
    """Say what differs between a table that was written and what was meant, "" if nothing does.

    :param before: as it was; what it had has to be the same byte for byte, but for what the plan removes or shrinks.
    :param after: as it is on the disk now.
    """
    gone = meant.removed.number if meant.removed else 0
    kept = [meant.shrunk[1] if meant.shrunk and one.number == meant.shrunk[1].number else one for one in before.parts]
    there = {part.number: part for part in after.parts}
    for part in [*[one for one in kept if one.number != gone], *meant.made.values()]:
        now = there.get(part.number)
        if now is None or now._replace(line="") != part._replace(line=""):
            return f"partition {part.number} is {now.line if now else 'not there'}, and {part.line} was meant"
    return ""
