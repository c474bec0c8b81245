# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A commit is read from its repository as it would be checked out, and nothing that was changed there passes."""

import os
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import difference, release
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.commit import Commit

from .conftest import KERNEL, Root

pytestmark = pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="owners and attributes need root")


def committed(repository: Path, root: Root, mode: str = "archive") -> str:
    if not repository.exists():
        subprocess.run(["ostree", "init", f"--repo={repository}", f"--mode={mode}"], check=True)
    argv = ["ostree", "commit", f"--repo={repository}", "--branch=b", f"--tree=dir={root.place}"]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def differing(tmp_path: Path, repository: Path, commit: str, place: Path) -> "list[str]":
    with release.opened(commit, str(repository), str(tmp_path)) as one:
        with release.opened(str(place), "", str(tmp_path)) as other:
            return [found["path"] for found in difference.of(one, other)["files"]]


@NEEDS_ROOT
@pytest.mark.parametrize("mode", ["archive", "bare"])
def test_a_commit_is_what_was_committed(tmp_path, new, mode):
    new.file("usr/empty", b"")
    new.file("usr/l -> m", b"x\0y")
    new.link("usr/l", "a -> b")
    new.link("usr/dangling", "/nowhere/at all")
    new.file("usr/many", b"x" * 3000000)
    for name, value in (("user.a", b"plain"), ("user.b", b"pl'a\"in\n\xff\0"), ("user.d", b"y" * 300)):
        os.setxattr(new.place / "usr/many", name, value)
    os.setxattr(new.place / "usr/lib", "user.e", b"\\)")
    os.chown(new.place / "usr/many", 70000, 5)
    commit = committed(tmp_path / "repo", new, mode)
    assert differing(tmp_path, tmp_path / "repo", commit, new.place) == []
    new.file("usr/many", b"x" * 2999999 + b"y")
    os.removexattr(new.place / "usr/many", "user.a")
    assert differing(tmp_path, tmp_path / "repo", commit, new.place) == ["/usr/many"]


def test_a_commit_answers_as_a_root_does(tmp_path, new):
    new.link("lib", "usr/lib")
    new.link("usr/lib/loop", "loop")
    commit = Commit(str(tmp_path / "repo"), committed(tmp_path / "repo", new), str(tmp_path))
    assert commit.text("/lib/os-release").startswith("ID=debian")
    assert commit.text("/etc/passwd").startswith("root:")
    assert commit.names("/usr/lib/modules") == [KERNEL]
    assert commit.is_directory("/lib/modules") and not commit.is_directory("/lib/os-release")
    assert commit.is_link("/lib") and commit.link("/lib") == "usr/lib" and not commit.is_link("/usr")
    assert commit.size("/lib/os-release") == (new.place / "usr/lib/os-release").stat().st_size
    assert commit.size("/usr") == -1
    assert commit.read("/usr/lib/loop") is None and commit.read("/none") is None
    assert b"".join(commit.pieces("/usr/sbin/tool")) == commit.read("/usr/sbin/tool")
    assert [name for name, _status in commit.walk("/lib/modules")][:2] == ["/lib/modules", f"/lib/modules/{KERNEL}"]
    assert commit.lstat("/usr/sbin/tool").st_mode == 0o100755
    assert sorted(os.listdir(commit.outside("/usr/lib/systemd/system"))) == ["a.service"]


def objects(repository: Path, kind: str) -> "list[Path]":
    return sorted(repository.glob(f"objects/*/*.{kind}"))


def larger(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\0")


def other_content(path: Path) -> None:
    content = path.read_bytes()
    head = 8 + int.from_bytes(content[:4], "big")
    packer = zlib.compressobj(wbits=-15)
    held = zlib.decompressobj(-15).decompress(content[head:])
    path.write_bytes(content[:head] + packer.compress(b"?" + held[1:]) + packer.flush())


def other_owner(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[19] ^= 1
    path.write_bytes(bytes(content))


CHANGES: "dict[str, tuple[str, Callable[[Path], None]]]" = {
    "a directory": ("dirtree", larger),
    "rights of directories": ("dirmeta", larger),
    "the commit": ("commit", larger),
    "content": ("filez", other_content),
    "an owner": ("filez", other_owner),
    "no content": ("filez", lambda path: path.write_bytes(b"")),
    "nothing": ("dirtree", Path.unlink),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_was_changed_in_the_repository_is_refused(tmp_path, old, new, case):
    kind, change = CHANGES[case]
    commit = committed(tmp_path / "repo", new)
    for path in objects(tmp_path / "repo", kind):
        change(path)
    with pytest.raises(FleetError) as caught:
        differing(tmp_path, tmp_path / "repo", commit, old.place)
    assert "ostree" in str(caught.value)


def test_a_name_with_a_line_break_cannot_pass_for_another_file(tmp_path, new):
    line = f"a\n-00644 0 0      2 {'0' * 64} {{ @a(ayay) [] }} "
    new.file(f"usr/{line}/usr/innocent", "x")
    commit = committed(tmp_path / "repo", new)
    with pytest.raises(FleetError, match="names or links with line breaks"):
        differing(tmp_path, tmp_path / "repo", commit, new.place)
