# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/releases.md by which a release is reviewed, approved and signed; the tree is a tiny one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_docs_releases import COLLECTIONS, GUIDE, commands

POLICY = """
schema: 1
approvers:
  - name: alice
    key: |
{key}
rules:
  - when: set-id-file
"""


@pytest.mark.skipif(not shutil.which("ostree") or os.geteuid() != 0, reason="ostree is not installed, or no root")
def test_a_release_is_reviewed_approved_and_signed(tmp_path):
    modules = tmp_path / "tree" / "usr" / "lib" / "modules" / "6.12.43+deb13-cloud-amd64"
    modules.mkdir(parents=True)
    (modules / "vmlinuz").write_bytes(b"k" * 1000)
    (modules / "initramfs.img").write_bytes(b"i" * 2000)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "kernel": modules.name,
        **{"name": "debian-13", "ref": "debian/13/x86_64", "url": "http://images.example"},
    }

    def bash(script: str, **variables: str) -> tuple[int, str]:
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            cwd=tmp_path,
            env={**environment, **variables},
            text=True,
            check=False,
            capture_output=True,
        )
        return done.returncode, done.stdout + done.stderr

    blocks = commands(GUIDE.read_text(encoding="utf-8"))
    keys = "for key in release alice; do openssl genpkey -algorithm ed25519 -out $key.pem; chmod 600 $key.pem; done\n"
    assert bash(keys + blocks["Commit it"] + "\n" + blocks["Describe it"], version="13.0")[0] == 0
    (tmp_path / "tree" / "usr" / "su").write_text("su")
    (tmp_path / "tree" / "usr" / "su").chmod(0o4755)
    again = re.sub("(?m)^ostree init.*$", "", blocks["Commit it"])
    code, _output = bash(f"{again}\n{blocks['Describe it']}\necho $commit >commit", version="13.1")
    assert code == 0
    public = bash("openssl pkey -in alice.pem -pubout")[1]
    (tmp_path / "review-policy.yml").write_text(
        POLICY.format(key="".join(f"      {one}\n" for one in public.splitlines()))
    )
    environment.update(version="13.1", commit=(tmp_path / "commit").read_text().strip())
    review = blocks["See what differs"].strip() + " -e osmigrate_review_policy=review-policy.yml"
    approve, sign = re.findall(r"(?s)ansible localhost.*?(?=ansible localhost|\Z)", blocks["Let it be approved"])
    needs = "set-id-file (1 of alice): /usr/su is set-id, and is new or was something else"
    code, output = bash(review)
    assert code == 0, output
    assert f"{needs}, approved by nobody" in output
    assert (tmp_path / "review/debian-13-13.1/difference.html").exists()
    code, output = bash(sign)
    assert code != 0 and "has changes that need more approvals" in output
    for command, expected in (
        (approve, "as alice"),
        (review, "Nothing needs an approval that"),
        (sign, "release.yml.sig"),
    ):
        code, output = bash(command)
        assert code == 0 and expected in output, output
