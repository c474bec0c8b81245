# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import cordon_plan, daemons, health, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Listing

READY = [{"type": "Ready", "status": "True"}]
WAITING = [{"type": "Ready", "status": "False"}]
FACTS = {"bootID": "b2", "osImage": "Debian GNU/Linux 13 (trixie)", "kernelVersion": "6.12.43+deb13-amd64"}


def wanted(**gates):
    return health.Wanted(**gates)


def passed(gates):
    return {gate.name: gate.passed for gate in gates}


@pytest.mark.parametrize(
    "gate, value, expected",
    [
        ("uid", "uid-w1", True),
        ("uid", "uid-old", False),
        ("boot_id", "b2", True),
        ("boot_id", "b1", False),
    ],
)
def test_gates_of_the_node(make_node, gate, value, expected):
    judged = passed(health.judge_node(make_node(**FACTS), wanted(**{gate: value})))
    assert judged == {"ready": True, gate: expected}


@pytest.mark.parametrize(
    ("told", "opens"), [("2026-12-01T15:00:10Z", True), ("2026-12-01T15:00:09Z", False), ("", False)]
)
def test_what_the_kubelet_of_before_has_told_opens_nothing(make_node, told, opens):
    node = make_node()
    node["status"]["conditions"] = [{"type": "Ready", "status": "True", "lastHeartbeatTime": told}]
    judged = passed(health.judge_node(node, wanted(told_since=times.parse("2026-12-01T15:00:10Z"))))
    assert judged == {"told": opens, "ready": True}


@pytest.mark.parametrize("status, expected", [("True", True), ("False", False), ("Unknown", False)])
def test_ready(make_node, status, expected):
    assert passed(health.judge_node(make_node(ready=status), wanted())) == {"ready": expected}


def test_daemonsets(make_pod):
    up = make_pod("agent-1", "DaemonSet/agent", conditions=READY)
    late = make_pod("agent-2", "DaemonSet/agent", conditions=WAITING)
    leaving = make_pod("agent-3", "DaemonSet/agent", conditions=READY, metadata={"deletionTimestamp": "now"})
    other = make_pod("web", conditions=WAITING)
    assert health.judge_daemonsets([up, other]) == ("daemonsets", True, "1 of 1 pods Ready")
    gate = health.judge_daemonsets([up, late, leaving])
    assert (gate.passed, gate.value) == (False, "1 of 3 pods Ready, waiting for shop/agent-2, shop/agent-3")


@pytest.mark.parametrize(
    "kubelet, server, passed",
    [
        ("v1.34.1", "v1.34.0", True),
        ("v1.31.9", "v1.34.0", True),
        ("v1.30.9", "v1.34.0", False),
        ("v1.35.0", "v1.34.9", False),
        ("v2.34.0", "v1.34.0", False),
        ("v1.33.5+k3s1", "v1.34.2-gke.100", True),
        ("v1", "v1.34.0", False),
        ("", "v1.34.0", False),
    ],
)
def test_the_version_skew_policy(make_node, kubelet, server, passed):
    judged = health.judge_node(make_node(kubeletVersion=kubelet), wanted(version_skew=True), server)
    assert judged[0].name == "kubelet_version"
    assert judged[0].passed is passed
    assert judged[0].value.endswith("and the API server is " + server)


def test_conditions_that_stand_for_a_problem(make_node):
    node = make_node()
    said = [("DiskPressure", "False"), ("KernelDeadlock", "True"), ("EtcdIsVoter", "True"), ("XfsShutdown", "Unknown")]
    node["status"]["conditions"] += [{"type": kind, "status": status, "reason": "Why"} for kind, status in said]
    gate = health.judge_conditions(node, ["EtcdIsVoter"])
    assert gate == ("node_conditions", False, "KernelDeadlock (Why)")
    assert health.judge_conditions(node, ["EtcdIsVoter", "KernelDeadlock"]).passed


@pytest.mark.parametrize(
    "noted, registered, passed, value",
    [
        ([], [], True, "none was noted"),
        (["a", "b"], ["b", "a", "c"], True, "a, b"),
        (["a", "b"], ["b"], False, "waiting for a"),
    ],
)
def test_drivers_have_to_be_back(noted, registered, passed, value):
    assert health.judge_drivers(noted, registered) == ("csi_drivers", passed, value)


BEFORE = '{"cpu":"4","memory":"8000000Ki","hugepages-2Mi":"1Gi","vendor.example/gpu":"2","pods":"110"}'
NOW = {"cpu": "4", "memory": "8000000Ki", "hugepages-2Mi": "1Gi", "vendor.example/gpu": "2", "pods": "110"}


@pytest.mark.parametrize(
    "noted, now, ignored, value",
    [
        (None, {}, [], "nothing was noted"),
        (BEFORE, NOW, [], "as before"),
        (BEFORE, {**NOW, "cpu": "4000m", "hugepages-2Mi": "1048576Ki", "new.example/x": "1"}, [], "as before"),
        (BEFORE, {**NOW, "memory": "7300000Ki"}, [], "as before"),
        (BEFORE, {**NOW, "memory": "7100000Ki"}, [], "less memory (7100000Ki, and 8000000Ki before)"),
        (BEFORE, {**NOW, "cpu": "3920m"}, [], "less cpu (3920m, and 4 before)"),
        (BEFORE, {**NOW, "hugepages-2Mi": "0"}, [], "less hugepages-2Mi (0, and 1Gi before)"),
        (BEFORE, {**NOW, "vendor.example/gpu": "1"}, [], "less vendor.example/gpu (1, and 2 before)"),
        (BEFORE, {**NOW, "vendor.example/gpu": "1"}, ["vendor.example/*"], "as before"),
        ('{"cpu":"4","hugepages-1Gi":"4Gi"}', {"cpu": "4"}, [], "less hugepages-1Gi (none, and 4Gi before)"),
        ('{"attachable-volumes-aws-ebs":"25"}', {}, [], "as before"),
        # A kubelet can write what it likes on its own Node.
        ("[1]", {}, [], "nothing was noted"),
        ("{", {}, [], "nothing was noted"),
        ('{"cpu":"many","memory":null,"x":"1.2.3","y":"1e999999999"}', {}, [], "nothing was noted"),
        ("[" * 100000, {}, [], "nothing was noted"),
    ],
)
def test_a_node_has_as_much_for_pods_as_before(make_node, noted, now, ignored, value):
    node = make_node(annotations={cordon_plan.RESOURCES: noted} if noted else {})
    node["status"]["allocatable"] = now
    gate = health.judge_resources(node, ignored)
    assert (gate.value, gate.passed) == (value, not value.startswith("less "))


class Clock:
    """A clock that only moves when somebody sleeps."""

    def __init__(self):
        self.time = 100.0

    def now(self):
        return self.time

    def sleep(self, seconds):
        self.time += seconds


class Script:
    """A cluster whose node is another one at each look; the last one stays."""

    def __init__(self, nodes, pods=()):
        self.nodes = list(nodes)
        self.pods = list(pods)

    def get(self, path, until=None):
        return self.nodes.pop(0) if len(self.nodes) > 1 else self.nodes[0]

    def list(self, path, query=None, keep=None, until=None):
        if path == daemons.DAEMON_SETS:
            return Listing([daemons.Daemon("uid-agent", "shop", {})], "1")
        return Listing(self.pods, "1")


def wait(nodes, gates, pods=(), ready_for=0, timeout=60):
    clock = Clock()
    return health.wait(Script(nodes, pods), "w1", gates, ready_for, timeout, clock.now, clock.sleep)


def test_waits_for_the_new_boot(make_node):
    old, booting, up = make_node(bootID="b1"), make_node(ready="False", **FACTS), make_node(**FACTS)
    result = wait([old, old, booting, up], wanted(boot_id="b2"))
    assert {gate["name"]: gate["seconds"] for gate in result["gates"]} == {"boot_id": 2, "ready": 3}
    assert result["node"]["os_image"] == FACTS["osImage"]
    assert result["changed"] is False


def test_a_flapping_node_has_to_hold_still_in_one_piece(make_node):
    up, down = make_node(), make_node(ready="False")
    result = wait([up, up, down, up], wanted(), ready_for=3)
    assert [gate["seconds"] for gate in result["gates"]] == [3]
    with pytest.raises(health.HealthError, match="did not stay healthy for long enough within 4 seconds"):
        wait([down, down, up], wanted(), ready_for=5, timeout=4)


def test_daemonsets_are_judged_when_the_node_is_ready(make_node, make_pod):
    pods = [make_pod("agent", "DaemonSet/agent", conditions=WAITING)]
    with pytest.raises(health.HealthError, match="gate daemonsets .*waiting for shop/agent.* within 5 seconds"):
        wait([make_node()], wanted(daemonsets=True), pods, timeout=5)
    with pytest.raises(health.HealthError) as caught:
        wait([make_node(ready="Unknown")], wanted(daemonsets=True), pods, timeout=5)
    assert [gate["value"] for gate in caught.value.result["gates"]][1].startswith("not looked at")


def test_a_pod_that_only_says_it_is_of_a_daemon_set_holds_no_node(make_node, make_pod):
    stray = make_pod("stray", "DaemonSet/agent", owner_uid="uid-former", conditions=WAITING)
    result = wait([make_node()], wanted(daemonsets=True), [stray])
    assert [gate["value"] for gate in result["gates"]][1] == "0 of 0 pods Ready"


def test_what_waiting_cannot_mend_fails_at_once(make_node):
    clock = Clock()
    with pytest.raises(health.HealthError, match="instead of"):
        health.wait(Script([make_node(**FACTS)]), "w1", wanted(uid="uid-old"), 0, 600, clock.now, clock.sleep)
    old, good = health.Gate("boot_id", False, "b1"), health.Gate("boot_id", True, "b2")
    too_new = health.Gate("kubelet_version", False, "v1.35.0")
    assert health.hopeless([good, too_new], [good, too_new])
    assert not health.hopeless([old, too_new], [old, too_new])
    assert clock.time == 100


@pytest.mark.parametrize("before", ["b1", "b2"])
def test_a_node_that_goes_home_while_it_is_verified_is_not_waited_for(make_node, before):
    home = make_node(bootID="b3", ready="False")
    looks = [make_node(bootID=before, ready="False"), make_node(bootID=""), make_node(bootID="b2", ready="False"), home]
    with pytest.raises(health.HealthError, match="it is b3 instead of b2, because it has booted again"):
        wait(looks, wanted(boot_id="b2"), timeout=600)


def test_a_gate_that_was_to_open_sooner_is_told_in_whole_seconds(make_node, monkeypatch):
    monkeypatch.setattr(health.conditions.Reader, "get", lambda *_all: None)
    storage = health.Condition("storage", "v1", "Disk", "disks", "d1", None, True, 3)
    clock = Clock()
    with pytest.raises(health.HealthError, match=r"gate storage \(there is no Disk .*\) within 3 seconds\.") as caught:
        health.wait(
            Script([make_node()]),
            "w1",
            wanted(conditions=[storage]),
            0,
            60,
            clock.now,
            lambda _seconds: clock.sleep(1.0625),
        )
    assert caught.value.result["changed"] is False
