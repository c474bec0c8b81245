# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan costs: files are read piece by piece, and loops end. With 20,000 files the same was seen by hand."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins import module_utils
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply, item

COLLECTIONS = str(Path(module_utils.__path__[0]).parents[3])
LIMIT_MB = 200
PLAN = """
import json, re, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending
from ansible_collections.osmigrate.fleet.tests.backends.roots import deployed
situation = model.open_situation(sys.argv[2], deployed(sys.argv[3]), [])
made = plan.make(situation, ["/etc/site"], ending.Limits(0, 60, 0))
told = plan.describe(situation, made)
# Of this program alone: ru_maxrss counts what its parent was before, too.
peak = int(re.search("VmHWM: *([0-9]+)", open("/proc/self/status").read().replace("\\t", " ")).group(1)) // 1024
print(json.dumps([peak, len(told), [one["path"] for one in made.unknown]]))
"""


def sparse(path: Path, size: int, data: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as content:
        content.seek(size - len(data))
        content.write(data)
        content.truncate(size)


def test_a_node_with_many_files_and_a_large_one(move):
    moving = move()
    site = moving.incumbent / "etc/site"
    for number in range(20):
        (site / str(number)).mkdir(parents=True)
        for name in range(100):
            (site / f"{number}/{name}.conf").write_text("x\n")
    sparse(moving.incumbent / "etc/disk.img", 2 << 30)
    paths = [COLLECTIONS, str(moving.incumbent), str(moving.deployment)]
    done = subprocess.run([sys.executable, "-c", PLAN, *paths], capture_output=True, check=True)
    peak, records, unknown = json.loads(done.stdout)
    assert peak < LIMIT_MB and records > 2000 and "/etc/disk.img" in unknown


def test_a_large_file_is_carried_with_its_holes(move):
    moving = move()
    size = item.HELD_MAX + 4096
    sparse(moving.incumbent / "etc/site/data", size, b"end")
    made = moving.carry(extra_paths=["/etc/site"])
    (planned,) = [one for one in made.items if one.target == "/etc/site/data"]
    assert planned.content == b"" and planned.origin
    content = (moving.deployment / "etc/site/data").read_bytes()
    assert apply.digest(planned) == hashlib.sha256(content).hexdigest()
    assert len(content) == size and content.endswith(b"end")
    assert os.stat(moving.deployment / "etc/site/data").st_blocks * 512 < size


@pytest.mark.parametrize(
    "path",
    [
        "/etc/loop",
        "/etc/resolv.conf",
        "/etc/localtime",
        "/etc/sysctl.d/10-loop.conf",
        "/etc/systemd/system/loop.service",
        "/etc/systemd/network/loop.network",
        "/etc/sudoers.d/loop",
        "/var/lib/data",
    ],
)
def test_a_loop_is_never_fatal(move, path):
    moving = move({path: f"-> {path}"})
    made = moving.carry()
    told = {one["path"] for one in made.unknown} | {one.path for one in made.left} | {one.source for one in made.items}
    assert path in told
