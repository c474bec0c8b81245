# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import os

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import machine


@pytest.mark.parametrize(("user", "name"), [(65534, "nobody"), (4_000_000, "user 4000000")])
def test_who_is_not_root_is_told_so_first(monkeypatch, user, name):
    monkeypatch.setattr(os, "geteuid", lambda: user)
    with pytest.raises(FleetError, match=f"works on this node as {name}, and not as root. Nothing was changed. Let it"):
        machine.require_root()


def test_root_goes_on(monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.require_root()
