# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where two slots and PERSIST find room: tables as data, and tables that sfdisk really reads and writes."""

import itertools
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, Optional

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import table
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

MIB = 1 << 20
SIZE = 100 * MIB
LVM = "e6d6d379-f507-44c2-a23c-238f2a3df928"


class Case(NamedTuple):
    """parts: first and last mebibyte of each partition, by number. slot, persist: MiB. places: where the three come, or
    what is wrong. spare: number of a partition. volume: number of one, and how many MiB of it are needed."""

    name: str
    parts: dict[int, tuple[int, int]]
    places: object
    slot: int = 10
    persist: int = 20
    label: str = "gpt"
    spare: int = 0
    volume: Optional[tuple[int, int]] = None
    sector: int = 512


THREE = {"ROOT-A": (50, 60), "ROOT-B": (60, 70), "PERSIST": (70, 99)}
CASES = [
    Case("the end of the disk", {1: (1, 9), 2: (9, 50)}, THREE),
    Case("an empty disk", {}, {"ROOT-A": (1, 11), "ROOT-B": (11, 21), "PERSIST": (21, 99)}),
    Case("in front of the root", {1: (60, 99)}, {"ROOT-A": (1, 11), "ROOT-B": (11, 21), "PERSIST": (21, 60)}),
    Case(
        "in two gaps, the small one for the slots",
        {1: (1, 10), 2: (30, 60)},
        {"ROOT-A": (10, 20), "ROOT-B": (20, 30), "PERSIST": (60, 99)},
    ),
    Case(
        "in three gaps",
        {1: (11, 40), 2: (50, 79)},
        {"ROOT-A": (1, 11), "ROOT-B": (40, 50), "PERSIST": (79, 99)},
    ),
    Case("numbers that are free", {1: (1, 9), 5: (9, 50)}, THREE),
    Case("to the last mebibyte", {1: (1, 59)}, {"ROOT-A": (59, 69), "ROOT-B": (69, 79), "PERSIST": (79, 99)}),
    Case("one too little", {1: (1, 60)}, r"no room for two slots of 10 MiB and PERSIST of 20 MiB: it has 39 MiB"),
    Case("room in pieces", {1: (20, 40), 2: (59, 80)}, "it has 19 and 19 and 19 MiB without a partition"),
    Case("a full disk", {1: (1, 99)}, "it has no MiB without a partition"),
    Case("a spare", {1: (1, 50), 2: (50, 99)}, THREE, spare=2),
    Case("a spare and what lies beside it", {1: (1, 50), 2: (60, 80)}, THREE, spare=2),
    Case("a spare that is too small", {1: (1, 80), 2: (80, 99)}, "no room for two slots", spare=2),
    Case("a spare that is not there", {1: (1, 80)}, "no partition with the PARTUUID", spare=9),
    Case("the end of a volume group", {1: (1, 10), 2: (10, 99)}, THREE, volume=(2, 40)),
    Case("a volume group is left alone where there is room", {1: (1, 10), 2: (10, 50)}, THREE, volume=(2, 5)),
    Case("a volume group that is full", {1: (1, 99)}, "group vg frees too little", volume=(1, 98)),
    Case("a volume group that frees too little", {1: (1, 99)}, "group vg frees too little", volume=(1, 60)),
    Case("an MBR with one number", {1: (1, 50)}, {**THREE, "PERSIST": (70, 100)}, label="dos"),
    Case("an MBR with two numbers", {1: (1, 9), 2: (9, 50)}, "its MBR has 2 numbers left", label="dos"),
    Case("sectors of 4096 bytes", {1: (1, 9), 2: (9, 50)}, THREE, sector=4096),
]


def part_uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def dump(case: Case) -> str:
    """Return what sfdisk says of a disk of 100 MiB; real ones are below."""
    unit = MIB // case.sector
    head = [f"label: {case.label}", "label-id: 0x0badcafe", "device: /dev/vda", "unit: sectors"]
    if case.label == "gpt":
        head += [f"first-lba: {unit}", f"last-lba: {99 * unit - 1}"]
    lines = [*head, f"sector-size: {case.sector}", ""]
    for number, (first, end) in case.parts.items():
        start, size = first * unit, (end - first) * unit
        line = f"/dev/vda{number} : start={start:12d}, size={size:12d}, type={LVM.upper()}"
        lines.append(line + (f', uuid={part_uuid(number).upper()}, name="of {number}"' if case.label == "gpt" else ""))
    return "\n".join(lines) + "\n"


def planned(case: Case, text: str = "") -> tuple[table.Table, table.Plan]:
    before = table.parse(text or dump(case), SIZE)
    volumes = []
    if case.volume:
        volumes.append(table.Volume(part_uuid(case.volume[0]), "vg", case.volume[1] * MIB))
    wanted = table.Wanted(case.slot * MIB, case.persist * MIB, part_uuid(case.spare).upper() if case.spare else "")
    numbers = itertools.count(100)
    return before, table.plan(before, wanted, volumes, lambda: part_uuid(next(numbers)))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_where_slots_find_room(case: Case) -> None:
    if isinstance(case.places, str):
        with pytest.raises(FleetError, match=case.places):
            planned(case)
        return
    before, plan = planned(case)
    unit = MIB // case.sector
    assert {name: (part.start // unit, part.end() // unit) for name, part in plan.made.items()} == case.places
    kept = {part.number: part for part in plan.table.parts if part not in plan.made.values()}
    for part in before.parts:
        if part.number == case.spare:
            assert plan.removed == part and part.number not in kept
        elif plan.shrunk and part.number == plan.shrunk[1].number:
            assert kept[part.number].start == part.start and case.volume
            assert kept[part.number].size * case.sector >= case.volume[1] * MIB
        else:
            assert kept[part.number] == part
    ordered = sorted(plan.table.parts, key=lambda part: part.start)
    assert all(one.end() <= other.start for one, other in zip(ordered, ordered[1:]))
    assert len({part.number for part in ordered}) == len({part.uuid for part in ordered}) == len(ordered)


@pytest.mark.parametrize(
    ("more", "sector", "end"),
    [("", 512, 100 * 2048 - 33), ("", 4096, 100 * 256 - 5), ("\ntable-length: 256", 512, 100 * 2048 - 65)],
)
def test_a_gpt_ends_where_the_disk_does_now(more: str, sector: int, end: int) -> None:
    """Not where it did when the table was written: disks of machines are made larger."""
    text = dump(CASES[0]).replace("first-lba", "last-lba: 20000\nfirst-lba").replace("sector-size: 512", "")
    text = text.replace("unit: sectors", f"unit: sectors\nsector-size: {sector}{more}")
    found = table.parse(text, SIZE)
    assert found.end == end and "last-lba" not in table.render(found)


def test_names_that_are_taken_fail() -> None:
    text = dump(CASES[0]).replace("of 2", "ROOT-B")
    with pytest.raises(FleetError, match="/dev/vda has ROOT-B already, and not all of ROOT-A, ROOT-B, PERSIST"):
        planned(CASES[0], text)


@pytest.mark.parametrize("label", ["", "atari", "sun"])
def test_a_table_of_another_kind_fail(label: str) -> None:
    with pytest.raises(FleetError, match=f"of the kind {label or 'none'}, and slots need gpt or dos"):
        table.parse(dump(CASES[0]).replace("label: gpt", f"label: {label}"), SIZE)


def test_a_line_that_nobody_understands_fail() -> None:
    with pytest.raises(FleetError, match="is not understood: /dev/vda1 and so on"):
        table.parse(dump(CASES[0]) + "/dev/vda1 and so on\n", SIZE)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("", "", ""),
        ("start=        2048", "start=        4096", "partition 1 is /dev/vda1 : start=        4096"),
        ("/dev/vda2 : ", "/dev/vda9 : ", "partition 2 is not there"),
        ('name="PERSIST"', 'name="PERSIS"', "partition 5 is "),
    ],
)
def test_a_table_that_is_not_what_was_meant(old: str, new: str, problem: str) -> None:
    before, plan = planned(CASES[0])
    after = table.parse(table.render(plan.table).replace(old, new, 1), SIZE)
    assert table.changed(before, after, plan).startswith(problem) and bool(problem) == bool(
        table.changed(before, after, plan)
    )


@pytest.mark.skipif(not shutil.which("sfdisk"), reason="sfdisk is not installed")
@pytest.mark.parametrize("case", [one for one in CASES if not isinstance(one.places, str)], ids=lambda case: case.name)
def test_sfdisk_makes_of_a_disk_what_was_planned(case: Case, tmp_path: Path) -> None:
    if case.sector != 512:
        pytest.skip("a file has sectors of 512 bytes")
    disk = tmp_path / "disk1"
    disk.touch()

    def sfdisk(*arguments: str, text: str = "") -> str:
        argv = ["sfdisk", "--quiet", *arguments, str(disk)]
        return subprocess.run(argv, input=text, check=True, stdout=subprocess.PIPE, text=True).stdout

    with disk.open("r+b") as stream:
        stream.truncate(SIZE)
    sfdisk(text=dump(case).replace("/dev/vda", f"{disk}p"))
    before, plan = planned(case, sfdisk("--dump"))
    sfdisk("--no-reread", "--no-tell-kernel", text=table.render(plan.table))
    after = table.parse(sfdisk("--dump"), SIZE)
    assert table.changed(before, after, plan) == ""
    assert {part.name for part in after.parts} >= set(plan.made) or case.label == "dos"
    assert table.gaps(after) == [] or case.label == "gpt"
