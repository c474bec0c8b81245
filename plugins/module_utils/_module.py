# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AnsibleModule of this collection.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials

# As plugins/doc_fragments/answer.py documents it; for the action plugins, which know whether a node answers.
ANSWER_SPEC = {"must_answer": {"type": "bool", "default": False}}


class FleetModule(AnsibleModule):
    """An AnsibleModule that says no password of any URL, not even where it refuses its own arguments."""

    def _load_params(self) -> None:
        super()._load_params()
        # Names and types of arguments are looked at next, and whoever errs there is shown all of them.
        self.no_log_values.update(credentials(self.params))


def need_libraries(module: AnsibleModule, imported: typing.Iterable[typing.Tuple[str, typing.Optional[str]]]) -> None:
    """Let a module fail where a library is missing.

    :param imported: each library with the traceback of its import, None or empty if that went well.
    """
    for library, error in imported:
        if error:
            module.fail_json(msg=missing_required_lib(library), exception=error)
