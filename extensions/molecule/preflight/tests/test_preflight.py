# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Preflight changes nothing."""


def test_nothing_was_made(host):
    for path in ("/ostree", "/boot/osmigrate", "/boot/grub/osmigrate.cfg", "/boot/grub/osmigrate.env"):
        assert not host.file(path).exists
