# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a recipe says of a unit does something, or is refused."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import recipe, tools, units
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

INSTALL = "[Install]\nWantedBy=multi-user.target\n"
SYSTEM = "usr/lib/systemd/system"
FILES = {
    f"{SYSTEM}/a.service": INSTALL,
    f"{SYSTEM}/static.service": "[Service]\n# [Install]\n",
    f"{SYSTEM}/dropped.service": "[Service]\n",
    "etc/systemd/system/dropped.service.d/a.conf": INSTALL,
    f"{SYSTEM}/t@.service": INSTALL,
    "etc/init.d/old": "#!/bin/sh\n",
}
# Each: what is done with a unit, and why that would do nothing.
SAID = {
    ("enable", "a.service"): "",
    ("disable", "a.service"): "",
    ("mask", "a.service"): "",
    ("enable", "dropped.service"): "",
    ("enable", "t@1.service"): "",
    ("mask", "t@1.service"): "",
    ("mask", "old.service"): "",
    # fstab may have it.
    ("mask", "srv.mount"): "",
    # systemctl itself says what is wrong with these.
    ("enable", "typo.service"): "",
    ("enable", "masked.service"): "",
    ("mask", "typo.service"): "there is no such unit",
    ("mask", "typo@1.timer"): "there is no such unit",
    ("enable", "static.service"): "the unit has no [Install]",
    ("disable", "static.service"): "the unit has no [Install]; to keep it from being started, mask it",
}


@pytest.mark.parametrize(("verb", "unit"), SAID)
def test_what_would_do_nothing_is_refused(tmp_path, monkeypatch, verb, unit):
    for name, text in FILES.items():
        path = tmp_path / "root" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "root/etc/systemd/system/masked.service").symlink_to("/dev/null")
    log = tools.Log(str(tmp_path / "build.log"))
    ran: "list[list[str]]" = []
    # A tree of a few files has no systemctl.
    monkeypatch.setattr(log, "inside", lambda tree, argv, *given: ran.append(argv))
    document = {"units": {verb: [unit], recipe.AT: {f"{verb} {unit}": "mine.yml line 3"}}}
    why = SAID[verb, unit]
    if not why:
        units.make(document, str(tmp_path / "root"), 0, log)
        assert ran == [["systemctl", verb, unit]]
        return
    with pytest.raises(FleetError) as raised:
        units.make(document, str(tmp_path / "root"), 0, log)
    assert raised.value.problem == f"Stage : mine.yml line 3: systemctl {verb} {unit} would do nothing: {why}"
    assert not ran
