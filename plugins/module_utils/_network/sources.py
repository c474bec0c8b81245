# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files configure a node's network, by the systems that are at work. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._network import merge, model, tables
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import (
    ifcfg,
    ifupdown,
    keyfiles,
    leases,
    networkd,
)

# NetworkManager reads the files of ifcfg, too; netplan makes files for the other two.
READERS = {
    "systemd-networkd": [networkd.read],
    "netplan": [networkd.read, keyfiles.read],
    "NetworkManager": [keyfiles.read, ifcfg.read],
    "ifupdown": [ifupdown.read],
    "ifcfg": [ifcfg.read],
}


def read(tree: typing.Any, owners: typing.Iterable[str]) -> typing.List[model.Declared]:
    """Return Declared for each kind of file, as list; what two systems read is there once.

    :param tree: Tree.
    :param owners: list of str, names of systems; those that are not known are left out.
    """
    readers = []
    for owner in owners:
        readers += [reader for reader in READERS.get(owner, []) if reader not in readers]
    found = [reader(tree) for reader in readers]
    return [one._replace(stanzas=[leases.identified(tree, stanza) for stanza in one.stanzas]) for one in found]


def summary(tree: typing.Any, owners: typing.Iterable[str], state: model.State) -> typing.Dict[str, typing.Any]:
    """Return what preflight has to know, as dict: lost and undeclared as sentences, kernel_names.

    What the files say is only taken apart where the release may have another system, so where systemd-networkd is at
    work nothing gets lost.

    :param state: State.
    """
    network = merge.merge(read(tree, owners), state)
    rendered = [owner for owner in owners if owner not in ("systemd-networkd", "netplan")]
    return {
        "lost": [f"{lost.path}: {lost.what}" for lost in network.lost] if rendered else [],
        "undeclared": network.undeclared,
        "kernel_names": sorted(one.link.name for one in network.interfaces if tables.KERNEL_NAMES.match(one.link.name)),
    }
