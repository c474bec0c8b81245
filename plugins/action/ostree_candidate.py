# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of this name on the node, and tell how far it is while it runs."""

from __future__ import annotations

from typing import Any

from ansible.plugins.action import normal
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _gauge


class ActionModule(normal.ActionModule):
    """What Ansible does with a module, and looks beside it; see plugins/modules/ostree_candidate.py for the options."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        with _gauge.watched(self._connection, str((task_vars or {}).get("inventory_hostname", ""))):
            return super().run(tmp, task_vars)
