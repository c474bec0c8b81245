# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The AnsibleModule of this collection.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import credentials


class FleetModule(AnsibleModule):
    """An AnsibleModule that says no password of any URL, not even where it refuses its own arguments."""

    def _load_params(self) -> None:
        super()._load_params()
        # Names and types of arguments are looked at next, and whoever errs there is shown all of them.
        self.no_log_values.update(credentials(self.params))
