# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The arithmetic of docs/scale-out.md, and that the page has what it gives."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest

from tests.gate import scale


def test_the_page_and_the_chart_are_what_the_figures_give():
    assert scale.written(scale.PAGE.read_text()) == scale.PAGE.read_text()
    assert scale.chart() == scale.CHART.read_text()
    assert ElementTree.fromstring(scale.chart()).tag.endswith("svg")


@pytest.mark.parametrize("nodes", [1, 600, 130_000])
def test_what_is_needed_is_enough_for_all_nodes_in_the_windows(nodes):
    need = scale.need(nodes)
    tries = nodes * (1 + scale.FAILS.value / 100)
    assert need.at_once * scale.HOURS.value * 3600 / scale.AWAY.value >= tries
    assert need.forks >= need.at_once
    assert need.smallest * scale.BUDGET.value / 100 >= need.at_once
    assert math.isclose(need.events_a_second * scale.HOURS.value * 3600, need.events)
