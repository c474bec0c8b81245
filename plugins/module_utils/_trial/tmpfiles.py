# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""State of kubelet's pods that must not be read in the next boot, which starts all of them anew.

What kubelet noted about processors and memory, one version must not read from another. What network plugins noted about
a pod may be empty after a power cut, and then neither that pod nor its successor ever ends or starts
(https://github.com/containernetworking/cni/issues/1055). Both systems use these directories, so both have the file.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

DIRECTORY = "/var/lib/kubelet"
PATH = "/etc/tmpfiles.d/osmigrate-kubelet.conf"
# The exclamation mark: at boot only, while no pod runs.
TEXT = """\
# Written by osmigrate.fleet: what was noted about the pods of the last boot.
r! /var/lib/kubelet/cpu_manager_state
r! /var/lib/kubelet/memory_manager_state
R! /var/lib/cni/results
"""


def plan(incumbent: Tree) -> list:
    """Return the Items: the file for every node that has kubelet's directory, on whatever file system it lies.

    :param incumbent: Tree.
    """
    return [item(FILE, PATH, "", "kubelet", TEXT, shown=True)] if incumbent.is_directory(DIRECTORY) else []
