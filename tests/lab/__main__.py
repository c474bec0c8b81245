# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the lab: PYTHONPATH=tests python3 -m lab COMMAND."""

import sys

from .cli import main

sys.exit(main())
