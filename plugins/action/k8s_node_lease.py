# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Take a node's lease in the name of this run, and see that it is renewed as long as the run lives."""

from __future__ import annotations

import os
from multiprocessing import parent_process
from typing import Any

from ansible import constants
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, lease
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_node_lease
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _here as here, _lease_keeper as lease_keeper

SIGHTINGS = "osmigrate-leases"


class ActionModule(here.ActionModule):
    """Take a lease; see plugins/modules/k8s_node_lease.py for the options."""

    _supports_async = False
    main = staticmethod(k8s_node_lease.main)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        directory = str(constants.DEFAULT_LOCAL_TMP)
        arguments = dict(self._task.args)
        arguments["holder"] = arguments.get("holder") or lease_keeper.name_run(directory)
        arguments.setdefault("sightings", os.path.join(directory, SIGHTINGS))
        playbook = _playbook()
        result = self.execute(arguments, task_vars or {})
        taken = arguments.get("state", "acquired") == "acquired" and not result.get("failed")
        # One that was killed has left this process to init, which never ends, and so the lease would never run out.
        if taken and not self._task.check_mode and os.getppid() == playbook:
            duration = int(arguments.get("duration", lease.DURATION))
            lease_keeper.start(directory, playbook, str(arguments["holder"]), _auth(arguments), duration)
        return result


def _playbook() -> int:
    """The process id of the ansible-playbook that has forked this process, also where it was killed since."""
    forked_by = parent_process()
    return (forked_by and forked_by.pid) or os.getppid()


def _auth(arguments: dict[str, Any]) -> auth_options.Auth:
    """How the module has reached the cluster."""
    checked = ArgumentSpecValidator(auth_options.ARGUMENT_SPEC).validate(arguments)
    return auth_options.read_options(checked.validated_parameters.get)
