# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as ansible-inventory sees it, with what a real API server answered."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.inventory.k8s_nodes import InventoryModule
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

COLLECTIONS = os.path.abspath(_errors.__file__).split("/ansible_collections/")[0]
RECORDED = json.loads((Path(__file__).parents[2] / "fixtures/kube/nodes.json").read_text(encoding="utf-8"))


def _plain(value):
    """ansible-inventory marks what came from outside, so that nobody takes it for a template."""
    return value["__ansible_unsafe"] if set(value) == {"__ansible_unsafe"} else value


class Run:
    def __init__(self, done):
        self.code = done.returncode
        self.said = " ".join(done.stderr.split())
        self.all = json.loads(done.stdout, object_hook=_plain) if done.returncode == 0 else {}

    @property
    def hosts(self):
        return self.all["_meta"]["hostvars"]

    def members(self, group):
        return self.all.get(group, {}).get("hosts", [])


@pytest.fixture
def inventory(tmp_path):
    def run(options=None, name="lab.k8s_nodes.yml", **environment):
        path = tmp_path / name
        path.write_text(yaml.safe_dump({"plugin": "osmigrate.fleet.k8s_nodes", **(options or {})}))
        argv = [sys.executable, "-m", "ansible", "inventory", "--inventory", path, "--list"]
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("K8S_AUTH_", "OSMIGRATE_"))}
        environment = {
            **clean,
            "HOME": str(tmp_path),
            "ANSIBLE_COLLECTIONS_PATH": COLLECTIONS,
            "ANSIBLE_INVENTORY_ENABLED": "osmigrate.fleet.k8s_nodes",
            "KUBECONFIG": str(tmp_path / "no-kubeconfig"),
            **environment,
        }
        return Run(subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=300, check=False))

    return run


def nodes(*names):
    return {**RECORDED, "items": [node for node in RECORDED["items"] if not names or node["metadata"]["name"] in names]}


def test_everything_from_the_environment(server, inventory):
    server.will(body=nodes("n1", "n2", "n3"))
    seen = inventory(
        K8S_AUTH_HOST=server.url,
        K8S_AUTH_API_KEY="t",
        OSMIGRATE_LABEL_SELECTOR="pool=general",
        OSMIGRATE_FIELD_SELECTOR="metadata.name!=n9",
        OSMIGRATE_ADDRESS_TYPES="ExternalIP,InternalIP",
        OSMIGRATE_ADDRESS_NETWORKS="10.0.0.0/8",
        OSMIGRATE_LABELS="pool",
        OSMIGRATE_COMPOSE="{kernel: 'k8s_node.kernel_version'}",
        OSMIGRATE_GROUPS="{odd: \"k8s_node.name in ('n1', 'n3')\"}",
        OSMIGRATE_KEYED_GROUPS="[{key: \"k8s_node.labels['topology.kubernetes.io/zone']\", prefix: tz}]",
    )
    assert seen.code == 0, seen.said
    query = parse_qs(urlsplit(server.requests[0][1]).query)
    assert query == {
        "labelSelector": ["pool=general,!node-restriction.kubernetes.io/osmigrate-exclude,!osmigrate.fleet/exclude"],
        "fieldSelector": ["metadata.name!=n9"],
        "limit": ["500"],
    }
    assert seen.hosts["n1"]["ansible_host"] == "10.0.0.1"
    assert seen.hosts["n1"]["kernel"] == "6.1.0-56-amd64"
    assert seen.hosts["n1"]["k8s_node"]["labels"] == {"pool": "general"}
    assert seen.members("odd") == ["n1", "n3"]
    assert seen.members("tz_z1") == ["n1", "n2", "n3"]
    assert seen.members("role_control_plane") == ["n1"]
    assert seen.members("osmigrate_release_debian_13_13_1") == ["n2"]


def test_few_variables_unless_more_are_asked_for(server, inventory):
    server.will(body=nodes("n1"))
    server.will(body=nodes("n1"))
    connection = {"host": server.url, "api_key": "t"}
    assert set(inventory(connection).hosts["n1"]["k8s_node"]) == {"uid", "osmigrate"}
    more = {"variables": ["os_*", "zone"], "labels": ["pool"]}
    seen = inventory({**connection, **more}).hosts["n1"]["k8s_node"]
    assert seen == {"os_image": "Debian GNU/Linux 12 (bookworm)", "zone": "z1", "labels": {"pool": "general"}}


def test_ansible_does_not_carry_the_kubernetes_client_along():
    script = (
        "import sys\n"
        "from ansible_collections.osmigrate.fleet.plugins.inventory import k8s_nodes\n"
        "print({'kubernetes', 'urllib3'} & set(sys.modules))\n"
    )
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_request_per_page(server, inventory):
    pages = [nodes("n1"), nodes("n2"), nodes("n3")]
    for page, rest in zip(pages, ("a", "b", None)):
        server.will(body={**page, "metadata": {"resourceVersion": "1", "continue": rest}})
    seen = inventory({"host": server.url, "api_key": "t"})
    assert seen.members("k8s_nodes") == ["n1", "n2", "n3"]
    asked = [parse_qs(urlsplit(request[1]).query).get("continue") for request in server.requests]
    assert asked == [None, ["a"], ["b"]]


def test_several_clusters(server, inventory):
    server.will(body=nodes("n1", "n2"))
    server.will(body=nodes("n1"))
    seen = inventory(
        {
            "host": server.url,
            "api_key": "t",
            "label_selector": "pool=general",
            "clusters": [
                {"name": "berlin"},
                {"name": "paris", "host": server.url, "api_key": "u", "label_selector": "a=b"},
            ],
        }
    )
    assert seen.code == 0, seen.said
    assert seen.members("cluster_berlin") == ["n1.berlin", "n2.berlin"]
    assert seen.members("cluster_paris") == ["n1.paris"]
    assert seen.hosts["n1.paris"]["k8s_node"]["cluster"] == "paris"
    assert seen.hosts["n1.paris"]["k8s_node_name"] == "n1"
    assert [request[2]["authorization"] for request in server.requests] == ["Bearer t", "Bearer u"]
    assert "a%3Db" in server.requests[1][1]
    assert "api_key" not in json.dumps(seen.all)


def test_excluded_nodes_can_be_shown(server, inventory):
    server.will(body=nodes())
    seen = inventory({"host": server.url, "api_key": "t", "show_excluded": True})
    assert "exclude" not in server.requests[0][1]
    assert seen.members("osmigrate_excluded") == ["n3"]


def test_the_cache_saves_the_question(server, inventory, tmp_path):
    options = {"host": server.url, "api_key": "t", "cache": True, "cache_plugin": "jsonfile"}
    options["cache_connection"] = str(tmp_path / "cache")
    server.will(body=nodes())
    first, second = inventory(options), inventory(options)
    assert len(server.requests) == 1
    assert first.all == second.all
    server.will(body=nodes("n1"))
    assert set(inventory({**options, "label_selector": "x=y"}).hosts) == {"n1"}


def test_the_playbooks_hear_of_the_cluster(server, inventory, tmp_path):
    kubeconfig = tmp_path / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "other",
    }
    kubeconfig.write_text(yaml.safe_dump(content))
    server.will(body=nodes("n1"))
    seen = inventory({"kubeconfig": str(kubeconfig), "context": "x", "pool_label": "team"})
    assert seen.hosts["n1"]["osmigrate_kubeconfig"] == str(kubeconfig)
    assert seen.hosts["n1"]["osmigrate_context"] == "x"
    assert seen.hosts["n1"]["osmigrate_pool_label"] == "team"


def test_an_empty_result_is_a_warning(server, inventory):
    server.will(body=nodes("none"))
    seen = inventory({"host": server.url, "api_key": "t", "label_selector": "a=b"})
    assert seen.code == 0
    assert "The cluster has no node that matches label_selector a=b" in seen.said


def test_no_address_in_the_networks_is_a_warning(server, inventory):
    server.will(body=nodes("n1"))
    seen = inventory({"host": server.url, "api_key": "t", "address_networks": ["172.16.0.0/12"]})
    assert "ansible_host" not in seen.hosts["n1"]
    assert "Node n1 has no address that address_types and address_networks allow" in seen.said


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"kubeconfig": "/absent"}, "The kubeconfig /absent does not exist"),
        ({"host": "http://127.0.0.1:1", "api_key": "t", "api_timeout": 0}, "http://127.0.0.1:1 cannot be reached"),
        ({"api_timeout": "soon"}, "api_timeout"),
    ],
    ids=["kubeconfig", "unreachable", "option"],
)
def test_a_failure_is_never_an_empty_inventory(inventory, options, sentence):
    seen = inventory(options)
    assert seen.code != 0
    assert sentence in seen.said
    assert "Traceback" not in seen.said


@pytest.fixture
def plugin():
    def make(**options):
        made = InventoryModule.__new__(InventoryModule)
        made.get_option = options.get
        return made

    return make


@pytest.mark.parametrize(
    "clusters, sentence",
    [
        ([{"name": "a"}, {"name": "a"}], "each once, and has 'a'"),
        ([{"name": "a.b"}], "each once, and has 'a.b'"),
        ([{"kubeconfig": "x"}], "each once, and has ''"),
        ([{"name": "a", "kubeconfg": "x"}], "the unknown key kubeconfg"),
        ("{a: b}", "clusters has to be a list of dictionaries"),
        ("[a", "The option clusters is not valid YAML"),
    ],
)
def test_malformed_clusters(plugin, clusters, sentence):
    with pytest.raises(FleetError, match=sentence):
        plugin(clusters=clusters)._clusters()


def test_an_entry_of_its_own_takes_no_credentials_from_elsewhere(plugin):
    options = {"api_key": "t", "context": "x", "label_selector": "a=b", "proxy": "p", "host": "https://one"}
    entries = [{"name": "same", "context": "y"}, {"name": "own", "kubeconfig": "/k"}]
    same, own = plugin(clusters=entries, **options)._clusters()
    assert (same["api_key"], same["context"], same["host"]) == ("t", "y", "https://one")
    assert (own["api_key"], own["context"], own["host"]) == (None, None, None)
    assert (own["label_selector"], own["proxy"]) == ("a=b", "p")


def test_networks(plugin):
    inside = plugin(address_networks=["10.0.0.0/8", "fd00::/8"])._network_test()
    assert inside("10.1.2.3") and inside("fd00::1")
    assert not inside("192.0.2.1") and not inside("host.example")
    with pytest.raises(FleetError, match="address_networks is malformed"):
        plugin(address_networks=["10.0.0.0/99"])._network_test()


def test_a_denied_list_names_the_permission(server, inventory):
    denied = 'nodes is forbidden: User "robot" cannot list resource "nodes" in API group "" at the cluster scope'
    server.answers = [(403, {}, {"kind": "Status", "message": denied})] * 40
    seen = inventory({"host": server.url, "api_key": "t"})
    assert seen.code != 0
    assert "robot may not list nodes on the API server" in seen.said


def test_other_files_are_not_for_this_plugin(inventory):
    seen = inventory({}, name="lab.nodes.yml")
    assert "declined" in seen.said or "Unable to parse" in seen.said
