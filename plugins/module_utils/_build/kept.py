# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which paths of a tree are in no release, because they are a node's own there. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

# Where an OSTree root keeps what is not the image's.
LINKS = {
    "home": "var/home",
    "root": "var/roothome",
    "srv": "var/srv",
    "opt": "var/opt",
    "mnt": "var/mnt",
    "media": "var/media",
    "usr/local": "../var/usrlocal",
    "ostree": SYSROOT.lstrip("/") + "/ostree",
}
VAR = "/var"
EMPTY = ("var", "boot", "run", "dev", "proc", "sys", "tmp", SYSROOT.lstrip("/"))
# Of one machine, or of the day on which it was built.
OWN = tuple(
    """
/etc/ssh/ssh_host_* /etc/hostname /etc/resolv.conf /etc/fstab /etc/machine-id /etc/passwd- /etc/shadow- /etc/group-
/etc/gshadow- /etc/subuid- /etc/subgid- /etc/.pwd.lock /.dockerenv /initrd.img* /vmlinuz* /var/lib/dbus/machine-id
/var/lib/dpkg/*-old /var/lib/dpkg/lock* /var/lib/dpkg/triggers/Lock /var/lib/systemd/random-seed
/var/lib/systemd/credential.secret /var/tmp/* /tmp/* /run/*
""".split()
)
# Where nothing but what was meant for the release has a reason to lie; packages leave files in the others, too.
MEANT = ("/opt", "/usr/local", "/srv", "/home")
NEXT_STEP = "Give it a place below /usr or /etc; what scripts alone need may lie there, too, and be named under remove"
# A name with one of these would be another one to systemd-tmpfiles.
_NOT_SAID = set(' %\t\n"\\')


def lost(path: str, is_directory: bool = False) -> str:
    """Say why a path of a tree is in no release, "" if it is in it.

    :param path: absolute.
    :param is_directory: those of /var are made anew at each boot.
    """
    path = "/" + "/".join(part for part in path.split("/") if part not in ("", "."))
    if any(fnmatch.fnmatchcase(path, pattern) for pattern in OWN):
        return f"{path} is of one machine"
    place = next(("/" + one for one in (*LINKS, *EMPTY) if is_below(path, "/" + one)), "")
    if not place or (place == VAR and is_directory and can_be_said(path)):
        return ""
    return f"what lies below {place} is a node's own"


def can_be_said(path: str) -> bool:
    """Whether a line of tmpfiles.d can have a path."""
    return not set(path) & _NOT_SAID
