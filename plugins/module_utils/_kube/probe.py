# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A pod on the node that looks whether pods there can resolve names, reach a service and mount a subPath.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import (
    ApiError,
    Cluster,
    find,
    pod_path,
    writing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import PROBE_LABEL

# Of probes alone, and their account, which has no rights: playbooks/files/rbac.yml.
NAMESPACE = ACCOUNT = "osmigrate-probe"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
MOUNTS = "/probe"
NOBODY = 65534
# After a failed probe, until the next: services may need a moment after the node is Ready.
PAUSE = 5
# As an option of a module.
ARGUMENT_SPEC = dict(
    image=dict(type="str", required=True),
    dns=dict(type="str", default=""),
    url=dict(type="str", default=""),
    subpath=dict(type="bool", default=True),
)

# Runs with the shell of any small image; one line for each check ends up in the status of the pod.
SCRIPT = r"""
failed=0
say() { echo "$1" >>"$PROBE_SAID"; }
check() {
    if said=$($1 2>&1); then say "$1 ok"; else
        failed=1
        say "$1 failed: $(echo $said | cut -c1-200)"
    fi
}
dns() { if command -v nslookup >/dev/null; then nslookup "$PROBE_DNS"; else getent hosts "$PROBE_DNS"; fi; }
url() {
    if command -v wget >/dev/null; then wget -q -T 5 -O /dev/null "$PROBE_URL"; else
        curl -fsS -m 5 -o /dev/null "$PROBE_URL"
    fi
}
subpath() {
    echo "$PROBE_NODE" >"$PROBE_MOUNTS/part/file" &&
        test "$(cat "$PROBE_MOUNTS/whole/part/file")" = "$PROBE_NODE"
}
if [ -n "$PROBE_DNS" ]; then check dns; fi
if [ -n "$PROBE_URL" ]; then check url; fi
if [ -n "$PROBE_SUBPATH" ]; then check subpath; fi
exit $failed
"""


class Probe(typing.NamedTuple):
    image: str
    dns: str
    url: str
    subpath: bool


def parse(options: dict) -> typing.Any:
    """Understand what the operator gave.

    :param options: dict as ARGUMENT_SPEC has it.
    :returns: Probe
    :raises FleetError: it would check nothing.
    """
    probe = Probe(**options)
    if not (probe.dns or probe.url or probe.subpath):
        raise FleetError("The probe checks nothing", todo="Give it dns, url or subpath=true, or leave the probe out")
    return probe


def environment(node: str, probe: Probe) -> typing.Dict[str, str]:
    """What SCRIPT reads, as a dict of str."""
    return {
        "PROBE_NODE": node,
        "PROBE_DNS": probe.dns,
        "PROBE_URL": probe.url,
        "PROBE_SUBPATH": "yes" if probe.subpath else "",
        "PROBE_MOUNTS": MOUNTS,
        "PROBE_SAID": "/dev/termination-log",
    }


def pod(node: typing.Any, probe: typing.Any, seconds: typing.Any) -> typing.Any:
    """The pod, as a dict. It is put on the node past the scheduler, because the node is cordoned.

    :param seconds: int, after so long the kubelet ends it, also if nobody is left to delete it.
    """
    mounts = []
    if probe.subpath:
        mounts = [
            {"name": "scratch", "mountPath": MOUNTS + "/whole"},
            {"name": "scratch", "mountPath": MOUNTS + "/part", "subPath": "part"},
        ]
    container = {
        "name": "probe",
        "image": probe.image,
        "command": ["sh", "-c", SCRIPT],
        "env": [{"name": name, "value": value} for name, value in sorted(environment(node, probe).items())],
        "volumeMounts": mounts,
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}},
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name_of(node), "namespace": NAMESPACE, "labels": {PROBE_LABEL: "true"}},
        "spec": {
            "nodeName": node,
            "serviceAccountName": ACCOUNT,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": seconds,
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": NOBODY,
                "fsGroup": NOBODY,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
            "volumes": [{"name": "scratch", "emptyDir": {}}] if probe.subpath else [],
        },
    }


def name_of(node: str) -> str:
    return "probe-" + node[:240].rstrip(".-")


def judge(found: dict) -> typing.Tuple[bool, bool, str]:
    """Judge the pod.

    :returns: tuple of whether it has ended, whether all checks passed, and what it says.
    """
    status = found.get("status") or {}
    phase = status.get("phase", "Pending")
    states = [one.get("state") or {} for one in status.get("containerStatuses") or []]
    ended = [one["terminated"] for one in states if "terminated" in one]
    waiting = [one["waiting"] for one in states if "waiting" in one]
    lines = "\n".join(one.get("message") or one.get("reason", "") for one in ended).splitlines()
    said = ", ".join(line.strip() for line in lines if line.strip())
    if phase == "Succeeded":
        return True, True, said or "all checks passed"
    if phase == "Failed":
        return True, False, said or status.get("message") or status.get("reason") or "failed"
    why = [f"{one.get('reason', '')} {one.get('message', '')}" for one in waiting]
    return False, False, " ".join(f"is {phase} {''.join(why)}".split())


class Prober:
    """Starts probes on one node, one after the other, until one passes. Always close it.

    :param seconds: int, how long one probe may take.
    :param now: callable that returns float seconds.
    """

    def __init__(
        self, cluster: Cluster, node: typing.Any, probe: typing.Any, seconds: typing.Any, now: typing.Any
    ) -> None:
        self._cluster = cluster
        self._body = pod(node, probe, max(1, seconds))
        self._now = now
        self._uid = None
        self._not_before = now()
        self._passed = False
        self._said = "was not started"

    def rehearse(self) -> typing.Any:
        """Ask the API server whether the pod could be made."""
        self._create(dry_run=True)
        return False, "would be started"

    def look(self, until: typing.Optional[float]) -> typing.Any:
        """Go one step on.

        :returns: tuple of whether a probe has passed, and what it says.
        """
        if not self._passed:
            if self._uid is not None:
                self._follow(until)
            elif self._now() >= self._not_before:
                self._start(until)
        return self._passed, self._said

    def close(self) -> None:
        """Delete the pod. Where that is not possible it ends by its own deadline, and the next probe deletes it."""
        try:
            self._delete()
        except ApiError:
            pass

    def _start(self, until: typing.Optional[float]) -> None:
        try:
            self._uid = self._create(until=until)["metadata"]["uid"]
            self._said = "was started"
        except ApiError as error:
            if error.status != 409:
                raise
            # One that a killed run left.
            left = self._get(until)
            self._uid = left["metadata"]["uid"] if left else None
            self._delete()
            self._said = "waits until an earlier probe is gone"

    def _follow(self, until: typing.Optional[float]) -> None:
        found = self._get(until)
        if found is None or found["metadata"]["uid"] != self._uid:
            self._uid, self._said = None, "was deleted by somebody"
            return
        ended, self._passed, self._said = judge(found)
        if ended and not self._passed:
            self._delete()
            self._not_before = self._now() + PAUSE

    def _create(self, until: typing.Optional[float] = None, dry_run: bool = False) -> typing.Any:
        query = writing(dry_run)
        return self._cluster.request("POST", PODS, query, self._body, until=until)

    def _get(self, until: typing.Optional[float]) -> typing.Any:
        return find(self._cluster, pod_path(NAMESPACE, self._body["metadata"]["name"]), until)

    def _delete(self) -> None:
        if self._uid is None:
            return
        uid, self._uid = self._uid, None
        try:
            self._cluster.delete_pod(NAMESPACE, self._body["metadata"]["name"], uid)
        except ApiError as error:
            if error.status not in (404, 409):
                raise
