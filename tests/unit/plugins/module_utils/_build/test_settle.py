# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a first boot would do is done in the tree, by the tree's own programs, and stamped."""

import os
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import settle
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log

TIME = 1764547200
UPDATE_DONE = "usr/lib/systemd/system/systemd-update-done.service"


class Told(Log):
    """Notes what would be run in a tree whose programs are no programs."""

    def __init__(self) -> None:
        super().__init__(os.devnull)
        self.programs: "list[str]" = []

    def inside(self, tree, argv, doing, time, shared="", network=False, **environment):
        self.programs.append(" ".join(argv))


def settled(tree: Path, *names: str) -> "list[str]":
    for name in names:
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith(".d") else path.write_text("")
    (tree / "etc").mkdir(exist_ok=True)
    log = Told()
    settle.make(str(tree), TIME, log)
    return log.programs


def test_each_program_that_is_there_has_its_sources(tmp_path):
    names = "usr/bin/systemd-sysusers usr/lib/sysusers.d usr/bin/systemd-hwdb usr/lib/udev/hwdb.d usr/sbin/ldconfig"
    done = settled(tmp_path, *names.split(), "etc/ld.so.conf", UPDATE_DONE)
    assert done == ["systemd-sysusers", "systemd-hwdb --usr update", "ldconfig -i"]
    assert (tmp_path / "etc/.updated").stat().st_mtime == TIME


@pytest.mark.parametrize("names", [(), ("usr/bin/systemd-hwdb",), ("usr/lib/udev/hwdb.d",)])
def test_a_program_without_sources_is_left_alone(tmp_path, names):
    assert settled(tmp_path, *names) == []
    assert not (tmp_path / "etc/.updated").exists()
