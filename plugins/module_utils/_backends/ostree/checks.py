# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node by OSTree, over the facts of the node and the release. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import BOOT_MARGIN, check, shortage

Facts = typing.Dict[str, typing.Any]

# A release has about one file in so many bytes, directories and what OSTree notes of them included.
BYTES_PER_FILE = 12 * 1024
ROOT_MARGIN = 500000000  # bytes that are left free on the root


def root_space(node: Facts, wanted: Facts) -> str:
    if _is_deployed(node, wanted):
        return ""
    root, needed = node["root"], wanted["size"]
    if not node["boot"]["separate"]:
        needed += 2 * wanted["boot_size"]
    kept = root["kept_free_bytes"]
    return shortage("The root", root["free_bytes"], needed + ROOT_MARGIN) or shortage(
        "The root, with what is reserved for its administrator,", root["root_bytes"], needed + kept,
        f" of which OSTree keeps {kept // 1000000} MB free",
    )  # fmt: skip


def root_pool(node: Facts, wanted: Facts) -> str:
    free = node["root"]["pool_free_bytes"]
    if free is None or _is_deployed(node, wanted):
        return ""
    return shortage("The thin pool below the root", free, wanted["size"] + ROOT_MARGIN)


def root_inodes(node: Facts, wanted: Facts) -> str:
    files, needed = node["root"]["free_files"], wanted["size"] // BYTES_PER_FILE
    if files is None or files >= needed or _is_deployed(node, wanted):
        return ""
    return f"The root has room for {files} more files, and a release of this size has about {needed}"


def boot_space(node: Facts, wanted: Facts) -> str:
    if _is_deployed(node, wanted) or not node["boot"]["separate"]:
        return ""
    # Twice: OSTree keeps what is there until the new kernel and initramfs are complete.
    # What is superseded is removed before.
    free = node["boot"]["free_bytes"] + node["ostree"]["reclaimable_bytes"]
    return shortage("/boot", free, 2 * wanted["boot_size"] + BOOT_MARGIN)


def ostree_tool(node: Facts, wanted: Facts) -> str:
    return "" if node["ostree"]["version"] else "The node has no ostree"


def _is_deployed(node: Facts, wanted: Facts) -> bool:
    return any(found["commit"] == wanted["commit"] for found in node["ostree"]["deployments"])


CHECKS = (
    check(
        root_space,
        "inhibitor",
        "No room on the root",
        "Free the space, raise the quota on /ostree, or extend the file system. Where only what OSTree keeps free is "
        "missing, lower that with 'ostree config --repo=/ostree/repo set core.min-free-space-size 500MB'",
    ),
    check(
        root_pool,
        "inhibitor",
        "No room in the thin pool below the root",
        "Extend the pool (lvextend), or let other volumes of it give back what they do not use (fstrim): one that is "
        "full stops all that lies on it",
    ),
    check(
        root_inodes,
        "inhibitor",
        "No room for more files on the root",
        "Remove files that nobody needs ('df --inodes' counts them), raise the quota on /ostree, or move to a file "
        "system with more inodes; it has them from when it was made",
    ),
    check(
        boot_space,
        "inhibitor",
        "No room on /boot",
        "Remove kernels that are no longer needed, or extend the file system",
    ),
    check(ostree_tool, "inhibitor", "No ostree program", "Install the package ostree; it changes nothing by itself"),
)
