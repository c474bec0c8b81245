# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots of candidates, for tests that need one and are about something else."""

from __future__ import annotations

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Root
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.backend import root_of
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Deployment, Ostree


def deployed(path: object, var: object = "", etc_merged: bool = False) -> Root:
    """Return the root of a deployment of OSTree in the stateroot debian.

    :param var: the directory that will be its /var; where OSTree has it if empty.
    """
    root = root_of(Ostree(), Deployment("debian", "c" * 64, 0, str(path), "", "/boot/k", "/boot/i"), "1-2", "3-4")
    return root._replace(var=str(var) if var else root.var, etc_merged=etc_merged)
