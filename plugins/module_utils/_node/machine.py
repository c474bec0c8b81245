# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a machine is known, whatever address it was reached by.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import json
import os
import pwd
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json


def require_root() -> None:
    """Refuse to go on as anybody else than root.

    :raises FleetError: this is another user, who would be refused file by file.
    """
    user = os.geteuid()
    if user == 0:
        return
    try:
        name = pwd.getpwuid(user).pw_name
    except KeyError:
        name = f"user {user}"
    raise FleetError(
        f"Ansible works on this node as {name}, and not as root",
        todo="Let it become root: osmigrate_become=true (the default), with a user whom sudo lets do that",
    )


def identify() -> typing.Dict[str, typing.Any]:
    """Return machine_id and addresses of this machine; what cannot be read is empty."""
    try:
        addresses = parse_addresses(json.dumps(state.answer("addresses")))
    except (FleetError, ValueError):
        addresses = []  # there is no ip, or it says nothing that anybody understands
    return {"machine_id": read_text("/etc/machine-id").strip(), "addresses": addresses}


def parse_addresses(text: str) -> typing.List[str]:
    """Read the addresses that ip(8) shows as JSON, but for those that every machine has."""
    try:
        links = parse_json(text)
        found = [one for link in links for one in link.get("addr_info", [])]
        return sorted(one["local"] for one in found if one.get("scope") not in ("host", "link"))
    except (ValueError, TypeError, KeyError, AttributeError):
        return []
