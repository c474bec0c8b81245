# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Brings a release onto this node, beside what runs, by whatever backend: what the modules of all of them have to do.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot as open_boot
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import admission
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import entry as boot_entry, fence
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl

# As every backend's module has them.
ARGUMENT_SPEC = {
    "kernel_arguments": {"type": "list", "elements": "str", "default": []},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "timeout": {"type": "int", "default": 3600},
    **etc_merge.ARGUMENT_SPEC,
    **admission.ARGUMENT_SPEC,
    **fence.ARGUMENT_SPEC,
}

AnyCandidate = typing.TypeVar("AnyCandidate", bound=contract.Candidate)


def bring(
    params: typing.Dict[str, typing.Any],
    check_mode: bool,
    candidate_of: typing.Callable[[contract.Release, BootControl], AnyCandidate],
) -> typing.Tuple[AnyCandidate, typing.Dict[str, typing.Any]]:
    """Verify the release, and bring the node to the state that params name.

    :param params: the module's parameters: those of ARGUMENT_SPEC.
    :param check_mode: only say what would be done.
    :param candidate_of: makes the backend's candidate of what was verified.
    :returns: the candidate, and of the module's result what every backend has.
    """
    release, signed_by = admission.verified(params)
    boot = open_boot.control(check_mode=check_mode)
    candidate = candidate_of(release, boot)
    wanted = params["state"] == "present"
    steps = candidate.plan() if wanted else candidate.plan_removal()
    if not check_mode:
        for step in steps:
            step.do()
    entry, root = {}, candidate.root() if wanted else None
    if root is not None:
        entry = boot_entry.of_root(root, release, candidate, boot.arguments, params["kernel_arguments"], signed_by)
    return candidate, {
        "changed": bool(steps),
        "actions": [step.action for step in steps],
        "entry": entry,
        "root": dict(root._asdict()) if root is not None else {},
    }


def work(
    module: typing.Any,
    bring_it: typing.Callable[[typing.Dict[str, typing.Any], bool], typing.Dict[str, typing.Any]],
) -> None:
    """Let a backend's module do its work and answer, in check and diff mode, too.

    :param module: AnsibleModule.
    :param bring_it: returns the result for the module's parameters and check mode.
    """
    with failing(module), fence.guarded(module):
        result = bring_it(module.params, module.check_mode)
    if module._diff:
        result["diff"] = {"prepared": "".join(action + "\n" for action in result["actions"])}
    answer(module, **result)
