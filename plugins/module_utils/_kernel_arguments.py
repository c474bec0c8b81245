# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel arguments of the incumbent the candidate keeps. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch

# What describes the machine or its tuning stays; what names a root, an initramfs step or one boot does not.
CARRIED = (
    "console", "crashkernel", "hugepages", "hugepagesz", "default_hugepagesz", "transparent_hugepage", "isolcpus",
    "nohz_full", "rcu_nocbs", "irqaffinity", "intel_iommu", "amd_iommu", "iommu", "iommu.*", "intel_idle.*",
    "processor.*", "mitigations", "pci", "nvme_core.*", "numa_balancing", "systemd.unified_cgroup_hierarchy",
    "net.ifnames", "net.naming-scheme", "biosdevname", "ip", "rootflags", "rd.luks.*", "rd.lvm.*", "rd.md.*", "audit",
    "apparmor", "security", "cpufreq.*", "intel_pstate", "amd_pstate", "clocksource", "tsc", "nosmt", "noxsave",
)  # fmt: skip


def carried(arguments, extra):
    """Choose the candidate's arguments.

    :param arguments: list of (name, value or None) of the running kernel.
    :param extra: list of str, arguments that the operator adds; one replaces all carried ones of its name.
    :returns: list of str, in the incumbent's order, the operator's last.
    """
    replaced = {word.partition("=")[0] for word in extra}
    kept = []
    for name, value in arguments:
        word = name if value is None else "%s=%s" % (name, value)
        if name not in replaced and word not in kept and any(fnmatch.fnmatchcase(name, known) for known in CARRIED):
            kept.append(word)
    return kept + list(extra)


def command_line(root_uuid, link, machine_id, words):
    """Return the whole kernel command line of an OSTree entry, without the trial's arguments, as str."""
    fixed = ["root=UUID=%s" % root_uuid, "rw", "ostree=%s" % link, "systemd.machine_id=%s" % machine_id]
    # systemd would otherwise mount an EFI system partition on /boot, which is not there.
    return " ".join(fixed + ["systemd.gpt_auto=0"] + words)
