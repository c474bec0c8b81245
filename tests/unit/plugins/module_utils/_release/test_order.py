# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import itertools
import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import order

# In this order.
VERSIONS = "0.9 1 1.0~rc1 1.0 1.0+b1 1.0.1 1.1 1.9 1.10 2 13.1~1 13.1 13.1a 13.1.1 13.2 2026.9 2026.11".split()
SERIALS = [({"version": "2", "serial": 1}, {"version": "1", "serial": 2}), ({"version": "1"}, {"version": "2"})]


def test_versions_in_order():
    for one, other in itertools.combinations(VERSIONS, 2):
        assert order.is_older({"version": one}, {"version": other}), (one, other)
        assert not order.is_older({"version": other}, {"version": one}), (one, other)


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_the_order_is_that_of_debian():
    for one, other in itertools.combinations(VERSIONS, 2):
        assert subprocess.call(["dpkg", "--compare-versions", one, "lt", other]) == 0, (one, other)


@pytest.mark.parametrize("pair", SERIALS)
def test_serials_decide_where_both_have_one(pair):
    assert order.is_older(*pair)
    assert not order.is_older(*pair[::-1])
    assert order.newest(*pair) == order.newest(*pair[::-1]) == pair[1]
    assert not order.is_older(pair[0], pair[0])


def test_a_serial_of_one_alone_does_not_count():
    assert order.is_older({"version": "1", "serial": 9}, {"version": "2"})
    assert order.newest(None, {"version": "1"}) == {"version": "1"}


PACKAGES = "1.0~rc1-1 1.0 1.0-1~deb13u1 1.0-1 1.0-1+deb13u1 1.0-2 1.0+b1-1 1.0.1-1 1-9-1 2-1 1:0.1".split()


@pytest.mark.skipif(not shutil.which("dpkg"), reason="dpkg is not installed")
def test_the_order_of_packages_is_that_of_debian():
    for one, other in itertools.permutations(PACKAGES, 2):
        is_older = subprocess.call(["dpkg", "--compare-versions", one, "lt", other]) == 0
        assert order.is_older_package(one, other) == is_older, (one, other)
