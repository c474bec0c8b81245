# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's own health checks of a trial.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ALWAYS, area, take

AREA = area("health", [take(ALWAYS, "/etc/osmigrate/health/**")])
