# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Arguments of the kernel: the running ones are carried by the boot entry; here it is said what is not.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments as kernel_arguments, bls, grub
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

RUNNING = "/proc/cmdline"
DEFAULTS = "/etc/default/grub"
GRUBENV, GRUB_CFG = "/boot/grub2/grubenv", "/boot/grub2/grub.cfg"
VARIABLES = ("GRUB_CMDLINE_LINUX", "GRUB_CMDLINE_LINUX_DEFAULT")


def compare(situation: Situation, extra: typing.Iterable[str]) -> typing.Tuple[list, list]:
    """Say what of the running and of the configured arguments the candidate does not get.

    :param extra: list of str, arguments that the operator adds.
    :returns: (list of Left, list of {"path", "reason"} of what nobody knows).
    """
    left, unknown = [], []
    running = grub.parse_command_line(situation.incumbent.text(RUNNING))
    for word, reason in kernel_arguments.explain(running, extra):
        # Only names: a value may hold a password.
        named = f"{RUNNING}: {kernel_arguments.shown(word)}"
        if reason:
            left.append(Left(named, reason))
        else:
            unknown.append({"path": named, "reason": "unknown"})
    words = set(kernel_arguments.words(running)) | set(extra)
    path, arguments = configured(situation.incumbent)
    for word in kernel_arguments.words(arguments):
        if word not in words and not kernel_arguments.reason(word):
            unknown.append({"path": f"{path}: {kernel_arguments.shown(word)}", "reason": "not running"})
    return left, unknown


def configured(tree: Tree) -> typing.Tuple[str, list]:
    """Return where the next boot's arguments are configured, and those, as (path, list of (name, value or None))."""
    kernel = tree.text("/proc/sys/kernel/osrelease").strip()
    for entry in bls.read(tree.root):
        if kernel and entry.linux.endswith("vmlinuz-" + kernel):
            # EL 8 keeps the arguments, and tuned its own, in variables.
            known = dict(re.findall(r"(?m)^(\w+)=(.*)$", tree.text(GRUBENV)))
            options = bls.expanded(entry.options, {**bls.shared_options(tree.text(GRUB_CFG)), **known})
            return f"/{bls.ENTRIES}/{entry.id}.conf", grub.parse_command_line(options)
    values = {name: "" for name in VARIABLES}
    for path in [DEFAULTS] + tree.glob("/etc/default/grub.d/*.cfg"):
        for name, _quote, value in re.findall(r"(?m)^\s*(GRUB_CMDLINE_LINUX\w*)=([\"']?)(.*?)\2\s*$", tree.text(path)):
            if name in values:
                values[name] = re.sub(rf"\$\{{?{name}\}}?(?!\w)", values[name].replace("\\", ""), value)
    return DEFAULTS, grub.parse_command_line(" ".join(values[name] for name in VARIABLES))
