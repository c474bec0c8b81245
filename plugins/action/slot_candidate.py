# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of this name on the node, and tell how far it is while it runs."""

from __future__ import annotations

from ansible_collections.osmigrate.fleet.plugins.action import ostree_candidate


class ActionModule(ostree_candidate.ActionModule):
    """As for the other backend; see plugins/modules/slot_candidate.py for the options."""
