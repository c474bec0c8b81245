# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of this name on the node, which may have to answer."""

from __future__ import annotations

from ansible_collections.osmigrate.fleet.plugins.action import boot_info


class ActionModule(boot_info.ActionModule):
    """As for boot_info; see plugins/modules/boot_trial.py for the options."""
