# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two root partitions as everybody else sees them: the second backend.

The report's program holds this file, so it imports little (_trial/reporter.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import (
    checks,
    device,
    kernel,
    layout,
    marks,
    pace,
    persist,
    shown,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

NAME = "slots"
# Where a slot sees the package-managed root that it came from.
INCUMBENT = "/run/osmigrate/incumbent"
# It is waited for as the root is, whose disk it mostly shares; systemd's own 90 seconds end in emergency mode where
# that is slow to come. A trial has its deadman.
PATIENT = "x-systemd.device-timeout=infinity"


class SlotsBackend(contract.Backend):
    """Releases are images, each in one of two partitions; its boot entry calls that by where it is shown.

    :param root: where the root file system is visible; "/" but for tests.
    """

    name = NAME
    keeps = (shown.PLACE,)
    checks = checks.CHECKS

    def __init__(self, root: str = "/") -> None:
        self.directory = root
        self.kernels = os.path.join(root, kernel.PLACE.lstrip("/"))
        self.marked = os.path.join(root, marks.PATH.lstrip("/"))

    def is_laid_out(self) -> bool:
        return layout.is_there()

    def not_whole(self) -> typing.List[str]:
        cut = [key for key, mark in marks.read(self.marked).items() if marks.state(mark) == marks.PARTIAL]
        if not cut:
            return []  # without a look at the disk
        try:
            partitions = layout.read().partitions
        except FleetError:
            return cut  # by what nobody can say the names of
        return [name for name, one in partitions.items() if one.partuuid in cut]

    def running(self, entries: contract.Entries) -> typing.Optional[str]:
        held = marks.read(self.marked)
        if not entries and not held:
            return None  # nothing of this backend was ever here, so nobody has to ask for partitions
        partuuid = layout.running_partuuid()
        found = of_slot(entries, partuuid)
        if found:
            return found[0]
        # What nothing of ours was written into is what grub.cfg boots.
        return "" if held.get(partuuid, marks.UNKNOWN).image else None

    def root(self, entry: contract.Entry) -> typing.Optional[contract.Root]:
        partuuid, held = shown.partuuid_of(entry.get("root", "")), marks.read(self.marked)
        mark = held.get(partuuid, marks.UNKNOWN)
        if not mark.good or mark.release != entry["id"]:
            return None
        merged = bool(held.get(layout.running_partuuid(), marks.UNKNOWN).image)
        arguments = [word for word in entry.get("options", "").split() if word.startswith(("root=", "rootf"))]
        return root_of(
            partuuid, arguments, entry.get("root_uuid", ""), entry["boot_uuid"], merged, directory=self.directory
        )

    def next_root(self, entry: contract.Entry) -> contract.NextRoot:
        return contract.NextRoot("a slot is put together by its initramfs alone", [], {})

    def is_complete(self, entry: contract.Entry) -> str:
        partuuid = shown.partuuid_of(entry["root"])
        mark = marks.read(self.marked).get(partuuid, marks.UNKNOWN)
        if not mark.good or mark.release != entry["id"]:
            return f"The slot {partuuid} does not hold {entry['id']} whole"
        gone = [path for path in kernel.paths(partuuid, self.kernels).values() if not os.path.exists(path)]
        layer = persist.upper(entry["id"], self.directory).path
        if persist.is_open(self.directory) and not os.path.isdir(layer):
            gone.append(layer)
        return f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there" if gone else ""

    def verify(self, entry: contract.Entry) -> str:
        problem = self.is_complete(entry)
        if problem:
            return problem
        partuuid = shown.partuuid_of(entry["root"])
        found = [one for one in layout.partitions() if one.partuuid == partuuid]
        if not found:
            return f"The slot {partuuid} is not there"
        slot = device.Device(f"The slot {partuuid}", found[0].device)
        return (
            ""
            if holds(slot, marks.read(self.marked)[partuuid], pace.Pace())
            else (f"{slot.name} ({slot.path}) does not hold {entry['id']} any more, bit for bit")
        )

    def prune(self, boot: typing.Any) -> typing.List[contract.Step]:
        entries = contract.entries_of(boot.state["entries"], NAME)
        needed = boot.needed_entries()
        gone = [name for name in sorted(entries) if name not in needed and self.is_complete(entries[name])]
        steps = []
        if gone:
            steps.append(
                contract.Step(
                    f"take {', '.join(gone)} out of the menu, which cannot be booted", lambda: boot.forget(gone)
                )
            )
        kept = {shown.partuuid_of(entry["root"]) for name, entry in entries.items() if name not in gone}
        held = marks.read(self.marked)
        kept |= {partuuid for partuuid, mark in held.items() if mark.good and mark.release not in gone}
        steps += [_removal(path) for path in _others(self.kernels, kept)]
        # A release has its layer before its entry, from when its slot is good.
        releases = set(entries) - set(gone) | {mark.release for mark in held.values() if mark.release not in gone}
        layers = os.path.join(self.directory, persist.ETC.lstrip("/"))
        return steps + [_removal(path) for path in _others(layers, releases)]

    def forget(self, entry: contract.Entry) -> typing.List[contract.Step]:
        partuuid = shown.partuuid_of(entry.get("root", ""))
        mark = marks.read(self.marked).get(partuuid, marks.UNKNOWN)
        steps = []
        if mark.release == entry["id"]:
            # First: without kernel or /etc it is no release any more, whatever the slot still has.
            steps.append(
                contract.Step(
                    f"note that the slot {partuuid} holds no release",
                    lambda: marks.put(partuuid, marks.UNKNOWN, self.marked),
                )
            )
        paths = [os.path.join(self.kernels, partuuid)] if mark.release in ("", entry["id"]) else []
        paths.append(persist.layer(entry["id"], self.directory))
        return steps + [_removal(path) for path in paths if os.path.isdir(path)]

    def facts(self, boot: typing.Optional[typing.Any]) -> typing.Dict[str, typing.Any]:
        try:
            return facts_of(layout.read(), marks.read(self.marked))
        except FleetError as error:
            return no_facts(error.problem)


def is_image(slot: device.Device, mark: marks.Mark, spent: pace.Pace) -> bool:
    """Read a slot, close it, and say whether it is what its mark says.

    :raises FleetError: it cannot be read.
    """
    try:
        return slot.digest(mark.size, spent.read) == mark.image
    finally:
        slot.close()


def holds(slot: device.Device, mark: marks.Mark, spent: pace.Pace) -> bool:
    """Say what is_image says; a disk that has lost blocks has lost the image."""
    try:
        return is_image(slot, mark, spent)
    except FleetError:
        return False


def facts_of(found: layout.Layout, held: typing.Dict[str, marks.Mark]) -> typing.Dict[str, typing.Any]:
    """Return what is known of a node with slots. Pure."""
    slots = {}
    for name in layout.SLOTS:
        slot = found.slot(name)
        mark = held.get(slot.partuuid, marks.UNKNOWN)
        slots[name] = {
            "state": "running" if name == found.running else marks.state(mark),
            "release": mark.release,
            "image": mark.image,
            "size_bytes": slot.size_bytes,
            "in_use": layout.in_use(found, name, ours=(shown.place(slot.partuuid),)),
        }
    not_good = [name for name in layout.SLOTS if slots[name]["state"] == marks.PARTIAL]
    return {"problem": "", "running": found.running, "slots": slots, "not_good": not_good}


def no_facts(problem: str) -> typing.Dict[str, typing.Any]:
    """Return the same of a node without, and why it is none. Pure."""
    return {"problem": problem, "running": "", "slots": {}, "not_good": []}


def of_slot(entries: contract.Entries, partuuid: str) -> typing.List[str]:
    """Return the names of those entries of this backend that boot a slot, in their order. Pure."""
    named = sorted(entries.items())
    return [name for name, entry in named if partuuid and shown.partuuid_of(entry.get("root", "")) == partuuid]


def _others(directory: str, kept: typing.Container[str]) -> typing.List[str]:
    """Return the paths in a directory whose name is not among those."""
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [os.path.join(directory, name) for name in names if name not in kept]


def _removal(path: str) -> contract.Step:
    return contract.Step(f"remove {path}, which no release uses", lambda: shutil.rmtree(path))


def root_of(
    partuuid: str,
    arguments: typing.List[str],
    root_uuid: str,
    boot_uuid: str,
    merged: bool,
    mounts: typing.Sequence[str] = (),
    directory: str = "/",
) -> contract.Root:
    """Return a slot as a Root.

    :param arguments: by which the kernel finds it.
    :param root_uuid: UUID of the file system in it.
    :param boot_uuid: UUID of the file system that has /boot.
    :param merged: whether the /etc of another slot came along.
    :param mounts: by which the package-managed root is seen.
    :param directory: where the root file system is visible.
    """
    written = kernel.paths(partuuid, os.path.join(directory, kernel.PLACE.lstrip("/")))
    return contract.Root(
        backend=NAME,
        path=shown.place(partuuid, directory),
        var=os.path.join(directory, persist.VAR.lstrip("/")),
        kernel=written["kernel"],
        initrd=written["initrd"],
        devicetree="",
        root_uuid=root_uuid,
        boot_uuid=boot_uuid,
        arguments=arguments,
        pristine=persist.PRISTINE,
        incumbent_at=INCUMBENT,
        mounts=list(mounts),
        var_mount=persist.VAR_LINE,
        etc_merged=merged,
        sealed=True,
    )


def incumbent_mounts() -> typing.List[str]:
    """Return the lines of fstab by which a slot sees the package-managed root that runs."""
    root = _storage.filesystem("/")
    mount = _storage.mount_of("/", _storage.mounts())
    same = [one for one in layout.partitions() if one.number == mount.number and one.partuuid]
    device = f"PARTUUID={same[0].partuuid}" if same else f"UUID={root.uuid}"
    return [incumbent_line(device, root.fstype, mount.root if root.fstype == "btrfs" else "")]


def incumbent_line(device: str, fstype: str, subvolume: str) -> str:
    """Return the line of fstab by which a slot mounts the package-managed root. Pure."""
    options = f"subvol={subvolume}" if subvolume else "defaults"
    return f"{device} {INCUMBENT} {fstype} {options},{PATIENT} 0 0"
