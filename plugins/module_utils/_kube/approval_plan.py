# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who has to agree before a node leaves service: what is asked, and what answers mean. Pure.

A question is kept in the object of the node's pool. Its id is made anew for each way of the node, so an approval holds
for one way. Each approver answers in a ConfigMap of their own, under the node's name: the id to agree, or ``veto`` with
the reason. Nothing on the Node object is an answer, because a node can write there. It only shows the question.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import node_view, pool_plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.record_plan import NodePlan
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

WANTED, WANTED_OF, UNTIL = (
    node_view.PREFIX + name for name in ("approval-wanted", "approval-wanted-of", "approval-until")
)
# Names of ConfigMaps, with room for what somebody may want to put around them.
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,49}[a-z0-9])?\Z")
_VETO = re.compile(r"\s*veto\b[\s:,-]*(.*)", re.IGNORECASE | re.DOTALL)


class Judgement(typing.NamedTuple):
    """others: what those who are missing have answered instead; to an earlier question, say."""

    missing: typing.List[str]
    vetoes: typing.Dict[str, str]
    others: typing.Dict[str, str] = {}


NOBODY = Judgement([], {})


def examine(names: typing.Iterable[str], rollout: str) -> None:
    """Refuse what cannot be asked.

    :raises FleetError: a name cannot be that of an approver's object, or there is no rollout to agree to.
    """
    for name in names:
        if not _NAME.match(name):
            raise FleetError(
                f"{printable(str(name), 80)!r} cannot be the name of an approver's ConfigMap",
                todo="Use up to 51 small letters, digits and dashes (osmigrate_approvals_required)",
            )
    if names and not rollout:
        raise FleetError("There is no rollout that could be approved", todo="Give the rollout a name")


def plan_question(
    pool: pool_plan.Pool, node: str, names: typing.List[str], rollout: str, until: str, token: str, now: str
) -> pool_plan.Plan:
    """Plan what the others are asked. One that was asked before in this rollout keeps its id, and its time unless
    that is over: a run that was killed has left it.

    :param until: str, as RFC 3339, and so is now.
    :param token: str, what makes the id one that nobody has seen before.
    """
    asked = pool.questions.get(node)
    if asked and (asked.rollout, asked.of) == (rollout, ",".join(names)):
        if asked.until > now:
            return pool_plan.Plan(pool, [], None)
        later = dict(pool.questions, **{node: asked._replace(until=until)})
        return pool_plan.Plan(pool._replace(questions=later), [f"Ask about node {node} until {until}"], None)
    question = pool_plan.Question(f"{rollout}.{token}", rollout, ",".join(names), until)
    action = f"Ask {', '.join(names)} whether node {node} may go in rollout {rollout}"
    return pool_plan.Plan(pool._replace(questions=dict(pool.questions, **{node: question})), [action], None)


def plan_no_question(pool: pool_plan.Pool, node: str) -> pool_plan.Plan:
    """Plan to end a question, with all answers to it."""
    if node not in pool.questions:
        return pool_plan.Plan(pool, [], None)
    left = {name: one for name, one in pool.questions.items() if name != node}
    return pool_plan.Plan(pool._replace(questions=left), [f"Remove the approvals of node {node}"], None)


def judge(question: pool_plan.Question, answers: typing.Dict[str, typing.Optional[str]]) -> Judgement:
    """Say who has not agreed yet, and who is against it.

    :param answers: what each of those who are asked has under the node's name, None for nothing.
    """
    # A file, or a block of YAML, ends with a line break, and so does what kubectl makes of it.
    said = {name: (text or "").strip() for name, text in answers.items()}
    missing = [name for name, text in said.items() if text != question.id]
    vetoes = {name: _VETO.match(said[name]) for name in missing}
    return Judgement(
        missing,
        {name: printable(found.group(1)) or "no" for name, found in vetoes.items() if found},
        {name: printable(said[name], 200) for name in missing if said[name] and not vetoes[name]},
    )


def plan_hint(node: dict, question: typing.Optional[pool_plan.Question]) -> NodePlan:
    """Plan what the Node object shows of the question, for people who look there; nobody goes by it."""
    wanted = dict.fromkeys((WANTED, WANTED_OF, UNTIL))
    if question:
        wanted = {WANTED: question.id, WANTED_OF: question.of, UNTIL: question.until}
    noted = node_view.annotations(node)
    changes = {key: value for key, value in wanted.items() if noted.get(key) != value}
    if not changes:
        return NodePlan({}, [])
    name = node["metadata"]["name"]
    action = f"Show on node {name} who is asked" if question else f"Show no question on node {name} any more"
    return NodePlan({"metadata": {"annotations": changes}}, [action])
