# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a staged release needs to run instead of what runs: another kernel, or another root alone.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import platform
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Entry, NextRoot
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments as words_of, grub, soft

REBOOT, SOFT, NONE = "reboot", "soft", "none"
# Each root has its own of these, and GRUB or kexec the others; the kernel does nothing by them.
OF_ROOTS = ("BOOT_IMAGE", "ostree")


class Need(typing.NamedTuple):
    """:ivar why: of REBOOT, as a sentence's part without its full stop; of SOFT, what `auto` has against it, or ""."""

    word: str
    why: str


def of(
    entry: Entry,
    running: typing.Optional[Entry],
    arguments: words_of.Words,
    root: str,
    release: typing.Optional[str] = None,
) -> Need:
    """Compare a release with what runs.

    :param entry: of the release, as its trial boots it.
    :param running: entry of what runs, None if that is none of ours.
    :param arguments: the kernel's.
    :param root: the directory of the release.
    :param release: of the kernel, by which its modules lie; None for the one that runs.
    """
    if running is None:
        return Need(REBOOT, "what runs is no release")
    if running["id"] == entry["id"] and "changed" not in running:
        return Need(NONE, "")
    now, then = running.get("digests"), entry.get("digests")
    if not now or not then or now["kernel"] != then["kernel"]:
        return Need(REBOOT, "the release has another kernel")
    if kernel_words(arguments) != kernel_words(grub.parse_command_line(entry["options"])):
        return Need(REBOOT, "it is to be started with other kernel arguments")
    if not os.path.isdir(os.path.join(root, "usr/lib/modules", release or platform.release())):
        return Need(REBOOT, "the release has no modules for the kernel that runs")
    return Need(SOFT, "" if now["initrd"] == then["initrd"] else "the release has another initramfs")


def kernel_words(arguments: words_of.Words) -> typing.List[str]:
    """Return what a kernel was, or is to be, told beyond which root it starts."""
    told = words_of.without_trial(arguments)
    return words_of.words([one for one in told if one[0] not in OF_ROOTS and not one[0].startswith("osmigrate.")])


def problem(need: Need, next_root: NextRoot, versions: typing.Tuple[int, int], deadman_seconds: int) -> str:
    """Say why a soft-reboot cannot start a release, "" if it can.

    :param versions: of systemd, in what runs and in the release.
    :param deadman_seconds: what a trial of it has, 0 for no limit.
    """
    if need.word == REBOOT:
        return need.why
    if need.word == NONE:
        return "it runs already"
    if next_root.problem:
        return next_root.problem
    unable = soft.problem(*versions)
    if unable or deadman_seconds:
        return unable
    return "its trial has no limit (osmigrate_deadman_seconds=0), so nothing would end one that hangs"
