# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts pip into a bare virtual environment, without the network.

ansible-test looks for the script that it would otherwise download in a cache; sanity.sh puts this one there. It is
called as `get_pip.py <options> pip==<version> ...` and installs the pip that Python brings, then what was asked for.
"""

import subprocess
import sys

subprocess.run([sys.executable, "-m", "ensurepip", "--default-pip"], check=True, stdout=subprocess.DEVNULL)
pinned = [argument for argument in sys.argv[1:] if "==" in argument]
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *pinned], check=True)
