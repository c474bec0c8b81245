# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ssh, beside the host keys (names.py) and what was changed in sshd_config (dropins.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "ssh",
    [
        take(MADE, "/etc/ssh/sshd_config.d/*.conf /etc/ssh/sshd_not_to_be_run", needs="/usr/sbin/sshd"),
        # Out of the last one weak groups are taken.
        take(MADE, "/etc/default/ssh /etc/sysconfig/sshd /etc/ssh/moduli", needs="/usr/sbin/sshd"),
        take(MADE, "/etc/ssh/ssh_config.d/*.conf /etc/ssh/ssh_known_hosts /etc/ssh/*.pub /etc/ssh/*.pem"),
        take(
            MADE,
            "/etc/ssh/authorized_keys /etc/ssh/authorized_keys/** /etc/ssh/authorized_keys.d/** "
            "/etc/ssh/authorized_principals /etc/ssh/authorized_principals/** /etc/ssh/keys/**",
        ),
    ],
    same=[
        ("/usr/lib/openssh/sftp-server", "/usr/libexec/openssh/sftp-server"),
        ("/etc/default/ssh", "/etc/sysconfig/sshd"),
        ("ssh.service", "sshd.service"),
        ("ssh.socket", "sshd.socket"),
        ("ssh@.service", "sshd@.service"),
    ],
    words=[("SSHD_OPTS", "OPTIONS")],
)
