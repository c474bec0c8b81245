# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by its system. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re

from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check

CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check(
    "inhibitor",
    "Unknown operating system",
    "Exclude the node; what is made of dpkg's packages can be moved, and what is made of rpm's with EL's places",
)
def distribution(node: check.Facts, wanted: check.Facts) -> str:
    if check.runs_release(node) or node["os"]["family"]:
        return ""
    return f"The node runs {node['os']['pretty_name'] or node['os']['id'] or 'an unknown system'}"


@_check(
    "inhibitor",
    "Nobody can tell what an administrator changed",
    "Let the database be made anew ('rpm --rebuilddb'), or put back a copy (Debian keeps them in /var/backups); where "
    "rpm itself is missing, install it ('dnf install rpm')",
)
def package_database(node: check.Facts, wanted: check.Facts) -> str:
    # A release has its packages' files where no administrator could have changed them.
    return "" if check.runs_release(node) else node["packages"]["problem"]


@_check(
    "medium",
    "Both dpkg and rpm say what the node is made of",
    "See whose packages the system is made of; if it is the other one's, remove the database of the first, and correct "
    "ID and ID_LIKE in os-release",
)
def package_databases(node: check.Facts, wanted: check.Facts) -> str:
    names = node["packages"]["databases"]
    if len(names) < 2 or check.runs_release(node):
        return ""
    taken = "rpm" if node["os"]["family"] == "el" else "dpkg"
    return f"There is a database of {' and one of '.join(names)}, and that of {taken} is taken"


@_check("inhibitor", "No systemd", "Only nodes whose first process is systemd can be moved")
def systemd(node: check.Facts, wanted: check.Facts) -> str:
    return "" if node["systemd"] else "The first process of the node is not systemd"


@_check(
    "inhibitor", "The machine id is not valid", "Make one with systemd-machine-id-setup and let the node join again"
)
def machine_id(node: check.Facts, wanted: check.Facts) -> str:
    value = node["machine_id"]
    if re.match("[0-9a-f]{32}$", value) and value != "0" * 32:
        return ""
    return f"/etc/machine-id says {repr(str(value)) if value else 'nothing'}"


@_check("inhibitor", "/usr is a file system of its own", "Bring /usr onto the root, or exclude the node")
def usr_separate(node: check.Facts, wanted: check.Facts) -> str:
    return "/usr would hide the /usr of the release" if node["usr"]["separate"] else ""


@_check(
    "high",
    "SELinux is enforcing",
    "Nothing has to be done for the move. After a way back let the labels be set of what was written meanwhile in "
    "directories that both systems use: 'restorecon -R /home /root /srv /opt /var/log'. The release enforces no policy "
    "of the node's",
)
def selinux(node: check.Facts, wanted: check.Facts) -> str:
    enforcing = node["selinux"] == "enforcing" and not check.runs_release(node)
    said = "What the release writes into directories that both systems use has no label of this policy"
    return said if enforcing else ""


@_check(
    "medium",
    "SELinux has not labelled everything",
    "Let it, before the move ('restorecon -R -F' on what is named, or 'fixfiles -F onboot' and a reboot): the way back "
    "needs labels that are whole",
)
def selinux_labels(node: check.Facts, wanted: check.Facts) -> str:
    paths = node["selinux_unlabelled"]
    return f"Without a label: {check.some(paths, ', ')}" if paths and not check.runs_release(node) else ""
