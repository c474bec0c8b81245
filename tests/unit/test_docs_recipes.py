# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes that come with the collection, the guide to them, and the playbook that builds, on a tiny tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import recipe, schema

from tests.unit.test_docs_releases import INITRAMFS

ROOT = Path(schema.__file__).parents[3]
GUIDE = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
SHIPPED = sorted((ROOT / "recipes").glob("*.yml"))
KERNEL = "6.12.43+deb13-cloud-amd64"
TINY = """\
schema: 1
name: debian-13
ref: debian/13/x86_64
base: {directory: root}
kernel: {initramfs: none}
files: [{path: /etc/motd, content: "%s"}]
"""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_recipes_that_come_along_are_valid(path):
    document = recipe.read(str(path), str(ROOT / "recipes")).document
    assert document["name"] and document["packages"]["sources"]


def test_the_recipe_of_the_guide_is_valid(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "node.yml").write_text(text)
    document = recipe.read(str(tmp_path / "node.yml"), str(ROOT / "recipes")).document
    assert "containerd" in document["packages"]["base"]
    assert {one["path"] for one in document["files"]} == {"/usr/bin/kubelet", "/usr/lib/systemd/system/kubelet.service"}


def test_the_guide_has_every_key_and_stage():
    told = set(re.findall(r"`([a-z_]+)`", GUIDE))
    assert set(schema.KEYS) | set(schema.STAGES) | set(schema.LEFT_OUT) <= told


@pytest.mark.skipif(os.geteuid() != 0, reason="a tree has files of several owners")
@pytest.mark.skipif(not shutil.which("ostree") or not shutil.which("openssl"), reason="ostree or openssl is missing")
def test_the_playbook_builds_compares_and_signs(tmp_path):
    modules = tmp_path / "root" / "usr" / "lib" / "modules" / KERNEL
    modules.mkdir(parents=True)
    (tmp_path / "root" / "etc").mkdir()
    (modules / "vmlinuz").write_text("kernel")
    (modules / "initramfs.img").write_bytes(INITRAMFS)
    key = ["openssl", "genpkey", "-algorithm", "ed25519", "-out", "release.pem"]
    subprocess.run(key, cwd=tmp_path, check=True, umask=0o077)
    said = ""
    for version, motd, more in (
        ("13.1", "hello", {}),
        ("13.2", "bye", {}),
        ("13.2", "bye", {"locked": "true", "destination": "again", "review": ""}),
    ):
        (tmp_path / "node.yml").write_text(TINY % motd)
        words = {"recipe": "node.yml", "version": version, "url": "http://images.example", "work": "work", **more}
        words["boot"] = "false"  # There is nothing in this tree that could.
        words["key"] = "release.pem"
        extra = [part for name, value in words.items() for part in ("-e", f"osmigrate_build_{name}={value}")]
        done = subprocess.run(
            [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.release_build", *extra],
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT.parents[2]), "PWD": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        public = more.get("destination", "public")
        assert (tmp_path / public / f"debian-13-{version}" / "release.yml.sig").is_file()
    assert "kernel: waits for none" in said and "The same inputs gave the same before." in said
    text = (tmp_path / "review" / "debian-13-13.2" / "difference.txt").read_text()
    assert "/etc/motd" in text
    assert (tmp_path / "review" / "debian-13-13.2" / "sbom.cdx.json").is_file()
