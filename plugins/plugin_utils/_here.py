# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules that talk to the API server, run in the process that Ansible has forked for their task.

A process of its own starts Python and loads the kubernetes client each time. Ansible loads an action plugin, with all
that it imports, before it forks, so here that is done once for a whole run. What a task says that only a process of
its own can keep to, such as another user, machine or interpreter, gets one, as ever.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase, normal
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json


class Ended(SystemExit):
    """A module has ended, as that of its own process would.

    :param result: what it returns.
    """

    def __init__(self, result: dict[str, Any]) -> None:
        super().__init__()
        self.result = result


class Module(FleetModule):
    """A module that is given its arguments, and raises Ended with its result.

    :param given: its arguments, Ansible's own among them.
    """

    def __init__(self, given: Mapping[str, Any], *args: Any, **rules: Any) -> None:
        self._given = given
        self._warned: list[str] = []
        super().__init__(*args, **rules)

    def _load_params(self) -> None:
        self.params = dict(self._given)
        self.no_log_values.update(credentials(self.params))

    def warn(self, warning: str, **_more: Any) -> None:
        self._warned.append(warning)

    def exit_json(self, **result: Any) -> Any:
        result.setdefault("invocation", {"module_args": self.params})
        if self._warned:
            result["warnings"] = self._warned
        raise Ended(parse_json(json.dumps(remove_values(result, self.no_log_values))))

    def fail_json(self, msg: str, **result: Any) -> Any:
        self.exit_json(failed=True, msg=str(msg), **result)


class ActionModule(normal.ActionModule):
    """What Ansible does with a module, here where it can be.

    main: the module's, which takes what makes the AnsibleModule.
    """

    main: Callable[..., None]

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        if self._task.async_val:
            return super().run(tmp, task_vars)
        return self.execute(dict(self._task.args), task_vars or {})

    def execute(self, arguments: dict[str, Any], task_vars: dict[str, Any]) -> dict[str, Any]:
        """Run the module with these arguments; return its result."""
        ActionBase.run(self, None, task_vars)
        given = None if self._apart(task_vars) else _plain(arguments)
        if given is None:
            result: dict[str, Any] = self._execute_module(self._task.action, arguments, task_vars=task_vars)
            self._remove_tmp_path(self._connection._shell.tmpdir)
            return result
        environment: dict[str, Any] = {}
        self._compute_environment_string(environment)
        # This process does nothing but this task.
        os.environ.update({name: str(value) for name, value in environment.items()})
        asked = {
            "check_mode": self._task.check_mode,
            "diff": self._task.diff,
            "no_log": bool(self._task.no_log),
            "module_name": self._task.action,
        }
        given.update({f"_ansible_{name}": value for name, value in asked.items()})
        return run(type(self).main, given)

    def _apart(self, task_vars: Mapping[str, Any]) -> bool:
        """Say whether only a process of its own can run it."""
        if auth.IMPORT_ERROR or self._connection.transport != "local" or self._connection.become is not None:
            return True
        host = self._task.delegate_to
        held = task_vars.get("ansible_delegated_vars", {}).get(host, {}) if host else task_vars
        interpreter = self._templar.template(held.get("ansible_python_interpreter", sys.executable))
        return bool(interpreter != sys.executable)


def run(main: Callable[..., None], given: Mapping[str, Any]) -> dict[str, Any]:
    """Run a module in this process.

    :param main: takes as `make` what makes the AnsibleModule.
    :param given: its arguments, Ansible's own among them.
    """
    try:
        with _quietly():
            main(make=lambda *args, **rules: Module(given, *args, **rules))
    except Ended as ended:
        return ended.result
    raise RuntimeError("The module ended without a result")


def _plain(arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Return arguments as a module gets them, None where they can only be sent by Ansible."""
    try:
        made: dict[str, Any] = parse_json(json.dumps(arguments))
    except (TypeError, ValueError):
        return None
    return made


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Libraries say what they say to nobody, as in a process whose output is not shown."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, [logging.NullHandler()]
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        root.handlers = handlers
