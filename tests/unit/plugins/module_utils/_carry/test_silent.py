# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system that hangs: a real one of FUSE, whose program never answers."""

import ctypes
import os
import subprocess
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import silent
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending

from tests.backends.roots import deployed

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/dev/fuse"), reason="mounts a file system of FUSE as root"
)


@pytest.fixture
def hung(move):
    """A node with one at /data, in /etc and in /home, which is all the same that never answers."""
    moving = move({"/data/": "", "/etc/site/": "", "/home/ops/far/": "", "/etc/fstab": FSTAB})
    device = os.open("/dev/fuse", os.O_RDWR)
    places = [moving.incumbent / name for name in ("data", "etc/site", "home/ops/far")]
    system, mounted = ctypes.CDLL(None, use_errno=True), []
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0".encode()
    try:
        if system.mount(b"hung", os.fsencode(places[0]), b"fuse", 0, options):
            pytest.skip("mounts are not allowed here")
        mounted.append(places[0])
        for place in places[1:]:
            system.mount(os.fsencode(places[0]), os.fsencode(place), None, 4096, None)
            mounted.append(place)
        yield moving
    finally:
        os.close(device)
        for place in reversed(mounted):
            subprocess.run(["umount", "--lazy", str(place)], check=False, capture_output=True)


FSTAB = "UUID=1 / ext4 defaults 0 1\nhung /data fuse defaults 0 0\n"


def test_what_does_not_answer_is_found_and_nobody_waits(hung):
    root = str(hung.incumbent)
    mounted = [mount for mount in _storage.mounts() if mount.target.startswith(root + "/")]
    begun = time.monotonic()
    found = [path[len(root) :] for path in silent.find(mounted, seconds=1)]
    assert "/data" in found and set(found) <= {"/data", "/etc/site", "/home/ops/far"}
    places = ["/data", "/etc/site", "/home/ops/far"]
    situation = model.open_situation(root, deployed(hung.deployment), places, silent=places)
    made = plan.make(situation, [], ending.Limits(0, 60, 0))
    assert time.monotonic() - begun < 30
    assert made.differences["silent"] == places
    assert "/data" in [part.target for one in made.items for part in one.parts]


def test_what_answers_is_not_named():
    assert silent.find([mount._replace(fstype="nfs") for mount in _storage.mounts() if mount.target == "/proc"]) == []
