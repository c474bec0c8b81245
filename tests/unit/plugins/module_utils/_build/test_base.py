# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree begins with what there is already: a directory, a tar file, an OCI image, a command of the user's own."""

import hashlib
import json
import os
import tarfile
from io import BytesIO
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import contents, lock, schema, stages
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.unit.plugins.module_utils._build import building

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="a tree has files of several owners")
RECIPE = "schema: 1\nname: debian-13\nref: debian/13/x86_64\nkernel: {initramfs: none}\nbase:\n  "


def based_on(directory: Path, base: str) -> Path:
    """Build a tree up to its base, and return it."""
    path = building.prepare(directory, RECIPE + base + "\n")
    return Path(building.build(path, directory / "work", schema.BASE).path)


def layer(files: dict[str, str]) -> bytes:
    """Return a tar file of files, all of them user 7's."""
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid, member.mode = len(text), 7, 0o640
            archive.addfile(member, BytesIO(text.encode()))
    return stream.getvalue()


def image(directory: Path, layers: list[bytes], images: int = 1) -> None:
    """Write an OCI layout."""
    blobs = directory / "blobs" / "sha256"
    blobs.mkdir(parents=True)

    def blob(content: bytes) -> dict[str, str]:
        digest = hashlib.sha256(content).hexdigest()
        (blobs / digest).write_bytes(content)
        return {"digest": f"sha256:{digest}"}

    manifest = blob(json.dumps({"layers": [blob(one) for one in layers]}).encode())
    (directory / "index.json").write_text(json.dumps({"manifests": [manifest] * images}))


def test_all_that_a_copy_would_have_counts(tmp_path):
    root = tmp_path / "root"
    (root / "usr").mkdir(parents=True)
    (root / "usr/a").write_text("a")
    seen = [contents.digest(str(root))]
    os.setxattr(root / "usr/a", "user.a", b"1")
    seen.append(contents.digest(str(root)))
    os.setxattr(root / "usr/a", "user.a", b"2")
    seen.append(contents.digest(str(root)))
    root.chmod(0o700)
    seen.append(contents.digest(str(root)))
    assert len(set(seen)) == 4
    (tmp_path / "link").symlink_to(root)
    assert contents.digest(str(tmp_path / "link")) == seen[-1]


def test_sources_that_the_release_names_are_part_of_its_base():
    def digests(**source: str) -> "list[str]":
        sources = [{"uri": "http://deb.debian.org/debian", "suite": "trixie", "components": [], **source}]
        document = {"base": {"mmdebstrap": "apt"}, "packages": {"sources": sources}}
        return [one.digest for one in stages.of(document, lock.Lock("", 0, "", []))]

    assert digests()[0] != digests(suite="sid")[0]
    # Where a key lies on this machine is nothing that a release has.
    assert digests() == digests(keyring="/nowhere")


def test_a_tar_file_keeps_owners_and_modes(tmp_path):
    (tmp_path / "root.tar.gz").write_bytes(layer({"usr/bin/tool": "x"}))
    tool = (based_on(tmp_path, "archive: root.tar.gz") / "usr/bin/tool").stat()
    assert (tool.st_uid, tool.st_mode & 0o7777) == (7, 0o640)


def test_an_image_is_all_of_its_layers_without_what_they_take_away(tmp_path):
    first = layer({"usr/a": "1", "usr/b": "1", "usr/lib/c": "1", "usr/lib/d": "1", "usr/e/f": "1"})
    second = layer({"usr/.wh.a": "", "usr/b": "2", "usr/lib/.wh..wh..opq": "", "usr/lib/g": "2", "usr/.wh.e": ""})
    image(tmp_path / "image", [first, second])
    tree = based_on(tmp_path, "oci: image")
    found = {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}
    assert found == {"usr/b": "2", "usr/lib/g": "2"}


def test_what_a_layer_takes_away_does_not_lie_outside_of_the_tree(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "keep").touch()
    stream = BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("usr/link")
        link.type, link.linkname = tarfile.SYMTYPE, str(outside)
        archive.addfile(link)
    image(tmp_path / "image", [stream.getvalue(), layer({"usr/link/.wh.keep": "", "usr/x": ""})])
    based_on(tmp_path, "oci: image")
    assert (outside / "keep").exists()


def test_several_images_are_too_many(tmp_path):
    image(tmp_path / "image", [layer({"usr/a": ""})], images=2)
    with pytest.raises(FleetError, match="Stage base: OCI layout .*/image has 2 images"):
        based_on(tmp_path, "oci: image")


def test_what_is_no_image_is_named(tmp_path):
    (tmp_path / "image").mkdir()
    with pytest.raises(FleetError, match=r"Stage base: .*/index\.json is no part of an OCI layout"):
        based_on(tmp_path, "oci: image")


def test_a_command_makes_the_tree(tmp_path):
    tree = based_on(
        tmp_path, "command: [sh, -c, 'mkdir $TREE/usr && echo $SOURCE_DATE_EPOCH $LC_ALL $TZ >$TREE/usr/a']"
    )
    assert (tree / "usr/a").read_text() == f"{building.TIME} C.UTF-8 UTC\n"


def test_a_command_that_fails_is_named_with_what_it_said(tmp_path):
    with pytest.raises(FleetError, match="Stage base: the command sh failed with code 4: no disk"):
        based_on(tmp_path, "command: [sh, -c, 'echo no disk >&2; exit 4']")
    log = (tmp_path / "work" / "build.log").read_text()
    assert "no disk" in log
    assert not [name for name in os.listdir(tmp_path / "work") if name.startswith("base-")]


def test_a_base_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FleetError, match=r"Stage base: Base .*/gone\.tar is no file"):
        based_on(tmp_path, "archive: gone.tar")


def test_a_tar_file_that_is_none_is_named(tmp_path):
    (tmp_path / "root.tar").write_text("no archive")
    with pytest.raises(FleetError, match="Stage base: unpacking it failed with code 2: tar: "):
        based_on(tmp_path, "archive: root.tar")


def test_files_of_a_command_lie_beside_the_recipe_and_count(tmp_path):
    program, data = tmp_path / "base.sh", tmp_path / "data"
    program.write_text('#!/bin/sh\nmkdir $TREE/usr; cp "$1" $TREE/usr/a\n')
    program.chmod(0o755)
    for text in ("one", "two"):
        data.write_text(text)
        assert (based_on(tmp_path, "command: [./base.sh, data]") / "usr/a").read_text() == text
    program.write_text("#!/bin/sh\nmkdir $TREE/usr; touch $TREE/usr/a\n")
    assert (based_on(tmp_path, "command: [./base.sh, data]") / "usr/a").read_text() == ""


def test_the_same_command_twice_is_run_once(tmp_path):
    count = tmp_path / "count"
    command = f"command: [sh, -c, 'mkdir $TREE/usr && echo x >>{count}']"
    based_on(tmp_path, command)
    based_on(tmp_path, command)
    assert count.read_text() == "x\n"
