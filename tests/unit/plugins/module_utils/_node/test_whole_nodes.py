# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes of systems that the lab has not, as trees of files: what they are taken for, and all that preflight says."""

import copy
import shutil
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import databases
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import facts as nodefacts, findings

from tests.trees import make_rpm_database, write_tree
from tests.unit.plugins.module_utils._node.test_findings import NODE, WANTED

NODES = {
    node["name"]: node for node in yaml.safe_load(Path(__file__).with_name("whole_nodes.yml").read_text())["nodes"]
}
# What a tree of files tells; storage and programs are those of a good node.
TOLD = (
    "os packages systemd machine_id entry kernel_arguments secure_boot selinux selinux_unlabelled cgroup grub kubelet "
    "container_runtime network kexec_on_reboot"
).split()
ETH0 = {
    "ifname": "eth0", "flags": ["UP"], "mtu": 1500, "address": "52:54:00:12:34:56",
    "addr_info": [{"local": "192.0.2.7", "prefixlen": 24, "scope": "global"}],
}  # fmt: skip
ROUTE = {"dst": "default", "gateway": "192.0.2.1", "dev": "eth0", "protocol": "static"}
LIVE = state.Answers(
    {"addresses": [ETH0], "routes4": [ROUTE], "routes6": []}, {"eth0": {"hardware": True, "address": "0"}}
)


def described(name):
    """Return a node of the file, with what it has of the one that it is like."""
    node = NODES[name]
    if "like" not in node:
        return node
    other = described(node["like"])
    return {**other, **node, "files": {**other["files"], **node.get("files", {})}}


def made(node, directory):
    files = {name: text for name, text in node["files"].items() if text is not None}
    files["run/systemd/system/"] = ""
    block = "boot/grub2/grubenv"
    if block in files:
        files[block] = f"# GRUB Environment Block\n{files[block]}\n".ljust(1024, "#")
    root = write_tree(directory / "root", files)
    if node.get("packages"):
        if not shutil.which("rpmbuild"):
            pytest.skip("needs rpmbuild (Debian's package rpm)")
        make_rpm_database(root, {"/etc/system-release-cpe": "cpe:/o:x\n"}, directory / "made")
    if node.get("packages") == "broken":
        (root / "var/lib/rpm/rpmdb.sqlite").write_bytes(b"SQLite format 3\0" + b"rotten" * 4000)
    return root


@pytest.fixture
def seen(request, tmp_path, monkeypatch):
    """One of the nodes, its tree, and the facts of it."""
    node = described(request.param)
    root = made(node, tmp_path)
    labels = node.get("labels", [])

    def labelled(path, name):
        if labels == "all" or str(Path(path).relative_to(root)) in labels:
            return b"system_u:object_r:etc_t:s0\0"
        raise OSError(61, "No data available")

    services = {name: {"active": name in node["active"], "pid": 0} for name in nodefacts.UNITS}
    monkeypatch.setattr(nodefacts, "_services", lambda root: services)
    monkeypatch.setattr(nodefacts.state, "ask", lambda: LIVE)
    monkeypatch.setattr(nodefacts.os, "getxattr", labelled)
    monkeypatch.setattr(nodefacts, "_has_program", lambda name: False)
    return node, root, nodefacts.gather(str(root))


@pytest.mark.parametrize("seen", NODES, indirect=True)
def test_a_node_is_what_its_files_say_and_each_trouble_has_its_finding(seen):
    node, root, facts = seen
    assert (facts["os"]["family"], databases.main(Tree(str(root)))) == (node["family"], node["database"])
    assert facts["network"]["renderers"] == node["renderers"]
    whole = {**copy.deepcopy(NODE), **{name: facts[name] for name in TOLD}}
    whole["grub"] = dict(facts["grub"], missing_tools=[])
    found = findings.examine(whole, WANTED, [], registry.backends())
    assert {one["key"]: one["detail"] for one in found}.keys() == set(node["findings"]), found
