# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by its boot loader. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check("inhibitor", "No usable GRUB", "Let grub.cfg be made by grub-mkconfig with its 41_custom script")
def boot_loader(node: check.Facts, wanted: check.Facts) -> str:
    return node["grub"]["problem"]


@_check("inhibitor", "A GRUB tool is missing", "Install the package with GRUB's common tools (grub-common)")
def boot_loader_tools(node: check.Facts, wanted: check.Facts) -> str:
    missing = node["grub"]["missing_tools"]
    return f"The node has no {' and no '.join(missing)}" if missing else ""


@_check(
    "inhibitor",
    "GRUB did not start this system",
    "Boot the node by GRUB, whose grub.cfg is there, and run the same command again; or exclude the node",
)
def boot_loader_started(node: check.Facts, wanted: check.Facts) -> str:
    # A release that runs was started by a menu of ours.
    return "" if node["ostree"]["booted"] or node["entry"] else node["grub"]["not_loader"]


@_check(
    "inhibitor",
    "custom.cfg keeps the boot menu from being read",
    "Correct custom.cfg in GRUB's directory until grub-script-check accepts it and nothing in it returns early",
)
def boot_loader_custom(node: check.Facts, wanted: check.Facts) -> str:
    return node["grub"]["custom_problem"]


@_check(
    "inhibitor",
    "GRUB reads only what is signed",
    "Take check_signatures=enforce out of grub.d and make grub.cfg anew, or exclude the node",
)
def boot_loader_signatures(node: check.Facts, wanted: check.Facts) -> str:
    said = "Its grub.cfg asks for a signature of each file, and custom.cfg and a release's kernel would have none"
    return said if node["grub"]["signed_only"] else ""


@_check(
    "inhibitor",
    "grub.cfg sets its default after custom.cfg",
    "Let the script of grub.d that does it run before 41_custom, and make grub.cfg anew",
    acceptable=True,
)
def boot_loader_default(node: check.Facts, wanted: check.Facts) -> str:
    return "What it sets there wins over the trial, which would never start" if node["grub"]["late_default"] else ""


@_check(
    "inhibitor",
    "GRUB may read another grub.cfg",
    "Remove the grub.cfg that GRUB does not read, or install GRUB anew (grub-install) from the system that runs; let "
    "what leads away from a grub.cfg come after 41_custom in grub.d",
    acceptable=True,
)
def boot_loader_directory(node: check.Facts, wanted: check.Facts) -> str:
    return node["grub"]["elsewhere"]


@_check(
    "inhibitor",
    "A pending grub-reboot that GRUB cannot clear",
    "Run grub-editenv unset next_entry on the grubenv of the node, and do not use grub-reboot there. If it has "
    "prev_saved_entry, set saved_entry to that and unset it",
)
def boot_loader_next_entry(node: check.Facts, wanted: check.Facts) -> str:
    # Where the block does not lie beside grub.cfg, GRUB cannot write there, and would boot that entry for ever.
    next_entry, stuck = node["grub"]["next_entry"], node["grub"]["next_entry_stuck"]
    if not next_entry or (node["boot_tier"]["name"] in ("", "block") and not stuck):
        return ""
    because = f", because the file {stuck}" if stuck else ""
    return f"The grubenv of the node asks for one boot of {next_entry}, and GRUB cannot write there{because}"


@_check(
    "medium",
    "GRUB's own environment block is broken",
    "Make it anew (grub-editenv FILE create, on EL grub2-editenv), and set again what grub.cfg takes from it: "
    "saved_entry, and kernelopts on EL 8",
)
def boot_loader_environment(node: check.Facts, wanted: check.Facts) -> str:
    return node["grub"]["environment_problem"]


@_check(
    "inhibitor",
    "What the node boots by itself cannot be booted",
    "Let the default be an entry that is whole ('grubby --set-default', 'grub2-set-default'), with root= among its "
    "arguments, and see that a plain reboot works; only then is there a way back",
    acceptable=True,
)
def boot_loader_home(node: check.Facts, wanted: check.Facts) -> str:
    problem = node["grub"]["default_problem"]
    return f"The default entry {problem}" if problem and not check.runs_release(node) else ""


@_check(
    "medium",
    "The default of grub.cfg names no entry",
    "Name one that is there (grub-set-default, on EL 'grubby --set-default'), or leave it: GRUB takes the first",
)
def boot_loader_unnamed(node: check.Facts, wanted: check.Facts) -> str:
    name = node["grub"]["default_unnamed"]
    return f"No entry of the menu is called {name!r}, so GRUB boots the first one" if name else ""


@_check(
    "low",
    "Boot entries whose kernel is gone",
    "Remove their files in /boot/loader/entries, or install those kernels again",
)
def boot_loader_stale(node: check.Facts, wanted: check.Facts) -> str:
    names = node["grub"]["stale_entries"]
    return f"In /boot/loader/entries: {check.some(names, ', ')}" if names else ""


@_check(
    "low",
    "The next boot of the node would have other kernel arguments than this one",
    "The release gets those that the kernel has now; reboot the node first if it should get the others",
)
def boot_loader_pending(node: check.Facts, wanted: check.Facts) -> str:
    names = node["grub"]["pending"]
    return f"Its default entry differs in {check.some(names, ', ')}" if names else ""


@_check(
    "info",
    "Secure Boot is on",
    "Nothing has to be done if the kernel of the release is signed by what shim or the firmware trusts; otherwise "
    "enrol that certificate ('mokutil --import')",
)
def secure_boot(node: check.Facts, wanted: check.Facts) -> str:
    said = "The kernel of the release is held against what this machine trusts when it is staged"
    return said if node["secure_boot"] else ""


@_check("inhibitor", "Every reboot skips the boot loader", "Set LOAD_KEXEC=false in the file that is named")
def kexec_on_reboot(node: check.Facts, wanted: check.Facts) -> str:
    path = node["kexec_on_reboot_by"]
    return f"{path} has every reboot start the same system by kexec" if path else ""


@_check(
    "medium",
    "Kernel arguments that the node may need are not carried",
    "Add those that the node needs to osmigrate_kernel_arguments",
)
def kernel_arguments(node: check.Facts, wanted: check.Facts) -> str:
    names = node["kernel_arguments"]["unknown"]
    return f"The candidate does not get {check.some(names, ', ')}" if names else ""
