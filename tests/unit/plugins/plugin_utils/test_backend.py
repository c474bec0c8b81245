# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which backend a node gets a release that has several payloads."""

from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._backend import choose


def release(*kinds):
    return {"name": "d", "version": "2", "payloads": dict.fromkeys(kinds)}


def boot(runs, **entries):
    return {"booted": {"entry": runs}, "entries": {name.replace("_", "-"): one for name, one in entries.items()}}


OSTREE, TOY = {"backend": "ostree"}, {"backend": "toy"}


@pytest.mark.parametrize(
    ("kinds", "node", "wanted", "chosen"),
    [
        (["ostree"], {}, "auto", "ostree"),
        (["toy"], {}, "auto", "toy"),
        (["toy", "ostree"], {}, "auto", "ostree"),
        (["ostree", "toy"], {}, "toy", "toy"),
        (["ostree", "toy"], boot("package"), "auto", "ostree"),
        # A node stays with what wrote the system that it runs, where the release lets it.
        (["ostree", "toy"], boot("d-1", d_1=TOY), "auto", "toy"),
        (["ostree"], boot("d-1", d_1=TOY), "auto", "ostree"),
        (["ostree", "toy"], boot("d-1", d_1={}), "auto", "ostree"),
        # Whoever made two roots on a node means to use them, once there is such a payload.
        (["ostree", "slots"], {**boot("package"), "laid_out": ["slots"]}, "auto", "slots"),
        (["ostree"], {**boot("package"), "laid_out": ["slots"]}, "auto", "ostree"),
        (["ostree", "slots"], {**boot("d-1", d_1=OSTREE), "laid_out": ["slots"]}, "auto", "ostree"),
        # What a run that was killed has written is gone on with.
        (["ostree", "toy"], boot("d-1", d_1=OSTREE, d_2=TOY), "auto", "toy"),
        (["ostree", "toy"], boot("d-1", d_1=OSTREE, d_2=TOY), "ostree", "ostree"),
    ],
)
def test_choose(monkeypatch, kinds, node, wanted, chosen):
    monkeypatch.setitem(schema.PAYLOADS, "toy", None)
    assert choose(release(*kinds), node, wanted) == chosen


def test_choose_fail():
    with pytest.raises(FleetError, match="d-2 has no payload for the backend slots, only for ostree"):
        choose(release("ostree"), {}, "slots")
