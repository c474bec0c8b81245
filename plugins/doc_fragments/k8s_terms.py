# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""On what terms nodes may leave service, apart from the budget."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  windows:
    description:
      - Maintenance windows. Without any, nodes may go at any time that is not in O(blackouts).
      - Each is a dictionary with C(start), the time of day as C("22:00") in quotes; C(duration), in seconds or as
        C(4h) or C(1h30m), a week at most; C(days), a list of C(mon) to C(sun) on which it begins, or C(daily), which is
        the default; and C(timezone), an IANA name, V(UTC) by default.
      - Windows that meet or overlap count as one. Each lasts as long as it says, also when clocks change in it.
    type: list
    elements: raw
    default: []
  blackouts:
    description:
      - Days on which no node may leave service, also if a window is open, and before which all have to be back.
      - Each is a date such as C("2026-12-24") in quotes, or a dictionary with C(from), C(to), which is the last day,
        and C(timezone), an IANA name, V(UTC) by default.
    type: list
    elements: raw
    default: []
  expected_seconds:
    description:
      - How long a node is expected to be out of service. A node goes only if as much is left of the window.
      - Where a node of its pool took longer in this rollout, that counts instead.
      - A node that is cordoned already needs what is left of that, half of it at least.
    type: int
    default: 1800
  accept_single_etcd:
    description: Take control-plane nodes although etcd has fewer than three members, and is away with any of them.
    type: bool
    default: false
  accept_external_etcd:
    description:
      - Take control-plane nodes although etcd shows no static pods in C(kube-system), so its members are not known.
    type: bool
    default: false
  way_back:
    description: The node goes back to what it ran. No window is asked for, and an etcd member of its own may be ill.
    type: bool
    default: false
"""
