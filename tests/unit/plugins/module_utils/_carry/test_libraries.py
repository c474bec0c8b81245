# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Programs of the node's own are told by the libraries that the release does not have."""

import shutil
import subprocess

import pytest

UNIT = "/etc/systemd/system/a.service"
SYSTEM = "/usr/lib/x86_64-linux-gnu/libown.so.1"

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")


@pytest.fixture
def program(tmp_path):
    """A program that loads libown.so.1, and looks for it first where it is told to."""

    def make(places=""):
        at = tmp_path / "made"
        at.mkdir()
        (at / "l.c").write_text("int own(void) {return 0;}")
        (at / "a.c").write_text("int own(void); int main(void) {return own();}")
        library = ["gcc", "-shared", "-fPIC", "-Wl,-soname,libown.so.1", "-o", at / "libown.so", at / "l.c"]
        linked = ["gcc", "-o", at / "a", at / "a.c", f"-L{at}", "-lown", *([f"-Wl,-rpath,{places}"] if places else [])]
        for command in (library, linked):
            subprocess.run(command, check=True)
        return (at / "a").read_bytes()

    return make


def lost(move, incumbent, release=None):
    unit = "[Service]\nExecStart=/opt/own/bin/a\n"
    made = move({UNIT: unit, **incumbent}, release or {}).carry()
    return next(one.lost for one in made.items if one.target == UNIT)


def test_fail_a_library_that_the_release_does_not_have(move, program):
    told = lost(move, {"/opt/own/bin/a": program(), SYSTEM: "x"})
    assert told == "/opt/own/bin/a: the release has no libown.so.1"


def test_a_library_that_both_have(move, program):
    assert lost(move, {"/opt/own/bin/a": program(), SYSTEM: "x"}, {SYSTEM: "x"}) == ""


def test_a_library_that_a_program_brings_itself(move, program):
    files = {"/opt/own/bin/a": program("$ORIGIN/../lib"), "/opt/own/lib/libown.so.1": "x", SYSTEM: "x"}
    assert lost(move, files) == ""


def test_fail_a_library_that_only_ldconfig_found(move, program):
    files = {
        "/opt/own/bin/a": program(),
        "/opt/own/lib/libown.so.1": "x",
        "/etc/ld.so.conf.d/own.conf": "/opt/own/lib\n",
    }
    assert lost(move, files) == "/opt/own/bin/a: the release has no entry for libown.so.1 in its cache of libraries"


def test_a_program_that_is_cut_off_says_nothing(move, program):
    assert lost(move, {"/opt/own/bin/a": program()[:100], SYSTEM: "x"}) == ""
