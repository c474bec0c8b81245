# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A backend that copies a directory, and nothing else: it shows that the contract says all that a backend needs.

It is a toy because no initramfs could boot what it writes. Everything around it is real.
"""

from __future__ import annotations

import functools
import shutil
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema

NAME = "toy"
PLACE = "toy"  # below the package-managed root: a directory for each release
RUNNING = "run/toy-booted"  # the path of the root that runs, where one does


class ToyBackend(contract.Backend):
    name = NAME
    keeps = (f"/{PLACE}",)
    checks = (
        contract.Check(
            "toy-room",
            "inhibitor",
            False,
            "No room for a toy",
            "Make room",
            lambda node, _wanted: "" if node[NAME]["room"] else "The node has no room for a toy",
        ),
    )

    def __init__(self, root: Path):
        self.directory = root

    def is_laid_out(self) -> bool:
        return False

    def not_whole(self) -> list[str]:
        return []

    def running(self, entries: contract.Entries) -> str | None:
        flag = self.directory / RUNNING
        if not flag.exists():
            return None
        return next((name for name, entry in sorted(entries.items()) if entry["root"] == flag.read_text()), "")

    def root(self, entry: contract.Entry) -> contract.Root | None:
        path = Path(entry["root"])
        return root_of(path) if path.is_dir() else None

    def next_root(self, entry: contract.Entry) -> contract.NextRoot:
        return contract.NextRoot("it is a toy", [], {})

    def is_complete(self, entry: contract.Entry) -> str:
        wanted = [Path(entry["root"]) / name for name in ("vmlinuz", "initrd.img", "factory")]
        return ", ".join(f"{path} is missing" for path in wanted if not path.exists())

    def verify(self, entry: contract.Entry) -> str:
        return self.is_complete(entry)

    def prune(self, boot) -> list[contract.Step]:
        entries = contract.entries_of(boot.state["entries"], NAME)
        gone = [name for name in sorted(set(entries) - boot.needed_entries()) if self.is_complete(entries[name])]
        steps = [contract.Step(f"take {name} out of the menu", functools.partial(boot.forget, [name])) for name in gone]
        kept = {entry["root"] for name, entry in entries.items() if name not in gone}
        return steps + [
            contract.Step(f"remove {path}", functools.partial(shutil.rmtree, path))
            for path in sorted((self.directory / PLACE).glob("*"))
            if str(path) not in kept and self.is_complete({"root": str(path)})
        ]

    def forget(self, entry: contract.Entry) -> list[contract.Step]:
        path = entry["root"]
        return [contract.Step(f"remove {path}", lambda: shutil.rmtree(path))] if Path(path).exists() else []

    def facts(self, boot) -> dict:
        return {"room": True}


def root_of(path: Path) -> contract.Root:
    return contract.Root(
        backend=NAME,
        path=str(path),
        var=str(path / "var"),
        kernel=str(path / "vmlinuz"),
        initrd=str(path / "initrd.img"),
        devicetree="",
        root_uuid="1-2",
        boot_uuid="1-2",
        arguments=["root=UUID=1-2", f"toy={path.name}"],
        pristine="/factory",
        incumbent_at="/run/incumbent",
        mounts=["UUID=1-2 /run/incumbent ext4 defaults 0 0"],
        var_mount="",
        etc_merged=False,
    )


class ToyCandidate(contract.Candidate):
    """A release whose payload is a directory; its digest is that of the kernel."""

    def __init__(self, release: contract.Release, root: Path, boot):
        self.payload = release["payloads"][NAME]
        self.name = schema.entry_id(release)
        self.boot, self.place, self.backend = boot, root / PLACE / self.name, ToyBackend(root)

    def plan(self) -> list[contract.Step]:
        steps = self.backend.prune(self.boot)
        if not self.place.exists():
            copy = contract.Step(f"copy {self.name}", lambda: shutil.copytree(self.payload["directory"], self.place))
            steps.append(copy)
        return steps

    def plan_removal(self) -> list[contract.Step]:
        menu = contract.Step(f"take {self.name} out of the menu", lambda: self.boot.forget([self.name]))
        return [menu, *self.backend.forget({"root": str(self.place)})]

    def root(self) -> contract.Root | None:
        return self.backend.root({"root": str(self.place)})

    def digests(self) -> dict[str, str]:
        root = self.root()
        assert root is not None
        return {"kernel": _storage.digest(root.kernel), "initrd": _storage.digest(root.initrd)}

    def commit(self) -> str:
        return self.payload["digest"]
