# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which way a trial is started: through the firmware and GRUB, by kexec, or by a soft-reboot. Pure.

Whatever the way, the default stays what it is, so that any reset during the trial boots the incumbent.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import tier as boot_tier
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE

AUTO, FIRMWARE, KEXEC, SOFT = "auto", "firmware", "kexec", "soft"
WANTED = [AUTO, FIRMWARE, KEXEC, SOFT]


def why_not(problem: str, doubtful: str, due: bool) -> str:
    """Say why `auto` goes through the firmware, "" where it takes kexec.

    :param problem: str, why this system cannot start another kernel (tier.kexec_problem).
    :param doubtful: str, what makes it a risk on this machine (tier.kexec_doubt).
    :param due: bool, whether GRUB has yet to boot what is the default.
    """
    return problem or doubtful or ("GRUB has not booted what is the default yet" if due else "")


def choose(wanted: str, target: str, tier: str, against: str) -> str:
    """Choose FIRMWARE, KEXEC or SOFT, which is taken only where it is asked for.

    :param wanted: str, one of WANTED.
    :param target: str, id of the entry. How the packages' system was started is only known where its tier needs it.
    :param tier: str, name of the node's tier.
    :param against: str, what why_not() says.
    """
    if target != PACKAGE and wanted == SOFT:
        return SOFT
    if tier == boot_tier.KEXEC:
        return KEXEC  # nothing else could end the trial
    if target == PACKAGE or wanted in (FIRMWARE, SOFT) or (wanted == AUTO and against):
        return FIRMWARE
    return KEXEC
