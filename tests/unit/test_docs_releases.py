# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of docs/releases.md make a release that passes, from the commit on; the tree is a tiny one."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema

GUIDE = Path(schema.__file__).parents[3] / "docs" / "releases.md"
# One that holds nothing, and is as large as the test says.
INITRAMFS = (b"070701" + b"0" * 88 + b"0000000b" + b"0" * 8 + b"TRAILER!!!").ljust(2000, b"\0")
COLLECTIONS = Path(schema.__file__).parents[6]


def commands(text: str) -> dict[str, str]:
    """The bash blocks below each heading."""
    parts = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    blocks = {}
    for heading, body in zip(parts[1::2], parts[2::2], strict=True):
        blocks[heading] = "\n".join(re.findall(r"```bash\n(.*?)```", body, re.DOTALL))
    return blocks


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(name="url")
def fixture_url(tmp_path):
    (tmp_path / "www").mkdir()
    handler = functools.partial(Quiet, directory=str(tmp_path / "www"))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_commands_of_the_guide(tmp_path, url):
    modules = tmp_path / "tree" / "usr" / "lib" / "modules" / "6.12.43+deb13-cloud-amd64"
    modules.mkdir(parents=True)
    (modules / "vmlinuz").write_bytes(b"k" * 1000)
    (modules / "initramfs.img").write_bytes(INITRAMFS)
    blocks = commands(GUIDE.read_text(encoding="utf-8"))
    names = f"set -e\nname=debian-13 version=13.1 ref=debian/13/x86_64 url={url} kernel={modules.name}\n"
    script = names + "\n".join(
        blocks[part]
        for part in ("Commit it", "See what is in it", "Describe it", "Sign it", "Channels", "Publish it", "Check it")
    )
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
    }
    done = subprocess.run(
        ["bash", "-c", script], cwd=tmp_path, env=environment, text=True, check=False, capture_output=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    release = yaml.safe_load((tmp_path / "public" / "debian-13-13.1" / "release.yml").read_text())
    assert release["os"]["kernel"] == modules.name
    assert release["payloads"]["ostree"]["boot_size"] == 3000
    assert (tmp_path / "review" / "debian-13-13.1" / "sbom.spdx.json").exists()
    assert (tmp_path / "www" / "debian-13.stable.channel").exists()
