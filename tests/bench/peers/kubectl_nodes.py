# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer: the inventory script that people write, which asks kubectl. Same variables and groups as k8s_nodes."""

import json
import os
import subprocess

argv = [os.environ["BENCH_KUBECTL"], "get", "nodes", "--output", "json", "--chunk-size", "500"]
nodes = json.loads(subprocess.run(argv, check=True, stdout=subprocess.PIPE).stdout)["items"]
groups: dict = {}
hostvars = {}
for node in nodes:
    name, labels, status = node["metadata"]["name"], node["metadata"]["labels"], node["status"]
    info = status["nodeInfo"]
    conditions = {one["type"]: one["status"] for one in status["conditions"]}
    addresses = {one["type"]: [one["address"]] for one in status["addresses"]}
    ready, schedulable = conditions["Ready"] == "True", not node["spec"].get("unschedulable", False)
    pool, zone = labels["pool"], labels["topology.kubernetes.io/zone"]
    facts = {
        "name": name,
        "uid": node["metadata"]["uid"],
        "ready": ready,
        "schedulable": schedulable,
        "roles": ["worker"],
        "architecture": info["architecture"],
        "boot_id": info["bootID"],
        "machine_id": info["machineID"],
        "os_image": info["osImage"],
        "kernel_version": info["kernelVersion"],
        "kubelet_version": info["kubeletVersion"],
        "container_runtime": info["containerRuntimeVersion"],
        "osmigrate": {},
        "addresses": addresses,
        "conditions": conditions,
        "taints": [],
        "pool": pool,
        "zone": zone,
        "region": labels["topology.kubernetes.io/region"],
        "provider_id": node["spec"]["providerID"],
        "labels": labels,
        "annotations": {},
    }
    hostvars[name] = {"ansible_host": addresses["InternalIP"][0], "k8s_node_name": name, "k8s_node": facts}
    for group in (
        "k8s_nodes", "role_worker", f"pool_{pool}".replace("-", "_"), f"zone_{zone}", f"arch_{info['architecture']}",
        "os_debian_12", "ready" if ready else "not_ready", "schedulable" if schedulable else "unschedulable",
    ):  # fmt: skip
        groups.setdefault(group, {"hosts": []})["hosts"].append(name)
print(json.dumps({**groups, "_meta": {"hostvars": hostvars}}))
