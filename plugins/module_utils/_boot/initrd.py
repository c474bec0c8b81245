# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second, tiny initramfs that GRUB, or kexec, is given with a trial: its deadman. Pure.

The candidate's own deadman lives on its root. Where the initramfs hangs before the root is there, only something inside
it can take the node back, and the release's initramfs knows nothing of trials. The kernel unpacks all archives that it
is given over each other.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY

PATH = DIRECTORY + "/trial.img"
# The least that an initramfs of a trial gets to find its root: more than rd.timeout, by which one that notices its
# trouble gives up.
SECONDS = 300
UNITS = "etc/systemd/system"
PROGRAM = "etc/osmigrate-initrd-end"
TIMER = """\
[Unit]
Description=Time that the initramfs of a trial has to find its root
DefaultDependencies=no

[Timer]
OnBootSec=%d
AccuracySec=1
"""
# Whatever keeps the program from its end, the unit has failed then, and systemd reboots by itself.
SERVICE = f"""\
[Unit]
Description=Reboot into the system that is the default, because the initramfs of this trial hangs
DefaultDependencies=no
FailureAction=reboot-force

[Service]
Type=oneshot
TimeoutStartSec=60
ExecStart=-/bin/sh /{PROGRAM}
ExecStart=/bin/systemctl --force reboot
"""
# An initramfs that notices its trouble itself reboots: past all targets from its emergency mode, which begins after
# rd.timeout, and by way of this target where its queue of devices gave up. It is not held up for longer than the
# program takes, and reboots all the same. After the change of root none of this is there any more.
REBOOT = """\
[Unit]
Wants=osmigrate-initrd-reboot.service
"""
EMERGENCY = f"""\
[Service]
ExecStartPre=-/bin/sh /{PROGRAM} gave-up
"""
LEAVES_WORD = f"""\
[Unit]
Description=Word of why the initramfs of this trial reboots
DefaultDependencies=no
ConditionPathExists=/etc/initrd-release
Before=systemd-reboot.service

[Service]
Type=oneshot
TimeoutStartSec=30
TimeoutStopSec=5
ExecStart=-/bin/sh /{PROGRAM} gave-up
"""
# The file system of /boot takes the word to the incumbent, where the initramfs can mount it. All that is used is there
# wherever dracut has made the initramfs. A disk that does not answer holds up the reboot for ten seconds.
SCRIPT = """\
# Written by osmigrate.fleet. Notes why the trial of this system ends.
read -r line </proc/cmdline
entry=
for word in $line; do
    case $word in osmigrate.entry=*) entry=${word#*=} ;; esac
done
seconds=@SECONDS@
why="its initramfs did not find the root within $seconds seconds"
if [ "$1" = gave-up ]; then
    read -r seconds rest </proc/uptime
    seconds=${seconds%.*}
    why="its initramfs gave up after $seconds seconds, without the root or what belongs to it"
fi
echo "osmigrate: no root after $seconds seconds, going back" >/dev/kmsg

note() {
    # What a check has found damaged is not written to.
    systemctl is-failed --quiet 'systemd-fsck*' && return
    read -r boot_id </proc/sys/kernel/random/boot_id
    mkdir -p @MOUNT@ || return
    mount -o rw,sync /dev/disk/by-uuid/@UUID@ @MOUNT@ || return
    printf 'entry=%s\\nboot_id=%s\\ncause=%s\\ndetail=%s\\n' "$entry" "$boot_id" initramfs \
        "$why" >@MOUNT@@NOTES@/.ended.initrd &&
        mv -f @MOUNT@@NOTES@/.ended.initrd @MOUNT@@NOTES@/ended
    umount @MOUNT@
}

note &
noting=$!
left=10
while [ $left -gt 0 ] && kill -0 $noting 2>/dev/null; do
    sleep 1
    left=$((left - 1))
done
"""
MOUNT = "/run/osmigrate-boot"
DIRECTORY_MODE, FILE_MODE, LINK_MODE = 0o040755, 0o100644, 0o120777
# Of the parts of an archive, and of archives that follow each other.
ALIGNMENT = 4


def script(seconds: int, uuid: str, notes: str, mount: str = MOUNT) -> str:
    """Return the program that leaves word, as str.

    :param seconds: int, after which it is started.
    :param uuid: str, of the file system that both systems have.
    :param notes: str, the directory there for notes, from the root of that file system.
    :param mount: str, where it is mounted meanwhile.
    """
    text = SCRIPT.replace("@SECONDS@", str(seconds)).replace("@UUID@", uuid)
    return text.replace("@MOUNT@", mount).replace("@NOTES@", notes.rstrip("/"))


def archive(seconds: int = SECONDS, uuid: str = "", notes: str = "/") -> bytes:
    """Return the archive as bytes: cpio in the "newc" format, not compressed.

    :param seconds, uuid, notes: as script() takes them.
    """
    units = {
        "osmigrate-initrd.timer": TIMER % seconds,
        "osmigrate-initrd.service": SERVICE,
        "osmigrate-initrd-reboot.service": LEAVES_WORD,
        "reboot.target.d/osmigrate.conf": REBOOT,
        **{f"{name}.service.d/osmigrate.conf": EMERGENCY for name in ("emergency", "dracut-emergency")},
    }
    return of_units(units, "sysinit.target.wants", ["osmigrate-initrd.timer"], {PROGRAM: script(seconds, uuid, notes)})


def of_units(
    units: typing.Dict[str, str],
    target: str,
    wanted: typing.Iterable[str],
    files: typing.Optional[typing.Dict[str, str]] = None,
) -> bytes:
    """Return an archive of units for the initramfs, as archive() does.

    :param units: their texts, by name; with a / those of a directory of theirs.
    :param target: the directory of links by which they are started, such as sysinit.target.wants.
    :param wanted: which ones.
    :param files: texts of other files, by path.
    """
    texts = {**{f"{UNITS}/{name}": text for name, text in units.items()}, **(files or {})}
    links = {f"{UNITS}/{target}/{name}": f"../{name}" for name in wanted}
    paths = [*texts, *links]
    above = {path.rsplit("/", up)[0] for path in paths for up in range(path.count("/"), 0, -1)}
    members = [(path, DIRECTORY_MODE, b"") for path in sorted(above)]
    members += [(path, FILE_MODE, text.encode("utf-8")) for path, text in texts.items()]
    members += [(path, LINK_MODE, there.encode("ascii")) for path, there in links.items()]
    members.append(("TRAILER!!!", 0, b""))
    return b"".join(_member(number, *member) for number, member in enumerate(members, 1))


def _member(number: int, path: str, mode: int, content: bytes) -> bytes:
    name = path.encode("ascii") + b"\0"
    links = 2 if mode == DIRECTORY_MODE else 1
    #        inode, mode, uid, gid, links, mtime, size, device of the file, of a device file, name's length, checksum
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    return _padded(b"070701" + b"".join(b"%08X" % field for field in fields) + name) + _padded(content)


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % ALIGNMENT)
