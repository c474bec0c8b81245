# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The environment block of one node: where its tier has it, made anew where it lies badly, and flipped by one write.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env, files, tier as boot_tier
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

OURS = ("osm_default", "osm_trial", "osm_tries", "osm_started")
UNTOUCHED = "A plain reboot boots what it booted before"


class BootBlock:
    """What GRUB goes by: variables is a dict of str to str with those of OURS that it has, None where GRUB reads none.

    problem says why there are none; unfit why GRUB must not rewrite those that there are; path is where the block lies
    or would lie.

    :param tier: tier.Tier.
    :param beside: str, path of a block beside grub.cfg, for a node without a tier.
    :param check_mode: bool, when true nothing is written.
    """

    def __init__(self, tier: boot_tier.Tier, beside: str, check_mode: bool) -> None:
        self.path, self.check_mode = tier.block or beside, check_mode
        self._uuid, self._by_kexec = tier.uuid, tier.name == boot_tier.KEXEC
        variables, self.problem, self.unfit = env.read(self.path)
        if variables is not None:
            # A value that we could not write names no entry of ours, and GRUB does the same without it.
            values = {name: variables[name] for name in OURS if name in variables}
            variables = {name: value if env.VALUE.match(value) else "" for name, value in values.items()}
        self.variables = variables

    def changed_at(self) -> int:
        """Return when it was written last, in seconds of the epoch, int; 0 without a usable block."""
        return int(os.stat(self.path).st_mtime) if self.variables is not None else 0

    def repair(self, default: str) -> typing.List[str]:
        """Make a usable block where there is none, or where it lies so that GRUB must not rewrite it.

        :param default: str, id of the entry that a new block makes the default.
        :returns: list of str, the actions taken.
        """
        if self.variables is not None and not self.unfit and not self._misplaced():
            return []
        if self.variables is None:
            self.variables = {"osm_default": default, "osm_trial": "", "osm_tries": ""}
        self.problem = self.unfit = ""
        if not self.check_mode:
            self._make()
        return [f"create the environment block {self.path}"]

    def flip(self, variables: typing.Dict[str, str]) -> None:
        """Replace all variables.

        :param variables: dict of str to str.
        """
        if not self.check_mode:
            env.rewrite(self.path, variables)
            if self._by_kexec:
                # Its file system may move what is rewritten; GRUB sees what the last whole transaction says.
                _storage.sync_file_system(self.path)
        self.variables = variables

    def _misplaced(self) -> str:
        """Say why GRUB must not rewrite the block where it lies, empty if it may or never does."""
        if self._by_kexec:
            return ""
        block = boot_tier.probe_block(self.path)
        return boot_tier.block_problem(block) if block else ""

    def _make(self) -> None:
        directory = os.path.dirname(self.path)
        if self._uuid and _storage.filesystem(directory).uuid != self._uuid:
            raise FleetError(
                f"{self.path} should be on the EFI system partition {self._uuid}, which is not mounted there",
                UNTOUCHED,
                "Mount it, and have it in /etc/fstab, then run the same command again",
            )
        files.replace([files.File(self.path, env.render(self.variables or {}), 0o600)])
        misplaced = self._misplaced()
        if misplaced:
            raise FleetError(
                f"GRUB cannot count a trial in {self.path}, because the file {misplaced}",
                UNTOUCHED,
                "Turn that feature of the file system off, or exclude the node",
            )
