# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot control on one node: the one owner of the menu, the environment block and the record.

Every write leaves a node that boots: files are replaced whole, the block is flipped by one write, and in each step the
order is chosen so that a cut between two writes means the incumbent.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import platform
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _osrelease
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    grub,
    grubcfg,
    grubfiles,
    initrd,
    loader,
    menu,
    method,
    soft,
    tier,
    timing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.arguments import IS_TRIAL
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.block import BootBlock
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import order, revoked as revocation
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import grub_path, read_bytes, read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import (
    agreement,
    deadman,
    evidence,
    fence,
    guard,
    health,
    healthstate,
    need,
    record,
    reporter,
    start,
)


def _pretty_name() -> str:
    return _osrelease.read(read_text).get("PRETTY_NAME", "")


class BootControl:
    """What this node boots and why. Reads on construction; its verbs return the actions that they took (or would take).

    :param backends: list of Backend, all that there are; what none of them knows is not taken for anything.
    :param check_mode: bool, when true nothing is written.
    :param run: str, the run that asks; empty for a person. It is kept with the trial that it arms.
    :param fence_seen: int, what the run holds the node by, 0 for a person (see fence).
    """

    def __init__(
        self, backends: contract.Backends, check_mode: bool = False, run: str = "", fence_seen: int = 0
    ) -> None:
        self.backends = backends
        self.check_mode = check_mode
        self.run, self.fence_seen = run, fence_seen
        self.grub = grubfiles.find()
        self.state = self._recorded = fence.read()
        # Once the menu refers to a block, that one stays, whatever is mounted today.
        known = tier.recorded(self.state["control"])
        self.tier = known or tier.decide(tier.probe(self.grub.block), self.grub.block)
        self._block = BootBlock(self.tier, self.grub.block, check_mode)
        self.block_problem = self._block.problem
        if self.block is None and not os.path.exists(self._block.path) and not self.state["entries"]:
            self.block_problem = ""  # a node that was never touched has none
        self._menu = grub.menu_ids(read_text(self.grub.menu))
        self.boot_id = read_text("/proc/sys/kernel/random/boot_id").strip()
        self.arguments = grub.parse_command_line(read_text("/proc/cmdline"))
        if self.state["finalized"] is None and grubcfg.is_ours(read_text(self.grub.config)):
            # What GRUB does counts, where the record was lost or the controller died before it was written.
            since = int(os.stat(self.grub.config).st_mtime)
            given_up = {"at": since, "entry": (self.block or {}).get("osm_default", "")}
            self.state = dict(self.state, finalized=given_up)
        self._settle()
        self.evidence = evidence.read(self.state["trial"])

    def _settle(self) -> None:
        """Go on from where record and block say the same; the next write of either brings that to the disk."""
        called_off = self.boot_id if self.is_trial() else ""
        settled = agreement.settle(self.state, self.block, self._menu, self._block.changed_at(), called_off)
        unknown = settled.state["default"] != self.state["default"]
        self.state, self._settled_block, self.contradictions = settled
        if unknown and self.booted_entry() == self.state["default"]:
            # It was confirmed, and cut off before the record said so: nor does that say by what it was started.
            self.state = dict(self.state, firmware_due=self._due(self.state["default"], self.state["confirmed_at"]))
        if self.contradictions:
            self.state = dict(self.state, newest=self.newest())
        if self._block.unfit:
            self.contradictions.append(f"The environment block {self._block.path} {self._block.unfit}")
        fallback = self.state["entries"].get(record.fallback(self.state, (self.block or {}).get("osm_default", "")))
        if fallback and not grubcfg.boots(read_text(self.grub.config), fallback):
            self.contradictions.append(f"{self.grub.config} does not boot {fallback['id']} by itself")

    @property
    def block(self) -> typing.Optional[typing.Dict[str, str]]:
        """The variables of the environment block, dict of str to str; None where GRUB could read or rewrite none."""
        return self._block.variables

    def booted_entry(self) -> str:
        """Return the id of the entry that runs now, "" if it is none that we know.

        What the command line claims counts only if a backend says that what runs is the root of that entry.
        """
        entries = self.state["entries"]
        asked = [backend.running(contract.entries_of(entries, backend.name)) for backend in self.backends]
        running = [name for name in asked if name is not None]
        if running:
            return max(running)
        # A root of a backend that nobody here knows is not that of the packages.
        claimed = entries.get(dict(self.arguments).get("osmigrate.entry"))
        unseen = claimed is not None and contract.named(self.backends, claimed.get("backend", "")) is None
        return "" if unseen else grub.PACKAGE

    def root(self, name: str) -> typing.Optional[contract.Root]:
        """Return the Root that an entry boots, None if it is gone, or of a backend that nobody here knows."""
        entry = self.state["entries"].get(name)
        backend = entry and contract.named(self.backends, entry.get("backend", ""))
        return backend.root(entry) if backend else None

    def default_entry(self) -> str:
        """Return the id of the entry that a plain reboot boots when no trial is armed."""
        return agreement.default(self.state, self.block, self._menu)

    def needed_entries(self) -> typing.Set[str]:
        """Return the ids of the entries that must not be removed, as set of str: one way back is kept.

        Without a usable block GRUB boots the package-managed system, but what was confirmed last comes back with one.
        """
        return {self.booted_entry(), self.default_entry()} | ({self.state["default"]} if self.block is None else set())

    def not_by_grub(self) -> str:
        """Say why it is not known that GRUB started what runs, "" if it did; kexec and soft-reboots leave it out."""
        claimed = dict(self.arguments).get("osmigrate.entry")
        if self.booted_entry() not in ("", grub.PACKAGE, claimed):
            return f"What runs was started by a soft-reboot; the kernel's command line is that of {claimed}"
        variables = [
            read_bytes(os.path.join("/", loader.EFI_VARIABLES, name)) for name in (loader.LOADER_INFO, loader.STUB_INFO)
        ]
        return loader.started_by(self.arguments, *variables)[1]

    def firmware_due(self) -> typing.Optional[typing.Dict[str, typing.Any]]:
        """Return as "entry" and "since" the default that kexec started and GRUB has not booted since; else None."""
        due = self.state["firmware_due"]
        if due is None or due["entry"] != self.default_entry():
            return None
        return None if self.booted_entry() == due["entry"] and not self.not_by_grub() else due

    def firmware_overdue(self, within: int) -> bool:
        """Say whether GRUB has not booted the default for longer than it may.

        :param within: seconds since kexec started it, 0 for no limit.
        """
        due = self.firmware_due()
        return due is not None and 0 < within < time.time() - due["since"]

    def by_kexec(self) -> bool:
        """Say whether the record knows that kexec started what runs: a trial, or what came of one."""
        trial, due = self.state["trial"] or {}, self.firmware_due() or {}
        on_trial = self.is_trial() and trial.get("method") == method.KEXEC
        return on_trial or due.get("entry") == self.booted_entry()

    def _due(self, name: str, since: int) -> typing.Optional[typing.Dict[str, typing.Any]]:
        """Return what firmware_due() is once an entry that runs is the default, since then."""
        return {"entry": name, "since": since} if name != grub.PACKAGE and self.not_by_grub() else None

    def confirmed_at(self) -> int:
        """Return since when the default is the default, in seconds of the epoch, int; 0 if nothing says so."""
        if self.state["default"] == self.default_entry() and self.state["confirmed_at"]:
            return self.state["confirmed_at"]
        # A record of before that was noted, or older than the block: nothing but a decision of ours writes the block.
        return self._block.changed_at()

    def newest(self, default: str = "") -> typing.Dict[str, dict]:
        """Return by name the newest release that was ever confirmed here.

        :param default: id of the entry that is the default, or is about to be; "" for the present one.
        """
        found = dict(self.state["newest"])
        release = self.state["entries"].get(default or self.default_entry(), {}).get("release")
        if release:  # entries of other backends, and of the first versions, have none
            found[release["name"]] = order.newest(found.get(release["name"]), release)
        return found

    def refuse_revoked(self, name: str, revoked: typing.List[str]) -> None:
        """See that the operator has not withdrawn an entry.

        :param name: its id.
        :param revoked: the operator's list (see _release/revoked.py).
        :raises FleetError: it is revoked.
        """
        entry = self.state["entries"].get(name)
        if entry is not None and revoked:
            revocation.refuse(entry, revoked, f"The default is still {self.default_entry()}")

    def called_off(self) -> bool:
        """Say whether what runs is a trial that was called off, so that the node still has to go home."""
        away = self.booted_entry() != self.default_entry() or self.is_trial()
        return self.state["called_off"] == self.boot_id and away

    def deadman_seconds(self) -> int:
        """Return after how many seconds the trial that is under way ends unless it is confirmed, int; 0 for never."""
        trial = record.live_trial(self.state, self.block)
        return self.state["entries"].get(trial["entry"], {}).get("deadman_seconds", 0) if trial else 0

    def verdict(self) -> record.Verdict:
        """Return the Verdict on the trial that is under way or has ended undecided."""
        return record.judge(self.state, self.block, self.booted_entry(), self.boot_id, self.evidence, self.is_trial())

    def facts(self) -> typing.Dict[str, typing.Any]:
        """Return what boot_info documents, as dict."""
        verdict = self.verdict()
        return {
            "booted": {
                "entry": self.booted_entry(),
                "boot_id": self.boot_id,
                "kernel": platform.release(),
                "os": _pretty_name(),
                "commit": self.state["entries"].get(self.booted_entry(), {}).get("commit", ""),
                "trial": self.is_trial(),
            },
            "default": self.default_entry(),
            "laid_out": [backend.name for backend in self.backends if backend.is_laid_out()],
            "block": {"usable": self.block is not None, "problem": self.block_problem},
            "tier": {"name": self.tier.name, "evidence": self.tier.evidence, "block": self.tier.block},
            "entries": self.state["entries"],
            "trial": record.live_trial(self.state, self.block),
            "deadman_seconds": self.deadman_seconds(),
            "verdict": verdict.verdict,
            "reason": verdict.reason,
            "called_off": self.called_off(),
            "contradictions": self.contradictions,
            # Not "failed": Ansible takes a result of that name for a failure of the module.
            "failures": self.state["failed"],
            "health": self.health(),
            "drills": self.state["drills"],
            "finalized": self.state["finalized"],
            "firmware_due": self.firmware_due(),
            "not_whole": self.not_whole(),
        }

    def not_whole(self) -> typing.List[str]:
        """Name what was begun to be written and is no release."""
        return [name for backend in self.backends for name in backend.not_whole()]

    def is_trial(self) -> bool:
        """Say whether this boot is a trial of a release."""
        return IS_TRIAL in self.arguments or self.by_soft_reboot()

    def by_soft_reboot(self) -> bool:
        """Say whether this boot is a trial that a soft-reboot has started."""
        name = soft.started()
        return bool(name) and name == self.booted_entry()

    def health(self) -> typing.Dict[str, typing.Any]:
        """Return what became of the operator's health checks of this boot (see healthstate.parse)."""
        expected = self.is_trial() and os.path.exists(os.path.join(health.DIRECTORY, health.SERVICE))
        return healthstate.parse(read_text(healthstate.RESULTS), expected)

    def check_default(self, names: typing.Container[str]) -> None:
        """See that a menu of these entries would have what the environment block makes the default.

        :param names: iterable of str, ids of entries.
        :raises FleetError: it would not, because the record was lost.
        """
        default = self.default_entry()
        if self.state["finalized"] is None and default != grub.PACKAGE and default not in names:
            raise FleetError(
                f"The record of this node does not know its default {default}, which a new boot menu would not have",
                todo=f"Bring the release {default} onto the node first, then run the same command again",
            )

    def require_whole(self, name: str) -> None:
        """See that what an entry boots is what was written, as far as its backend can tell.

        :param name: str, id of an entry; of others, the package-managed system among them, nothing is known.
        :raises FleetError: it is not.
        """
        entry = self.state["entries"].get(name, {})
        backend = contract.named(self.backends, entry.get("backend", ""))
        problem = backend.verify(entry) if backend else ""
        if problem:
            raise FleetError(
                f"{name} cannot be gone back to: {problem[:1].lower()}{problem[1:]}",
                "Nothing was changed, and the node serves on as it did",
                "Look at that disk, and take the node to another entry, or to a release that is brought anew",
            )

    def stage(self, entry: contract.Entry, purpose: str = record.MOVE, deadman_seconds: int = 0) -> typing.List[str]:
        """Put an entry into the menu, where it is inert; of one that is the default, or runs, what is new is inert.

        :param entry: dict, an item of "entries" in docs/design.md, "State file".
        :param purpose: str, MOVE or DRILL; what was staged for a drill lacks what a move needs.
        :param deadman_seconds: int, what the whole trial has, 0 for no limit.
        """
        state = dict(self.state, entries=dict(self.state["entries"]))
        boots = timing.last_boots()
        seconds = timing.initrd_seconds(boots, deadman_seconds)
        entry = dict(entry, trial_initrd=grub_path(initrd.PATH), purpose=purpose)
        entry.update(initrd_seconds=seconds, deadman_seconds=deadman_seconds)
        grub.check_length(entry)
        known = self.state["entries"].get(entry["id"])
        if known is not None and entry["id"] in self.needed_entries():
            entry = record.changed(known, entry)
        state["entries"][entry["id"]] = entry
        if self.tier.name == tier.KEXEC and self.booted_entry() == grub.PACKAGE:
            state["package"] = start.running_package(self.arguments)
        actions = self._write_menu(state)
        if actions and boots:
            to_root, whole = (int(max(took)) for took in zip(*boots))
            actions.append(
                f"let a trial of {entry['id']} look for its root for {seconds} seconds; the last boots of this node "
                f"took up to {to_root} until then and {whole} in all"
            )
        return actions

    def forget(self, names: typing.Iterable[str]) -> typing.List[str]:
        """Take entries out of the menu, before what they boot is deleted.

        :param names: iterable of str.
        :raises FleetError: one of them is needed.
        """
        gone = set(names) & set(self.state["entries"])
        kept = gone & self.needed_entries()
        if kept:
            raise FleetError(f"The boot entry {', '.join(sorted(kept))} is in use and cannot be removed")
        if not gone:
            return []
        state = dict(self.state)
        state["entries"] = {name: entry for name, entry in self.state["entries"].items() if name not in gone}
        return self._write_menu(state)

    def finalize(self) -> typing.List[str]:
        """Let GRUB boot the default by itself, and record that the package-managed root is given up."""
        name = self.default_entry()
        given_up = self.state["finalized"] or {"at": int(time.time()), "entry": name}
        state = dict(self.state, default=name, confirmed_at=self.confirmed_at(), trial=None, finalized=given_up)
        return self._write_menu(state)

    def arm(
        self,
        name: str,
        tries: int,
        rollout: str,
        node: str = "",
        purpose: str = record.MOVE,
        wanted_method: str = method.FIRMWARE,
    ) -> typing.List[str]:
        """Let the next boots, tries at the most, be trials of the entry; the default stays what it is.

        :param name: str, id of the entry.
        :param tries: int, 1 to menu.TRIES_MAX.
        :param rollout: str, kept in the record.
        :param node: str, name of the Node object, kept in the record.
        :param purpose: str, MOVE or DRILL; a drill is meant to fall back, which does not count as failed.
        :param wanted_method: str, one of method.WANTED.
        """
        if name == grub.PACKAGE and self.state["finalized"]:
            raise FleetError(
                "The package-managed system of this node was given up and cannot be booted",
                todo="Go to a release that is in the boot menu",
            )
        if name != grub.PACKAGE and name not in self.state["entries"]:
            raise FleetError(f"There is no boot entry {name}", todo="Stage the release first")
        # First of all: without a block a plain reboot boots something else than with one, and a menu that a cut has
        # left behind the record would not have the entry.
        actions = self._write_menu(self.state) if self.state["entries"] else self._make_usable(self.state)
        default = self.default_entry()
        if name == default and not self.state["entries"].get(name, {}).get("changed"):
            return actions  # a plain reboot boots it
        trial = self.state["trial"]
        way = self._method(wanted_method, name)
        by_grub = way == method.FIRMWARE
        # GRUB, which could not count it, finds a try that is spent: any reset on the way boots the default.
        left = "x" * tries if by_grub else "0"
        wanted = {"osm_default": default, "osm_trial": name, "osm_tries": left}
        if by_grub:
            wanted["osm_started"] = ""  # GRUB says so when it starts the candidate
        armed = trial and trial["entry"] == name and trial["armed_boot_id"] == self.boot_id
        armed = armed and start.prepared() == way
        actions += reporter.install(self.check_mode)
        asked = {"rollout": rollout, "node": node, "purpose": purpose, "run": self.run, "fence": self.fence_seen}
        asked["method"] = way
        if armed and {key: trial[key] for key in asked} == asked and self.block == wanted:
            return actions
        if name != grub.PACKAGE:
            start.verify(self.state["entries"][name], self.root(name), default)
        if not self.check_mode:
            evidence.forget()
        if trial and trial["armed_boot_id"] == self.boot_id and trial["method"] != asked["method"]:
            # Armed the other way before: what is cut off in between was started by neither, and did not fall back.
            self._block.flip({"osm_default": default, "osm_trial": "", "osm_tries": ""})
        # The record comes first: a block that is armed without a record could not be judged after the boot.
        self._write_state(
            dict(
                self.state,
                trial={
                    "entry": name,
                    "incumbent": default,
                    "armed_boot_id": self.boot_id,
                    "armed_at": int(time.time()),
                    "tries": tries,
                    **asked,
                },
            )
        )
        if not self.check_mode:
            start.forget()  # armed by it before
            if way == method.KEXEC:
                start.load(name, self.state["entries"].get(name), self.root(name), self.state["package"], default)
            elif way == method.SOFT:
                self._prepare_soft(name)
        try:
            self._block.flip(wanted)
        except FleetError:
            start.forget()  # a plain reboot may start what is prepared
            raise
        if not by_grub:
            shown = "kexec" if way == method.KEXEC else "a soft-reboot"
            return actions + [f"arm one boot of {name} by {shown}; {default} stays the default"]
        several = "s" if tries > 1 else ""
        return actions + [f"arm {tries} boot{several} of {name}; {default} stays the default"]

    def _method(self, wanted: str, name: str) -> str:
        """Choose how a trial is started.

        :raises FleetError: it is to be kexec, and cannot be.
        """
        problem = tier.kexec_problem() if wanted in (method.AUTO, method.KEXEC) else ""
        against = method.why_not(problem, tier.kexec_doubt(), self.firmware_due() is not None)
        chosen = method.choose(wanted, name, self.tier.name, against)
        if chosen == method.SOFT:
            self.refuse_soft(name, f"No trial was armed, and the default is still {self.default_entry()}")
        if chosen == method.KEXEC and problem:
            raise FleetError(
                f"{name} cannot be started by kexec: {problem}",
                f"No trial was armed, and the default is still {self.default_entry()}",
                "Mend that; nothing else can start a trial on this node"
                if self.tier.name == tier.KEXEC
                else "Set osmigrate_reboot_method to auto or firmware for this node",
            )
        return chosen

    def need(self, name: str) -> need.Need:
        """Return what a staged release needs to run instead of what runs."""
        entries, running = self.state["entries"], self.booted_entry()
        return need.of(grub.on_trial(entries[name]), entries.get(running), self.arguments, self._directory(name))

    def soft_problem(self, name: str) -> str:
        """Say why a soft-reboot cannot start a staged release, "" if it can."""
        entry = self.state["entries"][name]
        backend = contract.named(self.backends, entry["backend"])
        needed, root = self.need(name), self.root(name)
        if needed.word != need.SOFT or backend is None or root is None:
            return need.problem(needed, contract.NextRoot("its root is gone", [], {}), (0, 0), 0)
        versions = (soft.systemd_version("/"), soft.systemd_version(self._directory(name)))
        return need.problem(needed, backend.next_root(entry), versions, entry.get("deadman_seconds", 0))

    def refuse_soft(self, name: str, left: str) -> None:
        """See that a soft-reboot can start a staged release.

        :param left: the state to name (see FleetError).
        :raises FleetError: it cannot.
        """
        unable = self.soft_problem(name)
        if unable:
            todo = "Set osmigrate_reboot_method to auto, kexec or firmware for this node"
            raise FleetError(f"{name} cannot be started by a soft-reboot: {unable}", left, todo)

    def _directory(self, name: str) -> str:
        """Return the directory of a staged release as what runs sees it."""
        root = self.root(name)
        return root.path if root else ""

    def _prepare_soft(self, name: str) -> None:
        entry = self.state["entries"][name]
        backend = typing.cast(contract.Backend, contract.named(self.backends, entry["backend"]))
        root = backend.next_root(entry)
        soft.prepare(name, root.mounts, root.files, guard.script(name, entry["deadman_seconds"]))

    def confirm(self, name: str) -> typing.List[str]:
        """Make the entry that runs on trial the default.

        :raises FleetError: it does not run, or it is not on trial, or the trial is another run's.
        """
        fence.require_owner(self.state, self.run, self.fence_seen)
        if self.booted_entry() != name:
            raise FleetError(
                f"{name} cannot be confirmed because {self.booted_entry() or 'another OS'} is running",
                f"The default is still {self.default_entry()}",
                "Run the same command again; it looks at the node and goes on from there",
            )
        checks = self.health()
        if checks["state"] not in ("", healthstate.PASSED):
            raise FleetError(
                f"{name} cannot be confirmed because its required health checks have not passed",
                f"The default is still {self.default_entry()}",
                f"Wait for them, or look at journalctl --unit {health.SERVICE} on the node",
            )
        sure = self.block is not None or not self.state["entries"]
        if (
            sure
            and self.default_entry() == self.state["default"] == name
            and not (self._under_way() or self.contradictions)
        ):
            return []
        actions = self._make_usable(self.state)
        if self.state["entries"].get(name, {}).get("changed"):
            # First: it has shown that it works, and until then a plain reboot boots what it did.
            actions += self._write_menu(self._with_entry(grub.on_trial(self.state["entries"][name])))
        before = self.firmware_due()
        self._block.flip({"osm_default": name, "osm_trial": "", "osm_tries": ""})
        failed = {key: value for key, value in self.state["failed"].items() if key != name}
        now = int(time.time())
        newest = self.newest(name)
        # Of one boot by kexec after the other it is the first that counts: the limit is for GRUB's absence.
        due = self._due(name, (before or {"since": now})["since"])
        try:
            # After the block, by which it is right in between: the next run brings the record to it (agreement.py).
            self._write_state(
                dict(
                    self.state,
                    default=name,
                    confirmed_at=now,
                    trial=None,
                    failed=failed,
                    newest=newest,
                    firmware_due=due,
                )
            )
        except FleetError as error:
            raise FleetError(
                error.problem, f"{name} is the default all the same, and a plain reboot boots it", error.todo
            )
        if not self.check_mode:
            # A candidate without one has none to stop.
            run(["systemctl", "stop", deadman.TIMER, deadman.SOFT_TIMER], check=False)
            soft.forget()
        actions.append(f"make {name} the default")
        # Last: until then grub.cfg itself boots the release of before, which is still there.
        return actions + (self._write_menu(self.state) if self.state["finalized"] else [])

    def drilled(self, name: str) -> typing.List[str]:
        """Note that the way back from the entry works: it ran on a drill, nobody confirmed it, and the node is home.

        :returns: list of str, as all verbs.
        :raises FleetError: that is not what happened.
        """
        trial, now = self.state["trial"], int(time.time())
        verdict = self.verdict()
        if trial is None or (trial["entry"], trial["purpose"]) != (name, record.DRILL):
            raise FleetError(f"No drill of {name} is under way on this node", todo="Run the same command again")
        if verdict.verdict != "fell_back":
            raise FleetError(
                f"The drill of {name} did not end where it began: {verdict.reason}",
                f"The default is still {self.default_entry()}",
                "Look at the node, then run the same command again",
            )
        drill = {"at": now, "seconds_away": now - trial["armed_at"]}
        actions = self.revert("")
        self._write_state(dict(self.state, drills=dict(self.state["drills"], **{name: drill})))
        return actions + [f"note that {name} came home by itself after {drill['seconds_away']} seconds"]

    def revert(self, reason: str) -> typing.List[str]:
        """Call the trial off; the default stays what it is.

        An entry that was booted, or should have been, is remembered as failed and not tried again unasked. A drill is
        meant to fall back, so it counts only where a run saw it fail and says why.

        :param reason: str, why; empty for what the verdict says.
        """
        trial = self.state["trial"]
        if not self._under_way():
            return []
        fence.require_owner(self.state, self.run, self.fence_seen)
        verdict = self.verdict()
        called_off = trial["entry"] if trial else (self.block or {}).get("osm_trial", "")
        actions = self._make_usable(self.state)
        if not self.check_mode:
            start.forget()
        begun = verdict.verdict not in record.NOT_BEGUN
        state = dict(self.state, trial=None)
        if trial and begun and trial["entry"] in self.state["entries"]:
            # Changes that did not work are changes no more.
            entry = self.state["entries"][trial["entry"]]
            state = dict(self._with_entry({key: entry[key] for key in entry if key != "changed"}), trial=None)
        if trial:
            state["called_off"] = self.boot_id if begun else ""
        meant = trial and trial["purpose"] == record.DRILL and not reason
        if trial and not meant and verdict.verdict and begun:
            state["failed"] = dict(state["failed"])
            state["failed"][trial["entry"]] = {
                "verdict": verdict.verdict,
                "reason": reason or verdict.reason,
                "at": int(time.time()),
                "rollout": trial["rollout"],
                "attempts": record.attempts(self.state, trial["entry"]) + 1,
            }
        cleared = {"osm_default": self.default_entry(), "osm_trial": "", "osm_tries": ""}
        if trial and begun:
            # No try is left while the record gets what is to be remembered, for which there may be no room: then the
            # trial is still there to be judged by the next run, and a plain reboot boots the default.
            self._block.flip(dict(cleared, osm_trial=called_off, osm_tries="0"))
            self._write_state(state)
            self._block.flip(cleared)
        else:
            self._block.flip(cleared)
            self._write_state(state)
        return actions + [f"call off the trial of {called_off}"]

    def repair(self) -> typing.List[str]:
        """Bring record, block and menu to where they say the same, which changes nothing of what a reboot boots."""
        actions = [f"settle: {said}" for said in self.contradictions]
        if actions:
            self._make_usable(self.state)
            if self._settled_block is not None:
                self._block.flip(self._settled_block)
            self._write_state(self.state)
            self._settled_block, self.contradictions = None, []
        return actions + (self._write_menu(self.state) if self.state["finalized"] else [])

    def _with_entry(self, entry: contract.Entry) -> record.State:
        """Return the record with another version of an entry."""
        return dict(self.state, entries={**self.state["entries"], entry["id"]: entry})

    def _write_menu(self, state: record.State) -> typing.List[str]:
        """Bring block, menu and custom.cfg to what the entries need; the record comes last and is what is trusted."""
        if not self.tier.name:
            raise FleetError(
                f"No trial can be counted on this node: {'; '.join(self.tier.evidence)}",
                todo="Mount an EFI system partition on /boot/efi or install kexec-tools, or exclude the node",
            )
        self.check_default(state["entries"])
        state = dict(state, control=tier.record(self.tier))
        entries = [state["entries"][name] for name in sorted(state["entries"])]
        fallback = state["entries"].get(record.fallback(state, (self.block or {}).get("osm_default", "")))
        changes = menu.plan(self.grub, self.tier, entries, fallback, state["finalized"] is None)
        actions = self._make_usable(state)
        actions += [change.action for change in changes if change.action]
        if state != self._recorded:
            actions.append("record the boot entries")
        if not self.check_mode and actions:
            menu.write(self.grub, changes)
            self._write_state(state)
        return actions

    def _make_usable(self, state: record.State) -> typing.List[str]:
        """Make the block usable; what was confirmed last is the default again, if GRUB can boot it.

        :param state: dict, the record as it will be.
        """
        confirmed = state["default"] if state["default"] in state["entries"] else record.fallback(state, "")
        return self._block.repair(confirmed or grub.PACKAGE)

    def _under_way(self) -> bool:
        """Say whether record or block have a trial that nobody has decided on."""
        return self.state["trial"] is not None or bool((self.block or {}).get("osm_trial"))

    def _write_state(self, state: record.State) -> None:
        self.state = state
        self.state = self._recorded = dict(state, firmware_due=self.firmware_due())
        if not self.check_mode:
            fence.write(self.state)
