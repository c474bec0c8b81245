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
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import (
    is_namespace_name,
    is_node_name,
    is_object_name,
)

SUBDOMAIN = (
    "of at most 253 lower-case letters, digits, dashes and dots, with a letter or digit at both ends of each part"
)
# Options that name objects: who can be called so, and by what rule. A name that breaks it would be another path.
NAMES: typing.Dict[str, typing.Tuple[typing.Callable[[typing.Any], bool], str]] = {
    "name": (is_node_name, "a Node object has a name " + SUBDOMAIN),
    "names": (is_node_name, "a Node object has a name " + SUBDOMAIN),
    "account": (is_node_name, "a ServiceAccount has a name " + SUBDOMAIN),
    "namespace": (
        is_namespace_name,
        "a namespace has a name of at most 63 lower-case letters, digits and dashes, and no dash at its ends",
    ),
    "object": (is_object_name, "an object has a name of at most 253 characters without slash and percent sign"),
}
# What these say is not the name of an object in options within options.
TOP_ONLY = ("name", "names", "account")


def run_module(
    argument_spec: typing.Any,
    work: typing.Any,
    least: typing.Any = None,
    make: typing.Any = FleetModule,
    **rules: typing.Any,
) -> None:
    """Run a module.

    :param work: callable(module, cluster) that returns the result.
        A result with C(before) and C(after) is what a diff shows; C(warnings) are given as Ansible wants them.
    :param least: dict, the smallest value of options that are numbers; of all others it is 0.
    :param make: makes the AnsibleModule: one that does not end the process, where it is run in Ansible's own.
    """
    module = make(dict(auth_options.ARGUMENT_SPEC, **argument_spec), supports_check_mode=True, **rules)
    need_libraries(module, [("kubernetes", auth.IMPORT_ERROR)])
    with failing(module):
        refuse_small_numbers(module.argument_spec, module.params, least or {})
        refuse_names(module.argument_spec, module.params)
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
                f"{name} is {value}, and has to be a whole number from {least.get(name, 0)} on",
                todo=f"Correct {name}, or leave it out",
            )
        for one in value or [] if rules.get("elements") == "dict" and rules.get("options") else []:
            refuse_small_numbers(rules["options"], one, {})


def refuse_names(
    argument_spec: typing.Dict[str, dict], given: typing.Dict[str, typing.Any], unnamed: typing.Container[str] = ()
) -> None:
    """Refuse names that no object can have, also within options that are lists of dictionaries.

    :param unnamed: options that name no object here.
    :raises FleetError: one is such a name. An empty one counts as left out where it may be.
    """
    for name, rules in argument_spec.items():
        value = given.get(name)
        if name in NAMES and name not in unnamed and not (value is None or value == "" and _may_be_empty(rules)):
            can_be, rule = NAMES[name]
            for one in value if rules.get("type") == "list" else [value]:
                if not can_be(one):
                    raise FleetError(f"{name} is '{one}', and {rule}", todo=f"Correct {name}")
        for one in value or [] if rules.get("elements") == "dict" and rules.get("options") else []:
            refuse_names(rules["options"], one, TOP_ONLY)


def _may_be_empty(rules: dict) -> bool:
    return not rules.get("required") and rules.get("default") is None
