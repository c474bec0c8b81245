# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second, tiny initramfs that GRUB, or kexec, is given with a trial: its deadman. Pure.

The candidate's own deadman lives on its root. Where the initramfs hangs before the root is there, only something inside
it can take the node back, and the release's initramfs knows nothing of trials. The kernel unpacks all archives that it
is given over each other.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY

PATH = DIRECTORY + "/trial.img"
# More than rd.timeout, by which an initramfs that notices its trouble gives up.
SECONDS = 300
UNITS = "etc/systemd/system"
TIMER = (
    """\
[Unit]
Description=Time that the initramfs of a trial has to find its root
DefaultDependencies=no

[Timer]
OnBootSec=%d
AccuracySec=1
"""
    % SECONDS
)
SERVICE = (
    """\
[Unit]
Description=Reboot into the system that is the default, because the initramfs of this trial hangs
DefaultDependencies=no

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'echo "osmigrate: no root after %d seconds, going back" > /dev/kmsg'
ExecStart=/bin/systemctl --force reboot
"""
    % SECONDS
)
DIRECTORY, FILE, LINK = 0o040755, 0o100644, 0o120777
# Of the parts of an archive, and of archives that follow each other.
ALIGNMENT = 4


def archive():
    """Return the archive as bytes: cpio in the "newc" format, not compressed."""
    wants = UNITS + "/sysinit.target.wants"
    parents = [wants.rsplit("/", up)[0] for up in range(wants.count("/"), 0, -1)]
    members = [(path, DIRECTORY, b"") for path in parents + [wants]]
    members += [
        (UNITS + "/osmigrate-initrd.timer", FILE, TIMER.encode("ascii")),
        (UNITS + "/osmigrate-initrd.service", FILE, SERVICE.encode("ascii")),
        (wants + "/osmigrate-initrd.timer", LINK, b"../osmigrate-initrd.timer"),
        ("TRAILER!!!", 0, b""),
    ]
    return b"".join(_member(number, *member) for number, member in enumerate(members, 1))


def _member(number, path, mode, content):
    name = path.encode("ascii") + b"\0"
    links = 2 if mode == DIRECTORY else 1
    #        inode, mode, uid, gid, links, mtime, size, device of the file, of a device file, name's length, checksum
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    return _padded(b"070701" + b"".join(b"%08X" % field for field in fields) + name) + _padded(content)


def _padded(data):
    return data + b"\0" * (-len(data) % ALIGNMENT)
