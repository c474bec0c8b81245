# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A root and a server of releases, for tests with the real ostree."""

from __future__ import annotations

import http.server
import os
import threading
from pathlib import Path

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.candidate import Candidate
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

REF, REMOTE = "debian/13/x86_64", "osmigrate-debian-13"


class Server:
    """Serves a directory; `change` may answer a path otherwise: with a status, or with bytes that never end."""

    def __init__(self, directory: Path):
        self.change = lambda path: None
        self.asked: list[str] = []
        outer = self

        class Handler(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *arguments):
                super().__init__(*arguments, directory=str(directory))

            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.change(self.path)
                if answer is None:
                    super().do_GET()
                elif isinstance(answer, int):
                    self.send_error(answer)
                else:
                    self.send_response(200)
                    self.end_headers()
                    try:
                        while True:
                            self.wfile.write(answer)
                    except OSError:
                        pass

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/source"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()


class Node:
    """A root without a deployment, and a repository of releases behind a server."""

    def __init__(self, directory: Path):
        self.directory, self.root, self.source = directory, directory / "root", directory / "source"
        self.server, self.boot = Server(directory), Boot()
        run(["ostree", "init", f"--repo={self.source}", "--mode=archive"])
        (self.root / "boot").mkdir(parents=True, exist_ok=True)
        self.ostree = Ostree(str(self.root))
        self.ostree.initialize()
        self.ostree.create_stateroot("debian")

    def release(self, content: bytes = b"1", files: int = 1) -> str:
        tree = self.directory / "tree"
        for path in ("usr/etc", "usr/lib/modules/6.1", "usr/share", "boot"):
            (tree / path).mkdir(parents=True, exist_ok=True)
        (tree / "usr/lib/os-release").write_text("ID=debian\nPRETTY_NAME=Debian\n")
        (tree / "usr/lib/shared").write_text("what all releases have\n")
        for name in ("vmlinuz", "initramfs.img"):
            (tree / "usr/lib/modules/6.1" / name).write_bytes(content)
        for number in range(files):
            (tree / f"usr/share/f{number}").write_bytes(content + os.urandom(20000))
        run(["ostree", "commit", f"--repo={self.source}", f"--branch={REF}", f"--tree=dir={tree}"])
        return run(["ostree", "rev-parse", f"--repo={self.source}", REF]).stdout.strip()

    def wanted(self, commit: str, size: int = 10_000_000) -> Candidate:
        payload = {"url": self.server.url, "ref": REF, "commit": commit, "size": size, "gpg_keys": []}
        release = {"name": "debian-13", "version": "13.1", "payloads": {"ostree": payload}}
        return Candidate(release, self.ostree, self.boot, "debian", 60)

    def stage(self, commit: str, **how: int) -> list[str]:
        steps = self.wanted(commit, **how).plan()
        for _sentence, step in steps:
            step()
        return [sentence for sentence, _step in steps]

    def origin(self, commit: str) -> Path:
        (found,) = (one for one in self.ostree.deployments() if one.commit == commit)
        return self.root / (found.path.lstrip("/") + ".origin")

    def said(self, *argv: str) -> str:
        return run(["ostree", *argv, f"--repo={self.root}/ostree/repo"]).stdout


class Boot:
    """Stands in for BootControl, which would need a GRUB of this machine; all its entries are needed."""

    def __init__(self, **entries: dict):
        self.state = {"entries": entries, "failed": {}, "drills": {}}

    def check_default(self, names):
        pass

    def needed_entries(self):
        return set(self.state["entries"])

    def forget(self, names):
        for name in names:
            del self.state["entries"][name]
