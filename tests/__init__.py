# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tests and what they stand on, as one package: `python -m pytest` and `python -m tests.<room>` from the root find
all of it. A regular package, so that another one of that name which is installed somewhere is never meant.
"""
