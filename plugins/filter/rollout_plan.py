# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import windows as calendar
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _plan as plan


def rollout_plan_filter(
    nodes: list[dict[str, Any]],
    pools: Sequence[dict[str, Any]] = (),
    serial: Any = (1, "10%"),
    max_unavailable: Any = "10%",
    expected_seconds: int = 1800,
    windows: Sequence[Any] = (),
    blackouts: Sequence[Any] = (),
    remarks: Sequence[str] = (),
    waves: Sequence[dict[str, Any]] = (),
    released: int = 0,
    blockers: Sequence[dict[str, Any]] = (),
    sliding: bool = False,
    cap: int = 0,
) -> dict[str, Any]:
    """Return the plan, with the lines that people read."""
    try:
        schedule = calendar.parse(list(windows), list(blackouts))
        said = (serial, str(max_unavailable), int(expected_seconds), schedule, time.time())
        terms = plan.Terms(*said, waves, int(released), bool(sliding), int(cap))
        of = {name: pool["name"] for pool in pools for name in pool.get("members", [])}
        nodes = [{**node, "pool": of.get(node["name"], node["pool"])} for node in nodes]
        made = plan.make(nodes, {pool["name"]: pool["nodes"] for pool in pools}, terms)
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error
    except (KeyError, TypeError, ValueError) as error:
        raise AnsibleFilterError(f"rollout_plan was given what is no node, pool or term: {error}") from error
    told = {"summary": plan.summary(made, terms, remarks), "lines": plan.lines(made, terms, remarks)}
    return {**made, **told, "at": terms.now, "blockers": list(blockers)}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rollout_plan": rollout_plan_filter}
