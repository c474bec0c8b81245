# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot entry starts: its kernel and initramfs on this node's disk.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import platform
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Entry, Root
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    arguments as words_of,
    bls,
    grub,
    initrd,
    kexec,
    method,
    soft,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import digest


class Start(typing.NamedTuple):
    """What kexec loads: paths, and the kernel's arguments without those of a trial.

    devicetree is "" for that of the firmware.
    """

    kernel: str
    initrds: typing.List[str]
    options: str
    devicetree: str


def running_package(
    arguments: typing.Sequence[typing.Tuple[str, typing.Optional[str]]], root: str = "/"
) -> typing.Dict[str, str]:
    """Describe how the package-managed system that runs was started, for the way back by kexec.

    :param arguments: list of (str, str or None), the kernel's.
    :param root: str, where its files are visible; "/" but for tests.
    :returns: dict of str: kernel, initrd, options.
    """
    kernel, initramfs = bls.started(arguments, platform.release(), root)
    words = [
        name if value is None else f"{name}={value}"
        for name, value in words_of.without_trial(arguments)
        if not name.startswith("osmigrate.")
    ]
    return {"kernel": kernel, "initrd": initramfs, "options": " ".join(words)}


def verify(entry: Entry, root: typing.Optional[Root], default: str) -> None:
    """Read kernel and initramfs from the disk once more: days may have passed since they were staged.

    :param entry: dict, an item of "entries" in docs/design.md, "State file".
    :param root: Root that it boots, None if that is gone.
    :param default: str, id of the default, for the message.
    :raises FleetError: they are not what was staged, or gone.
    """
    entry = grub.on_trial(entry)
    if root is None:
        raise FleetError(
            f"The root that {entry['id']} boots is gone",
            f"No trial was armed, and the default is still {default}",
            "Stage the release again, or choose another target",
        )
    if "digests" not in entry:  # staged by a version that had none
        return
    for path, wanted in ((root.kernel, "kernel"), (root.initrd, "initrd")):
        if digest(path) != entry["digests"][wanted]:
            raise FleetError(
                f"{path} is not what was staged for {entry['id']} any more",
                f"No trial was armed, and the default is still {default}",
                "Look at the disk and the file system that it lies on, remove the candidate by the module that staged "
                "it with state=absent, and stage it again",
            )


def prepared() -> str:
    """Return what the next reboot does by itself, one of method.WANTED."""
    if soft.is_prepared():
        return method.SOFT
    return method.KEXEC if kexec.is_loaded() else method.FIRMWARE


def forget() -> None:
    """Let the next reboot go through the firmware; a trial that runs keeps what guards it."""
    kexec.unload()
    if not soft.started():
        soft.forget()


def load(
    name: str,
    entry: typing.Optional[Entry],
    root: typing.Optional[Root],
    package: typing.Optional[typing.Dict[str, str]],
    default: str,
) -> None:
    """Load the kernel of an entry for the next reboot, which kexec starts.

    :param name: str, id of the entry.
    :param entry: dict, as in verify(); None for the package-managed system.
    :param root: Root that it boots, None if that is gone.
    :param package: dict, what running_package() returned while that one ran, or None.
    :param default: str, id of the default, for the message.
    """
    start = package_start(package) if entry is None else release_start(entry, root)
    if start is None or not all(os.path.exists(path) for path in [start.kernel] + start.initrds):
        raise FleetError(
            f"The kernel and initramfs of {name} are not in /boot, so kexec cannot start it",
            f"The default is still {default}",
            "Stage the release again, or choose another target",
        )
    words = [start.options, f"osmigrate.entry={name}", grub.trial_arguments(entry)]
    kexec.load(start.kernel, start.initrds, " ".join(words), start.devicetree)


def package_start(package: typing.Optional[typing.Dict[str, str]]) -> typing.Optional[Start]:
    """Return the Start of the package-managed system, None if nobody noted it.

    It has no deadman of ours; when GRUB starts it, neither.

    :param package: dict, what running_package() returned while it ran, or None.
    """
    return Start(package["kernel"], [package["initrd"]], package["options"], "") if package else None


def release_start(entry: Entry, root: typing.Optional[Root]) -> typing.Optional[Start]:
    """Return the Start of a trial, with the deadman that watches its initramfs; None if the root is gone.

    :param entry: dict, as in verify().
    :param root: Root that the entry boots, or None.
    """
    return root and Start(root.kernel, [root.initrd, initrd.PATH], grub.on_trial(entry)["options"], root.devicetree)
