# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import capacity

QUANTITIES = [
    ("1", 1000),
    ("100m", 100),
    ("0.1", 100),
    ("1.5", 1500),
    ("1e3", 1000000),
    ("2E2", 200000),
    ("1k", 1000000),
    ("128Mi", 128 * 1024**2 * 1000),
    ("1Gi", 1024**3 * 1000),
    ("2G", 2 * 10**12),
    ("1E", 10**21),
    ("1n", 1),
    (110, 110000),
    ("0", 0),
]


@pytest.mark.parametrize("quantity, thousandths", QUANTITIES)
def test_quantities(quantity, thousandths):
    assert capacity.parse(quantity) == thousandths


def container(cpu, **more):
    return {"name": "c", "resources": {"requests": {"cpu": cpu}}, **more}


SIDECAR = {"restartPolicy": "Always"}
# What is in the pod, and how many thousandths of a processor are set aside for it.
PODS = [
    ("nothing", {"containers": [{"name": "c"}]}, 0),
    ("two containers", {"containers": [container("100m"), container("1")]}, 1100),
    ("a small init container", {"containers": [container("1")], "initContainers": [container("200m")]}, 1000),
    ("a large init container", {"containers": [container("1")], "initContainers": [container("2")]}, 2000),
    ("a sidecar", {"containers": [container("1")], "initContainers": [container("200m", **SIDECAR)]}, 1200),
    (
        "an init container beside a sidecar",
        {"containers": [container("100m")], "initContainers": [container("200m", **SIDECAR), container("1")]},
        1200,
    ),
    ("overhead", {"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1250),
    ("as a whole", {"containers": [container("1")], "resources": {"requests": {"cpu": "3"}}}, 3000),
]


@pytest.mark.parametrize("spec, cpu", [case[1:] for case in PODS], ids=[case[0] for case in PODS])
def test_requests(spec, cpu):
    asked = capacity.requests({"spec": spec})
    assert (asked.get("cpu", 0), asked["pods"]) == (cpu, 1000)


def test_what_is_left():
    node = {"status": {"allocatable": {"cpu": "2", "pods": "3"}}}
    running = {"spec": {"containers": [container("500m")]}, "status": {"phase": "Running"}}
    ended = {"spec": {"containers": [container("1")]}, "status": {"phase": "Succeeded"}}
    free = capacity.left(node, [running, ended])
    assert free == {"cpu": 1500, "pods": 2000}
    assert capacity.fits({"cpu": 1500, "pods": 1000}, free)
    assert not capacity.fits({"cpu": 1501}, free)
    assert not capacity.fits({"example.com/gpu": 1000}, free)
    assert capacity.fits({"example.com/gpu": 0}, free)


def affinity(*expressions, fields=()):
    term = {"matchExpressions": list(expressions), "matchFields": list(fields)}
    return {"affinity": {"nodeAffinity": {capacity._REQUIRED: {"nodeSelectorTerms": [term]}}}}


def expression(key, operator, *values):
    return {"key": key, "operator": operator, "values": list(values)}


NAME = "metadata.name"
ROOT_TAINT = [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]
SOFT_TAINT = [{"key": "gpu", "effect": "PreferNoSchedule"}]
# What the pod wants, the taints of node w1 with the labels disk=ssd and cores=8, and whether they agree.
PLACES = [
    ("anything", {}, [], True),
    ("its label", {"nodeSelector": {"disk": "ssd"}}, [], True),
    ("another label", {"nodeSelector": {"disk": "hdd"}}, [], False),
    ("one of", affinity(expression("disk", "In", "hdd", "ssd")), [], True),
    ("none of", affinity(expression("disk", "NotIn", "ssd")), [], False),
    ("more than", affinity(expression("cores", "Gt", "7")), [], True),
    ("less than", affinity(expression("cores", "Lt", "8")), [], False),
    ("more than of what is no number", affinity(expression("disk", "Gt", "1")), [], False),
    ("its name", affinity(fields=[expression(NAME, "In", "w1")]), [], True),
    ("another name", affinity(fields=[expression(NAME, "In", "w2")]), [], False),
    ("an empty term, which agrees with nothing", affinity(), [], False),
    ("nothing, and there is a taint", {}, ROOT_TAINT, False),
    ("nothing, and there is a soft taint", {}, SOFT_TAINT, True),
    ("to tolerate it", {"tolerations": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]}, ROOT_TAINT, True),
    ("to tolerate its key", {"tolerations": [{"key": "gpu", "operator": "Exists"}]}, ROOT_TAINT, True),
    ("to tolerate all", {"tolerations": [{"operator": "Exists"}]}, ROOT_TAINT, True),
    ("to tolerate another value", {"tolerations": [{"key": "gpu", "value": "no"}]}, ROOT_TAINT, False),
    ("to tolerate another effect", {"tolerations": [{"key": "gpu", "effect": "NoExecute"}]}, ROOT_TAINT, False),
]


@pytest.mark.parametrize("spec, taints, agree", [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_where_a_pod_may_go(spec, taints, agree):
    node = {"metadata": {"name": "w1", "labels": {"disk": "ssd", "cores": "8"}}, "spec": {"taints": taints}}
    assert capacity.may_go({"spec": spec}, node) is agree
