# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments, grub

CASES = {
    "the machine's arguments stay, the root's go": (
        "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet console=tty0 console=ttyS0,115200 crashkernel=256M",
        [],
        ["console=tty0", "console=ttyS0,115200", "crashkernel=256M"],
    ),
    "the operator replaces all of a name": ("console=tty0 console=ttyS0", ["console=hvc0"], ["console=hvc0"]),
    "a trial's arguments are never inherited": (
        "osmigrate.entry=d-1 osmigrate.trial=1 panic=30 oops=panic ostree=/x mitigations=off",
        [],
        ["mitigations=off"],
    ),
    "dotted families": (
        "nvme_core.io_timeout=255 rd.lvm.lv=a/b rd.break",
        [],
        ["nvme_core.io_timeout=255", "rd.lvm.lv=a/b"],
    ),
    "parameters of modules": (
        "kvm.nx_huge_pages=off systemd.debug_shell plymouth.enable=0 -- kvm.a=1",
        [],
        ["kvm.nx_huge_pages=off"],
    ),
    "what newer kernels do not know": ("crashkernel=auto crashkernel=256M", [], ["crashkernel=256M"]),
    "nothing twice": ("nosmt nosmt", [], ["nosmt"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_carried(case):
    line, extra, expected = case
    assert arguments.carried(grub.parse_command_line(line), extra) == expected


def test_every_argument_that_is_not_carried_has_a_reason_or_is_named():
    line = "root=UUID=1 ro hugepages=4 console=tty0 panic=5 strange=1"
    assert arguments.explain(grub.parse_command_line(line), ["console=hvc0"]) == [
        ("root=UUID=1", "the candidate's entry has its own"),
        ("ro", "the candidate's entry has its own"),
        ("console=tty0", "the operator replaces it"),
        ("panic=5", "belongs to trials"),
        ("strange=1", ""),
    ]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('dyndbg.a="file x +p" nosmt', 'dyndbg.a="file x +p"'),
        ('"dyndbg.a=file x +p" nosmt', '"dyndbg.a=file x +p"'),
        ('nosmt dyndbg.a="file x', 'dyndbg.a="file x'),
    ],
)
def test_an_argument_fail_whose_quotes_would_swallow_others(line, word):
    found = grub.parse_command_line(line)
    assert arguments.carried(found, []) == ["nosmt"]
    assert arguments.explain(found, []) == [(word, "it has quotes, which the boot menu does not pass on")]
