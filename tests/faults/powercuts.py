# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Power cuts of a recorded story: which ones are looked at, and what has to hold on the disk that each leaves."""

from __future__ import annotations

import hashlib
import random
import re
import subprocess
from typing import Any, NamedTuple

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import marks, persist, shown
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env, grubcfg
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record as trial_record

from tests.e2e.fleet import DATA
from tests.faults.image import Image, Mended, NotMended
from tests.faults.seen import GRUB, PACKAGE
from tests.faults.story import Phase, Story
from tests.faults.writelog import WriteLog

# What the package-managed system does not start without; all of it goes after grub.cfg does not need it any more.
PACKAGE_ROOT = ("/etc/fstab", "/etc/passwd", "/usr/lib/systemd/systemd", "/usr/bin/bash")
# The candidate's files are as they were carried until it boots for the first time.
BEFORE_FIRST_BOOT = ("arm", "armed", "shutdown")
SOURCED = re.compile(r"^[^#\n]*\bsource \$osm_here/osmigrate\.cfg\b", re.MULTILINE)
ENTRY = re.compile(r"^menuentry .*? --id '([^']+)' \{\n(.*?)^\}$", re.MULTILINE | re.DOTALL)


class PowerCut(NamedTuple):
    """A moment without power: the phase, how many entries of the log were written, and which of them never arrived."""

    phase: Phase
    at: int
    lost: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.phase.step}: {self.phase.name} @{self.at}-{len(self.lost)}"


def choose(log: WriteLog, phases: list[Phase], each: int, seed: int) -> list[PowerCut]:
    """Pick power cuts of all phases, in the order of the log.

    Half of them lose a random part of what was not flushed yet, as a disk with a volatile cache may.

    :param each: how many of a phase, at the most.
    """
    chance = random.Random(seed)
    cuts = set()
    for phase in phases:
        # The first entries of a phase count as much as all others; a short phase is looked at whole.
        moments = range(phase.begin + 1, phase.end + 1)
        for at in chance.sample(moments, min(len(moments), (each + 1) // 2)):
            cuts.add(PowerCut(phase, at, ()))
        for at in chance.choices(moments, k=each // 2):
            pending = log.pending(at)
            lost = chance.sample(pending, chance.randint(min(1, len(pending)), len(pending)))
            cuts.add(PowerCut(phase, at, tuple(sorted(lost))))
    return sorted(cuts, key=lambda cut: (cut.at, cut.lost))


def boots(image: Image) -> str:
    """Return the id of the entry that GRUB boots from this disk, as docs/how-one-node-moves.md says it decides."""
    custom, menu = image.grub(f"{GRUB}/custom.cfg"), image.grub(f"{GRUB}/osmigrate.cfg")
    if custom is None or menu is None or not SOURCED.search(custom.decode(errors="replace")):
        return PACKAGE
    ids = {name for name, _body in ENTRY.findall(menu.decode(errors="replace"))}
    try:
        block = env.parse(image.grub(f"{GRUB}/osmigrate.env") or b"")
    except ValueError:
        return PACKAGE
    tries, trial, default = (block.get(f"osm_{name}", "") for name in ("tries", "trial", "default"))
    if tries in ("x", "xx", "xxx") and trial in ids | {PACKAGE}:
        return trial
    return default if default in ids else PACKAGE


def slots(mended: Mended) -> list[str]:
    """Say which slots are not, bit for bit, what is marked of them; nothing of a node that has none."""
    held = marks.parse((mended.read(marks.PATH) or b"").decode(errors="replace"))
    return [
        f"the slot {partuuid} is marked as {mark.release}, and is something else"
        for partuuid, mark in held.items()
        if mark.good and mended.digest(shown.place(partuuid), mark.size) != mark.image
    ]


def in_etc(entry: dict[str, Any]) -> str:
    """Return where the /etc of an entry lies, as the running system sees it."""
    return persist.upper(entry["id"]).path if entry["backend"] == "slots" else f"{entry['root']}/etc"


class Expectations:
    """What every power cut of a story is held against.

    :param base: the disk before the story.
    """

    def __init__(self, story: Story, base: Image) -> None:
        self.story = story
        self.grub_cfg = base.grub(f"{GRUB}/grub.cfg")
        self.package = {
            name: _digest(base.grub(f"/boot/{name}"))
            for name in base.grub_names("/boot")
            if name.startswith(("vmlinuz", "initrd"))
        }
        assert self.package, "the base disk has no kernels"
        with base.mended() as mended:
            self.data = [mended.tree(path) for path in DATA]
            self.root = [mended.read(path) for path in PACKAGE_ROOT]
        # Of each step: what has run once was changed by that.
        self.carried: dict[str, dict[str, str]] = {}

    def examine(self, cut: PowerCut, image: Image) -> list[str]:
        """Return what does not hold, as sentences; nothing where all is well."""
        wrong: list[str] = []
        chosen = boots(image)
        allowed = self.story.may_boot(cut.phase)
        if chosen not in allowed:
            wrong.append(f"GRUB would boot {chosen} instead of {' or '.join(sorted(allowed))}")
        config = image.grub(f"{GRUB}/grub.cfg") or b""
        given_up = config != self.grub_cfg
        if given_up and not (cut.phase.name == "finalize" and grubcfg.is_ours(config.decode(errors="replace"))):
            wrong.append("grub.cfg differs")
        if not given_up:
            wrong += [
                f"/boot/{name} differs"
                for name, digest in self.package.items()
                if _digest(image.grub(f"/boot/{name}")) != digest
            ]
        for name in ("grub.cfg", "custom.cfg", "osmigrate.cfg"):
            text = image.grub(f"{GRUB}/{name}")
            if text is not None and subprocess.run(["grub-script-check"], input=text, check=False).returncode != 0:
                wrong.append(f"GRUB's parser refuses {name}")
        if chosen != PACKAGE:
            wrong += self._entry(chosen, image)
        try:
            with image.mended() as mended:
                wrong += self._mended(cut, chosen, given_up, mended)
        except NotMended as error:
            wrong.append(f"the file system does not mend itself: {error}")
        return wrong

    def _entry(self, name: str, image: Image) -> list[str]:
        """The entry that boots has its own kernel, initrd and arguments, complete."""
        entry = self.story.entries[name]
        menu = (image.grub(f"{GRUB}/osmigrate.cfg") or b"").decode(errors="replace")
        body = dict(ENTRY.findall(menu))[name]
        wrong = [
            f"{entry[part]} differs"
            for part, digest in entry["digests"].items()
            if _digest(image.grub(image.layout.of_loader(entry[part]))) != digest or f"'{entry[part]}'" not in body
        ]
        return wrong + [f"{name} lacks {word}" for word in entry["options"].split() if f"'{word}'" not in body]

    def _mended(self, cut: PowerCut, chosen: str, given_up: bool, mended: Mended) -> list[str]:
        step = self.story.step(cut.phase.step)
        before, target = step["before"], step["target"]
        wrong = [f"{path} differs" for path, files in zip(DATA, self.data) if mended.tree(path) != files]
        if not given_up:
            wrong += [f"{path} differs" for path, was in zip(PACKAGE_ROOT, self.root) if mended.read(path) != was]
        wrong += self._slots(chosen, before, mended)
        try:
            record = mended.read(trial_record.PATH)
            state = trial_record.parse(None if record is None else record.decode())
        except (FleetError, ValueError) as error:
            return [*wrong, f"the record cannot be read: {error}"]
        # Where the trial is armed already; until then the incumbent boots.
        if cut.phase.name in BEFORE_FIRST_BOOT and chosen == target != before:
            if (state["trial"] or {}).get("entry") != chosen:
                wrong.append(f"the record knows of no trial of {chosen}")
            if chosen == PACKAGE:
                return wrong
            files = mended.tree(in_etc(self.story.entries[chosen]))
            if files != self.carried.setdefault(cut.phase.step, files) or not files:
                wrong.append(f"the files in /etc of {chosen} differ")
        return wrong

    def _slots(self, chosen: str, before: str, mended: Mended) -> list[str]:
        """What boots, and what ran before, is whole, and so is what is marked good."""
        if self.story.backend != "slots":
            return []
        held = marks.parse((mended.read(marks.PATH) or b"").decode(errors="replace"))
        whole = {mark.release for mark in held.values() if mark.good} | {PACKAGE}
        return slots(mended) + [f"no slot is marked as {name}" for name in sorted({chosen, before} - whole)]


def _digest(content: bytes | None) -> str:
    return "" if content is None else hashlib.sha256(content).hexdigest()
