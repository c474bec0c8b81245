# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run a module works for."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  run:
    description:
      - The run that asks, as M(osmigrate.fleet.k8s_node_lease) returned it as C(holder). What it leaves is noted as its
        own. A node whose lease another run holds is left alone, and so is what another run has left on a node whose
        lease nobody holds.
      - Empty for a person who runs the module by hand, who is kept away from a node whose lease a run holds.
    type: str
    default: ""
"""
