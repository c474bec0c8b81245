# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics as Prometheus takes them: a file for the textfile collector, or a push. By its own client library.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._metrics import Family

try:
    import prometheus_client
    from prometheus_client import core

    HAS_LIBRARY = True
except ImportError:
    HAS_LIBRARY = False

# The job of what is pushed, and what the name of each metric begins with.
JOB = "osmigrate"
PUSH_TIMEOUT = 10
_PAIR = re.compile(r"([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(\S.*)")


class _Collector:
    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Any]:
        for one in self._families:
            if one.summary:
                summary = core.SummaryMetricFamily(f"{JOB}_{one.name}", one.help, labels=one.labels)
                for labels, (many, total) in one.samples:
                    summary.add_metric(labels, count_value=many, sum_value=total)
                yield summary
                continue
            gauge = core.GaugeMetricFamily(f"{JOB}_{one.name}", one.help, labels=one.labels)
            for labels, value in one.samples:
                gauge.add_metric(labels, value)
            yield gauge


def registry(families: Sequence[Family]) -> Any:
    """Return a registry of the client library with the metrics.

    :raises FleetError: the library is not there.
    """
    if not HAS_LIBRARY:
        raise FleetError(
            "Metrics need the Python library prometheus-client, which is not there",
            "The run goes on without it",
            "Install it on the controller with pip, or set no metrics_file and no pushgateway",
        )
    made = prometheus_client.CollectorRegistry()
    made.register(_Collector(families))
    return made


def text(families: Sequence[Family]) -> str:
    """Return the metrics as Prometheus reads them."""
    made = registry(families)
    return str(prometheus_client.generate_latest(made).decode())


def write(path: str, families: Sequence[Family]) -> None:
    """Write a file of the textfile collector, whose name has to end in .prom, in one piece."""
    made = registry(families)
    try:
        prometheus_client.write_to_textfile(path, made)
    except OSError as error:
        raise FleetError(
            f"{path} cannot be written: {error.strerror or error}",
            "The run goes on without it",
            "Give another path, or the right to write there",
        ) from error


def grouping(pairs: Sequence[str]) -> dict[str, str]:
    """Return the labels of a group by name.

    :param pairs: each NAME=VALUE.
    :raises FleetError: one is none, or not to be a label of a group.
    """
    found = [_PAIR.fullmatch(pair.strip()) for pair in pairs]
    for pair, one in zip(pairs, found):
        if one is None or one[1] == "job":
            raise FleetError(
                f"pushgateway_group has {pair!r}, which is no NAME=VALUE of a label other than job",
                "The run goes on without it",
                "Write it as cluster=prod",
            )
    return {one[1]: one[2] for one in found if one}


def push(url: str, families: Sequence[Family], group: dict[str, str]) -> None:
    """Push to a Pushgateway; it replaces what was pushed for this group before.

    :param group: labels besides the job that make it a group of its own.
    """
    made = registry(families)
    try:
        prometheus_client.push_to_gateway(url, JOB, made, grouping_key=group, timeout=PUSH_TIMEOUT)
    except OSError as error:
        raise FleetError(
            f"The Pushgateway {url} cannot be reached: {error}",
            "The run goes on without it",
            "See that it answers, or set no pushgateway",
        ) from error
