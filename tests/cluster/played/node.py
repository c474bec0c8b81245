# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node whose boots are played on the controller: the real boot control, on a directory.

Real are record, environment block, menu, fence, verdict and every verb. Played, because the controller itself cannot be
rebooted: what runs, its command line and its boot id; what GRUB decides at a reboot (the real one is held in
tests/grub); kexec, systemctl, and GRUB's check of a script; on which storage the block lies. What lies in the roots
nobody could boot: the backend is the toy of tests/backends.

It runs the release r-1, which is its default, and has r-2 in its menu.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    block as boot_block,
    env,
    files,
    grub,
    grubfiles,
    initrd,
    kexec,
    menu,
    tier,
    timing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import network
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import control, evidence, fence, record, reporter
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl
from ansible_collections.osmigrate.fleet.plugins.modules import boot_trial
from ansible_collections.osmigrate.fleet.tests.backends import toy

RELEASES = ("r-1", "r-2")
# What the kubelets of kwok report, whatever happens to their nodes.
BOOT_ID = "boot-1"
# good: whether trials boot; stuck: whether reboots never end; silent: how often it does not answer while on trial;
# away: seconds until a trial that nobody confirms ends; boot: the number of the boot; runs: what it runs.
START = {"good": True, "stuck": False, "silent": 0, "away": 0, "machine_id": "", "reboots": 0, "boot": 1, "runs": "r-1"}


class Node:
    """One node.

    :param directory: where the nodes of a test lie.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self.name, self.root = name, directory / f"node-{name}"
        self._how = self.root / "how.json"
        self._loaded = self.root / "kexec"

    def exists(self) -> bool:
        return self._how.exists()

    def make(self) -> None:
        """Make the node, if it is not there."""
        if self.exists():
            return
        (self.root / "boot/grub").mkdir(parents=True)
        (self.root / "run").mkdir()
        (self.root / "boot/grub/grub.cfg").write_text("set timeout=3\nsource $prefix/custom.cfg\n")
        self._boot(grub.PACKAGE, on_trial=False)
        with self.played():
            for name in RELEASES:
                place = self.root / toy.PLACE / name
                (place / "factory").mkdir(parents=True)
                (place / "vmlinuz").write_text(name)
                (place / "initrd.img").write_text(name)
                self.control().stage(self._entry(name))
            self._boot("r-1", on_trial=False)
            self.control().confirm("r-1")
        self._write(START)

    def _entry(self, name: str) -> dict[str, Any]:
        release, _dash, version = name.partition("-")
        return {
            **{"id": name, "title": name, "backend": toy.NAME, "root": str(self.root / toy.PLACE / name)},
            **{"kernel": f"/{name}/vmlinuz", "initrd": f"/{name}/initrd.img", "options": "root=UUID=1-2"},
            **{"root_uuid": "1-2", "boot_uuid": "1-2", "commit": name},
            "release": {"name": release, "version": version},
        }

    def how(self, **changes: Any) -> dict[str, Any]:
        """Return how the node behaves, with these changes of it."""
        said = {**START, **(json.loads(self._how.read_text()) if self.exists() else {}), **changes}
        if changes:
            self._write(said)
        return said

    def _write(self, said: dict[str, Any]) -> None:
        new = self._how.with_suffix(".new")
        new.write_text(json.dumps(said))
        new.replace(self._how)

    @contextlib.contextmanager
    def played(self) -> Iterator[None]:
        """What is of this machine is of the node's directory, as long as this lasts."""
        found, block = grubfiles.find, str(self.root / "boot/grub" / grub.BLOCK)
        replaced = [
            (grubfiles, "find", lambda: found(str(self.root))),
            (record, "PATH", str(self.root / "boot/osmigrate/state.json")),
            (initrd, "PATH", str(self.root / "boot/osmigrate/trial.img")),
            (files, "commit", lambda _path: ""),
            (control, "run", lambda _argv, **_how: None),
            (menu, "run", lambda _argv, **_how: None),
            (reporter, "install", lambda _check_mode: []),
            (evidence, "forget", lambda: None),
            (control, "read_text", self._read_text),
            (control, "read_bytes", lambda _path: b""),
            (tier, "probe", lambda _path: None),
            (tier, "decide", lambda _found, _path: tier.Tier(tier.BLOCK, ["It is played"], block, "")),
            (tier, "kexec_problem", lambda: ""),
            (tier, "kexec_doubt", lambda: ""),
            (boot_block.BootBlock, "_misplaced", lambda _self: ""),
            (kexec, "MARK", str(self._loaded)),
            (kexec, "load", lambda *_what: self._loaded.touch()),
            (kexec, "run", lambda _argv, **_how: None),
            (timing, "last_boots", list),
            (network, "keep", lambda _addresses, _check_mode: []),
            (network, "compare", list),
            # One file of the controller for all of its nodes.
            (fence._lock, "exclusive", contextlib.nullcontext),
        ]
        with contextlib.ExitStack() as stack:
            for where, name, instead in replaced:
                stack.enter_context(mock.patch.object(where, name, instead))
            yield

    def _read_text(self, path: str) -> str:
        known = {
            "/proc/sys/kernel/random/boot_id": lambda: f"played-{self.how()['boot']}",
            "/proc/cmdline": (self.root / "run/cmdline").read_text,
            "/etc/os-release": lambda: f"PRETTY_NAME={self.how()['runs']}",
        }
        if path.startswith(str(self.root)):
            return Path(path).read_text() if Path(path).exists() else ""
        return known[path]() if path in known else ""

    def control(self, check_mode: bool = False, run: str = "", seen: int = 0) -> BootControl:
        return BootControl([toy.ToyBackend(self.root)], check_mode, run, seen)

    def _boot(self, name: str, on_trial: bool, by_kexec: bool = False) -> None:
        flag = self.root / toy.RUNNING
        if name == grub.PACKAGE:
            flag.unlink(missing_ok=True)
        else:
            flag.write_text(str(self.root / toy.PLACE / name))
        words = ["" if by_kexec else "BOOT_IMAGE=/vmlinuz", "" if name == grub.PACKAGE else f"osmigrate.entry={name}"]
        words.append("osmigrate.trial=1" if on_trial and name != grub.PACKAGE else "")
        (self.root / "run/cmdline").write_text(" ".join(filter(None, words)))

    def reboot(self) -> None:
        """Boot again: what kexec has loaded, or what GRUB chooses by the environment block, which counts first."""
        with self.played():
            boot = self.control(check_mode=True)
            block, default = dict(boot.block or {}), boot.default_entry()
            trial, by_kexec = block.get("osm_trial", ""), self._loaded.exists()
            if not by_kexec and block.get("osm_tries", "").startswith("x"):
                block.update(osm_tries=block["osm_tries"][1:] or "0", osm_started="yes")
                env.rewrite(boot.grub.block, block)
            elif not by_kexec:
                trial = ""
        self._loaded.unlink(missing_ok=True)
        how = self.how()
        starts = bool(trial) and how["good"]
        self._boot(trial if starts else default, on_trial=starts, by_kexec=by_kexec and starts)
        self.how(boot=how["boot"] + 1, reboots=how["reboots"] + 1, runs=trial if starts else default)

    def runs(self, name: str) -> None:
        """Let it run something, as if somebody had chosen that in GRUB's menu."""
        self._boot(name, on_trial=False)
        self.how(runs=name)

    def arm(self, name: str, purpose: str = record.MOVE, run: str = "") -> None:
        """Arm a trial, as an earlier run has done."""
        with self.played():
            self.control(run=run).arm(name, 1, "", purpose=purpose)

    def fall_silent(self) -> None:
        """Let it run r-2 on trial, and answer to nobody."""
        self.make()
        self.arm("r-2")
        self.reboot()
        self.how(silent=9)

    def confirm(self, name: str) -> None:
        with self.played():
            self.control().confirm(name)

    def menu(self) -> dict[str, Any]:
        """Return what tests ask: booted, default, trial (an id or ""), purpose, reboots, fence, drills."""
        with self.played():
            boot = self.control(check_mode=True)
            trial = record.live_trial(boot.state, boot.block)
            return {
                "booted": boot.booted_entry(),
                "default": boot.default_entry(),
                "trial": trial["entry"] if trial else "",
                "purpose": trial["purpose"] if trial else "",
                "reboots": self.how()["reboots"],
                "fence": boot.state["fence"],
                "drills": boot.state["drills"],
            }

    def answers(self) -> bool:
        """Whether it answers this time."""
        silent, seen = self.how()["silent"], self.menu()
        if silent and seen["booted"] == seen["trial"]:
            self.how(silent=silent - 1)
            return False
        return True

    def boot_info(self, _arguments: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        with self.played():
            facts = self.control(check_mode=True).facts()
        facts["booted"]["boot_id"] = BOOT_ID
        machine = {"machine_id": self.how()["machine_id"] or self.name, "addresses": []}
        seconds = {"kernel": 5.5, "initramfs": 12.1, "until kubelet": 31.4}
        return {"changed": False, **facts, "machine": machine, "boot_seconds": seconds, "kubelet_since": 0}

    def boot_trial(self, arguments: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        said = ArgumentSpecValidator(boot_trial.ARGUMENT_SPEC).validate(arguments)
        assert not said.error_messages, said.error_messages
        params = said.validated_parameters
        with self.played(), fence.guarded(SimpleNamespace(params=params, check_mode=check_mode, _name="boot_trial")):
            boot = self.control(check_mode, params["run"], params["fence"])
            # Kubelets report no other.
            params["boot_id"] = boot.boot_id if params["boot_id"] == BOOT_ID else params["boot_id"]
            compared = boot_trial.differences(params)
            done = boot_trial.result(boot, boot_trial.apply(boot, params), params["name"] or "", compared)
        return {**done, "boot_id": BOOT_ID}

    def node_reboot(self, arguments: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        if check_mode:
            return {"changed": True, "boot_id": "", "seconds": 0}
        with self.played():
            fence.check(fence.read(), int(arguments.get("fence") or 0))
        how = self.how()
        if how["stuck"]:
            return {"failed": True, "msg": "The node did not come back."}
        if "boot_id" in arguments:  # it comes home by itself
            time.sleep(how["away"])
        self.reboot()
        return {"changed": True, "boot_id": BOOT_ID, "seconds": 0}
