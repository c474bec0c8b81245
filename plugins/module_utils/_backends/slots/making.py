# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two slots and PERSIST, made on a node that has none: beside what runs, which is not touched.

The layout file is written first and names all by PARTUUIDs that are decided by then, the table second, at once, and
PERSIST gets its file system last. So a run that is cut off anywhere is gone on with by the next one, also where the
kernel was not told of the table yet, and until the table is written the disk is what it was.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import json
import os
import time
import typing
import uuid

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Step
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import kubeos, layout, table
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grubfiles
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

SAVED = DIRECTORY + "/table.sfdisk"
LEFT = "The partition table is what it was, and the node serves on as it did"
LEAST = 64  # MiB: what a file system needs for itself
# What a node that gets slots is asked for; sizes in MiB.
ARGUMENT_SPEC: typing.Dict[str, typing.Any] = {
    "slot_size": {"type": "int", "default": 4096},
    "persist_size": {"type": "int", "default": 16384},
    "disk": {"type": "path"},
    "spare": {"type": "str"},
}
_MEMBER = "LVM2_member"
_EDGE = 1 << 20  # where signatures of what lay there before are, at both ends
_SECONDS = 30  # until a partition that the kernel was told of is to be seen
# A second copy of LVM's metadata may lie at the end, and pvresize keeps room for it.
_LVM_TAIL = 4 << 20


class Places(typing.NamedTuple):
    """disk: "" for that of the spare, or of "/". file: the layout file. saved: where the table is kept as it was. root:
    below which grub.cfg is looked for."""

    disk: str = ""
    file: str = layout.FILE
    saved: str = SAVED
    root: str = "/"


def asked(params: typing.Dict[str, typing.Any]) -> typing.Tuple[table.Wanted, Places]:
    """Return what plan() takes of the values of ARGUMENT_SPEC.

    :raises FleetError: nobody can want that.
    """
    if min(params["slot_size"], params["persist_size"]) < LEAST:
        raise FleetError(f"A partition of less than {LEAST} MiB is none of a system", LEFT, "Give larger sizes")
    wanted = table.Wanted(params["slot_size"] << 20, params["persist_size"] << 20, params["spare"] or "")
    return wanted, Places(params["disk"] or "")


def plan(wanted: table.Wanted, places: Places) -> typing.List[Step]:
    """Decide what is missing until the node has slots, with a table that was looked at just now.

    :raises FleetError: there is no room, or nobody can say where; nothing was changed.
    """
    return _decide(wanted, places)[0]


def foretell(wanted: table.Wanted, places: Places) -> layout.Layout:
    """Return the layout that the node has once plan() was carried out, and change nothing.

    :raises FleetError: as plan().
    """
    _steps, partitions, names = _decide(wanted, places)
    return layout.assign(partitions, names, layout.root_number())


def _decide(
    wanted: table.Wanted, places: Places
) -> typing.Tuple[typing.List[Step], typing.List[layout.Partition], typing.Dict[str, str]]:
    """Return what is missing, and partitions and names as they are then."""
    named = layout.parse_file(_storage.read_text(places.file)) if os.path.exists(places.file) else {}
    partitions = layout.partitions()
    told, unseen = _unseen(named, places, partitions)
    partitions += unseen
    there = _there(named, partitions, wanted.spare)
    # What KubeOS made goes by labels: those of its file systems, which the table knows nothing of.
    taken_over = {} if there else kubeos.names(partitions, _menu(places.root))
    if taken_over or len(there) == len(layout.REQUIRED):
        names = _with_boot(dict(named, **taken_over), partitions)
        steps = told + _naming(named, names, places.file)
        target = names.get(layout.PERSIST, f"PARTLABEL={layout.PERSIST}")
        if _one(partitions, target).fstype:
            return steps, partitions, names
    else:
        before, made = _planned(wanted, places, partitions, there)
        own = {name: f"PARTUUID={part.uuid}" for name, part in made.made.items()}
        names = _with_boot(dict(named, **own), partitions)
        steps = _naming(named, names, places.file)
        steps.append(Step(_sentence(made, before), lambda: _apply(before, made, places)))
        target = names[layout.PERSIST]
        gone = made.removed.uuid if made.removed else ""
        partitions = [one for one in partitions if not gone or one.partuuid != gone]
        partitions += [_as_seen(before, name, part) for name, part in made.made.items()]
    steps.append(Step(f"make a file system on {layout.PERSIST}", lambda: _make_persist(target)))
    return steps, partitions, names


def _there(named: typing.Dict[str, str], partitions: typing.Sequence[layout.Partition], spare: str) -> typing.List[str]:
    """Return which of the three are there. Pure."""
    found = {name: layout.found(partitions, named.get(name, f"PARTLABEL={name}")) for name in layout.REQUIRED}
    if all(found.values()):
        return list(layout.REQUIRED)
    # On an MBR one of them gets the number of the spare, so its PARTUUID too, and is named by that before it is made.
    return [name for name, fitting in found.items() if any(one.partuuid != spare.lower() for one in fitting)]


def _unseen(
    named: typing.Dict[str, str], places: Places, partitions: typing.Sequence[layout.Partition]
) -> typing.Tuple[typing.List[Step], typing.List[layout.Partition]]:
    """Return what lets the kernel see the partitions of a run that was cut off once the table was written, and those as
    they are seen then; nothing where all are seen, or no table has them."""
    uuids = {name: named[name].partition("=")[2].lower() for name in layout.REQUIRED if _is_by_partuuid(named, name)}
    missing = [name for name in uuids if not layout.found(partitions, named[name])]
    if len(uuids) < len(layout.REQUIRED) or not missing:
        return [], []
    written = [one for one in _tables(places) if set(uuids.values()) <= {part.uuid for part in one.parts}]
    if len(written) != 1:  # several paths lead to one disk, and which one counts is not for us to say
        return [], []
    now, parts = written[0], {part.uuid: part for part in written[0].parts}
    said = f"let the kernel see {', '.join(missing)} on {now.device}"
    seen = [_as_seen(now, name, parts[uuids[name]]) for name in missing]
    return [Step(said, lambda: _tell_kernel(now, list(uuids.values())))], seen


def _is_by_partuuid(named: typing.Dict[str, str], name: str) -> bool:
    return named.get(name, "").startswith("PARTUUID=")


def _tables(places: Places) -> typing.Iterator[table.Table]:
    """Return the tables that there are, of the disk that is named, or of all disks."""
    for disk in [os.path.realpath(places.disk)] if places.disk else [one["name"] for one in _disks()]:
        with contextlib.suppress(FleetError):  # it has none
            yield read(disk)


def _as_seen(before: table.Table, name: str, part: table.Part) -> layout.Partition:
    """Return a partition that is to be made as it is seen then."""
    return layout.Partition(part.device(), f"new:{part.number}", part.size * before.sector, part.uuid, name)


def _naming(old: typing.Dict[str, str], new: typing.Dict[str, str], file: str) -> typing.List[Step]:
    return [] if old == new else [Step(f"write {file}", lambda: _write_file(new, file))]


def _menu(root: str) -> str:
    """Return the text of grub.cfg, "" where there is none."""
    directories = [os.path.join(root, place) for place, _tool in grubfiles.PLACES] + grubfiles.on_esp(root)
    texts = [_storage.read_text(os.path.join(directory, "grub.cfg")) for directory in directories]
    return next((text for text in texts if text), "")


def _one(partitions: typing.Sequence[layout.Partition], tag: str) -> layout.Partition:
    found = layout.found(partitions, tag)
    if len(found) != 1:
        raise FleetError(f"{len(found)} partitions are {tag}", LEFT, "Look at 'lsblk -o +PARTLABEL,PARTUUID'")
    return found[0]


def _with_boot(names: typing.Dict[str, str], partitions: typing.Sequence[layout.Partition]) -> typing.Dict[str, str]:
    """Name the partition that /boot is on, unless one is known."""
    known = any(layout.found(partitions, names.get(name, f"PARTLABEL={name}")) for name in (layout.BOOT, layout.ESP))
    number = _storage.mount_of(os.path.dirname(DIRECTORY), _storage.mounts()).number
    holds = [one for one in partitions if number in (one.number, *one.above) and one.partuuid]
    if known or not holds:
        return names
    return dict(names, **{layout.BOOT: f"PARTUUID={holds[0].partuuid}"})


def _planned(
    wanted: table.Wanted,
    places: Places,
    partitions: typing.Sequence[layout.Partition],
    there: typing.Sequence[str],
) -> typing.Tuple[table.Table, table.Plan]:
    disk = os.path.realpath(places.disk) if places.disk else _disk(wanted.spare, places, partitions)
    if there:
        raise FleetError(
            f"This node has {', '.join(there)} already, and not all of {', '.join(layout.REQUIRED)}",
            LEFT,
            f"Look whose that is; remove it, give it another PARTLABEL, or name all of them in {places.file}",
        )
    before = read(disk)
    if wanted.spare:
        _see_that_it_is_spare(wanted.spare, before, partitions)
    return before, table.plan(before, wanted, _volumes(partitions, before), lambda: str(uuid.uuid4()))


def read(disk: str) -> table.Table:
    """Read the partition table of a disk.

    :raises FleetError: it has none that can have slots.
    """
    size = int(run(["lsblk", "--nodeps", "--noheadings", "--bytes", "--output", "SIZE", disk], left=LEFT).stdout)
    dumped = run(["sfdisk", "--dump", disk], check=False, left=LEFT, todo="Install fdisk, or util-linux")
    return table.parse(dumped.stdout if dumped.rc == 0 else f"device: {disk}", size)


def _disk(spare: str, places: Places, partitions: typing.Sequence[layout.Partition]) -> str:
    """Return the disk that has the spare partition, if one is named, else that of the file system at "/"."""
    seen = layout.found(partitions, f"PARTUUID={spare}") if spare else []
    if spare and not seen:  # a run that was cut off may have let the kernel forget it
        having = [one.device for one in _tables(places) if spare.lower() in {part.uuid for part in one.parts}]
        if len(having) == 1:
            return having[0]
    what, number = (seen[0].device, seen[0].number) if seen else ("/", layout.root_number())
    found = [one["name"] for one in _disks() if number in list(_numbers(one))]
    if len(found) != 1:
        raise FleetError(
            f"{what} lies on {' and '.join(found) or 'no disk'}",
            LEFT,
            "Name the disk that shall have the slots (osmigrate_slot_disk)",
        )
    return str(found[0])


def _disks() -> typing.List[typing.Dict[str, typing.Any]]:
    """Return what is no part of anything else, and what it consists of, as lsblk says it."""
    listed = run(["lsblk", "--json", "--paths", "--output", "NAME,TYPE,MAJ:MIN"], left=LEFT).stdout
    return list(parse_json(listed)["blockdevices"])


def _numbers(device: typing.Dict[str, typing.Any]) -> typing.Iterator[str]:
    yield device["maj:min"].strip()
    for child in device.get("children") or []:
        yield from _numbers(child)


def _see_that_it_is_spare(spare: str, disk: table.Table, partitions: typing.Sequence[layout.Partition]) -> None:
    """Refuse a partition that is in use, or that holds anything that has a name.

    :param spare: its PARTUUID. A run that was cut off may have let the kernel forget it, while the table has it still.
    """
    unseen = [part for part in disk.parts if part.uuid == spare.lower()]
    if layout.found(partitions, f"PARTUUID={spare}") or not unseen:
        found = _one(partitions, f"PARTUUID={spare}")
        name, users, holds = found.device, (*found.mounted, *found.users), layout.probe(found.device)
    else:
        name, users = _as_seen(disk, "", unseen[0]).device, ()
        within = unseen[0].start * disk.sector, unseen[0].size * disk.sector
        holds = layout.probe(disk.device, within)
    why = holds.get("TYPE") or holds.get("PTTYPE") or ""
    if users:
        why = f"is in use by {', '.join(users)}"
    elif why:
        why = f"holds {why}"
    if why:
        raise FleetError(
            f"{name} {why}, so it is not spare",
            LEFT,
            f"If nobody needs its data, free it ('wipefs --all {name}'), then run the same command again",
        )


def _volumes(partitions: typing.Sequence[layout.Partition], found: table.Table) -> typing.List[table.Volume]:
    """Return the physical volumes on this disk, and what is needed of each."""
    own = {part.uuid for part in found.parts}
    members = {one.device: one for one in partitions if one.fstype == _MEMBER and one.partuuid in own}
    if not members:
        return []
    fields = "pv_name,vg_name,pe_start,vg_extent_size,pvseg_start,pvseg_size,segtype"
    argv = ["pvs", "--segments", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", fields]
    return parse_volumes(run([*argv, *sorted(members)], left=LEFT).stdout, {k: v.partuuid for k, v in members.items()})


def parse_volumes(text: str, partuuids: typing.Dict[str, str]) -> typing.List[table.Volume]:
    """Read what pvs says of each segment. Pure.

    :param partuuids: of the partitions that are meant, by their device.
    """
    needed: typing.Dict[str, int] = {}
    groups = {}
    for one in parse_json(text)["report"][0]["pvseg"]:
        if one["pv_name"] in partuuids and one["vg_name"]:
            end = int(one["pvseg_start"]) + (0 if one["segtype"] == "free" else int(one["pvseg_size"]))
            bytes_ = int(one["pe_start"]) + end * int(one["vg_extent_size"]) + _LVM_TAIL
            needed[one["pv_name"]] = max(needed.get(one["pv_name"], 0), bytes_)
            groups[one["pv_name"]] = one["vg_name"]
    return [table.Volume(partuuids[name], groups[name], needed[name]) for name in sorted(needed)]


def _sentence(made: table.Plan, before: table.Table) -> str:
    said = "make " + ", ".join(f"{name} ({part.size * before.sector >> 20} MiB)" for name, part in made.made.items())
    if made.removed:
        said += f" instead of partition {made.removed.number}"
    if made.shrunk:
        said += f" from the end of volume group {made.shrunk[0].group}"
    return f"{said} on {before.device}"


def _write_file(names: typing.Dict[str, str], path: str) -> None:
    _storage.make_directory(os.path.dirname(path))
    _storage.write_atomic(path, (json.dumps(names, indent=1, sort_keys=True) + "\n").encode("utf-8"), 0o644)


def _apply(before: table.Table, made: table.Plan, places: Places) -> None:
    """Write the table: at once, and as it was where what is read back is not what was meant."""
    disk = before.device
    if read(disk) != before:
        raise FleetError(
            f"The partition table of {disk} has changed since it was looked at", LEFT, "Run the same command again"
        )
    _storage.make_directory(os.path.dirname(places.saved))
    _storage.write_atomic(places.saved, table.render(before).encode("utf-8"), 0o600)
    if made.shrunk:
        kept = made.shrunk[1]
        argv = ["pvresize", "--yes", "--setphysicalvolumesize", f"{kept.size * before.sector}b"]
        run(
            [*argv, _one(layout.partitions(), f"PARTUUID={kept.uuid}").device],
            left=LEFT,
            todo="Look at 'pvs --segments'",
        )
    if made.removed and layout.found(layout.partitions(), f"PARTUUID={made.removed.uuid}"):
        run(["partx", "--delete", "--nr", str(made.removed.number), disk], left=LEFT)
    _empty(disk, made, before.sector)
    problem = _write(disk, table.render(made.table)) or table.changed(before, read(disk), made)
    if problem:
        again = _write(disk, table.render(before))
        left = f"The table is what it was before; it is in {places.saved} too" if not again else f"{again}; see 'todo'"
        raise FleetError(
            f"{disk} did not take the table with the slots: {problem}",
            left,
            f"Compare 'sfdisk --dump {disk}' with {places.saved}, and look at that disk",
        )
    _tell_kernel(made.table, [part.uuid for part in made.made.values()])


def _tell_kernel(now: table.Table, uuids: typing.Sequence[str]) -> None:
    """Tell the kernel of partitions that it does not know yet, and before that of what is smaller now and lies across
    them: it takes none that overlap."""
    partitions = layout.partitions()
    # Where no udev is, blkid knows no PARTUUID of what has another size in the table.
    sizes = {one.device: one.size_bytes for one in partitions}
    sizes.update((one.partuuid, one.size_bytes) for one in partitions)
    new = [one for one in now.parts if one.uuid in uuids and one.uuid not in sizes]

    def is_across(part: table.Part) -> bool:
        end = part.start + sizes.get(part.uuid, sizes.get(part.device(), 0)) // now.sector
        return part not in new and any(part.start < one.start < end for one in new)

    for option, parts in (("--update", [one for one in now.parts if is_across(one)]), ("--add", new)):
        for part in parts:
            argv = ["partx", option, "--nr", str(part.number), now.device]
            run(argv, left="The table is written", todo="Reboot the node")


def _empty(disk: str, made: table.Plan, sector: int) -> None:
    """Take away what has lain where the slots come, before anybody sees it as a file system or a volume again."""
    try:
        with open(disk, "r+b", buffering=0) as stream:
            for part in made.made.values():
                for at in (part.start * sector, part.end() * sector - _EDGE):
                    os.pwrite(stream.fileno(), bytes(_EDGE), at)
            os.fsync(stream.fileno())
    except OSError as error:
        raise FleetError(f"{disk} cannot be written: {error.strerror}", LEFT, "Look at the kernel's log and that disk")


def _write(disk: str, text: str) -> str:
    """Write a table, and say what went wrong, "" for nothing. The kernel is told of single partitions afterwards:
    others of the disk are in use."""
    argv = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe", "never", disk]
    done = run(argv, check=False, input_bytes=text.encode("utf-8"))
    return done.said() if done.rc else ""


def _make_persist(tag: str) -> None:
    found: typing.List[layout.Partition] = []
    ends = time.monotonic() + _SECONDS
    while not found and time.monotonic() < ends:
        found = layout.found(layout.partitions(), tag)
        if not found:
            time.sleep(0.5)
    partition = _one(found, tag)
    if layout.probe(partition.device).get("TYPE"):
        return  # somebody was faster, and what has a file system is not made anew
    todo = "Look at that partition, then run the same command again"
    run(["mkfs.ext4", "-q", "-L", layout.PERSIST, "-m", "0", partition.device], left="The slots are there", todo=todo)
