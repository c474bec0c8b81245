# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that gets its slots in the first move, as preflight sees it; test_making.py has real disks."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import checks, layout, making
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.modules import node_preflight

ASKED = {"slot_size": 1024, "persist_size": 2048, "disk": None, "spare": ""}
MIB = 1 << 20


def found(asked, size):
    """Return what speaks against a release of that size."""
    node = {"slots": node_preflight.foretold(asked), "boot": {"free_bytes": 1 << 30}}
    wanted = {"size": size, "boot_size": 1, "commit": "a"}
    return {check.key: told for check, told in ((one, one.find(node, wanted)) for one in checks.CHECKS) if told}


@pytest.fixture
def room(monkeypatch):
    def foretell(wanted, places):
        parts = [layout.Partition(f"/dev/vda{n}", f"new:{n}", wanted.slot, f"0badcafe-0{n}") for n in (2, 3)]
        return layout.Layout(dict(zip(layout.SLOTS, parts)), "")

    monkeypatch.setattr(making, "foretell", foretell)


def test_slots_that_will_be_there_are_judged_as_if_they_were(room):
    assert found(ASKED, 1024 * MIB) == {}
    told = found(ASKED, 1024 * MIB + 1)["slots-room"]
    assert (
        told
        == f"The image has {1024 * MIB + 1} bytes, and ROOT-A has {1024 * MIB} bytes and ROOT-B has {1024 * MIB} bytes"
    )


def test_slots_that_cannot_be_made_are_told_with_the_reason_fail(monkeypatch):
    def foretell(wanted, places):
        raise FleetError("/dev/vda has no room for two slots of 1024 MiB")

    monkeypatch.setattr(making, "foretell", foretell)
    assert found(ASKED, 1) == {"slots-layout": "/dev/vda has no room for two slots of 1024 MiB"}
    small = {**ASKED, "slot_size": 63}
    assert found(small, 1) == {"slots-layout": "A partition of less than 64 MiB is none of a system"}
