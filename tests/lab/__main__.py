# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the lab: python -m tests.lab COMMAND, in the root of the clone."""

import sys

from .cli import main

sys.exit(main())
