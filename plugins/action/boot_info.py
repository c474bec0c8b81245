# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the module of this name on the node, which may have to answer."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import normal
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _failure


class ActionModule(normal.ActionModule):
    """What Ansible does with a module, and a failure where a node has to answer and does not.

    See plugins/modules/boot_info.py for the options.
    """

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        try:
            return super().run(tmp, task_vars)
        except AnsibleConnectionFailure as error:
            if not self._must_answer():
                raise
            return _failure.of_silence(str(error))

    def cleanup(self, force: bool = False) -> None:
        try:
            super().cleanup(force)
        except AnsibleConnectionFailure:
            # What run() has found counts: this would drop the node after all, for a temporary directory's sake.
            if not self._must_answer():
                raise

    def _must_answer(self) -> bool:
        return boolean(self._task.args.get("must_answer", False), strict=False)
