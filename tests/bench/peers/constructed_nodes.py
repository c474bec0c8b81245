# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A peer: an inventory plugin that fetches nodes as k8s_nodes does, and makes variables and groups by Jinja alone."""

from __future__ import annotations

from ansible.plugins.inventory import BaseInventoryPlugin, Constructable
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import Cluster
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _nodes

DOCUMENTATION = """
name: constructed_nodes
short_description: A peer for the benchmark
description: See the docstring of this file.
extends_documentation_fragment: [ansible.builtin.constructed]
options:
  kubeconfig: {description: Where the nodes are., type: str, required: true}
"""


class InventoryModule(BaseInventoryPlugin, Constructable):
    NAME = "constructed_nodes"

    def verify_file(self, path):
        return path.endswith("constructed_nodes.yml")

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        self._read_config_data(path)
        options = dict.fromkeys(auth_options.Auth._fields)
        options.update(kubeconfig=self.get_option("kubeconfig"), api_timeout=60)
        cluster = Cluster.connect(auth_options.Auth(**options))
        for node in cluster.list("/api/v1/nodes", keep=_nodes.trim).items:
            host = inventory.add_host(node["metadata"]["name"])
            for key, value in node.items():
                inventory.set_variable(host, key, value)
            seen = inventory.get_host(host).get_vars()
            self._set_composite_vars(self.get_option("compose"), seen, host, True)
            self._add_host_to_composed_groups(self.get_option("groups"), {}, host, True)
            self._add_host_to_keyed_groups(self.get_option("keyed_groups"), {}, host, True)
