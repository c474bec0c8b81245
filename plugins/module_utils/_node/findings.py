# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node: all checks (checks/, and those of the backends) over what facts.py gathered. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import difflib
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import carried
from ansible_collections.osmigrate.fleet.plugins.module_utils._node.check import Facts
from ansible_collections.osmigrate.fleet.plugins.module_utils._node.checks import (
    kubelet,
    loader,
    network,
    release,
    storage,
    system,
    trial,
)

# Those of no backend.
CHECKS = [check for area in (system, release, loader, trial, storage, network, kubelet) for check in area.CHECKS]


def examine(node: Facts, wanted: Facts, accepted: typing.List[str], backends: contract.Backends) -> typing.List[Facts]:
    """Look for everything that speaks against the move.

    :param node: dict, the facts.
    :param wanted: dict, the release.
    :param accepted: list of str, keys of findings that the operator accepts.
    :param backends: contract.Backends; the release is written by the one that it names.
    :returns: list of dicts with key, severity, title, detail, remedy, acceptable and accepted; the worst first.
    :raises FleetError: a key is not known, or names a finding that nobody may accept; the backend is not known.
    """
    _examine_keys(accepted, backends)
    backend = contract.named(backends, wanted["backend"])
    if backend is None:
        raise FleetError(
            f"This version cannot write a release by the backend {wanted['backend']}",
            todo=f"Set osmigrate_backend to one of {', '.join(one.name for one in backends)}, or update the collection",
        )
    found = [(check, check.find(node, wanted)) for check in CHECKS + list(backend.checks)]
    findings = [carried.finding(check, detail, accepted) for check, detail in found if detail]
    return sorted(findings, key=lambda finding: (-SEVERITIES.index(finding["severity"]), finding["key"]))


def of_nodes(backends: contract.Backends) -> typing.List[contract.Check]:
    """Return the checks of all nodes and those of some backends, as list of contract.Check."""
    return CHECKS + [check for backend in backends for check in backend.checks]


def inhibitors(findings: typing.Iterable[Facts]) -> typing.List[str]:
    """Return the keys of the findings that stop the node."""
    return [found["key"] for found in findings if found["severity"] == "inhibitor" and not found["accepted"]]


def refusal(
    said: str, findings: typing.Iterable[Facts], stopped: typing.Container[str], left: str = "Nothing was changed"
) -> FleetError:
    """Say in one message what stops the node.

    :param said: how it begins, without its colon.
    :param stopped: keys of the findings that stop it.
    :param left: the state that was left.
    """
    told = [finding for finding in findings if finding["key"] in stopped]
    return FleetError(
        f"{said}: " + "; ".join(f"{finding['detail']} ({finding['key']})" for finding in told),
        left,
        ". ".join(f"For {finding['key']}: {finding['remedy']}" for finding in told),
    )


def _examine_keys(accepted: typing.List[str], backends: contract.Backends) -> None:
    known = {check.key: check for check in of_nodes(backends) + carried.CHECKS + carried.OF_PROGRAMS}
    for key in accepted:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            raise FleetError(
                f"There is no finding called {key}",
                todo=f"Correct it to {close[0]}" if close else "Take the key from an earlier preflight",
            )
        if not known[key].acceptable:
            raise FleetError(
                f"The finding {key} cannot be accepted: the node would not come back", todo=known[key].remedy
            )
