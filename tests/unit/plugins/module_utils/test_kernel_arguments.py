# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _grub, _kernel_arguments

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
    "nothing twice": ("nosmt nosmt", [], ["nosmt"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_carried(case):
    line, extra, expected = case
    assert _kernel_arguments.carried(_grub.parse_command_line(line), extra) == expected
