# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The kexec program: a kernel that the next reboot starts, without firmware and boot loader.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run

# There while the kernel that is loaded is a trial of ours; node_reboot goes by it, and every boot forgets it.
MARK = "/run/osmigrate-kexec"


def is_loaded():
    """Say whether a kernel of ours is loaded."""
    return os.path.exists(MARK)


def load(kernel, initrd, command_line):
    """Load a kernel for the next reboot.

    :param kernel: str, path as the running system sees it.
    :param initrd: str, likewise.
    :param command_line: str, the whole of it.
    """
    run(
        ["kexec", "--load", kernel, "--initrd=%s" % initrd, "--command-line=%s" % command_line],
        left="No trial is armed; a plain reboot boots what it booted before",
        todo="Look at what kexec says on the node, then run the same command again",
    )
    with open(MARK, "w"):
        pass


def unload():
    """Forget the kernel that load() loaded, if there is one."""
    if is_loaded():
        run(["kexec", "--unload"])
        os.unlink(MARK)
