# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on a node and nothing needs any more: superseded deployments, and what interrupted runs left of others.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import glob
import os
import re
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Entry, Step
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import program
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Deployment, Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl

# As ostree names the directory of a kernel: stateroot and checksum.
KERNEL_DIRECTORY = re.compile(r".+-[0-9a-f]{64}$")
LINKS = "ostree/boot-0"


def superseded(ostree: Ostree, boot: BootControl) -> typing.List[Deployment]:
    """Return the deployments that no needed entry boots, as list of Deployment."""
    entries = boot.state["entries"]
    kept = [entries[name]["root"] for name in boot.needed_entries() if name in entries]
    running = ostree.booted()
    return [found for found in ostree.deployments() if found.path not in kept and found != running]


def plan(ostree: Ostree, boot: BootControl) -> typing.List[Step]:
    """Decide what is to be removed of what no deployment is any more; the menu comes first.

    :param ostree: Ostree.
    :param boot: BootControl.
    :returns: list of Step, in order.
    """
    steps = []
    used = boot.needed_entries()
    gone = [
        name
        for name, entry in sorted(boot.state["entries"].items())
        if name not in used and entry["backend"] == "ostree" and missing(ostree.root, entry)
    ]
    if gone:
        steps.append(Step(f"take {', '.join(gone)} out of the menu, which cannot be booted", lambda: boot.forget(gone)))
    for link in _dangling(ostree.root):
        steps.append(Step(f"remove the link {link}, which leads nowhere", functools.partial(os.unlink, link)))
    # Those of menu entries, too, should ostree's own notes be incomplete.
    kernels = [found.kernel for found in ostree.deployments()]
    kernels += [entry["kernel"] for name, entry in boot.state["entries"].items() if name not in gone]
    for directory in _unused(ostree, [_directory(kernel) for kernel in kernels]):
        steps.append(Step(f"remove {directory}, which no deployment uses", functools.partial(shutil.rmtree, directory)))
    return steps


def reclaimable(ostree: Ostree, boot: BootControl) -> int:
    """Return how many bytes of kernels in /boot staging would remove before it writes new ones, int."""
    doomed = superseded(ostree, boot)
    kept = [found for found in ostree.deployments() if found not in doomed]
    return sum(
        os.path.getsize(os.path.join(directory, name))
        for directory in _unused(ostree, [_directory(found.kernel) for found in kept])
        for name in os.listdir(directory)
    )


def _directory(kernel: str) -> str:
    return os.path.basename(os.path.dirname(kernel))


def missing(root: str, entry: Entry) -> str:
    """Say what is missing of what an entry boots, "" if all is there.

    Its kernel is named as GRUB sees it, from any root of a file system.
    """
    files = [os.path.join(root, program.kernel_place(entry[name]).lstrip("/")) for name in ("kernel", "initrd")]
    deployment = os.path.join(root, entry["root"].lstrip("/"))
    gone = [] if os.path.isdir(deployment) else [deployment]
    gone += [path for path in files if not os.path.exists(path)]
    return f"{', '.join(gone)} {'is' if len(gone) == 1 else 'are'} not there" if gone else ""


def _dangling(root: str) -> typing.List[str]:
    """Return the paths of our own links whose deployment is gone."""
    links = sorted(glob.glob(os.path.join(root, LINKS, "*", "*", "*")))
    return [link for link in links if os.path.islink(link) and not os.path.exists(link)]


def _unused(ostree: Ostree, needed: typing.Iterable[str]) -> typing.List[str]:
    """Return the paths of kernel directories whose name is not among the needed ones."""
    directory = os.path.join(ostree.root, ostree.boot.lstrip("/"), "ostree")
    names = sorted(os.listdir(directory)) if os.path.isdir(directory) else []
    return [os.path.join(directory, name) for name in names if KERNEL_DIRECTORY.match(name) and name not in needed]
