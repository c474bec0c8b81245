# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix of the cluster side: which tests are about which cell of faults.yml, and what became of them.

A test says with the mark `fault(row, column)` what it is about. With the option --faults PATH only these run, at their
full size, and end with a table and PATH as JSON: an object for each cell. A cell about another version of Kubernetes is
all of them on the programs of that version.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from tests.lab import kubebin
from tests.lab.config import KUBERNETES_VERSION

CELLS = yaml.safe_load(Path(__file__).with_name("faults.yml").read_text())
# Property of a test: how many nodes were unavailable at most, and how many might be.
UNAVAILABLE = "unavailable"
# Rows about all the others, by how many minor versions the API server is newer than the lab's.
OTHER_VERSIONS = {-1: "API server one minor version older", 1: "API server one minor version newer"}


def marks(item):
    """The cells that a test is about, as (row, column)."""
    return [one.args for one in item.iter_markers("fault")]


class FaultTable:
    def __init__(self, path):
        self._path = path
        self._found = {
            (row["fault"], column): {"row": row["fault"], "column": column, "happens": happens, "runs": 0, "passed": 0}
            | {"unavailable_max": None, "budget": None, "notes": []}
            for row in CELLS
            for column, happens in row["during"].items()
        }
        self._about = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config, items):
        self._about = {item.nodeid: marks(item) for item in items}
        unknown = {cell for cells in self._about.values() for cell in cells} - set(self._found)
        if unknown:
            raise pytest.UsageError(f"faults.yml has no cell {sorted(unknown)}")
        if self._path:
            config.hook.pytest_deselected(items=[item for item in items if not marks(item)])
            items[:] = [item for item in items if marks(item)]

    def pytest_runtest_logreport(self, report):
        # A test that passed its call may still fail when it takes down what it set up.
        if report.when != "call" and not report.failed:
            return
        for cell in (self._found[key] for key in self._about[report.nodeid]):
            cell["runs"] += report.when == "call" or report.when == "setup"
            cell["passed"] += report.passed
            if report.failed:
                cell["notes"].append(f"{report.nodeid.rpartition('/')[2]} ({report.when})")
            for most, budget in (value for name, value in report.user_properties if name == UNAVAILABLE):
                if cell["unavailable_max"] is None or most > cell["unavailable_max"]:
                    cell.update(unavailable_max=most, budget=budget)

    def pytest_terminal_summary(self, terminalreporter):
        if not self._path:
            return
        self._add_version()
        cells = list(self._found.values())
        Path(self._path).write_text(json.dumps(cells, indent=1) + "\n")
        terminalreporter.write_line(table(cells))

    def _add_version(self):
        cells = [cell for cell in self._found.values() if cell["runs"]]
        row = cells and OTHER_VERSIONS.get(_minor(kubebin.version()) - _minor(KUBERNETES_VERSION))
        if row:
            sums = {name: sum(cell[name] for cell in cells) for name in ("runs", "passed")}
            self._found[row, "all steps"].update(sums)


def _minor(version):
    return int(version.split(".")[1])


def table(cells):
    """Return the matrix as Markdown."""
    lines = ["| fault | during | passed | unavailable at most, budget |", "|---|---|---|---|"]
    for cell in cells:
        passed = f"{cell['passed']} of {cell['runs']}" if cell["runs"] else "not run"
        most = "-" if cell["unavailable_max"] is None else f"{cell['unavailable_max']} of {cell['budget']}"
        lines.append(f"| {cell['row']} | {cell['column']} | {passed} | {most} |")
        lines += [f"|   failed: {note} | | | |" for note in cell["notes"]]
    return "\n".join(lines)
