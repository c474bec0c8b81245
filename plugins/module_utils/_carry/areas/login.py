# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people find when they log in, and where accounts come from.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import ADDED, MADE, area, take

AREA = area(
    "login",
    [
        take(MADE, "/etc/motd /etc/issue /etc/issue.net /etc/inputrc"),
        take(MADE, "/etc/update-motd.d/*"),
        # That only root gets in, and where root may.
        take(MADE, "/etc/nologin /etc/securetty"),
        # Who may reach programs that ask libwrap, sshd of Debian among them.
        take(MADE, "/etc/hosts.allow /etc/hosts.deny"),
        # Proxies with passwords are set there, too.
        take(MADE, "/etc/profile.d/* /etc/bash.bashrc /etc/bashrc"),
        take(
            MADE,
            "/etc/sssd/sssd.conf /etc/sssd/conf.d/*.conf /etc/sssd/pki/**",
            needs="/usr/sbin/sssd",
        ),
        take(MADE, "/etc/nslcd.conf", needs="/usr/sbin/nslcd"),
        take(MADE, "/etc/ldap/ldap.conf /etc/openldap/ldap.conf"),
        take(MADE, "/etc/krb5.conf /etc/krb5.keytab /etc/krb5.conf.d/*"),
        # Services of the node's own, which the release would refuse to all.
        take(ADDED, "/etc/pam.d/*"),
        # Which passwords people had before, so that they do not take them again.
        take(MADE, "/etc/security/opasswd"),
    ],
    stays=[
        ("belongs to the packages of the release", "/etc/pam.d/** /etc/login.defs"),
        (
            "settings of PAM's modules, which is the release's",
            "/etc/security/faillock.conf /etc/security/pwquality.conf /etc/security/pwquality.conf.d/*.conf "
            "/etc/security/pwhistory.conf /etc/security/access.conf /etc/security/access.d/*.conf "
            "/etc/security/time.conf /etc/security/group.conf /etc/security/namespace.conf "
            "/etc/security/namespace.d/* /etc/security/namespace.init",
        ),
        ("a backup copy", "/etc/passwd- /etc/group- /etc/shadow- /etc/gshadow- /etc/subuid- /etc/subgid-"),
        ("made anew by programs of the release", "/etc/shells"),
        (
            "the release has its own languages and keyboards",
            "/etc/locale.conf /etc/default/locale /etc/locale.gen /etc/vconsole.conf /etc/default/keyboard "
            "/etc/default/console-setup /etc/sysconfig/i18n /etc/sysconfig/keyboard",
        ),
    ],
    same=[("/etc/bash.bashrc", "/etc/bashrc"), ("/etc/ldap/ldap.conf", "/etc/openldap/ldap.conf")],
)
