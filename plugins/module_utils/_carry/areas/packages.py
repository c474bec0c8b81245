# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the packages of the incumbent, and what programs make anew.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import area

AREA = area(
    "packages",
    stays=[
        (
            "made anew by programs of the release",
            "/etc/ld.so.cache /etc/mtab /etc/.pwd.lock /etc/.updated /etc/alternatives/* /etc/sgml/** /etc/xml/** "
            "/etc/python3/debian_config /etc/gshadow.lock /etc/os-release /etc/osmigrate/carried.json "
            "/etc/.java/**",
        ),
        (
            "the release has its own cache of libraries: carry it and run ldconfig in a hook if programs need it",
            "/etc/ld.so.conf.d/*",
        ),
        (
            "a backup copy",
            "/etc/*.dpkg-* /etc/*.ucf-* /etc/*~ /etc/*.rpmsave /etc/*.rpmnew /etc/*.rpmorig /etc/*/*.rpmsave "
            "/etc/*/*.rpmnew /etc/*/*.dpkg-*",
        ),
        (
            "belongs to the packages of the release",
            "/etc/dpkg/** /etc/debian_version /etc/lsb-release /etc/*-release /etc/system-release-cpe /etc/rpm/**",
        ),
        (
            "only of use with packages, which the release is not made of on the node",
            "/etc/apt/** /etc/yum.repos.d/* /etc/yum.conf /etc/yum/** /etc/dnf/** /etc/pki/rpm-gpg/* "
            "/etc/pki/entitlement/** /etc/pki/consumer/** /etc/rhsm/** /etc/subscription-manager/**",
        ),
        (
            "labels and policy of SELinux belong to one distribution; nothing of them is carried",
            "/etc/selinux/** /etc/sysconfig/selinux",
        ),
        ("the tools of the incumbent that read it are not in the release", "/etc/sysconfig/anaconda"),
    ],
)
