# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node does now and since when, on its Node object: the steps of _steps.py, for whoever looks.

Nothing depends on it. Where another patch of the Node object begins a step, the note is a part of that; otherwise it is
one request, without a look before it. A run that was killed leaves the step that it was in; who holds the node's lease
tells such a step from one that is under way. One that ends takes `wait` off the nodes that it did not come to.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import event_plan, node_events, node_view, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    JSON_PATCH,
    MERGE_PATCH,
    Cluster,
    node_path,
    writing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import BY_KEY, WAIT

STEP, SINCE = node_view.PREFIX + "step", node_view.PREFIX + "step-since"
# Who looks at what was written sees these apart from what counts.
MANAGER = "osmigrate.fleet-steps"
NONE = ""


def changes(step: str, now: float) -> typing.Dict[str, typing.Optional[str]]:
    """Return the annotations of a step, NONE takes them away."""
    return {STEP: step, SINCE: times.stamp(now)} if step else {STEP: None, SINCE: None}


def joined(patch: dict, step: str, now: float) -> dict:
    """Return a patch of a Node object that notes the step, too; one that is empty stays so."""
    if not patch:
        return patch
    metadata = patch.get("metadata") or {}
    annotations = dict(metadata.get("annotations") or {}, **changes(step, now))
    return dict(patch, metadata=dict(metadata, annotations=annotations))


def note(cluster: Cluster, name: str, step: str) -> typing.Optional[dict]:
    """Note the step of a node, once; whether it is written matters to nobody who moves it.

    :returns: the Node object, None if it was not written.
    """
    query = dict(writing(False), fieldManager=MANAGER)
    body = {"metadata": {"annotations": changes(step, cluster.now())}}
    try:
        return cluster.request("PATCH", node_path(name), query, body, MERGE_PATCH, until=0)
    except FleetError:
        return None


def end_waiting(cluster: Cluster, name: str) -> None:
    """Take `wait` off a node that its run does not come to any more; a step in which something was done stays."""
    step, since = ("/metadata/annotations/" + key.replace("/", "~1") for key in (STEP, SINCE))
    only = [{"op": "test", "path": step, "value": WAIT}]
    body = only + [{"op": "remove", "path": path} for path in (step, since)]
    try:
        cluster.request("PATCH", node_path(name), dict(writing(False), fieldManager=MANAGER), body, JSON_PATCH, until=0)
    except FleetError:
        pass  # it is in another one; or it cannot be written, and its lease tells


def begin(cluster: Cluster, name: str, step: str, release: str = "") -> typing.List[str]:
    """Note the step of a node, and tell it as an Event: one more request, as the first one has the Node object.

    :param release: to which the node goes, "" where that is not known.
    :returns: what speaks against the Event, as node_events.tell() does.
    """
    node = note(cluster, name, step)
    told = event_plan.of_step(step, release) if node else []
    return [said for one in told for said in node_events.tell(cluster, node or name, one)]


def read(noted: typing.Mapping[str, typing.Any]) -> typing.Tuple[str, typing.Optional[int]]:
    """Read the step and since when, of annotations as node_view.osmigrate has them; "" and None if that is none."""
    step = str(noted.get("step") or "")
    return (step, times.parse(str(noted.get("step_since") or ""))) if step in BY_KEY else ("", None)
