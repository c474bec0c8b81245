# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of this name in Ansible's own process, unless it may start a pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.modules import k8s_node_health
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _here as here


class ActionModule(here.ActionModule):
    """See plugins/modules/k8s_node_health.py for the options."""

    main = staticmethod(k8s_node_health.main)

    def _apart(self, task_vars: Mapping[str, Any]) -> bool:
        # Ansible ends its processes with a run that is interrupted, and nobody else deletes that pod.
        return bool(self._task.args.get("probe")) or super()._apart(task_vars)
