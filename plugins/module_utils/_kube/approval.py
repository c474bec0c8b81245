# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask others whether a node may leave service, and wait for their answers.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import approval_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import get_node, update_node

POLL_SECONDS = 2


class ApprovalError(FleetError):
    """A node that may not go, with who is against it or did not answer."""

    def __init__(self, problem, todo, result):
        super().__init__(problem, "Nothing was taken from the node", todo)
        self.result = result


def wait(cluster, name, names, rollout, timeout, check_mode=False, now=time.monotonic, sleep=time.sleep):
    """Ask, and wait until all have agreed.

    :param names: list of str, who has to agree.
    :param timeout: int seconds; 0 to look once.
    :returns: dict, the result of the module. In check mode nobody is asked and nothing is waited for.
    :raises ApprovalError: somebody is against it, or did not answer in time. Then nobody is asked any more.
    """
    approval_plan.examine(names, rollout)
    deadline = now() + timeout

    def ask(node, moment):
        return approval_plan.plan_question(node, names, rollout, times.stamp(moment + timeout))

    before, plan, node = update_node(cluster, name, ask, dry_run=check_mode)
    while True:
        judged = approval_plan.judge(node, names, rollout)
        result = _result(plan.actions, judged)
        if check_mode or not (judged.missing or judged.vetoes):
            return result
        if judged.vetoes or now() >= deadline:
            update_node(cluster, name, lambda found, moment: approval_plan.plan_end(found))
            raise _refused(name, rollout, timeout, judged, result)
        sleep(min(POLL_SECONDS, deadline - now()))
        node = get_node(cluster, name)


def end(cluster, name, check_mode=False):
    """Remove the question and the approvals; the next way of the node needs its own."""
    plan = update_node(cluster, name, lambda node, moment: approval_plan.plan_end(node), dry_run=check_mode)[1]
    return _result(plan.actions, approval_plan.Judgement([], {}))


def _result(actions, judged):
    return {"changed": bool(actions), "actions": actions, "missing": judged.missing, "vetoes": judged.vetoes}


def _refused(name, rollout, timeout, judged, result):
    if judged.vetoes:
        said = ", ".join(f"{who} says: {why or 'no'}" for who, why in sorted(judged.vetoes.items()))
        return ApprovalError(
            f"Node {name} may not go in rollout {rollout}: {said}",
            "Settle it with them; when they have removed %s, run the same command again"
            % " and ".join(approval_plan.VETOED + who for who in sorted(judged.vetoes)),
            result,
        )
    return ApprovalError(
        "Node %s was not approved for rollout %s within %d seconds: there was no answer of %s"
        % (name, rollout, timeout, ", ".join(judged.missing)),
        "They answer by the annotation %s on the Node object, with the value %s; run the same command again when they "
        "can" % (" and ".join(approval_plan.APPROVED + who for who in judged.missing), rollout),
        result,
    )
