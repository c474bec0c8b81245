# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at what a playbook was given, on the controller: the edge of plugin_utils/_input.py and _pattern.py."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible import constants
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.inventory.manager import InventoryManager, split_host_pattern
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.action import ActionBase
from ansible.plugins.loader import strategy_loader
from ansible.template import Templar
from ansible.utils.collection_loader._collection_finder import _get_collection_role_path
from ansible.utils.vars import load_extra_vars
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _clusters,
    _input,
    _pattern,
    _servers,
    _twins,
    _values,
)
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import PREFIX, registry

# Where Ansible looks for an inventory if nobody names one.
NO_INVENTORY = ["/etc/ansible/hosts"]
CONTROLLER = "localhost"


class ActionModule(ActionBase):
    """Validate; see plugins/modules/validate_input.py for the options."""

    _VALID_ARGS = frozenset(("playbook", "hosts", "expected_server"))
    _requires_connection = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        result = super().run(tmp, task_vars)
        self._vars = task_vars or {}
        self._hostvars = self._vars["hostvars"]
        self._extra = dict(load_extra_vars(self._loader))
        playbook, pattern = self._task.args["playbook"], self._task.args.get("hosts")
        try:
            self._refuse_tags()
            hosts = self._hosts(playbook, pattern)
            self._sight = self._look(playbook, hosts)
            found = _input.problems(self._sight, self._where())
            if playbook not in _input.OF_CLUSTERS:
                found += _twins.problems({host: self._inventory_variables(host) for host in hosts})
            if found:
                raise FleetError("; ".join(found).rstrip("?"), _pattern.NOTHING)
            clusters = _clusters.of_hosts(self._sight, self._stands_for)
            if playbook in _input.OF_CLUSTERS:
                clusters = self._of_groups() or clusters
            if playbook in registry()[PREFIX + "kubeconfig"].read_by:
                _servers.name_all(playbook, read_auth, clusters, self._value, playbook in _input.OF_CLUSTERS)
        except FleetError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {
            **result,
            "changed": False,
            "hosts": len(hosts),
            "rehearsal": bool(self._task.check_mode) or playbook in _input.REHEARSALS,
            "clusters": clusters,
            "says": _servers.tell(playbook, clusters),
        }

    def _refuse_tags(self) -> None:
        for option, given, usual in (("tags", "ansible_run_tags", ["all"]), ("skip-tags", "ansible_skip_tags", [])):
            tags = list(self._vars.get(given) or usual)
            named = printable(",".join(sorted(map(str, tags))))
            if tags != usual:
                raise FleetError(
                    f"--{option} {named} would leave out steps that others rely on, and nothing here has a tag",
                    _pattern.NOTHING,
                    f"Run the playbook without --{option}; --check rehearses it, and --limit chooses hosts",
                )

    def _hosts(self, playbook: str, pattern: Any) -> list[str]:
        """Return the hosts in sight: those that the playbook works on, or all where it works on their clusters."""
        inventory = _inventory(self._vars["groups"], self._vars.get("ansible_limit"))
        sources = [str(one) for one in self._vars.get("ansible_inventory_sources") or NO_INVENTORY]
        if playbook not in _input.OF_CLUSTERS:
            said = PREFIX + "hosts" in self._vars
            known = registry()[PREFIX + "hosts"]
            if said and (wrong := _values.problem(known, pattern, self._where())):
                raise FleetError(f"{known.name} {wrong}", _pattern.NOTHING)
            return _pattern.resolve(inventory, pattern, said, [] if sources == NO_INVENTORY else sources)
        if not inventory.hosts and not inventory.groups and sources != NO_INVENTORY:
            if PREFIX + "kubeconfig" not in self._extra:
                raise _clusters.nobody_named(sources)
        return inventory.match("all")

    def _look(self, playbook: str, hosts: list[str]) -> _input.Sight:
        own = self._hostvars.raw_get(self._vars["inventory_hostname"])
        run = {name for name in self._vars if name.startswith(PREFIX) and name not in own}
        self._stands_for: dict[str, list[str]] = {}
        for host in hosts:
            self._stands_for.setdefault(self._kind(host), []).append(host)
        self._stands_for = {alike[0]: alike for alike in self._stands_for.values()} or {CONTROLLER: []}
        self._raw = {host: self._hostvars.raw_get(host) for host in self._stands_for}
        of_play = {name: self._vars[name] for name in run}
        seen = {
            host: {**{name: value for name, value in raw.items() if name.startswith(PREFIX)}, **of_play}
            for host, raw in self._raw.items()
        }
        return _input.Sight(playbook, self._extra, frozenset({*run, *self._extra}), seen, self._evaluate)

    def _kind(self, host: str) -> Any:
        """Return what tells a host's variables from those of others: its groups, and what is written for it alone.

        To ask Ansible for the variables of each of a thousand hosts takes seconds.
        """
        if not hasattr(self, "_groups_of"):
            self._groups_of: dict[str, list[str]] = {}
            for group, hosts in self._vars["groups"].items():
                for one in hosts:
                    self._groups_of.setdefault(one, []).append(group)
            self._written_for = set(self._names_of_files())
        inventory = getattr(self._hostvars, "_inventory", None)
        known = inventory.get_host(host) if inventory else None
        if known is None or host in self._written_for:
            return host
        own = sorted((name, repr(value)) for name, value in known.vars.items() if name.startswith(PREFIX))
        return (tuple(sorted(self._groups_of.get(host, ()))), tuple(own))

    def _inventory_variables(self, host: str) -> dict[str, Any]:
        """Return what says which node and which machine a host is: of that inventories write for each host."""
        inventory = getattr(self._hostvars, "_inventory", None)
        known = inventory.get_host(host) if inventory else None
        given = self._hostvars.raw_get(host) if known is None or host in self._written_for else known.vars
        return {name: given[name] for name in _twins.READ if name in given}

    def _names_of_files(self) -> Iterator[str]:
        """Yield the names of hosts that there are files of variables for."""
        sources = [Path(str(one)) for one in self._vars.get("ansible_inventory_sources") or ()]
        beside = {source if source.is_dir() else source.parent for source in sources}
        for directory in {*beside, Path(self._vars.get("playbook_dir") or ".")}:
            for entry in (directory / "host_vars").glob("*"):
                yield entry.name
                yield os.path.splitext(entry.name)[0]

    def _evaluate(self, host: str, name: str) -> Any:
        written = self._sight.hosts[host][name]
        templar = Templar(loader=self._loader, variables={**self._raw[host], "hostvars": self._hostvars})
        if not templar.is_template(written):
            return written
        try:
            return templar.template(written)
        except AnsibleUndefinedVariable as error:
            raise _input.Undefined(str(error)) from None
        except AnsibleError as error:
            raise ValueError(str(error)) from None

    def _value(self, host: str, name: str) -> Any:
        """Return the value of a variable for a host in sight, or of the run; None if it is not set."""
        if name in self._sight.hosts.get(host, ()):
            return self._sight.evaluate(host, name)
        if name == PREFIX + "expected_server" and name in self._extra:
            return self._task.args.get("expected_server")
        return self._extra.get(name)

    def _of_groups(self) -> list[dict[str, Any]]:
        """Return the clusters of an inventory that has groups and no host, as of one whose nodes are all away."""
        if self._vars["groups"].get("all"):
            return []
        groups: Mapping[str, Any] = getattr(getattr(self._hostvars, "_inventory", None), "groups", {})
        return _clusters.of_groups({name: group.vars for name, group in groups.items()}, self._extra)

    def _where(self) -> _values.Where:
        return _values.Where(self._has_strategy, self._task_file, self._has_role)

    @staticmethod
    def _has_strategy(name: str) -> bool:
        return strategy_loader.has_plugin(name)

    def _task_file(self, name: str) -> str | None:
        beside = [Path(self._vars.get("playbook_dir") or "."), Path(self._vars.get("playbook_dir") or ".") / "tasks"]
        for path in (directory / name for directory in beside):  # an absolute name stays what it is
            if path.is_file():
                self._read_tasks(path)
                return str(path)
        return None

    def _read_tasks(self, path: Path) -> None:
        try:
            tasks = self._loader.load_from_file(str(path))
        except AnsibleError as error:
            raise ValueError(f"{path} cannot be read: {printable(str(error))}") from None
        if tasks is not None and not (isinstance(tasks, list) and all(isinstance(one, dict) for one in tasks)):
            raise ValueError(f"{path} is no list of tasks")

    def _has_role(self, name: str) -> bool:
        if name.count(".") >= 2:
            return _get_collection_role_path(name, []) is not None
        beside = [Path(self._vars.get("playbook_dir") or ".") / "roles", *map(Path, constants.DEFAULT_ROLES_PATH)]
        return any((directory / name).is_dir() for directory in beside)


def read_auth(given: dict[str, Any]) -> auth_options.Auth:
    """Read the options that say how to reach a cluster as modules do, with what the environment says."""
    checked = ArgumentSpecValidator(auth_options.ARGUMENT_SPEC).validate(given)
    if checked.error_messages:
        raise FleetError("; ".join(checked.error_messages), _pattern.NOTHING)
    return auth_options.read_options(checked.validated_parameters.get)


def _inventory(groups: Mapping[str, list[str]], limit: str | None) -> _pattern.Inventory:
    """Return an inventory of these groups: the one of the run only answers for the play at hand."""
    manager = InventoryManager(DataLoader(), parse=False)
    for group, hosts in groups.items():
        manager.add_group(group)
        for host in hosts:
            manager.add_host(host, group)

    def match(pattern: str | list[str], under: str | None) -> list[str]:
        manager.subset(under)
        return [host.name for host in manager.get_hosts(pattern)]

    return _pattern.Inventory(groups, limit, match, split_host_pattern)
