# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against a node by what the release asks for. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._node import check
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import order

ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
CHECKS: check.Checks = []
_check = check.into(CHECKS)


@_check("inhibitor", "Another architecture", "Take a release for the node's architecture")
def architecture(node: check.Facts, wanted: check.Facts) -> str:
    if ARCHITECTURES.get(wanted["architecture"], wanted["architecture"]) == node["architecture"]:
        return ""
    return f"The release is for {wanted['architecture']}, the node is {node['architecture']}"


@_check("inhibitor", "An earlier release has to come first", "Move the node to one of those versions first")
def minimum_from(node: check.Facts, wanted: check.Facts) -> str:
    allowed = wanted["minimum_from"]
    running = [node["entry"]]
    if node["os"]["image_id"] == wanted["name"]:
        running.append(f"{wanted['name']}-{node['os']['image_version']}")
    if not allowed or any(f"{wanted['name']}-{version}" in running for version in allowed):
        return ""
    return "Version {} of {} can only follow {}, and the node runs {}".format(
        wanted["version"],
        wanted["name"],
        " or ".join(allowed),
        node["entry"] or node["os"]["pretty_name"],
    )


@_check(
    "inhibitor",
    "A release of another distribution than the one that runs",
    "Go back to the packages with the playbook rollback and migrate from there, which translates the configuration; or "
    "accept it, and read what the run says of each file of /etc before the node is drained",
    acceptable=True,
)
def other_distribution(node: check.Facts, wanted: check.Facts) -> str:
    known = node["os"]["id"] and wanted["os_id"] and check.runs_release(node)
    # What a release calls itself may be its makers' own name; the next one of that name is the same system.
    same = node["os"]["id"] == wanted["os_id"] or node["entry"].rpartition("-")[0] == wanted["name"]
    if not known or same:
        return ""
    return (
        f"The node runs a release of {node['os']['pretty_name'] or node['os']['id']}, and this one is of "
        f"{wanted['os_id']}: from release to release /etc is merged file by file, and nothing in it is translated"
    )


@_check(
    "inhibitor",
    "An older release than the node has run",
    "See that the server does not send an old release; if it is meant, set osmigrate_allow_downgrade=true, or go back "
    "with the playbook rollback",
    acceptable=True,
)
def downgrade(node: check.Facts, wanted: check.Facts) -> str:
    newest = node["newest"].get(wanted["name"])
    if newest is None or wanted["allow_downgrade"] or not order.is_older(wanted, newest):
        return ""
    return "Release {}-{} is older than {}-{}, which was confirmed on this node".format(
        wanted["name"], _numbered(wanted), wanted["name"], _numbered(newest)
    )


def _numbered(release: check.Facts) -> str:
    serial = release.get("serial")
    return f"{release['version']} (serial {serial})" if serial else release["version"]


@_check(
    "medium",
    "The manifest came over plain http",
    "Serve it over https, give its digest in osmigrate_release_digest, or set osmigrate_allow_http=true",
)
def plain_http(node: check.Facts, wanted: check.Facts) -> str:
    return "Whoever is on the way can withhold a release or send an older one" if wanted["plain_http"] else ""
