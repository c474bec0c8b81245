# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network of this node before the reboot into a trial, kept where both systems see it, and compared after it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import proof
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import leases, state

# Of addresses that a reboot makes appear late.
APPEAR_SECONDS = 30


def keep(addresses: typing.List[str], check_mode: bool, path: str = proof.PATH) -> typing.List[str]:
    """Write down what there is of the network now.

    :param addresses: those by which Kubernetes knows the node, as proof.take() takes them.
    :returns: the actions taken.
    :raises FleetError: it cannot be written.
    """
    text = proof.render(_look(addresses))
    if Tree("/").text(path) == text:
        return []
    if not check_mode:
        try:
            _storage.write_atomic(path, text.encode("utf-8"), 0o644)
        except OSError as error:
            raise FleetError(f"{path} cannot be written: {error.strerror}", todo="Run the same command again")
    return [f"write {path}"]


def compare(timeout: float = APPEAR_SECONDS, path: str = proof.PATH) -> typing.List[typing.Dict[str, str]]:
    """Compare what there is of the network with what was kept; where nothing was, there is nothing to compare.

    :param timeout: seconds that its addresses may take to appear.
    :returns: what is different, as proof.compare() has it.
    :raises FleetError: an address is gone by which Kubernetes knows the node.
    """
    before = proof.parse(Tree("/").text(path))
    if before is None:
        return []
    end = time.monotonic() + timeout
    after = _look(before["kubernetes"])
    while proof.gone(before, after) and time.monotonic() < end:
        time.sleep(1)
        after = _look(before["kubernetes"])
    differences, gone = proof.compare(before, after), proof.gone(before, after)
    if gone:
        told = [
            f"{one['what']} of {one['interface']}: {one['before']} before, {one['after']} now" for one in differences
        ]
        failure = FleetError(
            f"The node has lost {' and '.join(gone)}, by which Kubernetes knows it; {'; '.join(told)}",
            "It runs what was booted",
            "Look at what was carried of its network (docs/carry-network.md)",
        )
        failure.result = {"network_differences": differences}
        raise failure
    return differences


def _look(addresses: typing.List[str]) -> typing.Dict[str, typing.Any]:
    answers = state.ask()
    found = state.parse(answers)
    return proof.take(found, addresses, leases.client_ids(Tree("/"), answers, found))
