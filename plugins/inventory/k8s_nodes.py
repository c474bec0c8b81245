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
    value, are hidden. The playbook C(status) names them, and so does C(-v). A kubelet can set the second one on its own
    node unless C(playbooks/files/admission-policy.yml) is applied.
  - An API server that cannot be reached, a wrong kubeconfig, a missing permission, an option that does not exist, and
    selectors that match no node end Ansible with one sentence and an exit code of 1, also where Ansible would otherwise
    go on without hosts and report success.
  - Text of the cluster is data and never a template, with any ansible-core. Only IP addresses and DNS names become
    C(ansible_host); what else a node gives as its address is a warning. So is a name that no node can have.
  - Groups whose names differ only in characters that names of groups cannot have, such as pools C(gpu-a) and C(gpu_a),
    are kept apart by a digest behind the name of those that are not written as the group is. That is a warning, and so
    is a node that is called as something of Ansible's own (C(localhost), C(all)), whose host is C(node_NAME).
  - "Groups: C(k8s_nodes) has all nodes, and there are C(role_ROLE) (a node without a role label is a C(worker)),
    C(pool_POOL), C(zone_ZONE), C(os_NAME_VERSION) (for example C(os_debian_12)), C(arch_ARCHITECTURE), C(ready) or
    C(not_ready), C(schedulable) or C(unschedulable). All nodes with the role C(control-plane), C(master),
    C(controlplane), C(api-server) or C(etcd) are in C(role_control_plane), also where only the label
    C(kubernetes.io/role) names that role."
  - "Groups of what this collection has recorded: C(osmigrate_phase_PHASE), C(osmigrate_failed), C(osmigrate_held) for
    nodes with a cordon of ours, and for nodes that have arrived C(osmigrate_release_RELEASE) and
    C(osmigrate_on_release) or C(osmigrate_on_package)."
  - "Variables of a host: C(ansible_host), C(k8s_node_name), and C(k8s_node) with what O(variables) names of C(name),
    C(uid), C(cluster), C(ready), C(schedulable), C(roles), C(pool), C(zone), C(region), C(addresses), C(conditions),
    C(taints), C(provider_id), C(architecture), C(boot_id), C(machine_id), C(os_image), C(kernel_version),
    C(kubelet_version), C(container_runtime), and C(osmigrate) with our annotations; further C(labels) and
    C(annotations), if O(labels) and O(annotations) name any."
  - Hosts get C(osmigrate_kubeconfig) and C(osmigrate_context) as variables if O(kubeconfig) and O(context) are
    set, so that the playbooks of this collection work on the cluster that the host is from, also with several inventory
    files. Where O(host) or a structure in O(kubeconfig) says which cluster that is, they get its server as
    C(osmigrate_inventory_server); a playbook that would talk to another one, by C(K8S_AUTH_HOST) or C(~/.kube/config),
    refuses. They get C(osmigrate_pool_label) too, from O(pool_label), so that a node claims its place in the pool that
    it is shown in. Nodes of the same name in two clusters need O(clusters), or are refused.
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
  allow_empty:
    description: Goes on without hosts where no node is left, with a warning. Otherwise that is an error.
    type: bool
    default: false
    env: [{name: OSMIGRATE_ALLOW_EMPTY}]
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
  - Booleans are refused unless they are among the words that Ansible knows, also from the environment. Of its own
    accord Ansible takes C(ture) for false.
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
import difflib
import gc
import hashlib
import json
import os
import re
import typing

import yaml
from ansible.errors import AnsibleError
from ansible.inventory.group import to_safe_group_name
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable

try:
    from ansible.template import trust_as_template

    def as_data(value: typing.Any) -> typing.Any:
        """Text is data unless somebody trusts it."""
        return value

except ImportError:  # ansible-core before 2.19: text is a template unless somebody says that it is unsafe
    from ansible.utils.unsafe_proxy import wrap_var

    def as_data(value: typing.Any) -> typing.Any:
        return wrap_var(value)

    def trust_as_template(value: typing.Any) -> typing.Any:
        return value


try:
    import netaddr
except ImportError:
    netaddr = None

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, defect, unexpected
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import is_node_name, printable, whole_number
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child, _nodes

SELECTORS = ("label_selector", "field_selector")
# What an entry of `clusters` with a kubeconfig or host of its own still takes from the options.
SHARED = ("api_timeout", "validate_certs", "proxy", *SELECTORS)
# Runs in a process of its own.
FETCH = "ansible_collections.osmigrate.fleet.plugins.plugin_utils._node_list:fetch"
CLUSTER_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
NAMES = ("k8s_nodes.yml", "k8s_nodes.yaml")
OURS = re.compile(rb"^plugin\s*:\s*[\"']?osmigrate\.fleet\.k8s_nodes\b", re.MULTILINE)
NONE = _nodes.NONE
# What an older version has cached is fetched anew.
CACHED_FORM = "2"
# How many names a message has room for.
NAMED = 20


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):
    NAME = "osmigrate.fleet.k8s_nodes"

    def verify_file(self, path: str) -> bool:
        if not super().verify_file(path):
            if path.endswith(NAMES) and "," not in path:
                problem = f"The inventory file {path} does not exist, or may not be read"
                self._end(FleetError(problem, NONE, "Correct -i, or who may read the file"))
            return False
        if path.endswith(NAMES):
            return True
        if path.endswith((".yml", ".yaml")) and _is_for_us(path):
            self._end(
                FleetError(
                    f"The inventory file {path} is for {self.NAME}, and its name does not end in {NAMES[0]}",
                    NONE,
                    "Rename it",
                )
            )
        return False

    def parse(self, inventory: typing.Any, loader: typing.Any, path: str, cache: bool = True) -> None:
        super().parse(inventory, loader, path, cache)
        try:
            self._check_options(path, self._read_config_data(path))
            with _undisturbed():
                self._populate(path, cache)
        except FleetError as error:
            self._end(error)
        except AnsibleError as error:
            self._end(FleetError(printable(error, 2000).rstrip("."), NONE, f"Correct {path}"))
        except _child.Defect as error:
            self.display.vvv(str(error))
            self._end(defect(self.NAME, error.kind, error.where, NONE))
        except Exception as error:
            self._end(unexpected(self.NAME, error, NONE))

    def _end(self, error: FleetError) -> typing.NoReturn:
        """End Ansible. It would try other plugins, go on without hosts and report success."""
        self.display.error(str(error), wrap_text=False)
        raise SystemExit(1)

    def _check_options(self, path: str, config: dict[str, typing.Any]) -> None:
        """Refuse what Ansible would ignore: options that there are not, and booleans that are none."""
        definitions = self.option_definitions
        known = {*definitions, *(alias for one in definitions.values() for alias in one.get("aliases") or [])}
        for name in config:
            if name not in known:
                raise FleetError(f"{path} has the unknown option {name}", NONE, _meant(name, known))
        for name, one in definitions.items():
            if one.get("type") not in ("bool", "boolean"):
                continue
            for spelling in (name, *(one.get("aliases") or [])):
                if spelling in config:
                    _boolean(config[spelling], f"the option {spelling} of {path}")
            for variable in (env["name"] for env in one.get("env") or []):
                if variable in os.environ:
                    _boolean(os.environ[variable], f"the environment variable {variable}")

    def _populate(self, path: str, cache: bool) -> None:
        clusters = self._clusters()
        self._inside = self._network_test()
        self._constructed = {name: self._structure(name) for name in ("compose", "groups", "keyed_groups")}
        self._kept = {name: tuple(self.get_option(name)) for name in ("labels", "annotations")}
        # Of these two there is nothing to see unless somebody names some.
        self._kept["variables"] = (*self.get_option("variables"), *(name for name, some in self._kept.items() if some))
        # Playbooks leave it out by name, also where the cluster shows no control plane.
        self.inventory.add_group(_nodes.CONTROL_GROUP)
        self.inventory.add_group("k8s_nodes")
        members: dict = {}
        empty = []
        for cluster, server, seen in self._see(path, cache, clusters):
            found = False
            for one in seen:
                found = self._add_node(one, cluster, server, members) or found
            if not found:
                empty.append(self._nothing_found(cluster, server))
        self._add_groups(members)
        if members or self.get_option("allow_empty"):
            for sentence in empty:
                self.display.warning(sentence)
        else:
            raise FleetError("; ".join(empty), NONE, "Correct the selectors, or set allow_empty if that may be")

    def _clusters(self) -> list[dict]:
        """The clusters to ask, each a dictionary of the connection options, the selectors and a name (or None)."""
        options = {name: self.get_option(name) for name in (*auth_options.Auth._fields, *SELECTORS)}
        entries = self._structure("clusters")
        if not entries:
            return [{**options, "name": None}]
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise FleetError("clusters has to be a list of dictionaries", NONE)
        shared = {name: options[name] if name in SHARED else None for name in options}
        clusters: list = []
        for entry in entries:
            self._check_entry(entry, {"name", *options}, [cluster["name"] for cluster in clusters])
            entry = _checked(entry)
            alone = "kubeconfig" in entry or "host" in entry
            clusters.append({**(shared if alone else options), **entry})
        return clusters

    @staticmethod
    def _check_entry(entry: dict, known: set[str], taken: list[str]) -> None:
        for key in entry:
            if key not in known:
                raise FleetError(f"clusters has an entry with the unknown key {key}", NONE, _meant(key, known))
        name = str(entry.get("name", ""))
        if not CLUSTER_NAME.fullmatch(name) or name in taken:
            raise FleetError(
                f"clusters needs names of lower-case letters, digits and dashes, each once, and has '{name}'",
                NONE,
            )

    def _network_test(self) -> typing.Callable:
        networks = self.get_option("address_networks")
        if not networks:
            return lambda address: True
        if netaddr is None:
            raise FleetError("address_networks needs the Python library netaddr", NONE)
        try:
            wanted = netaddr.IPSet(networks)
        except (netaddr.AddrFormatError, ValueError) as error:
            raise FleetError(f"address_networks is malformed: {error}", NONE) from error
        return lambda address: (
            (netaddr.valid_ipv4(address) or netaddr.valid_ipv6(address)) and netaddr.IPAddress(address) in wanted
        )

    def _see(self, path: str, cache: bool, clusters: list[dict]) -> typing.Iterator[tuple[dict, str, typing.Iterator]]:
        """What is to be known of the nodes of each cluster, from the cache where it is wanted and has them."""
        self.load_cache_plugin()
        wanted = self.get_option("cache")
        for cluster in clusters:
            if not wanted:
                nodes = _child.items_of(FETCH, _asked(cluster))
            else:
                key = f"{self.get_cache_key(path)}_{_fingerprint(cluster)}"
                fetched = self._cache.get(key) if cache else None
                if fetched is None:
                    fetched = list(_child.items_of(FETCH, _asked(cluster)))
                self._cache[key] = fetched
                nodes = iter(fetched)
            server, excluded = next(nodes, ("", []))
            hidden = [] if self.get_option("show_excluded") else sorted(excluded)
            seen = self._look(nodes, set(hidden), cluster["name"])
            if hidden:
                self.display.v(f"{_where(cluster, server)} has {len(hidden)} nodes that a label hides: {_some(hidden)}")
            yield cluster, server, seen

    def _look(self, nodes: typing.Iterator, hidden: set[str], cluster: str) -> typing.Iterator[typing.Any]:
        """Yield what each of the nodes that are not hidden becomes in the inventory.

        That is its name, uid, address, what stands for an address and is none, variable, groups, and all that is known
        of it if Jinja needs it.
        """
        types, needed = self.get_option("address_types"), any(self._constructed.values())
        for node in nodes:
            name = node["metadata"]["name"]
            if name in hidden:
                continue
            facts = self._facts(node, cluster, self._kept["labels"], self._kept["annotations"])
            yield (
                name,
                node["metadata"]["uid"],
                *_nodes.choose_address(node, types, self._inside),
                _nodes.matching(facts, self._kept["variables"]),
                list(_nodes.groups(facts, bool(facts["excluded_by"]))),
                self._facts(node, cluster, ("*",), ("*",)) if needed else None,
            )

    def _add_node(self, seen: tuple, cluster: dict, server: str, members: dict[str, list[str]]) -> bool:
        """Add a host; return whether that was done. Here everything from the API and from the cache comes in."""
        name, uid, address, none, variable, groups, facts = seen
        if not is_node_name(name):
            self.display.warning(f"A node is left out, because no node can be called {printable(name, 100)}")
            return False
        if none:
            self.display.warning(f"Node {name} says that its address is {printable(none[0], 100)}, which is no address")
        wanted = _nodes.host_name(name, cluster["name"])
        if wanted == f"node_{name}":
            self.display.warning(f"Node {name} is called as something of Ansible's own: its host is {wanted}")
        self._refuse_twin(wanted, uid, cluster)
        host = self.inventory.add_host(wanted)
        # Not by the inventory: that copies each value and ties a note to it that says which file it is from, which
        # takes more memory than the values. It does so for what Jinja makes below.
        set_variable = self.inventory.get_host(host).set_variable
        if address:
            set_variable("ansible_host", as_data(address))
        elif not none:
            self.display.warning(f"Node {name} has no address that address_types and address_networks allow")
        set_variable("k8s_node_name", name)
        set_variable("k8s_node", as_data(variable))
        for one in ("kubeconfig", "context"):
            if isinstance(cluster[one], str):
                set_variable(f"osmigrate_{one}", cluster[one])
        if cluster["host"] or isinstance(cluster["kubeconfig"], dict):
            set_variable("osmigrate_inventory_server", as_data(server))
        set_variable("osmigrate_pool_label", self.get_option("pool_label"))
        for group in [*groups, *([f"cluster_{cluster['name']}"] if cluster["name"] else [])]:
            members.setdefault(group, []).append(host)
        if facts:
            self._construct(host, as_data(facts))
        return True

    def _refuse_twin(self, wanted: str, uid: str, cluster: dict) -> None:
        """One host cannot be a node of two clusters, as two inventory files may have them."""
        known = self.inventory.get_host(wanted).get_vars() if wanted in self.inventory.hosts else {}
        if "k8s_node_name" not in known:
            return
        before = known.get("k8s_node", {}).get("uid")
        other = any(known.get(f"osmigrate_{one}") != cluster[one] for one in ("kubeconfig", "context"))
        if before != uid if before else other:
            raise FleetError(
                f"Two inventory files have a node {wanted}, each of another cluster, and one host cannot be both",
                NONE,
                "List both clusters with their names under clusters of one file",
            )

    def _add_groups(self, members: dict[str, list[str]]) -> None:
        called = _nodes.group_names(members, lambda raw: to_safe_group_name(raw, force=True, silent=True))
        for raw, name in called.items():
            plain = to_safe_group_name(raw, force=True, silent=True)
            if name != plain:
                self.display.warning(f"The group of {printable(raw, 100)} is {name}: another one is called {plain}")
            self.inventory.add_group(name)
            for host in members[raw]:
                self.inventory.add_child(name, host)

    def _facts(self, node: dict, cluster: str, labels: tuple[str, ...], annotations: tuple[str, ...]) -> dict:
        return {
            **_nodes.variables(node, self.get_option("pool_label"), labels, annotations),
            **({"cluster": cluster} if cluster else {}),
        }

    def _construct(self, host: str, facts: dict) -> None:
        """Jinja, which costs twenty times as much as all of the above: only if asked for."""
        strict = self.get_option("strict")
        self._set_composite_vars(self._constructed["compose"], self._seen(host, facts), host, strict)
        seen = self._seen(host, facts)
        self._add_host_to_composed_groups(self._constructed["groups"], seen, host, strict, fetch_hostvars=False)
        self._add_host_to_keyed_groups(self._constructed["keyed_groups"], seen, host, strict, fetch_hostvars=False)

    def _seen(self, host: str, facts: dict) -> dict:
        return {**self.inventory.get_host(host).get_vars(), "k8s_node": facts}

    def _structure(self, name: str) -> typing.Any:
        """An option that is a structure; from the environment it comes as text."""
        value = self.get_option(name)
        if not isinstance(value, str):
            return value
        try:
            return _trust(yaml.safe_load(value))
        except yaml.YAMLError as error:
            raise FleetError(f"The option {name} is not valid YAML: {error}", NONE) from error

    @staticmethod
    def _nothing_found(cluster: dict, server: str) -> str:
        asked = ", ".join(f"{name} {cluster[name]}" for name in SELECTORS if cluster[name])
        return (
            f"{_where(cluster, server)} has no node that matches {asked}"
            if asked
            else (f"{_where(cluster, server)} has no node that is not hidden")
        )


def _where(cluster: dict, server: str) -> str:
    return f"Cluster {cluster['name']} ({server})" if cluster["name"] else f"The cluster {server}"


def _some(names: list[str]) -> str:
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    return printable(", ".join([*names[:NAMED], *more]), 100 * NAMED)


def _is_for_us(path: str) -> bool:
    try:
        with open(path, "rb") as stream:
            return OURS.search(stream.read(65536)) is not None
    except OSError:
        return False


def _meant(name: str, known: set[str]) -> str:
    close = difflib.get_close_matches(str(name), sorted(known), 1, 0.5)
    return f"Did you mean {close[0]}?" if close else f"It may have {', '.join(sorted(known))}"


def _boolean(value: typing.Any, what: str) -> bool:
    try:
        return boolean(value)
    except TypeError:
        raise FleetError(f"'{printable(value, 100)}' is no boolean in {what}", NONE, "Write true or false") from None


def _checked(entry: dict) -> dict:
    """An entry of clusters; its values come by no check of Ansible's."""
    checked = dict(entry)
    if entry.get("validate_certs") is not None:
        checked["validate_certs"] = _boolean(entry["validate_certs"], f"validate_certs of cluster {entry['name']}")
    if "api_timeout" in entry:
        checked["api_timeout"] = whole_number(entry["api_timeout"])
        if checked["api_timeout"] is None:
            raise FleetError(
                f"'{printable(entry['api_timeout'], 100)}' is no number of seconds in api_timeout of cluster"
                f" {entry['name']}",
                NONE,
            )
    return checked


def _asked(cluster: dict) -> dict[str, typing.Any]:
    """What _node_list.fetch is given."""
    query = {"labelSelector": cluster["label_selector"], "fieldSelector": cluster["field_selector"]}
    return {"auth": auth_options.read_options(cluster.get)._asdict(), "query": query}


@contextlib.contextmanager
def _undisturbed() -> typing.Iterator[None]:
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


def _fingerprint(cluster: dict) -> str:
    """Tells apart what may not share a cache entry; secrets are not part of it."""
    parts = [CACHED_FORM, *(str(cluster[name]) for name in ("name", "context", "host", *SELECTORS))]
    parts += [cluster["kubeconfig"] if isinstance(cluster["kubeconfig"], str) else ""]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]


def _trust(value: typing.Any) -> typing.Any:
    """What the operator's environment says may hold templates, as what the file says may."""
    if isinstance(value, dict):
        return {key: _trust(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_trust(one) for one in value]
    return trust_as_template(value) if isinstance(value, str) else value
