# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs many playbooks, each as the command ansible-playbook would, but loads Ansible once for all of them.

Usage: many_plays.py < JOBS, a JSON list of [directory, arguments]. The exit code and the output of each are written
into its directory as rc and output.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

from ansible.cli.playbook import PlaybookCLI

# What takes long to load; the forks have it.
for name in ("executor.playbook_executor", "executor.task_queue_manager", "plugins.loader"):
    importlib.import_module(f"ansible.{name}")


def play(directory: str, arguments: list[str]) -> None:
    os.chdir(directory)
    output = os.open("output", os.O_WRONLY | os.O_CREAT, 0o644)
    for descriptor in (1, 2):
        os.dup2(output, descriptor)
    try:
        PlaybookCLI.cli_executor(["ansible-playbook", *arguments])
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    sys.stdout.flush()
    Path(directory, "rc").write_text(str(code))
    os._exit(0)


def main() -> None:
    running = 0
    for directory, arguments in json.load(sys.stdin):
        if running == os.cpu_count():
            os.wait()
            running -= 1
        if os.fork() == 0:
            play(directory, arguments)
        running += 1
    while running:
        os.wait()
        running -= 1


if __name__ == "__main__":
    main()
