# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs that a build runs: in one environment for everybody, with a log of what they say.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

LEFT = "Nothing was published; what was built before is kept, and a second run goes on from there"
# How gpgv, by way of apt, says that a key is missing or no longer good.
_KEYS = ("NO_PUBKEY", "EXPKEYSIG", "REVKEYSIG")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
# Where a program in the tree sees what it is given.
SHARED = "/mnt"
# In a mount namespace of its own, so nothing stays mounted whatever happens. Arguments: the tree, a directory that is
# seen as SHARED or "", and the command.
_ENTER = """
set -e
root=$1 shared=$2
shift 2
mkdir -p "$root/proc" "$root/dev" "$root/run" "$root/tmp" "$root/mnt"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
[ -z "$shared" ] || mount --bind -o ro "$shared" "$root/mnt"
exec chroot "$root" "$@"
"""


class Log:
    """What the programs of a build say, in a file.

    path: of the file. stage: for the beginning of messages.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.stage = ""

    def run(self, argv: typing.Sequence[str], doing: str, time: int, **environment: str) -> _command.Completed:
        """Run one program with nothing of the environment of who builds but its proxies.

        :param doing: what it is for, in a message that it failed.
        :param time: the time that programs shall write into what they make, in seconds of the epoch.
        :raises FleetError: it failed.
        """
        given = {name: os.environ[name] for name in _PROXIES if name in os.environ}
        given.update(environment, LC_ALL="C.UTF-8", TZ="UTC", HOME="/root", PATH=_command.SEARCH_PATH)
        given.update(SOURCE_DATE_EPOCH=str(time), DEBIAN_FRONTEND="noninteractive")
        values = [f"{name}={value}" for name, value in sorted(given.items())]
        umask = ["sh", "-c", 'umask 022; exec "$@"', "sh"]
        done = _command.run(["env", "--ignore-environment", *values, *umask, *argv], check=False, left=LEFT)
        with open(self.path, "a", encoding="utf-8", errors="replace") as stream:
            stream.write(f"== {self.stage}: {doing}\n{done.stdout}{done.stderr}\n")
        if done.rc:
            raise self.failed(f"{doing} failed with code {done.rc}: {_last(done)}")
        return done

    def inside(
        self,
        tree: str,
        argv: typing.Sequence[str],
        doing: str,
        time: int,
        shared: str = "",
        network: bool = False,
        **environment: str,
    ) -> _command.Completed:
        """Run one program in the tree, as run does, with its own processes, mounts and, unless network, no network.

        :param shared: a directory that it sees as SHARED, or "".
        """
        spaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", *([] if network else ["--net"])]
        return self.run([*spaces, "sh", "-c", _ENTER, "sh", tree, shared, *argv], doing, time, **environment)

    def failed(self, problem: str, todo: str = "") -> FleetError:
        """Return an error of this stage."""
        return FleetError(f"Stage {self.stage}: {problem}", LEFT, todo or f"All of it is in {self.path}")


def _last(done: _command.Completed) -> str:
    """Return the line that says why: apt's and dpkg's errors have a mark, others say it at the end."""
    said = [line.strip() for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
    keys = [line for line in said if any(sign in line for sign in _KEYS)]
    marked = keys + [line for line in said if line.startswith(("E: ", "dpkg: error", "dracut: FATAL", "dracut[E]"))]
    return (marked or said or ["it said nothing"])[0 if marked else -1]
