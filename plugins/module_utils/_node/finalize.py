# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Giving up the package-managed system: whether a node may, and what of its root is then deleted.

Only what is named here is deleted, and of that nothing that anything mounts. The rest of the old root is data.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.grub import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import mounts
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl

# Directly below the package root, directory or link.
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32", "etc")
# Links to kernels that Debian makes directly below the root.
LINKS = ("vmlinuz", "vmlinuz.old", "initrd.img", "initrd.img.old")
KERNELS = ("vmlinuz-*", "initrd.img-*", "initramfs-*", "System.map-*", "config-*")
# Whatever becomes of the names above: these, and what is below them, stay.
NEVER = ("/boot", "/home", "/root", "/srv", "/opt", "/mnt", "/usr/local", "/var")


# What of one name is deleted: the files and emptied directories of it, the deepest first, as (path, is a directory).
class Doomed(typing.NamedTuple):
    path: str
    bytes: int
    parts: list


def refuse(boot: BootControl, soak: int, now: int) -> contract.Root:
    """Raise unless the node may give its package-managed system up, or has begun to.

    :param boot: BootControl.
    :param soak: int, seconds for which the release has to be confirmed.
    :param now: int, seconds of the epoch.
    :returns: Root of the release that runs.
    :raises FleetError: it may not.
    """
    default, running = boot.default_entry(), boot.booted_entry()
    if boot.block is None:
        raise FleetError(
            f"The GRUB environment block of this node cannot be used: {boot.block_problem or 'there is none'}",
            todo="Run the playbook for where the node should be; it makes a new one",
        )
    if record.live_trial(boot.state, boot.block):
        raise FleetError(
            f"A trial of {boot.state['trial']['entry']} is under way on this node",
            todo="Run the playbook that began it, which confirms it or calls it off",
        )
    if default == PACKAGE or running != default or default not in boot.state["entries"]:
        raise FleetError(
            f"This node runs {running or 'a system that is not ours'}, and its default is {default}",
            todo="Only a node that runs a confirmed release can give its package-managed system up: move it first",
        )
    problem = contract.incomplete(boot.backends, boot.state["entries"][default])
    root = boot.root(default)
    if problem or root is None:
        raise FleetError(
            f"{default} runs, and what GRUB would boot of it is not all there: {problem or 'its root is not found'}",
            todo="Compare what lies on the node with its record, and stage the release again",
        )
    unseen = [
        name
        for name, entry in sorted(boot.state["entries"].items())
        if contract.named(boot.backends, entry["backend"]) is None
    ]
    if unseen:
        raise FleetError(
            f"This version does not know what {', '.join(unseen)} needs of the package-managed system",
            todo="Use the version that brought it onto the node, or remove it with that version first",
        )
    if boot.state["finalized"]:
        return root
    problem = boot.not_by_grub()
    if problem:
        raise FleetError(
            f"GRUB has not shown yet that it boots {default}. {problem}",
            "Nothing was given up",
            "Reboot the node once by GRUB, see that it comes up as that release, and run the same command again",
        )
    confirmed = now - boot.confirmed_at()
    if confirmed < soak:
        raise FleetError(
            f"{default} was confirmed {max(confirmed, 0)} seconds ago, and has to be for {soak}",
            todo="Wait, or set osmigrate_finalize_soak to less",
        )
    return root


def protected(
    sysroot: str, mounted: typing.List[_storage.Mount], fstab: str, backends: contract.Backends
) -> typing.Set[str]:
    """Return what of the package root is in use, as set of paths below it.

    :param sysroot: str, where the package root is visible.
    :param mounted: list of Mount.
    :param fstab: str, the one of the running system.
    :param backends: list of Backend, whose releases stay.
    :raises FleetError: it is mounted read-only.
    """
    own = _storage.mount_of(sysroot, mounted)
    if "ro" in own.options:
        raise FleetError(
            f"{sysroot} is mounted read-only, so nothing of the package-managed system can be deleted",
            todo=f"Mount it writable with 'mount -o remount,rw {sysroot}', then run the same command again",
        )
    kept = set(NEVER).union(*(backend.keeps for backend in backends))
    for mount in mounted:
        if mount.number == own.number and mount.root != own.root and _storage.is_below(mount.root, own.root):
            kept.add(_below(mount.root, own.root))
        if mount.target != sysroot and _storage.is_below(mount.target, sysroot):
            kept.add(_below(mount.target, sysroot))
    for fields in mounts.parse_fstab(fstab):
        source = mounts.plain(fields[0])
        if source != sysroot and _storage.is_below(source, sysroot):
            kept.add(_below(source, sysroot))
    return kept


def _below(path: str, directory: str) -> str:
    return "/" + os.path.relpath(path, directory)


def find(sysroot: str, boot_directory: str, kept: typing.Set[str], booted: typing.Set[str]) -> typing.List[Doomed]:
    """Look for what is deleted.

    :param sysroot: str, where the package root is visible.
    :param boot_directory: str, where /boot is visible.
    :param kept: set of str, paths below the package root that stay, with all that is below them.
    :param booted: set of str, names of files in /boot that entries boot.
    :returns: list of Doomed, by path.
    """
    names = ["/" + name for name in SYSTEM]
    names += ["/" + name for name in LINKS if os.path.islink(os.path.join(sysroot, name))]
    usr = os.path.join(sysroot, "usr")
    if os.path.isdir(usr) and not os.path.islink(usr):
        names += ["/usr/" + name for name in os.listdir(usr)]
    found = []
    for name in sorted(names):
        counted: typing.Set[typing.Tuple[int, int, int]] = set()
        parts: typing.List[typing.Tuple[str, bool]] = []
        _collect(sysroot, name, kept, os.lstat(sysroot).st_dev, counted, parts)
        found.append(Doomed(sysroot + name, sum(size for _device, _inode, size in counted), parts))
    for name in sorted(os.listdir(boot_directory)):
        path = os.path.join(boot_directory, name)
        status = os.lstat(path)
        if name in booted or stat.S_ISDIR(status.st_mode) or status.st_dev != os.lstat(boot_directory).st_dev:
            continue
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in KERNELS):
            found.append(Doomed(path, status.st_blocks * 512, [(path, False)]))
    return [doomed for doomed in found if doomed.parts]


def _collect(
    sysroot: str,
    name: str,
    kept: typing.Set[str],
    device: int,
    counted: typing.Set[typing.Tuple[int, int, int]],
    parts: typing.List[typing.Tuple[str, bool]],
) -> bool:
    """Add what is deleted at and below name to parts, and its size to counted.

    :returns: bool, whether nothing of it stays.
    """
    path = sysroot + name
    try:
        status = os.lstat(path)
    except OSError:
        return True
    if status.st_dev != device or any(_storage.is_below(name, one) for one in kept):
        return False
    is_directory = stat.S_ISDIR(status.st_mode)
    if is_directory:
        inner = [_collect(sysroot, name + "/" + inside, kept, device, counted, parts) for inside in os.listdir(path)]
        if not all(inner):
            return False
    parts.append((path, is_directory))
    counted.add((status.st_dev, status.st_ino, status.st_blocks * 512))
    return True


def delete(doomed: typing.Iterable[Doomed], default: str) -> None:
    """Delete what find found; a second time goes on where this one was interrupted.

    :param doomed: list of Doomed.
    :param default: str, id of the entry that the node boots.
    :raises FleetError: something cannot be deleted.
    """
    for path, is_directory in [part for found in doomed for part in found.parts]:
        try:
            if is_directory:
                os.rmdir(path)
            else:
                os.unlink(path)
        except OSError as error:
            raise FleetError(
                f"{path} cannot be deleted: {error.strerror}",
                f"The package-managed system is given up and a part of it still lies there; the node boots {default}",
                "Mend that, then run the same command again; it goes on from there",
            )
