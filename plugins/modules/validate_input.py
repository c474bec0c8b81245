#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

# This file only documents the action plugin of the same name, which does the work on the controller.


DOCUMENTATION = r"""
module: validate_input
short_description: Validate hosts and variables of a playbook, before any host is touched
version_added: 1.0.0
description:
  - Refuses a pattern of hosts that resolves to nobody, names in it that nothing is called by, C(--tags) and
    C(--skip-tags), variables C(osmigrate_*) that are unknown or stand where they have no effect, and values that the
    playbooks cannot work with.
  - Refuses a cluster whose API server is not the one of C(osmigrate_expected_server).
  - Reads variables and kubeconfigs only, of the hosts in sight and of the run, on the controller. Connects to nothing.
  - Every playbook of this collection begins with it.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    platforms: posix
options:
  playbook:
    description: Name of the playbook that is validated.
    type: str
    required: true
    choices:
      - migrate
      - upgrade
      - rollback
      - drill
      - plan
      - finalize
      - status
      - halt
      - resume
      - recover
      - access
      - remediate
      - release_review
      - release_build
      - release_contents
      - release_publish
      - release_channel
  hosts:
    description:
      - The pattern of hosts that it works on.
      - Not for V(status), V(halt), V(resume) and V(access), which work on the clusters of all hosts that C(--limit)
        leaves, nor for those that make and publish releases.
    type: raw
  expected_server:
    description: The value of C(osmigrate_expected_server) for clusters of which no host is in sight.
    type: raw
author:
  - osmigrate.fleet contributors (@osmigrate)
"""

EXAMPLES = r"""
- name: Validate hosts and variables
  osmigrate.fleet.validate_input:
    playbook: migrate
    hosts: k8s_nodes:!role_control_plane
  run_once: true
"""

RETURN = r"""
hosts:
  description: How many hosts the pattern and C(--limit) leave.
  returned: success
  type: int
rehearsal:
  description: Whether the run changes nothing, by C(--check) or because it only plans.
  returned: success
  type: bool
clusters:
  description: The clusters that these hosts are from, each once.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: A host of it, empty if it has none.
      type: str
    kubeconfig:
      description: Path of its kubeconfig; empty if the environment names it, or if the host's variable is a structure.
      type: str
    context:
      description: Context of the kubeconfig, empty for its current one.
      type: str
    pool_label:
      description: Label whose value is a node's pool.
      type: str
    hosts:
      description: How many of the hosts are from it.
      type: int
    server:
      description:
        - URL of its API server, by the kubeconfig. Empty for V(finalize), which talks to none, and where V(status),
          V(halt) and V(resume) have no kubeconfig that can be read; what they do then says so.
      type: str
says:
  description: Which servers the playbook talks to, a sentence for each.
  returned: success
  type: list
  elements: str
  sample: ["migrate talks to https://api.example:6443, for 9 hosts."]
"""
