# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree as the image of a slot: a file system that is mounted read-only, the same bytes wherever it is made.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import stat
import typing
import uuid

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import oci, places
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import BLOCK

FILESYSTEM = "ext4"
# Each by name, so that neither the version of mke2fs nor the settings of a machine choose. None is unknown to kernels
# or a GRUB that are in use; a journal would be written to, and is not needed by what nobody writes.
_FEATURES = (
    "none,64bit,dir_index,dir_nlink,ext_attr,extent,extra_isize,filetype,flex_bg,huge_file,large_file,metadata_csum,"
    "sparse_super"
)
_INODE = 256
_FIRST_INODE = 11  # those before have no times
_ROOT_INODE = 2
_SHORT_LINK = 60  # a link that is shorter lies in its inode
# Empty space costs nothing, neither packed nor written, but a whole image is read back.
_STEP = 64 << 20
_INODES = 8192
_NAMESPACE = uuid.UUID("6f1d1f0e-6f0c-5a52-9a1c-3a1d5f0c7b11")
_COUNTS = re.compile(r"^(Inode count|Free inodes): +(\d+)$", re.MULTILINE)
_TIMES = ("atime", "ctime", "mtime")


def uuid_of(name: str, version: str) -> str:
    """Return the UUID of a release's file system: another one for each, as XFS mounts none twice; always the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{name} {version}"))


class Need(typing.NamedTuple):
    """What a tree takes on a file system: blocks of data, and inodes."""

    blocks: int
    inodes: int

    def size(self) -> int:
        """Return the bytes of an image for it: room for tables and maps, in whole steps. Pure."""
        wanted = self.blocks * BLOCK * 21 // 20 + self.inodes * _INODE + _STEP
        return -(-wanted // _STEP) * _STEP


def need(tree: str) -> Need:
    """Count what a tree takes, each hard link once."""
    seen = {}
    for directory, folders, files in os.walk(os.fsencode(tree)):
        for name in folders + files:
            status = os.lstat(os.path.join(directory, name))
            holds = stat.S_ISREG(status.st_mode) or stat.S_ISLNK(status.st_mode) and status.st_size >= _SHORT_LINK
            blocks = -(-status.st_size // BLOCK) if holds else 0
            if stat.S_ISDIR(status.st_mode):
                blocks = -(-max(status.st_size, 1) // BLOCK)
            seen[status.st_dev, status.st_ino] = blocks
    # The tables of inodes come before all files, so their size must not follow each of them.
    inodes = (len(seen) + 2 * _FIRST_INODE) * 9 // 8
    return Need(sum(seen.values()), -(-inodes // _INODES) * _INODES)


def make(tree: str, path: str, name: str, version: str, time: int, log: Log) -> None:
    """Make the image of a tree. mke2fs takes names in their order, so directories and inodes lie the same everywhere.

    :param tree: it gets a directory more meanwhile.
    :param path: of the image; what is there is written over.
    :param time: of all files, in seconds of the epoch: what a file system of another machine says of a copy is chance.
    """
    oci.remove(path)
    places.unmark(tree)
    try:
        _make(tree, path, uuid_of(name, version), time, log)
    finally:
        places.unmark(tree)


def _make(tree: str, path: str, own: str, time: int, log: Log) -> None:
    removal = places.mark(tree)
    taken = need(tree)
    options = ["-q", "-t", FILESYSTEM, "-b", str(BLOCK), "-I", str(_INODE), "-N", str(taken.inodes), "-m", "0"]
    options += ["-O", _FEATURES, "-U", own, "-L", "", "-M", "", "-d", tree]
    extended = ["root_owner=0:0", f"hash_seed={own}", "lazy_itable_init=1", "nodiscard"]
    size = f"{taken.size() >> 10}k"
    clock = {"E2FSPROGS_FAKE_TIME": str(time)}
    log.run(["mke2fs", *options, "-E", ",".join(extended), path, size], "making the image of the slots", time, **clock)
    counts = dict(_COUNTS.findall(log.run(["dumpe2fs", "-h", path], "looking at the image", time).stdout))
    used = int(counts["Inode count"]) - int(counts["Free inodes"])
    script = path + ".debugfs"
    with open(script, "w", encoding="ascii") as stream:
        stream.writelines(_commands(used, time))
        stream.writelines(removal)
    try:
        log.run(["debugfs", "-w", "-f", script, path], "giving the image its times", time, **clock)
    finally:
        os.unlink(script)
    places.empty(path)
    # debugfs does not fail where a command of it does.
    log.run(["e2fsck", "-f", "-n", path], "checking the image", time)


def _commands(used: int, time: int) -> typing.Iterator[str]:
    """Yield what debugfs does: inodes are given out one after the other, so those in use are the first ones."""
    fields = [f"{one} @{time}" for one in _TIMES]
    if os.geteuid():  # whoever builds without root has made files of his own that are meant as root's
        fields += ["uid 0", "gid 0"]
    for number in (_ROOT_INODE, *range(_FIRST_INODE, used + 1)):
        for field in fields:
            yield f"sif <{number}> {field}\n"
