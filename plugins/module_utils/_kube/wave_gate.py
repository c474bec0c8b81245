# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until a node's wave may begin.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    guard,
    node_view,
    wave_health,
    wave_plan,
    wave_policy,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import NODES, Cluster, get_node, update_node

# Whoever looks reads all nodes; the others one.
LOOKS_EVERY, ASKS_EVERY = 15.0, 5.0


class Request(typing.NamedTuple):
    node: str
    looks: str  # the node of the batch that looks for all
    rollout: str
    policy: wave_policy.Policy
    timeout: int
    run: str
    ignored_conditions: typing.Sequence[str] = ()
    until: int = 0  # the last wave after whose pause it goes on


def wait(
    cluster: Cluster,
    request: Request,
    check_mode: bool = False,
    now: typing.Callable[[], float] = time.monotonic,
    sleep: typing.Callable[[float], typing.Any] = time.sleep,
) -> typing.Tuple[int, str]:
    """Wait until the node may begin.

    :returns: tuple (number of its wave, what speaks against it in check mode).
    :raises FleetError: the earlier waves do not allow it, or not in time.
    """
    noted = node_view.annotations(get_node(cluster, request.node)).get(wave_plan.WAVE, "")
    number = wave_plan.read_mark(noted, request.policy, request.rollout)
    if number is None:
        # Nobody knows what has to come before it.
        return 0, _unmarked(request, check_mode)
    if number == 1:
        return number, ""
    deadline = now() + request.timeout
    looks = request.looks == request.node
    while True:
        refusal = _look(cluster, request, number) if looks or check_mode else _ask(cluster, request)
        if check_mode or not refusal.why:
            break
        if refusal.wait is None or now() >= deadline or now() + refusal.wait > deadline:
            break
        _waiting.tell(request.node, refusal.why)
        # However long it soaks, who stops to serve meanwhile is seen.
        sleep(min(max(refusal.wait, 1.0), LOOKS_EVERY if looks else ASKS_EVERY))
    if check_mode:
        return number, refusal.why
    if looks:
        _note(cluster, request, number, refusal.why)
    if refusal.why:
        raise FleetError(
            f"Node {request.node} of wave {number} may not begin: {refusal.why}",
            "The node was left as it is",
            "See what became of the earlier waves (the playbook status), then run it again",
        )
    return number, ""


def _unmarked(request: Request, check_mode: bool) -> str:
    why = f"it is in no wave of rollout {request.rollout} by this policy"
    if check_mode:
        return why
    raise FleetError(
        f"Node {request.node} may not begin: {why}",
        "The node was left as it is",
        "Run the same command again, which parts the nodes anew",
    )


def _look(cluster: Cluster, request: Request, number: int) -> wave_plan.Refusal:
    def keep(node: dict) -> typing.Optional[wave_plan.Seen]:
        return wave_plan.seen(node, request.policy, request.rollout, request.ignored_conditions)

    found = [one for one in cluster.list(NODES, keep=keep).items if one]
    refusal = wave_plan.judge(request.policy, found, number, cluster.now(), request.until)
    return refusal if refusal.why else wave_plan.Refusal(wave_health.look(cluster, request.policy), ASKS_EVERY)


def _ask(cluster: Cluster, request: Request) -> wave_plan.Refusal:
    return wave_plan.read_gate(get_node(cluster, request.looks), request.run)


def _note(cluster: Cluster, request: Request, number: int, why: str) -> None:
    owned = guard.Guard(cluster, request.node, request.run)

    def decide(node: dict, unused_now: float) -> wave_plan.NodePlan:
        owned.begin(f"What is noted on node {request.node}")
        return wave_plan.plan_gate(node, request.run, why)

    update_node(cluster, request.node, decide)
