# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the volumes of the pods that left a node are detached from it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import time
import typing
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster, find

ATTACHMENTS = "/apis/storage.k8s.io/v1/volumeattachments"
VOLUMES = "/api/v1/persistentvolumes/"
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 5.0


class Attachment(typing.NamedTuple):
    name: str
    node: str
    volume: str  # the PersistentVolume, empty for a volume that a pod describes itself
    attacher: str
    problem: str  # why it could not be detached so far


def attachment(found: dict) -> Attachment:
    """What counts of a VolumeAttachment object."""
    spec, status = found["spec"], found.get("status") or {}
    return Attachment(
        found["metadata"]["name"],
        spec["nodeName"],
        spec["source"].get("persistentVolumeName") or "",
        spec["attacher"],
        (status.get("detachError") or {}).get("message", ""),
    )


def claims(pods: typing.List[dict]) -> typing.Set[typing.Tuple[str, str]]:
    """The PersistentVolumeClaims that pods use, as a set of (namespace, name)."""
    found = set()
    for pod in pods:
        metadata = pod["metadata"]
        for volume in pod["spec"].get("volumes") or []:
            if "persistentVolumeClaim" in volume:
                found.add((metadata["namespace"], volume["persistentVolumeClaim"]["claimName"]))
            elif "ephemeral" in volume:
                found.add((metadata["namespace"], f"{metadata['name']}-{volume['name']}"))
    return found


def leaving(cluster: Cluster, node: str, staying: typing.Any, until: typing.Optional[float]) -> list:
    """List the attachments of a node that should go.

    :param staying: list of dict, the pods that stay on the node: what they use stays attached.
    :returns: list of Attachment
    """
    found = cluster.list(ATTACHMENTS, keep=attachment, until=until).items
    found = [one for one in found if one.node == node]
    used = claims(staying)
    return [one for one in found if not used or _claim(cluster, one, until) not in used]


def _claim(cluster: Cluster, one: typing.Any, until: typing.Optional[float]) -> typing.Any:
    """The claim that a volume is bound to, as (namespace, name); None if it is bound to none."""
    if not one.volume:
        return None
    volume = find(cluster, VOLUMES + quote(one.volume, safe=""), until)
    bound = volume and volume["spec"].get("claimRef")
    return (bound["namespace"], bound["name"]) if bound else None


def wait(
    cluster: Cluster,
    node: str,
    staying: typing.Any,
    deadline: float,
    now: typing.Callable[[], float] = time.monotonic,
    sleep: typing.Callable[[float], None] = time.sleep,
) -> typing.Any:
    """Wait until what should be detached is, or the deadline has come.

    :returns: list of dict, one for each attachment: name, volume, attacher, gone, seconds, reason.
    """
    started = now()
    records: dict = {}
    pause = FIRST_PAUSE
    while True:
        # A list costs more than a look at single objects, and finds those that the attacher has not made yet.
        present = {one.name: one for one in leaving(cluster, node, staying, deadline)}
        moment = now()
        for name in set(records) | set(present):
            if name in present or not records[name]["gone"]:
                one = present.get(name)
                records[name] = _record(one or records[name]["attachment"], one is None, moment - started)
        if not present or moment >= deadline:
            return [
                {key: value for key, value in records[name].items() if key != "attachment"} for name in sorted(records)
            ]
        sleep(min(pause, max(0.01, deadline - moment)))
        pause = min(pause * 1.5, LONGEST_PAUSE)


def _record(one: typing.Any, gone: bool, seconds: float) -> dict:
    return {
        "attachment": one,
        "name": one.name,
        "volume": one.volume,
        "attacher": one.attacher,
        "reason": one.problem,
        "gone": gone,
        "seconds": round(seconds, 1),
    }
