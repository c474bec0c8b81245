# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, blanks and fields of what is mounted."""

import pytest


@pytest.mark.parametrize(
    "unit",
    [
        "[Mount]\nWhat = /dev/vdb\nWhere = /var/lib/kubelet\n",
        "[Unit]\nWhere=/no\n[Mount]\nWhere=/srv\nWhere=\\\n /var/lib/kubelet\n",
        "[Mount]\r\nWhere=/var/lib/kubelet\r\n",
    ],
)
def test_mount_unit_blanks(move, unit):
    moving = move(
        {"/var/lib/kubelet/x": "x", "/etc/systemd/system/var-lib-kubelet.mount": unit},
        mount_points=["/var/lib/kubelet"],
    )
    moving.carry()
    assert (moving.var / "lib/kubelet").is_dir()


def test_blanks_that_are_none_do_not_end_a_field(move):
    moving = move({"/etc/fstab": "UUID=1 / ext4 defaults 0 1\nUUID=2 /srv/a\u00a0b ext4 noatime 0 2\n"})
    moving.carry()
    assert "UUID=2 /var/srv/a\u00a0b ext4 noatime 0 2" in moving.read("/etc/fstab")
