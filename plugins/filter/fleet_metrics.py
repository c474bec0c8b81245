# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _exposition, _metrics


def fleet_metrics_filter(
    nodes: Sequence[dict[str, Any]],
    pools: Sequence[dict[str, Any]] = (),
    max_unavailable: dict[str, str] | str | None = None,
) -> str:
    """Return the metrics of a fleet as Prometheus reads them."""
    try:
        return _exposition.text(_metrics.of_fleet(nodes, pools, max_unavailable))
    except FleetError as error:
        raise AnsibleFilterError(str(error)) from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise AnsibleFilterError(f"fleet_metrics was given what are no nodes, pools or budgets: {error}") from error


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"fleet_metrics": fleet_metrics_filter}
