# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The image of a release for slots, made of the tree that the OSTree commit comes from, by the real mke2fs."""

import os
import random
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Optional

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import index
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import image, places, tools
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader

from tests.unit.plugins.module_utils._build import building

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="files are given to another user"),
    pytest.mark.skipif(not (shutil.which("ostree") and shutil.which("debugfs")), reason="needs ostree and e2fsprogs"),
]


def release_of(directory: Path, names: Optional[list[str]] = None) -> dict[str, Any]:
    path = building.prepare(directory, names=names)
    done = building.publish(path, directory / "work", "13.1", directory / "public", slots=True)
    return reader.unsigned(_storage.read_bytes(done.manifest), "it").release


def unpacked(directory: Path, payload: dict[str, Any]) -> Path:
    """Return a path of the image, as a node gets it: whole, by any tool."""
    goal = directory / "unpacked"
    stored = directory / "public/slots" / os.path.basename(payload["url"])
    goal.write_bytes(subprocess.run(["gzip", "-dc", stored], check=True, stdout=subprocess.PIPE).stdout)
    return goal


def asked(path: Path, request: str) -> str:
    return subprocess.run(
        ["debugfs", "-R", request, path], check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ).stdout


def test_one_tree_gives_both_payloads(tmp_path: Path) -> None:
    payloads = release_of(tmp_path)["payloads"]
    payload = payloads["slots"]
    path = unpacked(tmp_path, payload)
    assert _storage.digest(str(path)) == payload["sha256"] and path.stat().st_size == payload["size"]
    read = index.parse(_storage.read_bytes(str(tmp_path / "public/slots" / os.path.basename(payload["index"]))))
    assert read.image == payload["sha256"]
    assert asked(path, "cat /usr/lib/modules/" + building.KERNEL + "/vmlinuz") == "kernel"
    # The image is a root by itself; when the node's own /etc lies over its own, the defaults are still to be seen.
    assert [asked(path, f"cat {place}/motd") for place in ("/etc", "/usr/etc")] == ["hello\n"] * 2
    assert "Links: 2" in asked(path, "stat /etc/motd")
    listed = ["ostree", "ls", f"--repo={tmp_path}/public/repo", payloads["ostree"]["commit"]]
    assert "/etc" not in subprocess.run(listed, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    assert "IMAGE_VERSION=13.1" in asked(path, "cat /usr/lib/os-release")
    assert "File not found" not in asked(path, "stat /sysroot")
    assert payloads["ostree"]["boot_size"] == payload["boot_size"]
    assert not list((tmp_path / "work").glob("*.part"))


def test_the_same_inputs_give_the_same_image(tmp_path: Path) -> None:
    found = set()
    for number, names in enumerate((None, list(reversed(building.TREE)))):
        directory = tmp_path / str(number)
        directory.mkdir()
        found.add(release_of(directory, names=names)["payloads"]["slots"]["sha256"])
    assert len(found) == 1


def test_each_release_has_a_file_system_of_its_own() -> None:
    assert image.uuid_of("debian-13", "13.1") == image.uuid_of("debian-13", "13.1")
    assert len({image.uuid_of(name, version) for name in ("a", "b") for version in ("1", "2")}) == 4


def test_the_file_system_is_one_that_nobody_writes_to(tmp_path: Path) -> None:
    payload = release_of(tmp_path)["payloads"]["slots"]
    shown = subprocess.run(
        ["dumpe2fs", "-h", unpacked(tmp_path, payload)], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    (features,) = [line.split() for line in shown.splitlines() if line.startswith("Filesystem features:")]
    assert "has_journal" not in features and "metadata_csum_seed" not in features
    assert image.uuid_of("debian-13", "13.1") in shown


def test_all_that_a_tree_holds_is_in_the_image_with_one_time(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    (tree / "deep/er").mkdir(parents=True)
    (tree / "deep/er/file").write_bytes(os.urandom(3 << 20))
    os.link(tree / "deep/er/file", tree / "also")
    os.symlink("x" * 59, tree / "short")
    os.symlink("x" * 60, tree / "long")
    os.mkfifo(tree / "pipe")
    (tree / "with blank").write_text("1")
    (tree / "deep").chmod(0o2750)
    os.chown(tree / "deep", 12, 34)
    os.setxattr(tree / "with blank", "user.kept", b"yes")
    log = tools.Log(str(tmp_path / "log"))
    image.make(str(tree), str(tmp_path / "image"), "a", "1", 1000000000, log)
    for name in ("/", "/deep", "/deep/er/file", "/long", "/pipe", '"/with blank"'):
        shown = asked(tmp_path / "image", f"stat {name}")
        assert set(re.findall(r"time: (\S+)", shown)) == {"0x3b9aca00:00000000"}, name
    assert "Links: 2" in asked(tmp_path / "image", "stat /also")
    assert re.search(r"Mode: +02750 .*\nGeneration.*\nUser: +12 +Group: +34", asked(tmp_path / "image", "stat /deep"))
    assert "yes" in asked(tmp_path / "image", 'ea_get "/with blank" user.kept')
    assert "has_journal" not in asked(tmp_path / "image", "features")


def test_what_does_not_fit_is_counted_before() -> None:
    assert image.Need(0, 0).size() == 64 << 20
    assert image.Need(100000, 9622).size() % (64 << 20) == 0
    assert image.Need(100000, 9622).size() > 100000 * 4096 + 9622 * 256


def test_another_image_of_a_version_that_is_there_fail(tmp_path: Path) -> None:
    path = building.prepare(tmp_path)
    building.publish(path, tmp_path / "work", "13.1", tmp_path / "public", slots=True)
    manifest = tmp_path / "public/debian-13-13.1/release.yml"
    text = manifest.read_text()
    (digest,) = re.findall(r"\bsha256: (\w+)", text)
    manifest.write_text(text.replace(f" sha256: {digest}", " sha256: " + "f" * 64))
    with pytest.raises(FleetError, match="is there already as sha256 ffffffffffff, and this one is " + digest[:12]):
        building.publish(path, tmp_path / "work", "13.1", tmp_path / "public", slots=True)


def test_a_release_gets_its_second_payload_later(tmp_path: Path) -> None:
    path = building.prepare(tmp_path)
    building.publish(path, tmp_path / "work", "13.1", tmp_path / "public")
    done = building.publish(path, tmp_path / "work", "13.1", tmp_path / "public", slots=True)
    assert done.changed
    assert not building.publish(path, tmp_path / "work", "13.1", tmp_path / "public", slots=True).changed


def test_an_image_that_cannot_be_made_leaves_the_tree_as_it_was_fail(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "file").write_text("1")
    log = tools.Log(str(tmp_path / "log"))
    with pytest.raises(FleetError, match="making the image of the slots failed"):
        image.make(str(tree), str(tmp_path / "no/such/image"), "a", "1", 1, log)
    assert os.listdir(tree) == ["file"]


def test_a_file_more_moves_its_own_group_alone(tmp_path: Path) -> None:
    """Of a tree of 24 MiB, and the same with a file more that comes first and one that has become larger."""
    chance = random.Random(1)
    log, found = tools.Log(str(tmp_path / "log")), []
    tree = tmp_path / "tree"
    for directory in ("usr/bin", "usr/lib/modules/6", "usr/share/one"):
        (tree / directory).mkdir(parents=True)
        for number in range(40):
            (tree / directory / f"file{number}").write_bytes(chance.randbytes(200 << 10))
    for version in ("1", "2"):
        image.make(str(tree), str(tmp_path / version), "a", "1", 1, log)
        data = (tmp_path / version).read_bytes()
        found.append([data[at : at + 4096] for at in range(0, len(data), 4096)])
        assert not (tree / places.FIRST).exists() and places.FIRST not in asked(tmp_path / version, "ls /")
        (tree / "usr/bin/aaa").write_bytes(chance.randbytes(100 << 10))
        with (tree / "usr/share/one/file7").open("ab") as stream:
            stream.write(chance.randbytes(9000))
    assert sum(one != other for one, other in zip(*found)) * 4096 < 18 << 20
    held = set(found[0])
    assert sum(one not in held for one in found[1]) * 4096 < 2 << 20


def test_groups_are_told_by_names_and_sizes_alone() -> None:
    files = [places.File(f"usr/lib/d{number % 3}/f{number}", 100) for number in range(200)]
    assert places.groups(files) == places.groups(files[::-1])
    found = places.groups(files)
    assert sorted(one for group in found for one in group) == sorted(files)
    for group in found:
        assert (sum(one.blocks for one in group) + places.fill(group)) * 4096 % (1 << 20) == 0
        assert places.fill(group) >= 16
