# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial by soft-reboot needs of a system, and what resets the machine where that does not end it itself. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd, soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending, healthstate

# From the request on: the system that runs has to end, and the deadman of the next one, which is counted from the start
# of that, to come first.
LATER = initrd.SECONDS
# After the wait nothing but the shell itself is relied on: files of either system may be out of reach. The kernel gets
# what the command line of a trial has otherwise.
SCRIPT = """\
# What the checks of the boot of before have said.
rm -f @RESULTS@
echo 30 >/proc/sys/kernel/panic
echo 1 >/proc/sys/kernel/panic_on_oops
echo 1 >/proc/sys/kernel/softlockup_panic
sleep @SECONDS@
# A confirmation may have been cut off before it stopped this.
{ grep -Fqsx "osm_default=@ENTRY@" @BLOCKS@ && ! grep -Fqsx "osm_trial=@ENTRY@" @BLOCKS@ && rm -f @MARK@; } &
sleep 10
[ -e @MARK@ ] || exit 0
echo "osmigrate: nobody confirmed @ENTRY@, and it did not go back by itself" >/dev/kmsg
echo s >@RESET@
sleep 5
echo b >@RESET@
"""


def script(name: str, seconds: int) -> str:
    """Return the program of the guard.

    :param name: id of the entry.
    :param seconds: int, what the trial has until it is confirmed.
    """
    text = SCRIPT.replace("@SECONDS@", str(seconds + LATER)).replace("@ENTRY@", name)
    text = text.replace("@BLOCKS@", " ".join(ending.BLOCKS)).replace("@MARK@", soft.MARK)
    return text.replace("@RESULTS@", healthstate.RESULTS).replace("@RESET@", soft.RESET)
