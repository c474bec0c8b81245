# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The backends that there are. Whoever opens the boot control of a node hands them to it (_node/boot.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.backend import OstreeBackend
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.backend import SlotsBackend


def backends(root: str = "/") -> typing.List[contract.Backend]:
    """Return all backends, the preferred ones first.

    :param root: where the node's files are visible; "/" but for tests.
    """
    return [OstreeBackend(root), SlotsBackend(root)]
