# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import itertools

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster

_uids = itertools.count(1)


@pytest.fixture
def make_pod():
    def make(name="web-1", owner="ReplicaSet/web", labels=None, owner_uid=None, **more):
        metadata = {"namespace": "shop", "name": name, "uid": f"uid-{next(_uids)}", "labels": labels or {}}
        if owner:
            kind, owner_name = owner.split("/")
            uid = f"uid-{owner_name}" if owner_uid is None else owner_uid
            metadata["ownerReferences"] = [{"kind": kind, "name": owner_name, "uid": uid, "controller": True}]
        metadata.update(more.get("metadata", {}))
        return {
            "metadata": metadata,
            "spec": {"volumes": more.get("volumes", [])},
            "status": {"phase": more.get("phase", "Running"), "conditions": more.get("conditions", [])},
        }

    return make


@pytest.fixture
def make_budget():
    def make(name="web", selector=None, namespace="shop"):
        return {"metadata": {"namespace": namespace, "name": name}, "spec": {"selector": selector}}

    return make


@pytest.fixture
def make_node():
    def make(name="w1", annotations=None, unschedulable=None, ready="True", **info):
        spec = {} if unschedulable is None else {"unschedulable": unschedulable}
        return {
            "metadata": {"name": name, "uid": "uid-" + name, "resourceVersion": "7", "annotations": annotations or {}},
            "spec": spec,
            "status": {"conditions": [{"type": "Ready", "status": ready}], "nodeInfo": info},
        }

    return make


@pytest.fixture
def cluster(server):
    options = dict.fromkeys(auth_options.Auth._fields)
    options.update(host=server.url, api_key="s3cret-token", api_timeout=5)
    return Cluster.connect(auth_options.Auth(**options))
