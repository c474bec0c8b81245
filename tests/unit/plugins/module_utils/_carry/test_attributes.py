# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set-id bits, access control lists, capabilities: on a real file system, as root."""

import os
import struct
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import attributes

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="gives files away and sets capabilities")
NAME = "/etc/cni/net.d/a.conf"
# cap_net_raw, as setcap writes it
CAPABILITY = bytes.fromhex("0100000200200000000000000000000000000000")


def acl(*named):
    """An access control list with these users beside owner, group, mask and others."""
    entries = [(1, 6, 0xFFFFFFFF), *[(2, 4, number) for number in named]]
    entries += [(4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)]
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


def test_what_a_file_has_beside_its_content_comes_along(move):
    moving = move({NAME: "x"}, ids={NAME: (100, 106)})
    source, target = (root / NAME.strip("/") for root in (moving.incumbent, moving.deployment))
    source.chmod(0o4750)
    os.setxattr(source, "system.posix_acl_access", acl(100, 1000))
    os.setxattr(source, "security.capability", CAPABILITY)
    os.setxattr(source, "user.note", b"mine")
    moving.carry()
    found = dict(attributes.read(str(target)))
    # messagebus is 100 on the incumbent and 996 on the candidate; entries are in the order of numbers.
    assert found.pop("system.posix_acl_access") == acl(996, 1000)
    assert found == {"security.capability": CAPABILITY, "user.note": b"mine"}
    status = target.stat()
    assert (status.st_uid, status.st_gid, status.st_mode & 0o7000) == (996, 996, 0o4000)


def test_what_the_release_has_besides_goes(move):
    moving = move({NAME: "x"}, {"/usr" + NAME: "x"})
    os.setxattr(moving.deployment / NAME.strip("/"), "user.note", b"theirs")
    moving.carry()
    assert attributes.read(str(moving.deployment / NAME.strip("/"))) == ()


def test_entries_are_sorted_by_their_new_numbers():
    (found,) = attributes.renumbered((("system.posix_acl_access", acl(100, 1000)),), {("user", 100): 2000})
    assert found[1] == acl(1000, 2000)


def test_what_a_copy_cannot_keep_is_told(move):
    names = ("/etc/cni/net.d/a.conf", "/etc/cni/net.d/b.conf", "/etc/cni/net.d/c.conf")
    moving = move({name: "x" for name in names[:2]})
    first, second, third = (moving.incumbent / name.strip("/") for name in names)
    os.link(first, third)
    if any(
        subprocess.run(["chattr", flag, str(path)], check=False).returncode
        for flag, path in (("+i", first), ("+a", second))
    ):
        pytest.skip("a file system without such flags")
    try:
        lost = {made.target: made.lost for made in moving.carry().items}
    finally:
        subprocess.run(["chattr", "-i", "-a", str(first), str(second)], check=True)
    assert [lost[name] for name in names] == [
        "it cannot be changed on the node (immutable), and can on the candidate",
        "it can only grow on the node (append-only), and is free on the candidate",
        "it cannot be changed on the node (immutable), and can on the candidate; "
        "one file with /etc/cni/net.d/a.conf on the node, and a copy on the candidate",
    ]
    assert not attributes.not_kept(str(moving.deployment / names[0].strip("/")))


def test_zeros_are_holes_in_the_copy(move):
    moving = move({NAME: b"a" + b"\0" * (1 << 20) + b"b" + b"\0" * 70000})
    moving.carry()
    copy = moving.deployment / NAME.strip("/")
    assert copy.read_bytes() == (moving.incumbent / NAME.strip("/")).read_bytes()
    assert copy.stat().st_blocks * 512 < copy.stat().st_size
