# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import method, tier

CANNOT = "the kernel is locked down"
CASES = [
    # wanted, target, tier, against, chosen
    ("firmware", "d-1", "block", "", "firmware"),
    ("kexec", "d-1", "block", "", "kexec"),
    ("kexec", "d-1", "esp-block", "", "kexec"),
    ("auto", "d-1", "block", "", "kexec"),
    ("auto", "d-1", "block", CANNOT, "firmware"),
    # What cannot be is refused by who asked for it, and not turned into something else in silence.
    ("kexec", "d-1", "block", CANNOT, "kexec"),
    ("kexec", "package", "block", "", "firmware"),
    ("auto", "package", "block", "", "firmware"),
    ("firmware", "d-1", "kexec", "", "kexec"),
    ("firmware", "package", "kexec", "", "kexec"),
    ("auto", "d-1", "kexec", CANNOT, "kexec"),
    ("soft", "d-1", "block", CANNOT, "soft"),
    ("soft", "d-1", "kexec", "", "soft"),
    ("soft", "package", "block", "", "firmware"),
    ("soft", "package", "kexec", "", "kexec"),
]


@pytest.mark.parametrize("wanted, target, tier_name, against, chosen", CASES)
def test_choose(wanted, target, tier_name, against, chosen):
    assert method.choose(wanted, target, tier_name, against) == chosen


@pytest.mark.parametrize(
    "problem, doubt, due, says",
    [
        ("", "", False, ""),
        (CANNOT, "a driver", True, CANNOT),
        ("", "a driver", True, "a driver"),
        ("", "", True, "GRUB has"),
    ],
)
def test_why_not(problem, doubt, due, says):
    said = method.why_not(problem, doubt, due)
    assert said.startswith(says) and bool(said) == bool(says)


@pytest.mark.parametrize(
    "modules, guest, says",
    [
        ("", "", ""),
        ("virtio_net 1 0 - Live 0x0\nnvidia_fs 2 0 - Live 0x0\n", "", ""),
        ("virtio_net 1 0 - Live 0x0\nnvidia 2 0 - Live 0x0\n", "", "the driver nvidia"),
        ("", "HVM\n", ""),
        ("", "PV\n", "a paravirtualised guest"),
    ],
)
def test_doubt(tmp_path, modules, guest, says):
    for path, text in (("proc/modules", modules), ("sys/hypervisor/guest_type", guest)):
        if text:
            (tmp_path / path).parent.mkdir(parents=True)
            (tmp_path / path).write_text(text)
    said = tier.kexec_doubt(str(tmp_path))
    assert says in said and bool(said) == bool(says)
