# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory as ansible-inventory sees it, with what a real API server answered."""

from __future__ import annotations

import json
import os
import re
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
        # What -v tells comes first.
        self.told, brace, rest = done.stdout.partition("{\n")
        self.all = json.loads(brace + rest, object_hook=_plain) if done.returncode == 0 else {}

    @property
    def hosts(self):
        return self.all["_meta"]["hostvars"]

    def members(self, group):
        return self.all.get(group, {}).get("hosts", [])


@pytest.fixture
def inventory(tmp_path):
    def run(options=None, name="lab.k8s_nodes.yml", arguments=(), **environment):
        path = tmp_path / name
        path.write_text(yaml.safe_dump({"plugin": "osmigrate.fleet.k8s_nodes", **(options or {})}))
        argv = [sys.executable, "-m", "ansible", "inventory", "--inventory", path, "--list", *arguments]
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
    server.will(body=nodes("n1", "n2"))
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
        "labelSelector": ["pool=general"],
        "fieldSelector": ["metadata.name!=n9"],
        "limit": ["500"],
    }
    assert seen.hosts["n1"]["ansible_host"] == "10.0.0.1"
    assert seen.hosts["n1"]["kernel"] == "6.1.0-56-amd64"
    assert seen.hosts["n1"]["k8s_node"]["labels"] == {"pool": "general"}
    assert seen.members("odd") == ["n1"]
    assert seen.members("tz_z1") == ["n1", "n2"]
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


def test_hosts_say_which_server_they_are_from_where_no_path_of_a_kubeconfig_does(server, inventory, tmp_path):
    server.will(body=nodes("n1"))
    assert inventory({"host": server.url, "api_key": "t"}).hosts["n1"]["osmigrate_inventory_server"] == server.url
    content = {
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server.url}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
    }
    server.will(body=nodes("n1"))
    assert inventory({"kubeconfig": content}).hosts["n1"]["osmigrate_inventory_server"] == server.url
    (tmp_path / "kubeconfig").write_text(json.dumps(content))
    server.will(body=nodes("n1"))
    seen = inventory({"kubeconfig": str(tmp_path / "kubeconfig")}).hosts["n1"]
    assert "osmigrate_inventory_server" not in seen and seen["osmigrate_kubeconfig"] == str(tmp_path / "kubeconfig")


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
    pages = [nodes("n1"), nodes("n2"), nodes("w1")]
    for page, rest in zip(pages, ("a", "b", None)):
        server.will(body={**page, "metadata": {"resourceVersion": "1", "continue": rest}})
    seen = inventory({"host": server.url, "api_key": "t"})
    assert seen.members("k8s_nodes") == ["n1", "n2", "w1"]
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


def test_no_host_is_a_failure_unless_it_may_be(server, inventory):
    options = {"host": server.url, "api_key": "t", "label_selector": "a=b"}
    sentence = f"The cluster {server.url} has no node that matches label_selector a=b"
    server.will(body=nodes("none"))
    seen = inventory(options)
    assert seen.code == 1
    assert sentence + ". No host was added. Correct the selectors" in seen.said
    server.will(body=nodes("none"))
    seen = inventory({**options, "allow_empty": True})
    assert seen.code == 0
    assert sentence in seen.said


def test_hidden_nodes_are_counted_and_named(server, inventory):
    server.will(body=nodes())
    seen = inventory({"host": server.url, "api_key": "t"}, arguments=["-v"])
    assert "1 nodes that a label hides: n3" in seen.told
    assert "n3" not in seen.hosts
    server.will(body=nodes("n3"))
    seen = inventory({"host": server.url, "api_key": "t"})
    assert seen.code == 1 and "has no node that is not hidden" in seen.said


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


@pytest.mark.parametrize(
    "options, environment, sentence",
    [
        (
            {"label_selektor": "a=b"},
            {},
            "has the unknown option label_selektor. No host was added. Did you mean label_sel",
        ),
        ({"api_tiemout": 3}, {}, "the unknown option api_tiemout. No host was added. Did you mean api_timeout?"),
        ({"qqq": 3}, {}, "the unknown option qqq. No host was added. It may have address_networks, "),
        (
            {"clusters": [{"name": "a", "label_selektor": "a=b"}]},
            {},
            "unknown key label_selektor. No host was added. Did you",
        ),
        ({"validate_certs": "ture"}, {}, "'ture' is no boolean in the option validate_certs of "),
        ({"verify_ssl": "nein"}, {}, "'nein' is no boolean in the option verify_ssl of "),
        ({"validate_certs": 2}, {}, "'2' is no boolean in the option validate_certs of "),
        ({"show_excluded": ""}, {}, "'' is no boolean in the option show_excluded of "),
        (
            {"clusters": [{"name": "a", "validate_certs": "ture"}]},
            {},
            "'ture' is no boolean in validate_certs of cluster a",
        ),
        (
            {"clusters": [{"name": "a", "api_timeout": "²"}]},
            {},
            "'²' is no number of seconds in api_timeout of cluster a",
        ),
        ({}, {"K8S_AUTH_VERIFY_SSL": "ture"}, "'ture' is no boolean in the environment variable K8S_AUTH_VERIFY_SSL"),
        ({}, {"K8S_AUTH_VERIFY_SSL": ""}, "'' is no boolean in the environment variable K8S_AUTH_VERIFY_SSL"),
        ({}, {"OSMIGRATE_STRICT": "maybe"}, "'maybe' is no boolean in the environment variable OSMIGRATE_STRICT"),
        ({"proxy": "socks5://127.0.0.1:1"}, {}, "is a SOCKS proxy, and Python lacks PySocks"),
        ({"proxy": "gopher://127.0.0.1:1"}, {}, "The proxy on the way to the API server"),
        ({"label_selector": {"a": "b"}}, {}, "label_selector"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_the_last(server, inventory, options, environment, sentence):
    seen = inventory({"host": server.url, "api_key": "t", **options}, **environment)
    assert seen.code == 1
    assert server.requests == []
    assert sentence in seen.said
    assert "Traceback" not in seen.said and "Completely failed" not in seen.said and "Failed to parse" not in seen.said


@pytest.mark.parametrize(
    "body", [[], {}, {"items": 1}, {"items": [1], "metadata": {}}, "text", {"kind": "Status"}], ids=str
)
def test_garbage_is_one_sentence(server, inventory, body):
    server.will(body=body)
    seen = inventory({"host": server.url, "api_key": "t"})
    assert seen.code == 1
    assert re.search(
        r"(met an error .* at plugins/[\w/]+\.py:\d+\. No host was added\. Please report it"
        r"|answers \(HTTP status 200\), but not as a Kubernetes API server does\. Nothing was changed\. Check host)",
        seen.said,
    )
    assert "Traceback" not in seen.said


def test_text_of_the_cluster_is_data(server, inventory):
    template = "{{ lookup('pipe', 'id') }}"
    evil = json.loads(json.dumps(nodes("n1", "n2")))
    first, second = evil["items"]
    first["metadata"]["annotations"] = {"osmigrate.fleet/phase": template, "\x1b[2J": template}
    first["status"]["addresses"] = [{"type": "InternalIP", "address": template}]
    first["status"]["nodeInfo"]["osImage"] = template
    second["status"]["addresses"] = [{"type": "InternalIP", "address": "-oProxyCommand=id"}]
    evil["items"].append({**second, "metadata": {**second["metadata"], "name": template}})
    server.will(body=evil)
    seen = inventory({"host": server.url, "api_key": "t", "variables": ["*"], "annotations": ["*"]})
    assert seen.code == 0, seen.said
    assert set(seen.hosts) == {"n1", "n2"}
    assert "ansible_host" not in seen.hosts["n1"] and "ansible_host" not in seen.hosts["n2"]
    assert seen.hosts["n1"]["k8s_node"]["osmigrate"]["phase"] == template
    assert f"Node n1 says that its address is {template}, which is no address" in seen.said
    assert "Node n2 says that its address is -oProxyCommand=id, which is no address" in seen.said
    assert "A node is left out, because no node can be called {{ lookup" in seen.said
    assert "\x1b" not in seen.said


def two_files(tmp_path, server, inventory, second):
    first = tmp_path / "a.k8s_nodes.yml"
    first.write_text(yaml.safe_dump({"plugin": "osmigrate.fleet.k8s_nodes", **FIRST, "host": server.url}))
    return inventory({**FIRST, "host": server.url, **second}, arguments=["--inventory", str(first)])


FIRST = {"api_key": "t", "kubeconfig": "/a", "pool_label": "p1"}


def test_two_files_keep_their_own_clusters(server, inventory, tmp_path):
    server.will(body=nodes("n2"))
    server.will(body=nodes("n1"))
    seen = two_files(tmp_path, server, inventory, {"kubeconfig": "/b", "pool_label": "p2"})
    assert seen.code == 0, seen.said
    told = {name: (one["osmigrate_kubeconfig"], one["osmigrate_pool_label"]) for name, one in seen.hosts.items()}
    assert told == {"n2": ("/b", "p2"), "n1": ("/a", "p1")}


@pytest.mark.parametrize("variables", [["uid"], ["zone"]])
def test_one_host_is_no_node_of_two_clusters(server, inventory, tmp_path, variables):
    other = json.loads(json.dumps(nodes("n1")))
    other["items"][0]["metadata"]["uid"] = "another"
    server.will(body=other)
    server.will(body=nodes("n1"))
    seen = two_files(tmp_path, server, inventory, {"kubeconfig": "/b", "variables": variables})
    assert seen.code == 1
    assert "Two inventory files have a node n1, each of another cluster" in seen.said


def test_the_same_node_by_two_files(server, inventory, tmp_path):
    server.will(body=nodes("n1"))
    server.will(body=nodes("n1", "n2"))
    assert set(two_files(tmp_path, server, inventory, {}).hosts) == {"n1", "n2"}


def test_names_that_mean_something_else(server, inventory):
    evil = json.loads(json.dumps(nodes("n1", "n2", "n3")))
    for node, name, pool in zip(evil["items"], ("localhost", "all", "n3"), ("gpu-a", "gpu_a", "gpu.a")):
        node["metadata"]["name"] = name
        node["metadata"]["labels"] = {"pool": pool}
    server.will(body=evil)
    seen = inventory({"host": server.url, "api_key": "t"})
    assert set(seen.hosts) == {"node_localhost", "node_all", "n3"}
    assert seen.hosts["node_localhost"]["k8s_node_name"] == "localhost"
    assert "Node localhost is called as something of Ansible's own: its host is node_localhost" in seen.said
    assert seen.members("pool_gpu_a") == ["node_all"]
    assert len([group for group in seen.all if group.startswith("pool_gpu_a_")]) == 2
    assert "The group of pool_gpu-a is pool_gpu_a_" in seen.said


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


def test_a_file_that_is_not_there_is_no_empty_inventory(server, inventory, tmp_path):
    server.will(body=nodes("n1"))
    seen = inventory({"host": server.url, "api_key": "t"}, arguments=("--inventory", tmp_path / "absent.k8s_nodes.yml"))
    assert seen.code == 1
    assert re.search(r"absent.k8s_nodes.yml does not exist, or may not be read. No host was added. Correct", seen.said)


def test_other_files_are_not_for_this_plugin(inventory):
    seen = inventory({}, name="lab.nodes.yml")
    assert seen.code == 1
    assert re.search(r"lab.nodes.yml is for osmigrate.fleet.k8s_nodes, .* Rename it.$", seen.said)
