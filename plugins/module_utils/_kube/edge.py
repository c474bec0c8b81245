# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module that talks to the cluster does at its edge: connect, work, turn an error into a failure once.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth, auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries


def run_module(argument_spec: typing.Any, work: typing.Any, least: typing.Any = None, **rules: typing.Any) -> None:
    """Run a module.

    :param work: callable(module, cluster) that returns the result.
        A result with C(before) and C(after) is what a diff shows; C(warnings) are given as Ansible wants them.
    :param least: dict, the smallest value of options that are numbers; of all others it is 0.
    """
    module = FleetModule(dict(auth_options.ARGUMENT_SPEC, **argument_spec), supports_check_mode=True, **rules)
    need_libraries(module, [("kubernetes", auth.IMPORT_ERROR)])
    with failing(module):
        refuse_small_numbers(module.argument_spec, module.params, least or {})
        options = auth_options.read_options(module.params.get)
        auth_options.hide(module)
        result = work(module, Cluster.connect(options))
    if "before" in result:
        result["diff"] = {"before": result["before"], "after": result["after"]}
    for warning in result.pop("warnings", ()):
        module.warn(warning)
    module.exit_json(**result)


def refuse_small_numbers(
    argument_spec: typing.Dict[str, dict], given: typing.Dict[str, typing.Any], least: typing.Dict[str, int]
) -> None:
    """Refuse negative numbers, also within options that are lists of dictionaries: they mean nothing here.

    :raises FleetError: one is smaller than may be.
    """
    for name, rules in argument_spec.items():
        value = given.get(name)
        if rules.get("type") == "int" and value is not None and value < least.get(name, 0):
            raise FleetError(
                "%s is %d, and has to be a whole number from %d on" % (name, value, least.get(name, 0)),
                todo=f"Correct {name}, or leave it out",
            )
        for one in value or [] if rules.get("elements") == "dict" and rules.get("options") else []:
            refuse_small_numbers(rules["options"], one, {})
