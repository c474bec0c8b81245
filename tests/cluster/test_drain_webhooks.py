# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drains beside admission webhooks, budgets that only some pods may pass, and an API server that starts anew."""

from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, drain
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster

from tests.cluster.proxy import Proxy
from tests.cluster.test_drain import cordon, start
from tests.cluster.webhook import asked_about


def test_a_rehearsal_tells_webhooks_that_it_is_one(robot, scene, webhook):
    scene.deploy("web", 2)
    with asked_about(scene, webhook, "web"):
        start(robot, scene).rehearse()
        assert webhook.rehearsals == [True, True]
        cordon(robot, scene.node)
        start(robot, scene).run()
        assert webhook.rehearsals[2:] == [False, False]


@pytest.mark.parametrize("away", [True, False], ids=["away", "hangs"])
def test_a_webhook_that_fails_holds_up_nobody_else(robot, scene, webhook, away):
    scene.deploy("held", 20)
    scene.deploy("free", 3)
    cordon(robot, scene.node)
    webhook.delay = 30
    with asked_about(scene, webhook, "held", port=1 if away else None):
        with pytest.raises(drain.DrainError) as caught:
            start(robot, scene, timeout=25).run()
    records = caught.value.result["pods"]
    free = [one for one in records if one["name"].startswith("free")]
    held = [one for one in records if one["name"].startswith("held")]
    assert [one["gone"] for one in free] == [True] * 3
    assert max(one["seconds"] for one in free) < 15
    assert all('failed calling webhook "evictions.example.com"' in one["reason"] for one in held)
    message = str(caught.value)
    assert "still has 20 pods" in message and "3 pods have left it" in message
    assert message.count("failed calling webhook") < 5
    assert "see that the webhook or server that fails answers again" in message


def test_the_one_pod_that_its_budget_lets_go_is_asked_for_first(robot, scene, monkeypatch):
    scene.deploy("web", 40)
    scene.budget("web", maxUnavailable=1)
    sick = sorted(scene.pods())[-1]
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False", "reason": "test"}]}}
    scene.kubectl("patch", "pod", sick, "--subresource=status", "--patch", json.dumps(unready), namespaced=True)
    none = "--for=jsonpath={.status.disruptionsAllowed}=0"
    scene.kubectl("wait", none, "pdb/web", "--timeout=30s", namespaced=True)
    cordon(robot, scene.node)
    asked = []
    evict = robot.evict
    monkeypatch.setattr(robot, "evict", lambda *pod, **options: asked.append(pod[1]) or evict(*pod, **options))
    with contextlib.suppress(drain.DrainError):
        start(robot, scene, timeout=10).run()
    assert asked[0] == sick
    assert sick not in scene.pods()


def test_an_api_server_that_has_not_read_its_roles_ends_no_drain(
    control_plane, robot_kubeconfig, robot, scene, monkeypatch
):
    """Played by a proxy: watches end, and all is denied for longer than a confirmed denial would need."""
    monkeypatch.setattr(drain, "WATCH_SECONDS", 2)
    scene.deploy("web", 3, annotations={"lab/end-seconds": "15"}, terminationGracePeriodSeconds=30)
    cordon(robot, scene.node)
    with Proxy(control_plane) as proxy:
        options = dict.fromkeys(auth_options.Auth._fields)
        options.update(kubeconfig=str(robot_kubeconfig), host=proxy.url, api_timeout=60)
        cluster = Cluster.connect(auth_options.Auth(**options))

        def forget():
            proxy.denied_until = time.monotonic() + 10

        timer = threading.Timer(2.0, forget)
        timer.start()
        result = start(cluster, scene).run()
        timer.join()
    assert {one["gone"] for one in result["pods"]} == {True}
    assert proxy.denied > 2
    assert scene.pods() == set()
