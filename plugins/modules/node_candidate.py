#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

# This file only documents the action plugin of the same name, which runs the module of the backend.


DOCUMENTATION = r"""
module: node_candidate
short_description: Bring a release onto a node by its backend, beside what runs
version_added: 1.0.0
description:
  - Runs M(osmigrate.fleet.ostree_candidate) or M(osmigrate.fleet.slot_candidate), whose other options it takes, too.
  - As it is one task, all nodes of a batch get the release at once, whatever their backends are.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.candidate
  - osmigrate.fleet.fence
  - osmigrate.fleet.release
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  backend:
    description: The backend of the node, a kind of payload that the release has.
    type: str
    choices: [ostree, slots]
    required: true
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.ostree_candidate
  - module: osmigrate.fleet.slot_candidate
"""

EXAMPLES = r"""
- name: Write the release beside what runs
  osmigrate.fleet.node_candidate:
    backend: "{{ 'slots' if slots.layout else 'ostree' }}"
    manifest: "{{ manifest.payload }}"
    signatures: "{{ manifest.signatures }}"
    trusted_keys: "{{ manifest.trusted_keys }}"
  register: candidate
"""

RETURN = r"""
entry:
  description: The boot entry of the candidate for M(osmigrate.fleet.boot_trial), empty while it does not lie there.
  returned: success
  type: dict
root:
  description:
    - Where the candidate lies on the node, and how it will see itself, for M(osmigrate.fleet.node_carry), whose option
      O(osmigrate.fleet.node_carry#module:root) has the keys. Empty while it does not lie there.
  returned: success
  type: dict
etc_report:
  description: What becomes of C(/etc), as sentences; more of it and of the rest returns the module of the backend.
  returned: success
  type: list
  elements: str
"""
