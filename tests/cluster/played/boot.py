# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs boot_info, boot_trial and node_reboot on the node of node.py that is named as the host is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _failure
from ansible_collections.osmigrate.fleet.tests.cluster.played.node import Node


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        node = Node(Path(os.environ["OSMIGRATE_PLAYED"]), (task_vars or {})["inventory_hostname"])
        node.make()
        if not node.answers():
            if self._task.args.get("must_answer"):
                return _failure.of_silence("no route to host")
            raise AnsibleConnectionFailure("no route to host")
        module = getattr(node, self._task.action.rpartition(".")[2])
        try:
            return module(self._task.args, self._task.check_mode)
        except FleetError as error:
            return {"failed": True, "msg": str(error)}
