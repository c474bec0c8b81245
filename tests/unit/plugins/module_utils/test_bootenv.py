# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _bootenv
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

VARIABLES = {"osm_default": "package", "osm_trial": "debian-13-13.1", "osm_tries": "xx"}


def test_what_is_rendered_reads_back_and_has_the_size_that_grub_rewrites():
    block = _bootenv.render(VARIABLES)
    assert len(block) == 1024
    assert _bootenv.parse(block) == VARIABLES


@pytest.mark.parametrize(
    "block",
    [
        b"",
        _bootenv.render(VARIABLES)[:-1],
        _bootenv.render(VARIABLES) + b"#",
        b"x" * 1024,
        _bootenv.HEADER + b"osm_default=pack" + b"#" * (1024 - len(_bootenv.HEADER) - 16),
        _bootenv.HEADER + b"no variable\n" + b"#" * (1024 - len(_bootenv.HEADER) - 12),
    ],
    ids=["empty", "short", "long", "garbage", "torn line", "no variable"],
)
def test_parse_fail(block):
    with pytest.raises(ValueError):
        _bootenv.parse(block)


@pytest.mark.parametrize("variables", [{"a b": "x"}, {"a": "x y"}, {"a": "x\ny"}, {"a": "x" * 1024}, {"a": "$b"}])
def test_render_fail(variables):
    with pytest.raises(ValueError):
        _bootenv.render(variables)


def test_rewrite_keeps_the_file_and_its_blocks(tmp_path):
    path = tmp_path / "osmigrate.env"
    path.write_bytes(_bootenv.render(VARIABLES))
    inode = path.stat().st_ino
    _bootenv.rewrite(str(path), {**VARIABLES, "osm_tries": "0"})
    assert path.stat().st_ino == inode
    assert _bootenv.read(str(path)) == ({**VARIABLES, "osm_tries": "0"}, "")


def test_rewrite_fail_of_a_block_that_is_gone(tmp_path):
    with pytest.raises(FleetError, match="cannot be rewritten"):
        _bootenv.rewrite(str(tmp_path / "osmigrate.env"), VARIABLES)


def test_read_says_why_a_block_is_unusable(tmp_path):
    path = tmp_path / "osmigrate.env"
    assert "cannot be read" in _bootenv.read(str(path))[1]
    path.write_bytes(b"")
    assert "0 bytes" in _bootenv.read(str(path))[1]
