# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: k8s_nodes
short_description: The nodes of Kubernetes clusters as hosts
version_added: 0.1.0
author:
  - osmigrate.fleet contributors (@osmigrate)
description:
  - Makes a host of every node that the selectors leave. The file's name has to end in C(k8s_nodes.yml) or
    C(k8s_nodes.yaml).
  - Nodes with the label C(node-restriction.kubernetes.io/osmigrate-exclude) or C(osmigrate.fleet/exclude), whatever its
    value, are hidden. The playbook C(status) names them. A kubelet can set the second one on its own node unless
    C(playbooks/files/admission-policy.yml) is applied.
  - An API server that cannot be reached, a wrong kubeconfig or a missing permission ends Ansible with one sentence,
    also where Ansible would otherwise go on without hosts and report success. Selectors that match no node are a
    warning.
  - "Groups: C(k8s_nodes) has all nodes, and there are C(role_ROLE) (a node without a role label is a C(worker)),
    C(pool_POOL), C(zone_ZONE), C(os_NAME_VERSION) (for example C(os_debian_12)), C(arch_ARCHITECTURE), C(ready) or
    C(not_ready), C(schedulable) or C(unschedulable)."
  - "Groups of what this collection has recorded: C(osmigrate_phase_PHASE), C(osmigrate_failed), C(osmigrate_held) for
    nodes with a cordon of ours, and for nodes that have arrived C(osmigrate_release_RELEASE) and C(osmigrate_on_ostree)
    or C(osmigrate_on_package)."
  - "Variables of a host: C(ansible_host), C(k8s_node_name), and C(k8s_node) with what O(variables) names of C(name),
    C(uid), C(cluster), C(ready), C(schedulable), C(roles), C(pool), C(zone), C(region), C(addresses), C(conditions),
    C(taints), C(provider_id), C(architecture), C(boot_id), C(machine_id), C(os_image), C(kernel_version),
    C(kubelet_version), C(container_runtime), and C(osmigrate) with our annotations; further C(labels) and
    C(annotations), if O(labels) and O(annotations) name any."
  - The groups get C(osmigrate_kubeconfig) and C(osmigrate_context) as variables if O(kubeconfig) and O(context) are
    set, so that the playbooks of this collection work on the cluster that the host is from. They get
    C(osmigrate_pool_label) too, from O(pool_label), so that a node claims its place in the pool that it is shown in.
extends_documentation_fragment:
  - osmigrate.fleet.k8s_auth
  - osmigrate.fleet.k8s_auth.env
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Marks the file as one for this plugin.
    type: str
    required: true
    choices: [osmigrate.fleet.k8s_nodes]
  clusters:
    description:
      - Several clusters, each a dictionary with C(name) and any of the connection options, O(label_selector) and
        O(field_selector). What it does not say is taken from the options of the same name, but an entry with a
        C(kubeconfig) or C(host) of its own takes no host, credentials or context from there.
      - A host is then called C(NODE.CLUSTER), and is in the group C(cluster_CLUSTER). Names of clusters have no dots.
      - The environment variable has the list as JSON or YAML.
    type: raw
    env: [{name: OSMIGRATE_CLUSTERS}]
  label_selector:
    description: Label selector, evaluated by the API server.
    type: str
    env: [{name: OSMIGRATE_LABEL_SELECTOR}]
  field_selector:
    description: Field selector, evaluated by the API server.
    type: str
    env: [{name: OSMIGRATE_FIELD_SELECTOR}]
  show_excluded:
    description: Shows nodes that a label hides, too, in the group C(osmigrate_excluded).
    type: bool
    default: false
    env: [{name: OSMIGRATE_SHOW_EXCLUDED}]
  address_types:
    description: Which of the node's addresses becomes C(ansible_host), in this order.
    type: list
    elements: str
    default: [InternalIP, ExternalIP, Hostname]
    env: [{name: OSMIGRATE_ADDRESS_TYPES}]
  address_networks:
    description:
      - Networks that C(ansible_host) has to be in, the first address inside any of them is taken. Needs C(netaddr).
      - A node without such an address gets no C(ansible_host), with a warning.
    type: list
    elements: str
    default: []
    env: [{name: OSMIGRATE_ADDRESS_NETWORKS}]
  pool_label:
    description: Label whose value is the node's pool.
    type: str
    default: pool
    env: [{name: OSMIGRATE_POOL_LABEL}]
  variables:
    description:
      - What to keep in C(k8s_node), with wildcards as in a shell. The roles of this collection need the defaults.
      - Ansible holds the variables of all hosts in memory, also of those that a play leaves out, and copies them with
        every fork. What there is a group for, such as the zone, need not be a variable.
      - O(compose), O(groups) and O(keyed_groups) always see everything.
    type: list
    elements: str
    default: [uid, cluster, osmigrate]
    env: [{name: OSMIGRATE_VARIABLES}]
  labels:
    description: Labels to keep in C(k8s_node.labels), with wildcards as in a shell.
    type: list
    elements: str
    default: []
    env: [{name: OSMIGRATE_LABELS}]
  annotations:
    description: Annotations to keep in C(k8s_node.annotations), with wildcards as in a shell.
    type: list
    elements: str
    default: []
    env: [{name: OSMIGRATE_ANNOTATIONS}]
  api_timeout:
    default: 30
  strict:
    description: Ends with an error where an expression of O(compose), O(groups) or O(keyed_groups) has one.
    type: bool
    default: false
    env: [{name: OSMIGRATE_STRICT}]
  use_extra_vars:
    description: Lets expressions see the extra variables of the command line, before all others.
    type: bool
    default: false
    ini: [{section: inventory_plugins, key: use_extra_vars}]
    env: [{name: ANSIBLE_INVENTORY_USE_EXTRA_VARS}]
  leading_separator:
    description: Lets the name of a keyed group without a prefix begin with its separator.
    type: bool
    default: true
    env: [{name: OSMIGRATE_LEADING_SEPARATOR}]
  compose:
    description:
      - Variables from Jinja expressions, as P(ansible.builtin.constructed#inventory) has them.
      - The environment variable has them as JSON or YAML.
    type: raw
    default: {}
    env: [{name: OSMIGRATE_COMPOSE}]
  groups:
    description:
      - Groups from Jinja conditions, as P(ansible.builtin.constructed#inventory) has them.
      - The environment variable has them as JSON or YAML.
    type: raw
    default: {}
    env: [{name: OSMIGRATE_GROUPS}]
  keyed_groups:
    description:
      - Groups from values of variables, as P(ansible.builtin.constructed#inventory) has them.
      - The environment variable has them as JSON or YAML.
    type: raw
    default: []
    env: [{name: OSMIGRATE_KEYED_GROUPS}]
notes:
  - Ansible's own C(yaml) inventory plugin also tries a file that this one has refused, and adds a complaint that is
    beside the point. C(enable_plugins=osmigrate.fleet.k8s_nodes) in C(ansible.cfg) avoids that.
"""

EXAMPLES = r"""
---
# prod.k8s_nodes.yml: one cluster, one pool of it, reached by its management network
# plugin: osmigrate.fleet.k8s_nodes
# kubeconfig: ~/.kube/prod
# label_selector: pool=general
# address_networks: [10.20.0.0/16]

# fleet.k8s_nodes.yml: several clusters, and a group of one's own
plugin: osmigrate.fleet.k8s_nodes
clusters:
  - name: berlin
    kubeconfig: ~/.kube/berlin
  - name: paris
    kubeconfig: ~/.kube/paris
    label_selector: node-role.kubernetes.io/control-plane!=
groups:
  gpu: "'nvidia.com/gpu.present' in k8s_node.labels"
keyed_groups:
  - key: k8s_node.kubelet_version
    prefix: kubelet
"""

import contextlib
import gc
import hashlib
import itertools
import json
import re

import yaml
from ansible import constants
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.inventory.group import to_safe_group_name
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

try:
    from ansible.template import trust_as_template
except ImportError:  # ansible-core before 2.19 has no untrusted strings

    def trust_as_template(value):
        return value


try:
    import netaddr
except ImportError:
    netaddr = None

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, node_view
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child, _nodes

SELECTORS = ("label_selector", "field_selector")
# What an entry of `clusters` with a kubeconfig or host of its own still takes from the options.
SHARED = ("api_timeout", "validate_certs", "proxy", *SELECTORS)
# How many nodes come from the child process at once.
AT_ONCE = 100
CLUSTER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "osmigrate.fleet.k8s_nodes"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith(("k8s_nodes.yml", "k8s_nodes.yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        try:
            self._read_config_data(path)
            with _undisturbed():
                self._populate(path, cache)
        except (AnsibleError, FleetError) as error:
            # Ansible would go on without hosts and report success.
            constants.INVENTORY_ANY_UNPARSED_IS_FAILED = True
            if isinstance(error, AnsibleError):
                raise
            raise AnsibleParserError(str(error)) from None

    def _populate(self, path, cache):
        clusters = self._clusters()
        self._inside = self._network_test()
        self._constructed = {name: self._structure(name) for name in ("compose", "groups", "keyed_groups")}
        self._groups = {}
        self._kept = {name: tuple(self.get_option(name)) for name in ("labels", "annotations")}
        # Of these two there is nothing to see unless somebody names some.
        self._kept["variables"] = (*self.get_option("variables"), *(name for name, some in self._kept.items() if some))
        # Playbooks leave it out by name, also where the cluster shows no control plane.
        self._group("role_control_plane")
        for cluster, seen in self._see(path, cache, clusters):
            self._add_cluster(cluster)
            found = False
            for one in seen:
                self._add_node(one, cluster["name"])
                found = True
            if not found:
                self.display.warning(self._nothing_found(cluster))

    def _clusters(self):
        """The clusters to ask, each a dictionary of the connection options, the selectors and a name (or None)."""
        options = {name: self.get_option(name) for name in (*auth_options.Auth._fields, *SELECTORS)}
        entries = self._structure("clusters")
        if not entries:
            return [{**options, "name": None}]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FleetError("clusters has to be a list of dictionaries", "No host was added")
        shared = {name: options[name] if name in SHARED else None for name in options}
        clusters = []
        for entry in entries:
            self._check_entry(entry, {"name", *options}, [cluster["name"] for cluster in clusters])
            alone = "kubeconfig" in entry or "host" in entry
            clusters.append({**(shared if alone else options), **entry})
        return clusters

    @staticmethod
    def _check_entry(entry, known, taken):
        unknown = sorted(set(entry) - known)
        if unknown:
            raise FleetError(f"clusters has an entry with the unknown key {unknown[0]}", "No host was added")
        name = str(entry.get("name", ""))
        if not CLUSTER_NAME.fullmatch(name) or name in taken:
            raise FleetError(
                f"clusters needs names of lower-case letters, digits and dashes, each once, and has '{name}'",
                "No host was added",
            )

    def _network_test(self):
        networks = self.get_option("address_networks")
        if not networks:
            return lambda address: True
        if netaddr is None:
            raise FleetError("address_networks needs the Python library netaddr", "No host was added")
        try:
            wanted = netaddr.IPSet(networks)
        except (netaddr.AddrFormatError, ValueError) as error:
            raise FleetError(f"address_networks is malformed: {error}", "No host was added") from error
        return lambda address: (
            (netaddr.valid_ipv4(address) or netaddr.valid_ipv6(address)) and netaddr.IPAddress(address) in wanted
        )

    def _see(self, path, cache, clusters):
        """What is to be known of the nodes of each cluster, from the cache where it is wanted and has them."""
        self.load_cache_plugin()
        wanted = self.get_option("cache")
        for cluster in clusters:
            if not wanted:
                yield cluster, _in_child(lambda cluster=cluster: self._look(self._fetch(cluster), cluster["name"]))
                continue
            key = f"{self.get_cache_key(path)}_{_fingerprint(cluster, self.get_option('show_excluded'))}"
            nodes = self._cache.get(key) if cache else None
            if nodes is None:
                nodes = list(_in_child(lambda cluster=cluster: self._fetch(cluster)))
            self._cache[key] = nodes
            yield cluster, self._look(nodes, cluster["name"])

    def _fetch(self, cluster):
        """Return the nodes of a cluster. For a child process: this one is to stay without the kubernetes client."""
        from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth, client

        if auth.IMPORT_ERROR:
            raise FleetError("The Python library kubernetes is missing", "No host was added", "Install it with pip")
        selectors = [cluster["label_selector"]]
        if not self.get_option("show_excluded"):
            selectors += ["!" + label for label in node_view.EXCLUDE_LABELS]
        query = {"labelSelector": ",".join(filter(None, selectors)), "fieldSelector": cluster["field_selector"]}
        server = client.Cluster.connect(auth_options.read_options(cluster.get))
        return server.list(client.NODES, query, keep=_nodes.trim).items

    def _look(self, nodes, cluster):
        """Yield for each node its name, address, variable and groups, and all that is known of it if Jinja needs it."""
        types, needed = self.get_option("address_types"), any(self._constructed.values())
        for node in nodes:
            facts = self._facts(node, cluster, self._kept["labels"], self._kept["annotations"])
            yield (
                node["metadata"]["name"],
                _nodes.choose_address(node, types, self._inside),
                _nodes.matching(facts, self._kept["variables"]),
                list(_nodes.groups(facts, bool(facts["excluded_by"]))),
                self._facts(node, cluster, ("*",), ("*",)) if needed else None,
            )

    def _add_cluster(self, cluster):
        group = self._group(f"cluster_{cluster['name']}" if cluster["name"] else "k8s_nodes")
        for name in ("kubeconfig", "context"):
            if isinstance(cluster[name], str):
                self.inventory.set_variable(group, f"osmigrate_{name}", cluster[name])
        self.inventory.set_variable(group, "osmigrate_pool_label", self.get_option("pool_label"))

    def _add_node(self, seen, cluster):
        name, address, variable, groups, facts = seen
        host = self.inventory.add_host(_nodes.host_name(name, cluster))
        # Not by the inventory: that copies each value and ties a note to it that says which file it is from, which
        # takes more memory than the values. It does so for what Jinja makes below, and for what groups have.
        set_variable = self.inventory.get_host(host).set_variable
        if address:
            set_variable("ansible_host", address)
        else:
            self.display.warning(f"Node {name} has no address that address_types and address_networks allow")
        set_variable("k8s_node_name", name)
        set_variable("k8s_node", variable)
        for group in [*groups, *([f"cluster_{cluster}"] if cluster else [])]:
            self.inventory.add_child(self._group(group), host)
        if facts:
            self._construct(host, facts)

    def _facts(self, node, cluster, labels, annotations):
        return {
            **_nodes.variables(node, self.get_option("pool_label"), labels, annotations),
            **({"cluster": cluster} if cluster else {}),
        }

    def _construct(self, host, facts):
        """Jinja, which costs twenty times as much as all of the above: only if asked for."""
        strict = self.get_option("strict")
        self._set_composite_vars(self._constructed["compose"], self._seen(host, facts), host, strict)
        seen = self._seen(host, facts)
        self._add_host_to_composed_groups(self._constructed["groups"], seen, host, strict, fetch_hostvars=False)
        self._add_host_to_keyed_groups(self._constructed["keyed_groups"], seen, host, strict, fetch_hostvars=False)

    def _seen(self, host, facts):
        return {**self.inventory.get_host(host).get_vars(), "k8s_node": facts}

    def _group(self, name):
        if name not in self._groups:
            self._groups[name] = self.inventory.add_group(to_safe_group_name(name, force=True, silent=True))
        return self._groups[name]

    def _structure(self, name):
        """An option that is a structure; from the environment it comes as text."""
        value = self.get_option(name)
        if not isinstance(value, str):
            return value
        try:
            return _trust(yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise FleetError(f"The option {name} is not valid YAML: {error}", "No host was added") from error

    def _nothing_found(self, cluster):
        where = f"Cluster {cluster['name']}" if cluster["name"] else "The cluster"
        asked = ", ".join(f"{name} {cluster[name]}" for name in SELECTORS if cluster[name])
        return f"{where} has no node that matches {asked or 'and is not excluded'}: the inventory gets no host from it"


def _in_child(make):
    """Yield what `make` yields in a child process. Nothing comes before all nodes are fetched."""

    def chunks():
        rest = iter(make())
        while some := list(itertools.islice(rest, AT_ONCE)):
            yield some

    return itertools.chain.from_iterable(_child.items_of(chunks))


@contextlib.contextmanager
def _undisturbed():
    """Let the garbage collector rest while much is made and nothing becomes garbage, and leave what was made alone.

    It would look at all of it over and over, in every fork too, which then gets a copy of what it could have shared.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_on:
            gc.enable()


def _fingerprint(cluster, show_excluded):
    """Tells apart what may not share a cache entry; secrets are not part of it."""
    parts = [str(cluster[name]) for name in ("name", "context", "host", *SELECTORS)]
    parts += [cluster["kubeconfig"] if isinstance(cluster["kubeconfig"], str) else "", str(show_excluded)]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _trust(value):
    """What the operator's environment says may hold templates, as what the file says may."""
    if isinstance(value, dict):
        return {key: _trust(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_trust(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) else value
