# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a drain that contradict themselves are refused before the cluster is asked anything."""

from types import SimpleNamespace

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_node_drain

OPTIONS = {"timeout": 900, "delete_allowed": [], "delete_after": 300, "evictions_per_second": 110}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"delete_allowed": ["Job"], "delete_after": 900}, "leaves no time to delete anything"),
    ],
)
def test_refused_before_anything_is_asked(wrong, said):
    with pytest.raises(FleetError, match=said):
        k8s_node_drain.work(SimpleNamespace(params={**OPTIONS, **wrong}, check_mode=False), cluster=None)
