# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release that a module brings onto a node, and who has to have signed it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  manifest:
    description: The text that is signed, as RV(osmigrate.fleet.release_info#module:payload) returns it.
    type: str
    required: true
  signatures:
    description: Base64 of the ed25519 signatures, as RV(osmigrate.fleet.release_info#module:signatures) returns them.
    type: list
    elements: str
    default: []
  trusted_keys:
    description:
      - Public keys, each as PEM text or as a mapping with C(key), a PEM text, and C(names), the names of the releases
        that it may sign.
      - If the node has the directory C(/etc/osmigrate/trusted.d), with keys in files called C(*.pub), those have to
        agree.
    type: list
    elements: raw
    default: []
  signatures_required:
    description: How many different keys must have signed.
    type: int
    default: 1
  require_signature:
    description: Refuse a manifest that no trusted key has signed.
    type: bool
    default: true
"""
