# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images of slots, made by mke2fs and mounted, that hold what a release does, or do not."""

import gzip
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import difference, image, release, report

from tests.unit.plugins.module_utils._build import building

from .conftest import Root
from .test_commit import committed


def _can_mount(place: Path) -> bool:
    subprocess.run(["mke2fs", "-q", "-t", "ext4", place / "probe", "1M"], check=True)
    (place / "at").mkdir()
    argv = ["mount", "-o", "ro,loop", place / "probe", place / "at"]
    if subprocess.run(argv, capture_output=True, check=False).returncode:
        return False
    subprocess.run(["umount", place / "at"], check=True)
    return True


@pytest.fixture(scope="module", autouse=True)
def mounts(tmp_path_factory) -> None:
    if os.geteuid() or not shutil.which("mke2fs") or not _can_mount(tmp_path_factory.mktemp("mounts")):
        pytest.skip("images are mounted by root, with e2fsprogs and loop devices")


def made(root: Root, place: Path, with_etc: bool, change: "Callable[[Path], None]" = lambda tree: None) -> Path:
    """The image of a copy of a root that was changed."""
    tree = place / "tree"
    shutil.copytree(root.place, tree, symlinks=True)
    (tree / "proc").mkdir()
    if with_etc:
        subprocess.run(["cp", "--archive", "--link", tree / "usr/etc", tree / "etc"], check=True)
    else:
        (tree / "etc").mkdir()
    change(tree)
    path = place / "image"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", tree, path, "16M"], check=True)
    return path


def text(name: str, content: str) -> "Callable[[Path], None]":
    def change(tree: Path) -> None:
        path = tree / name
        path.unlink(missing_ok=True)  # the other name of a hard link stays what it is
        path.write_text(content)
        path.chmod(0o644)

    return change


# What is done to the tree of an image, and what of it is told.
CHANGES = {
    "another content": (text("usr/lib/os-release", "ID=other\n"), "/usr/lib/os-release"),
    "one file more": (text("usr/lib/more", ""), "/usr/lib/more"),
    "one file less": (lambda tree: (tree / "usr/sbin/tool").unlink(), "/usr/sbin/tool"),
    "other rights": (lambda tree: (tree / "usr/sbin/tool").chmod(0o4755), "/usr/sbin/tool"),
    "another owner": (lambda tree: os.chown(tree / "usr/sbin", 1, 1), "/usr/sbin"),
    "a capability": (
        lambda tree: os.setxattr(tree / "usr/sbin/tool", "user.a", b"b"),
        "/usr/sbin/tool",
    ),
    "another default": (text("usr/etc/passwd", "root::0:0:root:/:/bin/sh\n"), "/etc/passwd, /usr/etc/passwd"),
    "something else in /etc": (text("etc/group", ""), "/etc/group"),
    "one file less in /etc": (lambda tree: (tree / "etc/shadow").unlink(), "/etc/shadow"),
    "one file more in /etc": (text("etc/more", ""), "/etc/more"),
    "something in what others mount": (text("proc/more", ""), "/proc/more"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_an_image_that_holds_something_else_is_refused(tmp_path, new, case):
    change, told = CHANGES[case]
    path = made(new, tmp_path, True, change)
    with release.opened(str(new.place), "", str(tmp_path)) as found:
        with pytest.raises(FleetError) as caught:
            image.digest_of_same(str(path), found, str(tmp_path))
    assert caught.value.problem.endswith(f"does: {told}")
    assert not list(tmp_path.glob("osmigrate-review-*"))


@pytest.mark.parametrize("with_etc", [True, False])
def test_an_image_that_holds_the_same_is_named(tmp_path, new, with_etc):
    path = made(new, tmp_path, with_etc)
    content = path.read_bytes()
    packed = tmp_path / "image.gz"
    packed.write_bytes(gzip.compress(content[: 1 << 20]) + gzip.compress(content[1 << 20 :]))
    with release.opened(str(new.place), "", str(tmp_path)) as found:
        digests = [image.digest_of_same(str(one), found, str(tmp_path)) for one in (path, packed)]
        compared = difference.of(found, found, images={image.KIND: digests[0]})
    assert digests == [hashlib.sha256(content).hexdigest()] * 2
    assert compared["new"]["images"] == {"slots": digests[0]}
    assert f"the image {digests[0][:12]} for slots holds what the new release does" in report.as_text(compared)


@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_an_image_is_compared_with_a_commit(tmp_path, new):
    commit = committed(tmp_path / "repo", new)
    path = made(new, tmp_path, True)
    with release.opened(commit, str(tmp_path / "repo"), str(tmp_path)) as found:
        assert image.digest_of_same(str(path), found, str(tmp_path))
    new.file("usr/more", "more")
    commit = committed(tmp_path / "repo", new)
    with release.opened(commit, str(tmp_path / "repo"), str(tmp_path)) as found:
        with pytest.raises(FleetError, match=f"does not hold what ostree {commit[:12]} does: /usr/more"):
            image.digest_of_same(str(path), found, str(tmp_path))


@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_what_a_build_makes_is_the_same_twice(tmp_path):
    done = building.publish(building.prepare(tmp_path), tmp_path / "work", "13.1", tmp_path / "public", slots=True)
    payload = reader.unsigned(Path(done.manifest).read_bytes(), "it").release["payloads"]["slots"]
    stored = tmp_path / "public/slots" / os.path.basename(payload["url"])
    with release.opened(done.commit, str(tmp_path / "public/repo"), str(tmp_path)) as found:
        assert image.digest_of_same(str(stored), found, str(tmp_path)) == payload["sha256"]


def test_what_is_no_image_is_refused(tmp_path, new):
    whole = gzip.compress(os.urandom(5000))
    for content, problem in ((None, "cannot be read whole: "), (whole[:-9], "cannot be read whole"), (whole, "mount")):
        path = tmp_path / "image"
        if content:
            path.write_bytes(content)
        with release.opened(str(new.place), "", str(tmp_path)) as found:
            with pytest.raises(FleetError, match=problem):
                image.digest_of_same(str(path), found, str(tmp_path))
    assert not list(tmp_path.glob("osmigrate-review-*"))
