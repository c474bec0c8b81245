# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts that several rooms need and one states. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

# What our labels and annotations of Kubernetes objects begin with.
PREFIX = "osmigrate.fleet/"
# Of findings, the lightest first.
SEVERITIES = ("info", "low", "medium", "high", "inhibitor")
# Of the pages of reports: nothing in them may load or run anything, whatever they are about.
PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
# What both systems of a node share: the record, notes, the second initramfs.
DIRECTORY = "/boot/osmigrate"
# The id of the entry that grub.cfg boots by itself.
PACKAGE = "package"
# Where a system that OSTree started has the root of its disk.
SYSROOT = "/sysroot"
# Where units lie: the administrator's, then those of packages.
UNIT_PLACES = ("/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
# By what systemd knows that there is nothing to be made of /usr: it looks at the time of this file.
UPDATED = "/etc/.updated"
