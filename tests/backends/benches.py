# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One bench for each backend: a directory that stands for a node's root, and what a test has to do to it.

A backend that comes gets a bench here; every case of test_every_backend.py then runs for it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.backend import OstreeBackend
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import (
    kernel,
    layout,
    marks,
    persist,
    shown,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.backend import SlotsBackend

from tests.backends import toy


class Bench:
    """What a backend's own tests know of its layout."""

    backend: contract.Backend

    def __init__(self, root: Path, monkeypatch):
        self.node, self.monkeypatch = root, monkeypatch
        self.open()

    def open(self) -> None:
        """Make self.backend."""
        raise NotImplementedError

    def write(self, name: str) -> contract.Entry:
        """Let a release lie there complete; return what of its boot entry is the backend's."""
        raise NotImplementedError

    def boot(self, entry: contract.Entry | None) -> None:
        """Let the root of an entry run, or one of packages."""
        raise NotImplementedError

    def boot_stranger(self) -> None:
        """Let a root of this backend run that no entry boots."""
        raise NotImplementedError

    def damage(self, entry: contract.Entry) -> None:
        """Take something away that a boot of an entry needs, and leave the rest, as an interrupted removal does."""
        raise NotImplementedError

    def lies_there(self, entry: contract.Entry) -> bool:
        """Say whether anything of an entry is left on the disk."""
        raise NotImplementedError

    def cut_off(self) -> list[str]:
        """Let a release be begun and not ended; return what it took the place of, if that is no way back then."""
        return []


class ToyBench(Bench):
    def open(self) -> None:
        self.backend = toy.ToyBackend(self.node)

    def write(self, name: str) -> contract.Entry:
        path = self.node / toy.PLACE / name
        for part in ("factory", "etc", "var", "home"):
            (path / part).mkdir(parents=True)
        for part in ("vmlinuz", "initrd.img"):
            (path / part).write_text(name)
        return {"root": str(path), "kernel": f"/{name}/vmlinuz", "initrd": f"/{name}/initrd.img"}

    def boot(self, entry: contract.Entry | None) -> None:
        flag = self.node / toy.RUNNING
        flag.parent.mkdir(exist_ok=True)
        if entry is None:
            flag.unlink(missing_ok=True)
        else:
            flag.write_text(entry["root"])

    def boot_stranger(self) -> None:
        self.boot({"root": "/stranger"})

    def damage(self, entry: contract.Entry) -> None:
        os.unlink(os.path.join(entry["root"], "initrd.img"))

    def lies_there(self, entry: contract.Entry) -> bool:
        return os.path.exists(entry["root"])


class OstreeBench(Bench):
    """Deployments on a tree as ostree leaves it.

    Two things are replaced for want of a machine that booted from it: which deployment is the root of this process, and
    ostree's own removal, which needs objects of real commits (tests/ostree has those).
    """

    def open(self) -> None:
        self.backend = OstreeBackend(str(self.node))
        self.monkeypatch.setattr(program.Ostree, "undeploy", self._undeploy)
        self._number = 0
        self.partitions: list[layout.Partition] = []
        self.monkeypatch.setattr(layout, "partitions", lambda: list(self.partitions))

    def write(self, name: str) -> contract.Entry:
        self._number += 1
        commit = f"{self._number}" * 64
        place = f"/ostree/deploy/debian/deploy/{commit}.0"
        for part in ("usr/etc", "etc", "home"):
            (self._below(place) / part).mkdir(parents=True)
        (self.node / "ostree/deploy/debian/var").mkdir(exist_ok=True)
        for directory in (f"ostree/boot.1/debian/{self._number}", f"ostree/boot-0/debian/{commit}"):
            (self.node / directory).mkdir(parents=True)
            (self.node / directory / "0").symlink_to(f"../../../deploy/debian/deploy/{commit}.0")
        kernels = self.node / f"boot/ostree/debian-{commit}"
        kernels.mkdir(parents=True)
        for part in ("vmlinuz-6", "initramfs-6.img"):
            (kernels / part).write_text(name)
        menu = self.node / "boot/loader.0/entries"
        if not menu.exists():
            menu.mkdir(parents=True)
            (self.node / "boot/loader").symlink_to("loader.0")
        (menu / f"ostree-{self._number}.conf").write_text(
            f"version {self._number}\noptions ostree=/ostree/boot.1/debian/{self._number}/0\n"
            f"linux /ostree/debian-{commit}/vmlinuz-6\ninitrd /ostree/debian-{commit}/initramfs-6.img\n"
        )
        paths = {
            kind: f"/ostree/debian-{commit}/{part}"
            for kind, part in (("kernel", "vmlinuz-6"), ("initrd", "initramfs-6.img"))
        }
        return {"root": place, **paths}

    def boot(self, entry: contract.Entry | None) -> None:
        flag = self.node / program.BOOTED_FLAG.lstrip("/")
        flag.parent.mkdir(exist_ok=True)
        if entry is None:
            flag.unlink(missing_ok=True)
            return
        flag.write_text("")
        here = [one for one in self.backend.ostree.deployments() if one.path == entry["root"]]
        self.monkeypatch.setattr(program.Ostree, "booted", lambda _self: here[0] if here else None)

    def boot_stranger(self) -> None:
        self.boot({"root": "/stranger"})

    def damage(self, entry: contract.Entry) -> None:
        os.unlink(self.node / ("boot" + entry["initrd"]))

    def lies_there(self, entry: contract.Entry) -> bool:
        return self._below(entry["root"]).exists()

    def _below(self, path: str) -> Path:
        return self.node / path.lstrip("/")

    def _undeploy(self, deployment) -> None:
        shutil.rmtree(self._below(deployment.path))
        for conf in (self.node / "boot/loader/entries").iterdir():
            if f"debian-{deployment.commit}/" in conf.read_text():
                conf.unlink()


class SlotsBench(Bench):
    """Slots as they are once a release was written: its mark, its kernel, and the layer of its /etc on PERSIST.

    What partitions there are, and which one is the root of this process, is replaced: that needs a disk of the
    machine's own (test_candidate.py has loop devices). There may be more than two.
    """

    def open(self) -> None:
        self.backend = SlotsBackend(str(self.node))
        self._runs = ""
        self._number = 0
        self.partitions: list[layout.Partition] = []
        self.monkeypatch.setattr(layout, "running_partuuid", lambda: self._runs)
        self.monkeypatch.setattr(layout, "partitions", lambda: list(self.partitions))

    def write(self, name: str) -> contract.Entry:
        self._number += 1
        partuuid = f"0badcafe-0{self._number}"
        slot = self.node / partuuid
        slot.write_bytes(name.encode().ljust(4096))
        self.partitions.append(layout.Partition(str(slot), f"7:{self._number}", 4096, partuuid))
        marks.put(partuuid, marks.Mark(name, _storage.digest(str(slot)), 4096, True), self.backend.marked)
        for path in kernel.paths(partuuid, self.backend.kernels).values():
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).write_text(name)
        for path in persist.upper(name, str(self.node)):
            Path(path).mkdir(parents=True)
        paths = {part: f"/osmigrate/slots/{partuuid}/{file}" for part, file in kernel.NAMES.items()}
        return {"root": shown.place(partuuid, str(self.node)), **paths}

    def boot(self, entry: contract.Entry | None) -> None:
        self._runs = shown.partuuid_of(entry["root"]) if entry else "0badcafe-10"

    def boot_stranger(self) -> None:
        marks.put("0badcafe-20", marks.Mark("gone-1", "f" * 64, 4096, True), self.backend.marked)
        self._runs = "0badcafe-20"

    def damage(self, entry: contract.Entry) -> None:
        os.unlink(self.node / ("boot" + entry["initrd"]))

    def lies_there(self, entry: contract.Entry) -> bool:
        partuuid = shown.partuuid_of(entry["root"])
        return marks.read(self.backend.marked).get(partuuid, marks.UNKNOWN).good

    def cut_off(self) -> list[str]:
        marks.put("0badcafe-02", marks.Mark("d-3", "3" * 64, 4096), self.backend.marked)
        return ["0badcafe-02"]  # no layout says how that is called here


BENCHES = {"toy": ToyBench, "ostree": OstreeBench, "slots": SlotsBench}


def digests(root: contract.Root, node: Path) -> dict[str, str]:
    """Return what a boot entry has as "digests" of a root on a bench."""
    return {
        "kernel": _storage.digest(str(node / root.kernel.lstrip("/"))),
        "initrd": _storage.digest(str(node / root.initrd.lstrip("/"))),
    }
