# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import timing

# As journalctl of Debian 12 writes them, but for fields that are not read; the second initramfs is no systemd's.
RECORDED = """\
{"MESSAGE_ID":"b07a249cd024414a82dd00cd181378ff","KERNEL_USEC":"4021011","INITRD_USEC":"38200313","USERSPACE_USEC":"61000000"}
{"MESSAGE_ID":"b07a249cd024414a82dd00cd181378ff","KERNEL_USEC":"7000000","USERSPACE_USEC":"20000000"}
not JSON
[]
{"KERNEL_USEC":"many"}
{"KERNEL_USEC":null}
{}
"""


def test_parse():
    assert [(round(boot.root, 1), round(boot.whole, 1)) for boot in timing.parse(RECORDED)] == [
        (42.2, 103.2),
        (7.0, 27.0),
    ]


@pytest.mark.parametrize(
    ("wholes", "least", "most", "seconds"),
    [
        ([], 900, 3600, 900),
        ([45, 20], 900, 3600, 900),  # there is time for ten times that, and half of what all get
        ([46, 20], 900, 3600, 960),
        ([240], 900, 3600, 2880),
        ([4000], 900, 3600, 3600),
        ([4000], 900, 600, 900),  # the operator gives every node that
        ([4000], 7200, 3600, 7200),
        ([4000], 0, 3600, 0),  # switched off
        ([4000], -1, 3600, -1),  # refused by who is given it
    ],
)
def test_what_a_trial_has_until_it_is_confirmed(wholes, least, most, seconds):
    assert timing.trial_seconds([timing.Boot(1, whole) for whole in wholes], least, most) == seconds


@pytest.mark.parametrize(
    ("roots", "most", "seconds"),
    [
        ([], 0, 300),
        ([5, 7], 900, 300),
        ([42.2, 7], 900, 480),
        ([200], 900, 900),
        ([200], 0, 2000 + 40),
        ([5], 120, 120),
    ],
)
def test_deadlines_fit_the_node_and_the_operators_limit(roots, most, seconds):
    assert timing.initrd_seconds([timing.Boot(root, root * 2) for root in roots], most) == seconds
