# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By what a run that has lost a node is told from the one that holds it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  fence:
    description:
      - What M(osmigrate.fleet.k8s_node_lease) returned as C(fence) when the run took the node's lease. The node keeps
        the highest and refuses a lower one, so that a run that has lost the node writes nothing on it any more.
      - V(0) for a person who runs the module by hand; then nothing is compared.
    type: int
    default: 0
"""
