# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of a node's backend on it. One task for all backends: of two, one would wait for the other's nodes."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.osmigrate.fleet.plugins.action import ostree_candidate

MODULES = {"ostree": "osmigrate.fleet.ostree_candidate", "slots": "osmigrate.fleet.slot_candidate"}


class ActionModule(ostree_candidate.ActionModule):
    """What the module of the backend does; see plugins/modules/node_candidate.py for the options."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        given = dict(self._task.args)
        backend = given.pop("backend", None)
        if backend not in MODULES:
            raise AnsibleActionFail(f"backend must be one of {', '.join(MODULES)}, and is {backend!r}.")
        # A copy of this host's own, by which the module to send is known.
        self._task.action, self._task.args = MODULES[backend], given
        return super().run(tmp, task_vars)
