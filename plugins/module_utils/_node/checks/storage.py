# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by what its root and /boot lie on. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

# What GRUB reads, and what the initramfs of a release mounts unasked. Only what was seen to boot is let through
# (docs/design.md, "Tiers").
FILE_SYSTEMS = ("ext2", "ext3", "ext4", "xfs", "btrfs")
LAYERS = ("part", "disk", "loop", "lvm")
RAID = ("raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "linear")
# What an initramfs opens only if it was built with the tools for it.
POOL, RAID_OF_LVM = "thin pool", "RAID of LVM"
OPENED = RAID + (POOL, RAID_OF_LVM, "cache of LVM", "integrity of LVM", "VDO", "bcache", "mpath", "crypt")
CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check("inhibitor", "/boot lies on an unsupported file system", "Put /boot on ext4, XFS or btrfs")
def boot_filesystem(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["boot"]["fstype"] in FILE_SYSTEMS else f"/boot is {node['boot']['fstype']}"


@_check(
    "inhibitor",
    "/boot lies on unsupported storage",
    "Put /boot on a plain partition, a RAID of Linux or a logical volume",
)
def boot_storage(node: check.Facts, wanted: check.Facts) -> str:
    # GRUB reads a RAID, and writes to none: where the trial is counted then is for the tiers to say.
    return _layers(node["boot"], "/boot", LAYERS + RAID + (RAID_OF_LVM,))


@_check("inhibitor", "The root lies on an unsupported file system", "Only ext4, XFS and btrfs are supported yet")
def root_filesystem(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["root"]["fstype"] in FILE_SYSTEMS else f"The root is {node['root']['fstype']}"


@_check(
    "inhibitor",
    "The node cannot be written to",
    "See in the kernel's log why a file system was made read-only, and mount it writable ('mount -o remount,rw'), also "
    "in fstab; or exclude the node",
)
def read_only(node: check.Facts, wanted: check.Facts) -> str:
    # OSTree mounts its own root read-only, and what writes there knows.
    closed = [name for name, part in (("the root", "root"), ("/boot", "boot")) if node[part]["read_only"]]
    return f"Mounted read-only: {', '.join(closed)}" if closed and not node["ostree"]["booted"] else ""


@_check("inhibitor", "The root lies on unsupported storage", "Move the root to a partition, a RAID or a logical volume")
def root_storage(node: check.Facts, wanted: check.Facts) -> str:
    return _layers(node["root"], "The root", LAYERS + OPENED)


@_check(
    "inhibitor",
    "The release's initramfs has to open what the root lies on",
    "See that it can ('lsinitrd' of it names mdadm, thin_check, cache_check, dm-raid, dm-cache, dm-integrity, dm-vdo, "
    "bcache, multipath, or cryptsetup and what opens the root without a person), then accept this finding: a trial "
    "that does not find its root comes home by itself",
    acceptable=True,
)
def root_opened(node: check.Facts, wanted: check.Facts) -> str:
    # Where a release runs, its initramfs has done it.
    named = [layer for layer in node["root"]["layers"] if layer in OPENED]
    return (
        ""
        if not named or check.runs_release(node)
        else f"The root lies on {node['root']['device']} ({', '.join(named)})"
    )


@_check(
    "inhibitor",
    "The thin pool below the root is in trouble",
    "See 'lvs -a' and the kernel's log, and mend it first: 'lvextend --poolmetadatasize' gives it metadata, "
    "'lvconvert --repair' checks it; or exclude the node",
)
def root_pool_health(node: check.Facts, wanted: check.Facts) -> str:
    problem = node["root"]["pool_problem"]
    return f"The thin pool below {node['root']['device']} {problem}" if problem else ""


@_check(
    "inhibitor",
    "Nobody can tell how the thin pool below the root is",
    "Install dmsetup, which tells; or see that it has room ('lvs -a'), then accept this finding",
    acceptable=True,
)
def root_pool_unknown(node: check.Facts, wanted: check.Facts) -> str:
    root = node["root"]
    unknown = POOL in root["layers"] and root["pool_free_bytes"] is None and not root["pool_problem"]
    return f"The thin pool below {root['device']} is one of which dmsetup says nothing" if unknown else ""


def _layers(filesystem: check.Facts, name: str, known: typing.Container[str]) -> str:
    strange = [layer for layer in filesystem["layers"] if layer not in known]
    return f"{name} lies on {filesystem['device']} ({', '.join(strange)})" if strange else ""


TWINS = (
    "Remove a snapshot (lvremove), or wait until it is merged; give a copy a UUID of its own (tune2fs, xfs_admin), or "
    "detach it. The one that the node uses keeps its UUID, which its fstab and its boot menu name"
)


@_check("inhibitor", "The root cannot be told apart", TWINS)
def root_uuid(node: check.Facts, wanted: check.Facts) -> str:
    if not node["root"]["uuid"]:
        return f"The file system of {node['root']['device']} has no UUID"
    return _shared(node["root"], "root")


@_check("inhibitor", "/boot cannot be told apart", TWINS)
def boot_uuid(node: check.Facts, wanted: check.Facts) -> str:
    if not node["boot"]["separate"]:
        return ""
    if not node["boot"]["uuid"]:
        return f"The file system of {node['boot']['device']} has no UUID"
    return _shared(node["boot"], "/boot")


@_check("inhibitor", "The EFI system partition cannot be told apart", TWINS)
def esp_uuid(node: check.Facts, wanted: check.Facts) -> str:
    # Only where trials are counted there does it matter which of them GRUB finds.
    return _shared(node["esp"], "EFI system partition") if node["boot_tier"]["name"] == "esp-block" else ""


def _shared(filesystem: check.Facts, name: str) -> str:
    others = filesystem["twins"]
    return f"The UUID {filesystem['uuid']} of the {name} is also that of {check.some(others, ', ')}" if others else ""


@_check(
    "inhibitor", "The root comes over the network", "Exclude the node; a root on iSCSI, NFS or NVMe over fabrics stays"
)
def root_network(node: check.Facts, wanted: check.Facts) -> str:
    names = node["kernel_arguments"]["network_root"]
    return (
        f"The kernel's arguments {check.some(names, ', ')} say that the root is not on a disk of the node"
        if names
        else ""
    )
