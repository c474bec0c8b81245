# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel is given to unpack; that it boots is seen on machines (tests/flavours)."""

import io

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd, kexec


@pytest.mark.parametrize("length", [4, 5, 7, 1024])
def test_archives_are_joined_where_the_kernel_looks_for_them(tmp_path, length):
    (tmp_path / "first").write_bytes(b"x" * length)
    (tmp_path / "second").write_bytes(initrd.archive())
    joined = io.BytesIO()
    kexec.join([str(tmp_path / "first"), str(tmp_path / "second")], joined)
    begin = length + -length % 4
    assert joined.getvalue()[:begin] == b"x" * length + b"\0" * (begin - length)
    assert joined.getvalue()[begin:] == initrd.archive()
