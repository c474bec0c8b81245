# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that has lost a node writes nothing on it any more, whenever its task arrives.

The fence is how often the node's lease has had a new holder (_kube/lease_plan.py). The node keeps the highest that it
has seen, and refuses a lower one.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lock
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory, read_text, write_atomic
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

# As plugins/doc_fragments/fence.py documents it.
ARGUMENT_SPEC = {"fence": {"type": "int", "default": 0}}


@contextlib.contextmanager
def guarded(module: typing.Any) -> typing.Iterator[None]:
    """Let a module with ARGUMENT_SPEC write on the node, alone, unless its run has lost the node.

    :param module: AnsibleModule; in check mode nothing is kept and nobody is waited for.
    :raises FleetError: another run has taken the node over, or another module works on it.
    """
    fence = module.params["fence"]
    if module.check_mode:
        check(read(), fence)
        yield
        return
    with _lock.exclusive(module._name):
        state = read()
        check(state, fence)
        if fence > state["fence"]:
            write(dict(state, fence=fence))
        yield


def check(state: typing.Dict[str, typing.Any], fence: int) -> None:
    """Refuse a run that has lost the node. One without a fence is a person with a module in hand.

    :param state: the node's record.
    :raises FleetError: it has.
    """
    if fence and fence < state["fence"]:
        raise FleetError(
            f"Another run has taken this node over: its lease has had {state['fence']} holders, and this run was the "
            f"{_ordinal(fence)}",
            todo="Look at that run (kubectl get leases --namespace osmigrate-system), then run the same command again",
        )


def require_owner(state: typing.Dict[str, typing.Any], run: str, fence: int) -> None:
    """Refuse to decide on a trial that another run has armed, unless the node was taken over since.

    A trial that older versions have armed has no run noted and is anybody's, and so is any for a person.

    :param state: the node's record.
    :param run: holder string of the run that asks, empty for a person.
    :raises FleetError: it is another run's.
    """
    trial = state["trial"]
    if trial and run and trial["run"] not in ("", run) and fence <= trial["fence"]:
        raise FleetError(
            f"The trial of {trial['entry']} is the business of {printable(trial['run'], 200)}",
            "It goes on",
            "Let that run end; if it has ended, run the same command again: it takes the node over first",
        )


def _ordinal(number: int) -> str:
    kinds = {} if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{kinds.get(number % 10, 'th')}"


def read() -> typing.Dict[str, typing.Any]:
    """Return the node's record.

    :raises FleetError: it is none.
    """
    return record.parse(read_text(record.PATH) if os.path.lexists(record.PATH) else None)


def write(state: typing.Dict[str, typing.Any]) -> None:
    """Keep a node's record."""
    make_directory(os.path.dirname(record.PATH))
    write_atomic(record.PATH, record.render(state).encode("utf-8"), 0o644)
