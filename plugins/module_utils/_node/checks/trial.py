# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a trial on a node: who counts it, and the time it gets. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import method, tier, timing
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check(
    "inhibitor",
    "Nothing can count a trial",
    "Mount an EFI system partition on /boot/efi, install kexec-tools, or put /boot on a plain partition",
)
def boot_control(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["boot_tier"]["name"] else "; ".join(node["boot_tier"]["evidence"])


@_check(
    "info", "Trials are not counted beside grub.cfg", "Nothing has to be done; docs/design.md says what is different"
)
def boot_tier(node: check.Facts, wanted: check.Facts) -> str:
    found = node["boot_tier"]
    return "; ".join(found["evidence"]) if found["name"] not in (tier.NONE, tier.BLOCK) else ""


@_check(
    "inhibitor",
    "A trial cannot be started by kexec",
    "Set osmigrate_reboot_method to auto or firmware for this node, or mend what is named",
)
def reboot_method(node: check.Facts, wanted: check.Facts) -> str:
    problem = node["kexec_problem"]
    asked = problem and wanted["reboot_method"] == method.KEXEC
    return f"A trial is to be started by kexec, and {problem}" if asked else ""


@_check("info", "A trial goes through the firmware", "Nothing has to be done; it takes longer than by kexec")
def reboot_firmware(node: check.Facts, wanted: check.Facts) -> str:
    against = method.why_not(node["kexec_problem"], node["kexec_doubt"], False)
    asked = against and wanted["reboot_method"] == method.AUTO and node["boot_tier"]["name"] != tier.KEXEC
    return f"Not by kexec, because {against}" if asked else ""


@_check(
    "medium",
    "A boot through the firmware is overdue",
    "Reboot the node at its next maintenance; its next trial goes through the firmware by itself",
)
def firmware_overdue(node: check.Facts, wanted: check.Facts) -> str:
    due, within = node["firmware_due"], wanted["firmware_within"]
    if due is None or not 0 < within < due["seconds"] or node["boot_tier"]["name"] == tier.KEXEC:
        return ""
    days = due["seconds"] // 86400
    return f"GRUB, which boots {due['entry']} after any failure, has not done so since it was started {days} days ago"


@_check(
    "high",
    "A trial has little time for what this node takes to boot",
    "Raise osmigrate_deadman_most, in a drill osmigrate_drill_deadman_seconds, to more than a boot and what comes "
    "after it take together",
)
def trial_deadman(node: check.Facts, wanted: check.Facts) -> str:
    longest, limit = max([boot["whole"] for boot in node["boots"]] or [0]), _deadman(node, wanted)
    # Half of it is for what comes after: Ready, health checks, probes.
    if not limit or 2 * longest < limit:
        return ""
    return f"The last boots of the node took up to {longest} seconds, and a trial is ended after {limit}"


@_check(
    "info",
    "A trial gets more time than on other nodes",
    "Nothing has to be done; osmigrate_deadman_most is the limit",
)
def trial_seconds(node: check.Facts, wanted: check.Facts) -> str:
    seconds = _deadman(node, wanted)
    if seconds == wanted["deadman_seconds"]:
        return ""
    longest = max(boot["whole"] for boot in node["boots"])
    return f"It gets {seconds} seconds until it is confirmed; the last boots of the node took up to {longest}"


def _deadman(node: check.Facts, wanted: check.Facts) -> int:
    return timing.trial_seconds(_boots(node), wanted["deadman_seconds"], wanted["deadman_most"])


def _boots(node: check.Facts) -> typing.List[timing.Boot]:
    return [timing.Boot(boot["root"], boot["whole"]) for boot in node["boots"]]


@_check(
    "info",
    "The initramfs of a trial gets more or less time than others",
    "Nothing has to be done; what the whole trial gets is the limit",
)
def trial_initramfs(node: check.Facts, wanted: check.Facts) -> str:
    boots = _boots(node)
    seconds = timing.initrd_seconds(boots, _deadman(node, wanted))
    if seconds == timing.SECONDS:
        return ""
    longest = max([boot.root for boot in boots] or [0])
    return f"It gets {seconds} seconds; the last boots of the node took up to {longest} until their root was there"
