# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs molecule against a fresh lab, with the environment that a user of the lab exports.

Usage: python -m tests.gate.molecule_in_lab <molecule's arguments>
"""

import subprocess
import sys

from tests.e2e.fleet import Fleet

if __name__ == "__main__":
    sys.exit(subprocess.call(["molecule", *sys.argv[1:]], env=Fleet.fresh().environment()))
