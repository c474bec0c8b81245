# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configuration of the service manager; units themselves are in units.py.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.area import MADE, area, take

AREA = area(
    "services",
    [
        # The environment of all services is set there, proxies with passwords among it.
        take(MADE, "/etc/systemd/*.conf.d/*.conf"),
        # What makes units and variables at boot, and what is enabled when somebody asks for that.
        take(
            MADE,
            "/etc/systemd/system-generators/* /etc/systemd/user-generators/* "
            "/etc/systemd/system-environment-generators/* /etc/systemd/user-environment-generators/* "
            "/etc/systemd/system-preset/*.preset /etc/systemd/user-preset/*.preset",
        ),
        # Journals of their own, which units name (LogNamespace=).
        take(MADE, "/etc/systemd/journald@*.conf"),
        # Without it a release that has cloud-init makes the node anew.
        take(MADE, "/etc/cloud/cloud-init.disabled"),
        take(MADE, "/etc/tmpfiles.d/*.conf /etc/sysusers.d/*.conf"),
        # Units of containers, of which podman makes those of systemd.
        take(
            MADE,
            "/etc/containers/systemd/**",
            needs="/usr/lib/systemd/system-generators/podman-system-generator",
            as_is=True,
        ),
        take(MADE, "/etc/rc.d/rc.local /etc/rc.local", needs="/usr/lib/systemd/system/rc-local.service"),
    ],
    stays=[("made anew by programs of the release", "/etc/rc?.d/* /etc/rc.d/rc?.d/* /etc/runit/runsvdir/default/*")],
    same=[
        ("/etc/rc.local", "/etc/rc.d/rc.local"),
        ("networking.service", "network.service"),
        ("apache2.service", "httpd.service"),
    ],
)
