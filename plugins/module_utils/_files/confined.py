# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a program of a root in that root, where it can change nothing: read-only, without a network, with an end.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._command import Completed, run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# Mounts vanish with the process, and the first process of the namespace takes all others with it. The root is seen at
# a directory that exists, because none may be made. What has to be written goes into memory.
_BOX = """\
root=$1 at=$2 user=$3 lasts=$4; shift 4
fail() { echo "it cannot be confined: $1" >&2; exit %(failed)d; }
mount --make-rprivate / || fail mounts
etc=
if [ -d "$root/etc" ] && [ "$(stat -c %%d "$root/")" != "$(stat -c %%d "$root/etc")" ]; then
  etc=own; exec 9<"$root/etc"
fi
mount --bind "$root" "$at" && mount -o remount,bind,ro "$at" || fail root
if [ "$etc" ]; then  # its path means the directory below it now, as that is no part of what was bound
  mount -c --bind /proc/self/fd/9 "$at/etc" && mount -o remount,bind,ro "$at/etc" || fail etc
  exec 9<&-
fi
while [ "$1" != -- ]; do
  if [ -d "$1" ] && [ -d "$at$2" ]; then
    mount --bind "$1" "$at$2" && mount -o remount,bind,ro "$at$2" || fail "$2"
  fi
  shift 2
done
shift
own() { [ -d "$at/$1" ] && [ ! -L "$at/$1" ]; }
for name in run tmp dev; do
  if own $name; then mount -t tmpfs -o size=%(memory)s,mode=755 tmpfs "$at/$name" || fail $name; fi
done
if own proc; then mount -t proc -o nosuid,nodev,noexec proc "$at/proc" || fail proc; fi
if own sys; then
  mount --bind /sys "$at/sys" && mount -o remount,bind,ro "$at/sys" || fail sys
  mount -t cgroup2 -o ro cgroup2 "$at/sys/fs/cgroup" 2>/dev/null
fi
for name in null zero full random urandom; do
  if own dev; then : > "$at/dev/$name" && mount --bind /dev/$name "$at/dev/$name" || fail "$name"; fi
done
while [ "$1" != -- ]; do mkdir -p "$at/run/$1"; shift; done
shift
if [ "$user" != root ]; then chroot "$at" chown -R "$user" /run || fail "$user"; fi
if [ "$lasts" -gt 0 ]; then set -- timeout "$lasts" chroot "--userspec=$user" "$at" "$@"
else set -- chroot "--userspec=$user" "$at" "$@"; fi
exec setpriv --no-new-privs --bounding-set=%(dropped)s "$@"
"""
FAILED = 119
# How timeout ends where it has ended the program.
ENDED = 124
# What chroot and the shell say where the program did not start.
NOT_STARTED = (FAILED, 125, 126, 127)
_DROPPED = "sys_admin sys_module sys_rawio sys_boot sys_time sys_ptrace mknod".split()
_SPACES = ["--mount", "--net", "--ipc", "--uts", "--pid", "--fork", "--kill-child"]


class Place(typing.NamedTuple):
    """A root to run programs in.

    root: its directory. at: a directory on which it may be seen meanwhile; the root itself, unless that is /. binds:
    what else belongs to it, as pairs of a directory of this system and the directory of the root.
    """

    root: str
    at: str
    binds: typing.Tuple[typing.Tuple[str, str], ...] = ()


def ask(
    place: Place,
    argv: typing.Sequence[str],
    timeout: int,
    directories: typing.Iterable[str] = (),
    given: typing.Optional[bytes] = None,
    user: str = "root",
    lasts: int = 0,
) -> Completed:
    """Run a program and return how it ended.

    :param timeout: seconds; after that everything that it has started is killed.
    :param directories: names below /run that have to exist.
    :param given: what it gets on its standard input.
    :param user: an account of that root, as whom it runs.
    :param lasts: seconds after which a program that never ends by itself is ended, and that is well; 0 for all others.
    :raises FleetError: it did not start, or did not end in time.
    """
    box = _BOX % {
        "failed": FAILED,
        "memory": "64m",
        "dropped": ",".join("-" + name for name in _DROPPED),
    }
    binds = [name for pair in place.binds for name in pair]
    wrapped = ["unshare"] + _SPACES + ["sh", "-c", box, "sh", place.root, place.at, user, str(lasts)] + binds
    wrapped += ["--"] + list(directories) + ["--"] + list(argv)
    try:
        done = run(wrapped, check=False, timeout=timeout, input_bytes=given)
    except FleetError as error:
        raise FleetError(_short(error, argv[0], timeout))
    if done.rc in NOT_STARTED:
        said = (done.stderr.strip() or "it said nothing").split("\n")[-1]
        raise FleetError(f"{argv[0]} could not be started: {said}")
    return done._replace(argv=list(argv), rc=0 if lasts and done.rc == ENDED else done.rc)


def _short(error: FleetError, program: str, timeout: int) -> str:
    """What is wrong, without the whole command."""
    return f"{program} did not end within {timeout} seconds" if "did not finish" in str(error) else str(error)
