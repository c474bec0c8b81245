# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How the candidate ends its trial by itself: the program that leaves word and reboots, and who calls it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, grubfiles, soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, FILE, Item, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import deadman, evidence, health


# Seconds: deadman from the start of the kernel, 0 for none; health_timeout for one run of a check; health_deadline from
# the start of the checks, 0 for no checks.
class Limits(typing.NamedTuple):
    deadman: int
    health_timeout: int
    health_deadline: int


PROGRAM = "/etc/osmigrate/end-trial"
# Wherever the tier of the node has put its block: on an EFI system partition that may be beside a vendor's grub.cfg.
BLOCKS = [f"/{place}/{grub.BLOCK}" for place, _tool in grubfiles.PLACES]
BLOCKS += [f"{place}/EFI/*/{grub.BLOCK}" for place in grubfiles.ESP_PLACES]
# The note is written by a process of its own, because one that waits for a dead disk cannot be killed.
SCRIPT = (
    """\
#!/bin/sh
# Written by osmigrate.fleet. Ends the trial of this system: notes why, and reboots into the default.
# Usage: end-trial <deadman or health> <why, one line>
cause=$1 detail=$2 entry=
for word in $(cat /proc/cmdline); do
    case $word in osmigrate.entry=*) entry=${word#*=} ;; esac
done
# A soft-reboot has left the command line what it was.
if [ -e @MARK@ ]; then read -r entry <@MARK@; fi
# A confirmation may have been cut off before it stopped the deadman; then the entry that runs is the default already.
if [ -n "$entry" ] && grep -Fqsx "osm_default=$entry" @BLOCKS@ && ! grep -Fqsx "osm_trial=$entry" @BLOCKS@; then
    exit 0
fi
echo "osmigrate: the trial of $entry ends: $detail" >/dev/kmsg

note() {
    [ -d @DIRECTORY@ ] || return
    new=@DIRECTORY@/.ended.$$
    printf 'entry=%s\\nboot_id=%s\\ncause=%s\\ndetail=%s\\n' \\
        "$entry" "$(cat /proc/sys/kernel/random/boot_id)" "$cause" "$detail" >$new || return
    sync $new || sync
    mv -f $new @ENDED@
    sync @DIRECTORY@ || sync
}

sleep 10 &
pause=$!
{ note; kill $pause; } >/dev/null 2>&1 &
wait $pause
exec systemctl --force reboot
""".replace("@BLOCKS@", " ".join(BLOCKS))
    .replace("@DIRECTORY@", DIRECTORY)
    .replace("@ENDED@", evidence.ENDED)
    .replace("@MARK@", soft.MARK)
)


def check(limits: typing.Any) -> None:
    """Refuse Limits that contradict each other.

    :raises FleetError: one is out of range.
    """
    if min(limits) < 0:
        raise FleetError(
            f"deadman_seconds, health_timeout and health_deadline have to be 0 or more, not {min(limits)}",
            todo="Correct osmigrate_deadman_seconds, osmigrate_health_timeout or osmigrate_health_deadline",
        )
    if limits.health_deadline and not limits.health_timeout:
        raise FleetError(
            "A health check that may take 0 seconds cannot pass",
            todo="Set osmigrate_health_timeout to 1 or more, or switch the checks off with osmigrate_health_deadline=0",
        )
    if limits.deadman and limits.health_deadline >= limits.deadman:
        raise FleetError(
            f"The health checks have {limits.health_deadline} seconds, but the deadman reboots after {limits.deadman}",
            todo="Set osmigrate_health_deadline to less than osmigrate_deadman_seconds",
        )


def plan(limits: Limits) -> typing.List[Item]:
    """Return the Items of everything that ends a trial, by Limits."""
    wanted = limits.deadman or limits.health_deadline
    program = item(
        FILE if wanted else ABSENT, PROGRAM, "", "deadman", SCRIPT if wanted else b"", mode=0o755, shown=True
    )
    return (
        [program]
        + deadman.plan(limits.deadman, PROGRAM)
        + health.plan(limits.health_timeout, limits.health_deadline, PROGRAM)
    )
