# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Storage over the network, and storage made of several devices.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ALWAYS, MADE, area, take

AREA = area(
    "storage",
    [
        # Which partitions are the node's two roots, where their labels do not say so.
        take(ALWAYS, "/etc/osmigrate/slots.json"),
        take(
            MADE,
            "/etc/iscsi/iscsid.conf /etc/iscsi/nodes/** /etc/iscsi/send_targets/** /etc/iscsi/ifaces/** "
            "/var/lib/iscsi/nodes/** /var/lib/iscsi/send_targets/** /var/lib/iscsi/ifaces/**",
            needs="/usr/sbin/iscsid",
        ),
        take(
            MADE,
            "/etc/multipath.conf /etc/multipath/bindings /etc/multipath/wwids /etc/multipath/prkeys "
            "/etc/multipath/conf.d/*.conf",
            needs="/usr/sbin/multipathd",
        ),
        # Keys of the host are among them.
        take(MADE, "/etc/nvme/**", needs="/usr/sbin/nvme"),
        take(MADE, "/etc/mdadm/mdadm.conf /etc/mdadm.conf /etc/mdadm/mdadm.conf.d/*.conf", needs="/usr/sbin/mdadm"),
        # Filters keep LVM away from disks that are others'. There are no drop-ins of the first one.
        take(MADE, "/etc/lvm/lvm.conf /etc/lvm/lvmlocal.conf /etc/lvm/profile/*", needs="/usr/sbin/lvm"),
        # The same where a system keeps a list of the disks that it uses.
        take(MADE, "/etc/lvm/devices/system.devices", needs="/usr/sbin/lvmdevices"),
        take(MADE, "/etc/drbd.conf /etc/drbd.d/**", needs="/usr/sbin/drbdadm"),
        take(MADE, "/etc/ceph/rbdmap", needs="/usr/bin/rbdmap"),
        take(MADE, "/etc/zfs/**", needs="/usr/sbin/zpool"),
        take(MADE, "/etc/target/** /etc/rtslib-fb-target/**", needs="/usr/bin/targetctl"),
        take(MADE, "/etc/tgt/**", needs="/usr/sbin/tgtd"),
        # How much whoever may store, and whom xfs counts together.
        take(MADE, "/etc/quotatab /etc/quotagrpadmins /etc/warnquota.conf", needs="/usr/sbin/quotaon"),
        take(MADE, "/etc/projects /etc/projid", needs="/usr/sbin/xfs_quota"),
        take(MADE, "/etc/exports /etc/exports.d/*.exports", needs="/usr/sbin/exportfs"),
        take(
            MADE,
            "/etc/idmapd.conf /etc/nfs.conf /etc/nfs.conf.d/*.conf /etc/nfsmount.conf",
            needs="/usr/sbin/mount.nfs",
        ),
        # Who gets the keys that they ask the kernel for.
        take(MADE, "/etc/request-key.conf /etc/request-key.d/*.conf", needs="/usr/sbin/request-key"),
        take(MADE, "/etc/gssproxy/*.conf", needs="/usr/sbin/gssproxy"),
        take(MADE, "/etc/crypttab", needs="/usr/lib/systemd/systemd-cryptsetup"),
        take(MADE, "/etc/integritytab", needs="/usr/lib/systemd/systemd-integritysetup"),
        take(MADE, "/etc/veritytab", needs="/usr/lib/systemd/systemd-veritysetup"),
        # The maps come along because the master map names them.
        take(
            MADE,
            "/etc/auto.master /etc/auto.master.d/*.autofs /etc/autofs.conf /etc/autofs_ldap_auth.conf "
            "/etc/default/autofs /etc/sysconfig/autofs",
            needs="/usr/sbin/automount",
        ),
    ],
    stays=[
        (
            "made anew by programs of the release",
            "/etc/lvm/archive/** /etc/lvm/backup/** /etc/lvm/cache/** /etc/lvm/devices/backup/**",
        ),
    ],
    same=[
        ("/etc/mdadm/mdadm.conf", "/etc/mdadm.conf"),
        ("/etc/default/autofs", "/etc/sysconfig/autofs"),
        ("/etc/iscsi/nodes/", "/var/lib/iscsi/nodes/"),
        ("/etc/iscsi/send_targets/", "/var/lib/iscsi/send_targets/"),
        ("/etc/iscsi/ifaces/", "/var/lib/iscsi/ifaces/"),
    ],
)
