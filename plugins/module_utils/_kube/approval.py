# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask others whether a node may leave service, and wait for their answers.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import binascii
import json
import os
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval_plan, guard, pool_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    Cluster,
    find,
    get_node,
    update_node,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.pool_object import list_holding, update_pool

# Only approvers write there: playbooks/files/rbac-approver.yml.
NAMESPACE = "osmigrate-approvals"
ANSWERS = f"/api/v1/namespaces/{NAMESPACE}/configmaps/"
POLL_SECONDS = 2


class Request(typing.NamedTuple):
    node: str
    names: typing.List[str]  # who has to agree
    rollout: str
    timeout: int  # seconds; 0 to look once
    pool_label: str
    run: str = ""


class ApprovalError(FleetError):
    """A node that may not go, with who is against it or did not answer."""

    def __init__(self, problem: str, todo: str, result: dict) -> None:
        super().__init__(problem, "Nothing was taken from the node", todo)
        self.result = result


def wait(
    cluster: Cluster,
    request: Request,
    check_mode: bool = False,
    now: typing.Callable[[], float] = time.monotonic,
    sleep: typing.Callable[[float], None] = time.sleep,
) -> dict:
    """Ask, and wait until all have agreed.

    :returns: dict, the result of the module. In check mode nobody is asked and nothing is waited for.
    :raises ApprovalError: somebody is against it, or did not answer in time. Then nobody is asked any more.
    """
    approval_plan.examine(request.names, request.rollout)
    if not request.names:
        return _result([], approval_plan.NOBODY)
    deadline = now() + request.timeout
    owned = guard.Guard(cluster, request.node, request.run, check_mode)
    question, actions = _ask(cluster, request, owned, check_mode)
    while True:
        answers = {name: _answer(cluster, name, request.node) for name in request.names}
        judged = approval_plan.judge(question, answers)
        result = _result(actions, judged, question.id)
        if check_mode or not (judged.missing or judged.vetoes):
            return result
        if judged.vetoes or now() >= deadline:
            end(cluster, owned)
            raise _refused(request, question, judged, result)
        _waiting.tell(request.node, f"{', '.join(judged.missing)} did not answer {question.id} yet")
        sleep(min(POLL_SECONDS, deadline - now()))


def end(cluster: Cluster, owned: guard.Guard, check_mode: bool = False) -> dict:
    """Remove the question; the next way of the node needs approvals of its own."""
    actions = []

    def decide(found: pool_plan.Pool, unused_moment: float) -> pool_plan.Plan:
        owned.begin(_question(owned.node))
        return approval_plan.plan_no_question(found, owned.node)

    for pool, read in list_holding(cluster, owned.node):
        actions += update_pool(cluster, pool, decide, check_mode, read)[1].actions
    _show(cluster, owned, None, check_mode)
    return _result(actions, approval_plan.NOBODY)


def _ask(
    cluster: Cluster, request: Request, owned: guard.Guard, check_mode: bool
) -> typing.Tuple[pool_plan.Question, typing.List[str]]:
    pool = pool_plan.pool_of(get_node(cluster, request.node), request.pool_label)
    token = binascii.hexlify(os.urandom(4)).decode("ascii")

    def decide(found: pool_plan.Pool, moment: float) -> pool_plan.Plan:
        owned.begin(_question(request.node))
        now, until = times.stamp(moment), times.stamp(moment + request.timeout)
        return approval_plan.plan_question(found, request.node, request.names, request.rollout, until, token, now)

    plan = update_pool(cluster, pool, decide, check_mode)[1]
    question = plan.pool.questions[request.node]
    _show(cluster, owned, question, check_mode)
    return question, plan.actions


def _show(
    cluster: Cluster, owned: guard.Guard, question: typing.Optional[pool_plan.Question], check_mode: bool
) -> None:
    def decide(found: typing.Dict[str, typing.Any], unused_moment: float) -> typing.Any:
        owned.begin(_question(owned.node))
        return approval_plan.plan_hint(found, question)

    update_node(cluster, owned.node, decide, dry_run=check_mode)


def _question(node: str) -> str:
    return f"The question about node {node}"


def _answer(cluster: Cluster, approver: str, node: str) -> typing.Optional[str]:
    found = find(cluster, ANSWERS + approver)
    return ((found or {}).get("data") or {}).get(node)


def _result(actions: typing.List[str], judged: approval_plan.Judgement, question: str = "") -> dict:
    return {
        "changed": bool(actions),
        "actions": actions,
        "question": question,
        "missing": judged.missing,
        "vetoes": judged.vetoes,
    }


def _refused(
    request: Request, question: pool_plan.Question, judged: approval_plan.Judgement, result: dict
) -> ApprovalError:
    if judged.vetoes:
        said = ", ".join(f"{who} says: {why}" for who, why in sorted(judged.vetoes.items()))
        return ApprovalError(
            f"Node {request.node} may not go in rollout {request.rollout}: {said}",
            f"Settle it with them; when they have removed the key {request.node} from the ConfigMap "
            f"{' and '.join(sorted(judged.vetoes))} in namespace {NAMESPACE}, run the same command again",
            result,
        )
    answer = json.dumps({"data": {request.node: "QUESTION"}})
    return ApprovalError(
        f"Node {request.node} was not approved for rollout {request.rollout} within {request.timeout} seconds: there "
        f"was no answer of {', '.join(judged.missing)} to the question {question.id}"
        + "".join(f"; {who} has answered {said}" for who, said in sorted(judged.others.items())),
        f"Run the same command again when they can answer, each in a ConfigMap of their own: kubectl patch configmap "
        f"{judged.missing[0]} --namespace {NAMESPACE} --type merge --patch '{answer}', with the question of that run",
        result,
    )
