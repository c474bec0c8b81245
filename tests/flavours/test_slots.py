# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A month on two slots: from one to the other, with what an administrator changed since, and back days later."""

from __future__ import annotations

import json

import pytest

from tests.e2e.fleet import Fleet
from tests.flavours.test_flavours import BOOT_TIMEOUT, NODE, chosen, fresh
from tests.lab.releases import MONTHLY

FIRST, NEXT = "debian-13-13.1", "debian-13-13.2"
WORK = "echo mine > /etc/lab-own && chmod 640 /etc/lab-own && rm /etc/issue && echo mine >> /etc/issue.net"


def entry(fleet: Fleet) -> str:
    """Return the id of the entry that runs."""
    words = fleet.shell(NODE, "cat /proc/cmdline").split()
    return next(word.partition("=")[2] for word in words if word.startswith("osmigrate.entry="))


def marks(fleet: Fleet) -> dict[str, dict]:
    """Return what is noted of each slot, by its PARTUUID."""
    return json.loads(fleet.shell(NODE, "cat /boot/osmigrate/slots.json"))["slots"]


def damaged(fleet: Fleet) -> list[str]:
    """Return the releases whose slot is not, bit for bit, the image that was written there."""
    held = marks(fleet)
    assert sorted(mark["release"] for mark in held.values() if mark["good"]) == sorted({FIRST, NEXT} & kept(fleet))
    read = "head --bytes={size} /dev/disk/by-partuuid/{partuuid} | sha256sum"
    digests = {one: fleet.shell(NODE, read.format(size=mark["size"], partuuid=one)) for one, mark in held.items()}
    return [mark["release"] for one, mark in held.items() if digests[one].split()[0] != mark["image"]]


def kept(fleet: Fleet) -> set[str]:
    """Return the ids of the entries of the menu."""
    return set(json.loads(fleet.shell(NODE, "cat /boot/osmigrate/state.json"))["entries"])


def serves_whole(fleet: Fleet, name: str) -> None:
    assert entry(fleet) == name and damaged(fleet) == []
    assert fleet.shell(NODE, "systemctl --failed --no-legend --plain") == ""
    assert fleet.shell(NODE, "findmnt -no FSTYPE /etc").split() == ["overlay"]
    assert fleet.shell(NODE, "cat /etc/lab-own; stat -c %a /etc/lab-own; ls /etc/issue || true").split() == [
        "mine",
        "640",
    ]


@pytest.mark.skipif("slots" not in chosen(), reason="another flavour was chosen")
def test_a_month_on_slots() -> None:
    fleet = fresh("slots")
    data = "sha256sum /home/ops/NOTES /var/lib/lab-data/first /var/lib/kubelet/config.yaml /etc/machine-id"
    before = fleet.shell(NODE, data)
    assert fleet.play("migrate", **fleet.release("13.1"), osmigrate_backend="slots").rc == 0
    first = fleet.shell(NODE, "findmnt -no SOURCE /").strip()
    fleet.shell(NODE, WORK)

    run = fleet.play("upgrade", **fleet.release("13.2"))
    assert run.rc == 0
    for told in (
        "kept /etc/lab-own: made here",
        "removed /etc/issue: removed here",
        "kept /etc/issue.net: changed here",
    ):
        assert told in run.output
    serves_whole(fleet, NEXT)
    assert fleet.shell(NODE, "findmnt -no SOURCE /").strip() != first
    assert fleet.shell(NODE, f"command -v {MONTHLY}; tail -n 1 /etc/issue.net").split() == [
        f"/usr/bin/{MONTHLY}",
        "mine",
    ]
    assert fleet.shell(NODE, data) == before

    # GRUB has to find by itself what was confirmed.
    boot = fleet.boot_id(NODE)
    fleet.machines[NODE].power_off()
    fleet.machines[NODE].start()
    fleet.wait_for(lambda: fleet.serves_again(NODE, boot), "the reboot", BOOT_TIMEOUT)
    serves_whole(fleet, NEXT)

    # Back to the other slot: it is what it was, and has nothing of what was changed since.
    fleet.shell(NODE, "echo later > /etc/lab-later")
    assert fleet.play("rollback", osmigrate_rollback_to=FIRST).rc == 0
    serves_whole(fleet, FIRST)
    assert fleet.shell(NODE, f"ls /etc/lab-later 2> /dev/null || command -v {MONTHLY} || true") == ""
    assert fleet.shell(NODE, "findmnt -no SOURCE /").strip() == first
    assert fleet.shell(NODE, data) == before

    # On again: nothing has to be written for that.
    written = marks(fleet)
    assert fleet.play("upgrade", **fleet.release("13.2")).rc == 0
    assert marks(fleet) == written
    serves_whole(fleet, NEXT)
    assert fleet.play("rollback").rc == 0
    assert 'VERSION_ID="12"' in fleet.shell(NODE, "cat /etc/os-release")
    assert fleet.shell(NODE, data) == before
