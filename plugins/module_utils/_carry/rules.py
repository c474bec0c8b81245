# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried as it is, and what stays behind on purpose: data, for strangers to extend.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import typing

# How a rule takes files.
ALWAYS = "always"  # whoever made them
MADE = "made"  # what an administrator made: not from a package, or a configuration file that was changed
NEEDED = "needed"  # the same, and what came from a package if the release has nothing in its place

Rule = typing.NamedTuple(
    "Rule", [("area", str), ("how", str), ("pattern", str), ("secret", bool), ("needs", typing.List[str])]
)

RULES = [
    Rule(area, how, pattern, secret, needs)
    for area, how, secret, needs, patterns in (
        ("identity", ALWAYS, False, [], "/etc/machine-id /etc/machine-info /etc/hostname /etc/hosts"),
        ("identity", ALWAYS, False, [], "/etc/iscsi/initiatorname.iscsi /etc/nvme/hostnqn /etc/nvme/hostid"),
        ("login", MADE, True, ["/usr/bin/sudo"], "/etc/sudoers.d/*"),
        ("login", MADE, True, ["/usr/sbin/sshd"], "/etc/ssh/sshd_config.d/*.conf"),
        (
            "login",
            MADE,
            False,
            [],
            "/etc/ssh/ssh_config.d/*.conf /etc/ssh/ssh_known_hosts /etc/ssh/*.pub /etc/ssh/*.pem",
        ),
        ("login", MADE, True, [], "/etc/ssh/authorized_keys /etc/ssh/authorized_keys/** /etc/ssh/authorized_keys.d/**"),
        ("login", MADE, True, [], "/etc/ssh/authorized_principals /etc/ssh/authorized_principals/** /etc/ssh/keys/**"),
        ("login", MADE, False, [], "/etc/profile.d/* /etc/motd /etc/environment"),
        ("health", ALWAYS, True, [], "/etc/osmigrate/health/**"),
        ("network", MADE, True, [], "/etc/systemd/network/**"),
        ("network", MADE, False, [], "/etc/iproute2/**"),
        ("kubernetes", NEEDED, True, [], "/etc/kubernetes /etc/kubernetes/**"),
        ("kubernetes", NEEDED, True, [], "/etc/default/kubelet /etc/sysconfig/kubelet /etc/crictl.yaml"),
        ("kubernetes", NEEDED, True, [], "/etc/cni /etc/cni/**"),
        ("kubernetes", MADE, True, [], "/etc/containerd/** /etc/containers/** /etc/calico/** /etc/flannel/**"),
        ("kernel", MADE, False, [], "/etc/sysctl.d/*.conf /etc/modules-load.d/*.conf /etc/modprobe.d/*.conf"),
        ("kernel", MADE, False, [], "/etc/udev/rules.d/* /etc/udev/hwdb.d/* /etc/binfmt.d/*.conf"),
        ("limits", MADE, False, [], "/etc/security/limits.conf /etc/security/limits.d/*.conf"),
        ("time", MADE, False, [], "/etc/adjtime /etc/systemd/timesyncd.conf.d/*.conf"),
        (
            "time",
            MADE,
            True,
            ["/usr/sbin/chronyd"],
            "/etc/chrony/chrony.conf /etc/chrony/chrony.keys /etc/chrony/conf.d/*.conf /etc/chrony/sources.d/*.sources",
        ),
        ("services", MADE, False, [], "/etc/systemd/*.conf.d/*.conf /etc/tmpfiles.d/*.conf /etc/sysusers.d/*.conf"),
        ("services", MADE, True, ["/usr/sbin/cron"], "/etc/crontab /etc/cron.d/* /etc/cron.allow /etc/cron.deny"),
        (
            "services",
            MADE,
            True,
            ["/usr/sbin/cron"],
            "/etc/cron.hourly/* /etc/cron.daily/* /etc/cron.weekly/* /etc/cron.monthly/*",
        ),
        ("services", MADE, False, ["/usr/sbin/logrotate"], "/etc/logrotate.d/*"),
        ("services", MADE, True, ["/usr/sbin/rsyslogd"], "/etc/rsyslog.d/*.conf"),
        (
            "storage",
            MADE,
            True,
            ["/usr/sbin/iscsid"],
            "/etc/iscsi/iscsid.conf /etc/iscsi/nodes/** /etc/iscsi/send_targets/**",
        ),
        (
            "storage",
            MADE,
            False,
            ["/usr/sbin/multipathd"],
            "/etc/multipath.conf /etc/multipath/bindings /etc/multipath/wwids /etc/multipath/conf.d/*.conf",
        ),
    )
    for pattern in patterns.split()
]

# /etc of the incumbent: made by programs, or only of use to what the release does not have.
STAYS = [
    (pattern, reason)
    for reason, patterns in (
        ("made anew by programs of the release", "/etc/ld.so.cache /etc/mtab /etc/.pwd.lock /etc/.updated"),
        ("made anew by programs of the release", "/etc/ssl/certs/** /etc/ca-certificates.conf /etc/rc?.d/*"),
        ("made anew by programs of the release", "/etc/udev/hwdb.bin /etc/shells /etc/alternatives/*"),
        ("made anew by programs of the release", "/etc/sgml/** /etc/xml/** /etc/python3/debian_config"),
        ("made anew by programs of the release", "/etc/runit/runsvdir/default/* /etc/ld.so.conf.d/*"),
        ("a backup copy", "/etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid-"),
        ("a backup copy", "/etc/security/opasswd /etc/*.dpkg-* /etc/*.ucf-* /etc/*~"),
        ("belongs to the packages of the release", "/etc/nsswitch.conf /etc/pam.d/common-* /etc/dpkg/**"),
        ("belongs to the packages of the release", "/etc/os-release /etc/debian_version"),
        ("only of use with packages, which the release is not made of on the node", "/etc/apt/**"),
        ("for the boot loader and initramfs of the incumbent", "/etc/default/grub /etc/default/grub.d/* /etc/grub.d/*"),
        (
            "for the boot loader and initramfs of the incumbent",
            "/etc/initramfs-tools/** /etc/kernel/** /etc/kernel-img.conf",
        ),
        ("the network is configured by systemd-networkd", "/etc/network/interfaces /etc/network/interfaces.d/*"),
    )
    for pattern in patterns.split()
]

# Below /var/lib: always shared, whatever package may own the directory.
DATA = set(
    "kubelet containerd cni docker containers crio etcd calico cilium weave flannel rancher k3s longhorn rook openebs "
    "cloud iscsi".split()
)
# Below /var/lib: state that programs of the incumbent made without a package owning it.
STATE = set(
    "PackageKit apt command-not-found dbus dhcp dpkg emacsen-common grub initramfs-tools locales logrotate man-db misc "
    "os-prober pam polkit-1 private python shells.state snapd sudo swcatalog systemd ucf update-manager "
    "update-notifier usbutils vim xml-core".split()
)
# Directly below /var: what every system has, whoever made it.
VAR = set("backups cache lib local lock log lost+found mail opt run spool tmp".split())
# Directly below /: what every system has, and what the release makes itself.
TOP = set(
    "bin boot dev etc home initrd.img initrd.img.old lib lib32 lib64 libo32 libx32 lost+found media mnt opt ostree "
    "proc root run sbin snap srv sys sysroot tmp usr var vmlinuz vmlinuz.old".split()
)
# Shared as a whole, wherever the release has the directory.
HOMES = ("/root", "/home", "/srv", "/opt", "/usr/local", "/mnt")
