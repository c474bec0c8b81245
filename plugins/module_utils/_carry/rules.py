# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried as data: the areas of /etc, each a file of its own, and the directories that both systems use.

Another area is another file in areas/ and a line here. Areas that need more than a copy have a module of their own
beside this one.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.areas import (
    boot,
    cni,
    cron,
    firewall,
    health,
    identity,
    kubelet,
    limits,
    logging,
    login,
    modules,
    names,
    network,
    packages,
    proxies,
    runtime,
    services,
    ssh,
    storage,
    sudo,
    sysctl,
    time,
    trust,
)

AREAS = [
    found.AREA
    for found in (
        identity,
        names,
        network,
        time,
        ssh,
        sudo,
        login,
        proxies,
        services,
        kubelet,
        runtime,
        cni,
        sysctl,
        modules,
        boot,
        limits,
        cron,
        logging,
        trust,
        storage,
        firewall,
        health,
        packages,
    )
]
# /etc of the incumbent: made by programs, or only of use to what the release does not have.
STAYS = [pair for area in AREAS for pair in area.stays]
# For these reasons a file stays without a word.
SILENT = ("made anew", "a backup")

# Below /var/lib: always shared, whatever package may own the directory.
DATA = set(
    "kubelet containerd cni docker containers crio etcd calico cilium weave flannel rancher k3s longhorn rook openebs "
    "cloud iscsi".split()
)
# Below /var/lib: state that programs of the incumbent made without a package owning it.
STATE = set(
    "PackageKit apt command-not-found dbus dhcp dpkg emacsen-common grub initramfs-tools locales logrotate man-db misc "
    "os-prober pam polkit-1 private python shells.state snapd sudo swcatalog systemd ucf update-manager "
    "update-notifier usbutils vim xml-core "
    "NetworkManager alternatives authselect dnf rhsm rpm rpm-state selinux tuned yum".split()
)
# Directly below /var: what every system has, whoever made it.
VAR = set("backups cache lib local lock log lost+found mail opt run spool tmp".split())
# Below /var/spool: shared, or the same as another directory.
SPOOL = set("cron mail anacron".split())
# What programs put beside an administrator's own files in /var/backups.
BACKUPS = (
    "/var/backups/dpkg.* /var/backups/apt.extended_states* /var/backups/alternatives.tar.* /var/backups/passwd.bak "
    "/var/backups/group.bak /var/backups/shadow.bak /var/backups/gshadow.bak"
).split()
# Directly below /: what every system has, and what the release makes itself.
TOP = set(
    "bin boot dev etc home initrd.img initrd.img.old lib lib32 lib64 libo32 libx32 lost+found media mnt opt ostree "
    "proc root run sbin snap srv sys sysroot tmp usr var vmlinuz vmlinuz.old".split()
)
# Shared as a whole, wherever the release has the directory.
HOMES = ("/root", "/home", "/srv", "/opt", "/usr/local", "/mnt")
