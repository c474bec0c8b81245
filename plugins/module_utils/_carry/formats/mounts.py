# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines of fstab, crypttab and mount units name. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    FILE,
    GROUP,
    HELPER,
    PROGRAM,
    UNIT,
    USER,
    Found,
    Named,
    accounts,
)

CRYPT_KEYS = "/etc/cryptsetup-keys.d/%s.key"
CREDENTIALS = ("credentials", "cred", "secretfile", "keyfile")
# Options of mounts that name who has what is mounted.
MOUNT_USERS, MOUNT_GROUPS = ("uid", "fsuid", "cruid", "backupuid"), ("gid", "fsgid", "backupgid")


def mount(_spec: str, _place: str, fstype: str, options: str) -> Found:
    """One mount, by the fields of fstab."""
    yield Named(HELPER, fstype)
    for option in options.split(","):
        key, _equals, value = option.partition("=")
        if key in CREDENTIALS and value.startswith("/"):
            yield Named(FILE, value)
        elif key in ("x-systemd.requires", "x-systemd.after") and value and not value.startswith("/"):
            yield Named(UNIT, value)
        elif key in MOUNT_USERS:
            yield from accounts(USER, [value])
        elif key in MOUNT_GROUPS:
            yield from accounts(GROUP, [value])


def fstab(text: str) -> Found:
    """Lines of fstab."""
    for line in _lines.unit(text):
        fields = _lines.words(line)
        if len(fields) >= 3:
            yield from mount(*(fields + ["defaults"])[:4])


def crypttab(text: str) -> Found:
    """Encrypted devices and their keys."""
    for line in _lines.unit(text):
        fields = (_lines.words(line) + ["-", "-", ""])[:4] if len(_lines.words(line)) > 1 else []
        if not fields:
            continue
        key = fields[2]
        if key in ("-", "none"):
            yield Named(FILE, CRYPT_KEYS % fields[0])
        elif not key.startswith("/dev/"):
            yield Named(FILE, key)
        for option in fields[3].split(","):
            name, _equals, value = option.partition("=")
            if name == "keyscript":
                yield Named(PROGRAM, value)
            elif name == "header" and not value.startswith("/dev/"):
                yield Named(FILE, value)
