# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lines of fstab, crypttab and mount units name, and maps of autofs. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    EXTENSION,
    FILE,
    GROUP,
    HELPER,
    MODULE,
    PROGRAM,
    UNIT,
    USER,
    Found,
    Named,
    accounts,
    mentioned,
)

CRYPT_KEYS = "/etc/cryptsetup-keys.d/%s.key"
# Libraries that systemd-cryptsetup loads to get a key out of a device.
UNLOCKED_BY = {
    "tpm2-device": ("libtss2-esys.so.0", "libtss2-rc.so.0", "libtss2-mu.so.0"),
    "fido2-device": ("libfido2.so.1",),
    "pkcs11-uri": ("libp11-kit.so.0",),
}
# Where Debian looks for a script that is given without a path.
CRYPT_SCRIPTS = "/lib/cryptsetup/scripts/"
# What helpers read without being told.
HELPER_FILES = {"ceph": "/etc/ceph", "fuse.ceph": "/etc/ceph", "davfs": "/etc/davfs2", "glusterfs": "/etc/glusterfs"}
# Who makes a device, by its name. Those with a dash may be of LVM, if no other one has them.
MAKERS = (
    ("/dev/md", "mdadm"),
    ("/dev/drbd", "drbdadm"),
    ("/dev/rbd", "rbd"),
    ("/dev/nbd", "nbd-client"),
    ("/dev/zvol/", "zfs"),
    ("/dev/mapper/mpath", "multipath"),
    (r"/dev/mapper/[\w.+]+-", "lvm"),
    (r"/dev/(?!mapper/|disk/|md|loop|nbd|zvol/|drbd|rbd/)[\w.+-]+/[\w.+-]+\Z", "lvm"),
)
# Who gets the tickets of a mount that asks for Kerberos, by the beginning of the type.
TICKETS = (("nfs", "rpc.gssd"), ("cifs", "cifs.upcall"), ("smb3", "cifs.upcall"))
# Options whose paths lie in what is mounted.
INSIDE = ("subvol", "subdir", "prefixpath")
# By which less may be stored, if a program switches it on; xfs does it itself.
QUOTAS = "quota usrquota grpquota usrjquota grpjquota uquota gquota".split()
# Options of mounts that name who has what is mounted.
MOUNT_USERS, MOUNT_GROUPS = ("uid", "fsuid", "cruid", "backupuid"), ("gid", "fsgid", "backupgid")
# What a map of autofs is, where its type says that it lies in a file.
MAP_FILES = ("", "file", "program", "exec", "dir")


def mount(spec: str, _place: str, fstype: str, options: str) -> Found:
    """One mount, by the fields of fstab."""
    yield Named(HELPER, fstype)
    yield Named(MODULE, fstype)
    for program in [program for sign, program in MAKERS if re.match(sign, spec)][:1]:
        yield Named(PROGRAM, program)
    if fstype in HELPER_FILES:
        yield Named(FILE, HELPER_FILES[fstype])
    program = fstype[len("fuse.") :] if fstype.startswith("fuse.") else spec.partition("#")[0]
    if fstype.startswith("fuse.") or (fstype == "fuse" and "#" in spec):
        yield Named(PROGRAM, program)
    for option in options.split(","):
        key, _equals, value = option.partition("=")
        if key in ("x-systemd.requires", "x-systemd.after") and value and not value.startswith("/"):
            yield Named(UNIT, value)
        elif key in QUOTAS and fstype != "xfs":
            yield Named(PROGRAM, "quotaon")
        elif key in MOUNT_USERS:
            yield from accounts(USER, [value])
        elif key in MOUNT_GROUPS:
            yield from accounts(GROUP, [value])
        elif key == "sec" and value.startswith("krb5"):
            for program in [program for sign, program in TICKETS if fstype.startswith(sign)]:
                yield Named(PROGRAM, program)
        elif not key.startswith("x-") and key not in INSIDE:
            yield from placed(_lines.field(value).split(":"))


def placed(words: typing.Iterable[str]) -> Found:
    """Paths out of fields and options that may hold one; devices are none, and neither are shares of Windows."""
    for word in words:
        if word.startswith("/") and not word.startswith(("/dev/", "//")):
            yield Named(FILE, word)


def fstab(text: str) -> Found:
    """Lines of fstab."""
    for line in _lines.effective(text):
        fields = _lines.words(line)
        if len(fields) >= 3:
            yield from mount(*(fields + ["defaults"])[:4])


def crypttab(text: str) -> Found:
    """Encrypted devices and their keys."""
    for line in _lines.effective(text):
        fields = (_lines.words(line) + ["-", "-", ""])[:4] if len(_lines.words(line)) > 1 else []
        if not fields:
            continue
        yield from placed(fields[1:2])
        key = fields[2]
        if key in ("-", "none"):
            yield Named(FILE, CRYPT_KEYS % fields[0])
        elif not key.startswith("/dev/"):
            yield Named(FILE, key)
        for option in fields[3].split(","):
            name, _equals, value = option.partition("=")
            for library in UNLOCKED_BY.get(name, ()):
                yield Named(EXTENSION, library)
            if name == "keyscript":
                yield Named(PROGRAM, os.path.join(CRYPT_SCRIPTS, value))
            else:
                yield from placed([value])


def checked(text: str) -> Found:
    """integritytab and veritytab: keys and signatures of devices whose content is checked."""
    for line in _lines.effective(text):
        for field in _lines.words(line)[2:]:
            yield from placed(option.rpartition("=")[2] for option in field.split(","))


def automaster(text: str) -> Found:
    """The maps that autofs mounts by; without a path in front they lie in /etc."""
    for line in _lines.effective(text):
        words = _lines.words(line)
        for word in [words[0][1:]] if words[0].startswith("+") else words[1:2]:
            kind, colon, name = word.rpartition(":")
            if kind.partition(",")[0] in MAP_FILES and (colon or word != "-hosts"):
                yield Named(FILE, os.path.join("/etc", name))


def automap(text: str) -> Found:
    """What the lines of a map of autofs are mounted by; a map may be a program, too."""
    for line in [] if text.startswith("#!") else _lines.effective(text):
        for options in re.findall(r"(?:^|\s)-(\S*)", line):
            said = re.search(r"(?:^|,)fstype=([\w.]+)", options)
            yield from mount("", "", said.group(1) if said else "nfs", options)
    yield from mentioned(text)
