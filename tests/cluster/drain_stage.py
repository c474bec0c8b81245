# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A case of drains.yml on the stage: what is made before a drain, and what others do while it runs."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import threading
import time

import yaml

from tests.cluster.fleet_of_nodes import ready, wait_for
from tests.cluster.webhook import asked_about

# Pods that are to take so long to start are not waited for.
NEVER = 600
ROLES = ("osmigrate", "osmigrate-reader", "drain-peer")
API = {"Pod": "v1", "ReplicationController": "v1", "Job": "batch/v1"}


def fill(case, scene):
    """The case with the names of its scene."""
    text = yaml.safe_dump(case, sort_keys=False)
    for word, name in (("@node", scene.node), ("@other", scene.other), ("@namespace", scene.namespace)):
        text = text.replace(word, name)
    return yaml.safe_load(text)


class Stage:
    def __init__(self, scene, control_plane, proxy, webhook, case):
        self.scene, self.case = scene, fill(case, scene)
        self._control_plane, self._proxy, self._webhook = control_plane, proxy, webhook
        self._failed = []
        self.drains = self.case.get("drains", scene.node)
        self.first = {}

    @contextlib.contextmanager
    def set(self):
        """Make all that the case has, and take away what is not in its namespace."""
        with contextlib.ExitStack() as stack:
            self._make()
            if "webhook" in self.case:
                answer = dict(self.case["webhook"])
                more = {name: answer.pop(name) for name in ("fails", "deletions") if name in answer}
                stack.enter_context(asked_about(self.scene, self._webhook, answer.pop("app"), **more))
                self._webhook.answer(**answer)
            if "without" in self.case:
                stack.enter_context(self._without(self.case["without"]))
            for step in self.case.get("before", ()):
                self._do(step)
            if "objects" in self.case:
                kinds = ("persistentvolume", "--selector", f"scene={self.scene.namespace}", "--wait=false")
                stack.callback(self.scene.kubectl, "delete", *kinds)
            self.first = {pod["metadata"]["uid"]: pod for pod in self.on_node()}
            self._proxy.answers = self.case.get("answers", [])
            yield

    @contextlib.contextmanager
    def played(self):
        """While this lasts, others do what the case says, from the first eviction on that is asked for."""
        ended = threading.Event()

        def play():
            while not any("/eviction" in one for one in self._proxy.asked):
                if ended.wait(0.05):
                    return
            for step in self.case["during"]:
                try:
                    self._do(step)
                except Exception as error:
                    self._failed.append(error)

        thread = threading.Thread(target=play if "during" in self.case else str)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
        if self._failed:
            raise self._failed[0]

    def on_node(self):
        """The pods on the node as kubectl lists them: nothing of what is tested has a hand in it."""
        everywhere = ("get", "pods", "--all-namespaces", "--field-selector", f"spec.nodeName={self.scene.node}")
        return json.loads(self.scene.kubectl(*everywhere, "--output", "json"))["items"]

    def node(self):
        """The Node object, None if there is none."""
        found = self.scene.kubectl("get", "node", self.scene.node, "--ignore-not-found", "--output", "json")
        return json.loads(found) if found else None

    def _make(self):
        self.scene.kubectl("cordon", self.scene.other)
        self.scene.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "owner"}})
        for made in self.case.get("objects", ()):
            self.scene.kubectl("apply", "--filename", "-", input=json.dumps(made))
        run = self.case.get("run", [])
        if run:
            self.scene.apply(*[self._workload(**one) for one in run])
        self._settle(run)
        for app, count in self.case.get("unready", {}).items():
            self._make_unready(app, count)
        for budget in self.case.get("budgets", ()):
            self._budget(**budget)
        self.scene.kubectl("uncordon", self.scene.other)

    def _workload(
        self, name, kind="Deployment", replicas=1, notes=None, pod=None, spec=None, metadata=None, owner=None
    ):
        labels = {"app": name}
        notes = {"lab/start-seconds": "0", **(notes or {})}
        inner = {
            "containers": [{"name": "app", "image": "none"}],
            "terminationGracePeriodSeconds": 30,
            "nodeSelector": {"scene": self.scene.namespace},
            **(pod or {}),
        }
        template = {"metadata": {"labels": labels, "annotations": notes, **(metadata or {})}, "spec": inner}
        if kind == "Pod":
            about = {**template["metadata"], "name": name, **self._owned(owner)}
            return {"apiVersion": "v1", "kind": kind, "metadata": about, "spec": {**inner, "nodeName": self.scene.node}}
        if kind == "Job":
            inner["restartPolicy"] = "Never"
            body = {"template": template}
        else:
            selector = labels if kind == "ReplicationController" else {"matchLabels": labels}
            body = {"replicas": replicas, "selector": selector, "template": template}
        if kind == "DaemonSet":
            del body["replicas"]
        if kind == "StatefulSet":
            body.update(serviceName=name, podManagementPolicy="Parallel")
        about = {"apiVersion": API.get(kind, "apps/v1"), "kind": kind, "metadata": {"name": name}}
        return {**about, "spec": {**body, **(spec or {})}}

    def _owned(self, owner):
        if owner is None:
            return {}
        where = "jsonpath={.metadata.uid}"
        uid = self.scene.kubectl("get", "configmap", "owner", "--output", where, namespaced=True)
        return {"ownerReferences": [{"controller": True, **owner, "name": "owner", "uid": uid}]}

    def _settle(self, run):
        """Wait until all pods are on the node, and all that are to start have."""
        wanted = sum(one.get("replicas", 1) for one in run)

        def settled():
            pods = [pod for pod in self.on_node() if pod["metadata"]["namespace"] == self.scene.namespace]
            return len(pods) == wanted and all(map(_is_as_wanted, pods))

        wait_for(settled, 120)

    def _make_unready(self, app, count):
        named = (one["metadata"]["name"] for one in self.on_node() if one["metadata"]["labels"]["app"] == app)
        unready = json.dumps({"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "test"}]}})
        for name in sorted(named)[:count]:
            self.scene.kubectl("patch", "pod", name, "--subresource=status", "--patch", unready, namespaced=True)

    def _budget(self, name, app=None, **spec):
        """Make a budget and wait until it counts the pods as they are, if that can be."""
        spec = {"selector": {"matchLabels": {"app": app or name}}, **spec}
        about = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}}
        self.scene.apply({**about, "spec": spec})
        selected = spec["selector"].get("matchLabels", {})
        healthy = sum(
            ready(pod) == "True" for pod in self.on_node() if selected.items() <= pod["metadata"]["labels"].items()
        )
        alone = len(self.case.get("budgets", ())) == 1 and not self._is_of_nobody(app or name)

        def counted():
            found = self.scene.kubectl("get", "pdb", name, "--output", "json", namespaced=True)
            status = json.loads(found).get("status", {})
            # Of one that cannot be computed only a condition tells.
            seen = status.get("observedGeneration") or status.get("conditions")
            return seen and (not alone or status.get("currentHealthy") == healthy)

        wait_for(counted, 60)

    def _is_of_nobody(self, app):
        return any(one["name"] == app and one.get("kind") == "Pod" for one in self.case.get("run", ()))

    @contextlib.contextmanager
    def _without(self, resource):
        roles = [json.loads(self.scene.kubectl("get", "clusterrole", name, "--output", "json")) for name in ROLES]
        for role in roles:
            del role["metadata"]["resourceVersion"]

        def replace(items):
            listed = json.dumps({"apiVersion": "v1", "kind": "List", "items": items})
            self.scene.kubectl("replace", "--filename", "-", input=listed)
            time.sleep(1)

        def rest(role):
            return [rule for rule in role["rules"] if resource not in rule.get("resources", [])]

        replace([{**role, "rules": rest(role)} for role in roles])
        try:
            yield
        finally:
            replace(roles)

    def _do(self, step):
        ((verb, what),) = step.items()
        getattr(self, f"_{verb}")(**what) if isinstance(what, dict) else getattr(self, f"_{verb}")(what)

    def _kubectl(self, words):
        self.scene.kubectl(*shlex.split(words), namespaced=True)

    def _pause(self, seconds):
        time.sleep(seconds)

    def _pod(self, name):
        self.scene.apply(self._workload(name, kind="Pod"))

    def _unhold(self, app):
        """Take the finalizers off an application's pods, and off those to come."""
        bare = '{"metadata":{"finalizers":null}}'
        self._kubectl(f'patch deployment {app} --patch \'{{"spec":{{"template":{bare}}}}}\'')
        for pod in self.on_node():
            if pod["metadata"].get("labels", {}).get("app") == app:
                self._kubectl(f"patch pod {pod['metadata']['name']} --patch '{bare}'")

    def _answer(self, **answer):
        self._webhook.answer(**answer)

    def _deny(self, seconds):
        self._proxy.denied_until = time.monotonic() + seconds
        time.sleep(seconds)

    def _cut(self, seconds):
        self._proxy.cut_until = time.monotonic() + seconds

    def _restart(self, seconds):
        self._control_plane.pause()
        time.sleep(seconds)
        self._control_plane.resume()
        self._control_plane.wait_ready()

    def _silence(self, node):
        self.scene.nodes.set_ready(node, serves=False)

    def _anew(self, node):
        self.scene.kubectl("delete", "node", node)
        self.scene.nodes.register(node)


def _is_as_wanted(pod):
    notes = pod["metadata"].get("annotations", {})
    if int(notes.get("lab/start-seconds", 0)) >= NEVER or "kubernetes.io/config.mirror" in notes:
        return True
    return pod["status"].get("phase") == notes.get("lab/phase", "Running")


class Said:
    """What a drain said: whether the node is drained, its words, and the table if it has one."""

    def __init__(self, drained, text, records=()):
        self.drained, self.text, self.records = drained, text, records


def wrong(stage, said, ours):
    """What of a drain's outcome is not as the case has it."""
    case, left = stage.case, _apps(stage.on_node())
    stays, may = set(case.get("stays", ())), set(case.get("may_stay", ()))
    found = []
    if said.drained != (case["right"] == "drained"):
        found.append(f"is {'' if said.drained else 'not '}drained")
    if not stays <= left <= stays | may:
        found.append(f"has left {sorted(left)} on the node")
    if case["right"] == "refused" and _touched(stage):
        found.append("has evicted pods")
    wanted = case.get("names", []) + (case.get("says", []) if ours else [])
    return found + [f"does not say {one}" for one in wanted if not said.drained and not re.search(one, said.text)]


def untrue(stage, said):
    """What a drain said that an independent look finds to be false."""
    there, node, alone = stage.on_node(), stage.node(), "during" not in stage.case
    by_name = {pod["metadata"]["name"]: pod for pod in there}
    old = {stage.first[uid]["metadata"]["name"] for uid in {pod["metadata"]["uid"] for pod in there} & set(stage.first)}
    stays = set(stage.case.get("stays", ()) if stage.case["right"] == "drained" else stage.case.get("may_stay", ()))
    cordoned = bool(node and node["spec"].get("unschedulable"))
    found = []
    if said.drained and not _apps(there) <= stays:
        found.append(f"it is drained, and {sorted(by_name)} are there")
    if re.search("[Nn]othing was evicted", said.text) and alone and _touched(stage):
        found.append("nothing was evicted")
    if "stays cordoned" in said.text and not cordoned:
        found.append("it stays cordoned")
    if "not cordoned any more" in said.text and cordoned:
        found.append("it is not cordoned any more")
    for name in re.findall(r"^pod/(\S+) (?:evicted|deleted)$", said.text, re.MULTILINE):
        if name in old:
            found.append(f"{name} was evicted")
    counted = r"(\d+) pods have left (?:it|the node)(?:, and (\d+) more)?"
    for number, more in re.findall(counted, said.text) if len(said.records) == len(stage.first) else ():
        left = len(stage.first) - len(old)
        if not int(number) <= left <= int(number) + int(more or 0):
            found.append(f"{number} pods have left, and it is {left}")
    for record in said.records:
        name, pod = record["name"], by_name.get(record["name"])
        if record["gone"] and name in old:
            found.append(f"{name} is gone")
        if not record["gone"] and pod and "is terminating" in record["reason"] and alone:
            found += [] if pod["metadata"].get("deletionTimestamp") else [f"{name} is terminating"]
    return found


def _apps(pods):
    return {pod["metadata"].get("labels", {}).get("app", pod["metadata"]["name"]) for pod in pods}


def _touched(stage):
    """Whether a pod that was there before has left or is on its way, and was not before."""
    there = {pod["metadata"]["uid"]: pod["metadata"].get("deletionTimestamp") for pod in stage.on_node()}
    before = {uid for uid, pod in stage.first.items() if not pod["metadata"].get("deletionTimestamp")}
    return any(uid not in there or there[uid] for uid in before)
