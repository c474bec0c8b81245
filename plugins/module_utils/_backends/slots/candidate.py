# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The candidate of the slots backend: from a verified manifest to a slot that holds the image, bit for bit.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _amount, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Step
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import (
    backend,
    fetch,
    kernel,
    layer,
    layout,
    marks,
    persist,
    shown,
    stream,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.pace import Pace
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

LEFT = "Nothing was changed, and the node serves on as it did"


class Wish(typing.NamedTuple):
    """How an image is brought.

    slot: which one, "" for the one that does not run. access: how the node and the server know each other. timeout:
    seconds for all that is fetched. rate: bytes a second, 0 for as fast as it goes. ranges: whether the server has to
    know them; if not, the image is fetched whole. etc_conflicts: one of etc_merge.POLICIES.
    """

    slot: str = ""
    access: fetch.Access = fetch.Access()
    timeout: int = 3600
    rate: int = 0
    ranges: bool = True
    etc_conflicts: str = "keep"


class Candidate(contract.Candidate):
    """One release on one node. Reads on construction.

    :param release: a validated manifest.
    :param found: the node's layout.
    :param boot: BootControl, whose entries and default say what is needed.
    :param place: the directory of kernels.
    :param marked: the file of marks.
    :raises FleetError: the release has no such payload, or no slot is free for it.
    """

    def __init__(
        self,
        release: typing.Dict[str, typing.Any],
        found: layout.Layout,
        boot: typing.Any,
        wish: Wish,
        place: str = kernel.PLACE,
        marked: str = marks.PATH,
    ) -> None:
        self.name = schema.entry_id(release)
        if "slots" not in release["payloads"]:
            raise FleetError(
                f"Release {self.name} has no payload slots, only {', '.join(sorted(release['payloads']))}",
                LEFT,
                "Bring it with the backend that it has a payload for, or make one with slot_image and sign it again",
            )
        self.payload = release["payloads"]["slots"]
        self.layout, self.boot, self.wish = found, boot, wish
        self.place, self.marked = place, marked
        self.written: typing.Optional[stream.Written] = None
        held = marks.read(marked)
        self._marks = {name: held.get(found.slot(name).partuuid, marks.UNKNOWN) for name in layout.SLOTS}
        self.slot_name = self._choose()

    @property
    def slot(self) -> layout.Partition:
        return self.layout.slot(self.slot_name)

    def commit(self) -> str:
        """Return what the manifest pins."""
        return str(self.payload[schema.PINNED["slots"]])

    def is_held(self, name: str) -> bool:
        """Say whether a slot holds the image, as it was read back."""
        return self._marks[name].good and self._marks[name].image == self.commit()

    def _is_running(self) -> bool:
        return self.slot_name == self.layout.running

    def _choose(self) -> str:
        # What lies there already is not written once more, into neither slot.
        held = [name for name in layout.SLOTS if self.is_held(name)]
        name = self.wish.slot or (held[0] if held else self._free())
        if name in held:
            return name
        partuuid = self.layout.slot(name).partuuid
        problem = layout.in_use(self.layout, name, ours=(shown.place(partuuid),))
        if not problem:
            needed = self.boot.needed_entries() & set(self._entries(partuuid))
            if needed:
                problem = f"{name} is what {', '.join(sorted(needed))} boots, which is needed as the way back"
        if problem:
            raise FleetError(problem, LEFT, "Free that slot, or name the other one, then run the same command again")
        return name

    def _free(self) -> str:
        """Return the slot to write. Where none runs, as beside packages: the one that this release was begun in, one
        in which nothing lies, or one that was written by us and that nothing needs.

        :raises FleetError: nobody knows which one may go.
        """
        if self.layout.running:
            return self.layout.other()
        begun = [name for name in layout.SLOTS if self._marks[name].image == self.commit()]
        empty = [name for name in layout.SLOTS if not self.layout.slot(name).fstype]
        fitting = begun + empty + self._replaceable()
        return fitting[0] if fitting else self.layout.other()

    def _replaceable(self) -> typing.List[str]:
        """Return the slots that hold what we wrote and nothing needs: first what nobody will boot again, then what was
        written longest ago."""
        needed, failed = self.boot.needed_entries(), self.boot.state["failed"]
        ours = [
            name
            for name in layout.SLOTS
            if self._marks[name] != marks.UNKNOWN and not needed & set(self._entries(self.layout.slot(name).partuuid))
        ]
        return sorted(
            ours,
            key=lambda name: (self._marks[name].good, self._marks[name].release not in failed, self._marks[name].at),
        )

    def _entries(self, partuuid: str) -> typing.List[str]:
        """Return the ids of the entries that boot a slot."""
        return backend.of_slot(contract.entries_of(self.boot.state["entries"], backend.NAME), partuuid)

    def plan(self) -> typing.List[Step]:
        """Decide what is missing until the slot holds the release.

        :raises FleetError: it cannot be brought there, and nothing was changed.
        """
        self._refuse_another_build()
        self.boot.check_default([self.name, *self.boot.state["entries"]])
        self._require_room()
        steps, slot = backend.SlotsBackend().prune(self.boot), self.slot
        held = self.is_held(self.slot_name)
        if held and not self._is_running() and not self._is_image():
            steps.append(self._disown())
            held = False
        if not held:
            if shown.place(slot.partuuid) in slot.mounted:
                steps.append(Step(f"unmount {self.slot_name}", lambda: shown.hide(slot.partuuid)))
            gone = self._entries(slot.partuuid)
            instead = f" in the place of {', '.join(gone)}" if gone else ""
            steps.append(Step(f"write {self.name} into {self.slot_name}{instead}", lambda: self._write(gone)))
        if not held or kernel.differing(self.payload, slot.partuuid, self._added(), self.place):
            steps.append(Step(f"copy kernel and initramfs of {self.slot_name} to {self.place}", self._copy))
        if held and self._is_stale():
            steps.append(Step(f"make /etc of {self.name} anew, as it is now", self._renew))
        elif not self._is_running() and not (held and shown.is_shown(slot.partuuid)):
            steps.append(Step(f"show {self.slot_name} at {shown.place(slot.partuuid)}", self._show))
        return steps

    def _is_image(self) -> bool:
        """Read a slot that is believed to hold the release: what was read back once may have rotted since, or somebody
        wrote there. Whether it boots would be seen only after the node was drained."""
        slot = Device(self.slot_name, self.slot.device)
        return backend.holds(slot, self._marks[self.slot_name], Pace(self.wish.rate))

    def _disown(self) -> Step:
        """Return what marks a slot as not good that does not hold the release any more.

        :raises FleetError: it is needed as the way back, so nothing may be written there.
        """
        gone = f"{self.slot_name} ({self.slot.device}) does not hold {self.name} any more, bit for bit"
        if self.name in self.boot.needed_entries():
            raise FleetError(
                f"{gone}, and is what this node boots by default",
                "Nothing was changed, and the node serves on as it did, but may not come up by itself",
                "Look at that disk, take the node back to what runs (playbook rollback), then run this command again",
            )
        mark = self._marks[self.slot_name]._replace(good=False)
        self._marks[self.slot_name] = mark
        return Step(f"note that {gone}", lambda: marks.put(self.slot.partuuid, mark, self.marked))

    def plan_removal(self) -> typing.List[Step]:
        """Decide what is to be removed so that nothing of the release is left; its menu entry goes first."""
        self.boot.check_default(self.boot.state["entries"])
        name, slot = self.name, self.slot
        known = self.boot.state["entries"].get(name)
        steps = [Step(f"remove {name}", lambda: self.boot.forget([name]))] if known else []
        if not self.is_held(self.slot_name) or self._is_running():
            return steps
        if shown.place(slot.partuuid) in slot.mounted:
            steps.append(Step(f"unmount {self.slot_name}", lambda: shown.hide(slot.partuuid)))
        entry = {"id": name, "root": shown.place(slot.partuuid)}
        return steps + backend.SlotsBackend().forget(entry)

    def root(self) -> typing.Optional[contract.Root]:
        """Return the release's root, None while it is not there to be seen."""
        if not self.is_held(self.slot_name):
            return None
        partuuid = self.slot.partuuid
        if not (self._is_running() or shown.is_shown(partuuid)):
            return None
        merged = bool(self._running_entry())
        root = backend.root_of(
            partuuid,
            kernel.arguments(f"PARTUUID={partuuid}", self.payload["filesystem"]),
            layout.known(self.slot, layout.probe(self.slot.device)).uuid,
            _storage.filesystem("/boot").uuid,
            merged,
            [] if merged else backend.incumbent_mounts(),
        )
        return root._replace(path="/") if self._is_running() else root

    def merge(self) -> typing.List[etc_merge.Record]:
        """Say what becomes of /etc where a slot runs, once the image is there to be seen; nothing elsewhere."""
        root = self.root()
        return layer.merge(root.path) if root and root.etc_merged and not self._is_running() else []

    def digests(self) -> typing.Dict[str, str]:
        """Read kernel and initramfs back from /boot, and compare them with what the release has.

        :returns: of each, with what of ours follows it.
        :raises FleetError: they differ, or are missing.
        """
        differing = kernel.differing(self.payload, self.slot.partuuid, self._added(), self.place)
        written = kernel.paths(self.slot.partuuid, self.place)
        if differing:
            raise FleetError(
                f"{' and '.join(written[part] for part in differing)} differ from what release {self.name} holds",
                "The candidate is not in the boot menu; the node serves on as it did",
                "Look at the file system of /boot, then run the same command again",
            )
        return {part: _storage.digest(path) for part, path in written.items()}

    def _running_entry(self) -> str:
        """Return the id of the entry that runs from a slot, whose /etc and /var go on; "" where none does."""
        running = self.layout.running
        found = self._entries(self.layout.slot(running).partuuid) if running else []
        return found[0] if found else ""

    def _may_be_renewed(self) -> bool:
        """Say whether the release's /etc may be made anew: what is the default, or runs, keeps its own."""
        return self.name not in self.boot.needed_entries()

    def _is_stale(self) -> bool:
        """Say whether the release's /etc would be another one now: what runs has changed, or a trial has been there."""
        if self._is_running() or not self._may_be_renewed():
            return False
        merged = bool(self._running_entry())
        return not layer.is_made_of(self.name, merged, self.wish.etc_conflicts, self._traces())

    def _traces(self) -> str:
        return record.traces(self.boot.state, self.name)

    def _renew(self) -> None:
        # The menu first: cut off in between, there is no /etc to boot with.
        self.boot.forget([self.name])
        self._show()

    def _added(self) -> bytes:
        return persist.archive(self.layout.partitions[layout.PERSIST], self.name)

    def _forget(self, names: typing.List[str]) -> None:
        self.boot.forget(names)
        persist.forget(names)

    def _require_room(self) -> None:
        """Refuse early what would be refused late."""
        if self.payload["size"] > self.slot.size_bytes:
            raise stream.too_large(self.payload["size"], self.slot_name, self.slot.device, self.slot.size_bytes)
        lacking = kernel.differing(self.payload, self.slot.partuuid, self._added(), self.place)
        free = _storage.room(self.place).root_bytes
        if lacking and self.payload["boot_size"] > free:
            raise FleetError(
                f"Kernel and initramfs of the release have {self.payload['boot_size']} bytes, and {self.place} has "
                f"{free} free",
                LEFT,
                "Make room in /boot, then run the same command again",
            )

    def _refuse_another_build(self) -> None:
        commit = self.boot.state["entries"].get(self.name, {}).get("commit")
        if commit not in (None, self.commit()):
            raise FleetError(
                f"Release {self.name} is {self.commit()} now, and the boot menu of this node has it as {commit}",
                LEFT,
                "Give what was built anew another version",
            )

    def _write(self, gone: typing.List[str]) -> None:
        """Write the slot.

        :param gone: ids of the entries that boot it until then.
        """
        layout.check_table(self.slot_name, self.slot)
        persist.open_here(self.layout.partitions[layout.PERSIST])
        slot = Device(self.slot_name, self.slot.device, write=True)
        seed = None
        try:
            if self.payload["size"] > slot.size:
                raise stream.too_large(self.payload["size"], slot.name, slot.path, slot.size)
            server = fetch.Server(self.wish.access, self.wish.timeout)
            # The last that can be refused while the slot is still what it was.
            wanted = self.payload["index_sha256"]
            index = fetch.read_index(server, self.payload["index"], wanted, self.commit())
            stream.require_size(index, self.payload["size"])
            if self.layout.running:
                seed = Device(self.layout.running, self.layout.slot(self.layout.running).device)
            mark = marks.Mark(self.name, self.commit(), index.size)
            if gone:  # the menu first: an entry must not outlive what it boots
                self._forget(gone)
            marks.put(self.slot.partuuid, mark, self.marked)
            whole = not self.wish.ranges
            pace = Pace(self.wish.rate)
            with _amount.telling(index.size) as tell:
                url, of_use = self.payload["url"], self._seed_size()
                self.written = stream.bring(slot, seed, index, server, url, whole, pace, tell, of_use)
            layout.check_table(self.slot_name, self.slot)
            marks.put(self.slot.partuuid, mark._replace(good=True), self.marked)
            self._marks[self.slot_name] = mark._replace(good=True)
        finally:
            slot.close()
            if seed is not None:
                seed.close()

    def _seed_size(self) -> int:
        """Return how many bytes of the slot that runs are those of its image, 0 where that is not known."""
        return self._marks[self.layout.running].size if self.layout.running else 0

    def _copy(self) -> None:
        kernel.copy(self.slot_name, self.slot.device, self.payload, self.slot.partuuid, self._added(), self.place)

    def _show(self) -> None:
        persist.open_here(self.layout.partitions[layout.PERSIST])

        def prepare(release: str) -> None:
            merged, anew = bool(self._running_entry()), self._may_be_renewed()
            layer.prepare(self.name, release, merged, self.wish.etc_conflicts, self._traces(), anew)

        shown.show(self.slot.device, self.slot.partuuid, self.payload["filesystem"], self.name, prepare)
