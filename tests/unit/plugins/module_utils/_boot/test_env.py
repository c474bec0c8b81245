# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

VARIABLES = {"osm_default": "package", "osm_trial": "debian-13-13.1", "osm_tries": "xx"}


def test_what_is_rendered_reads_back_and_has_the_size_that_grub_rewrites():
    block = env.render(VARIABLES)
    assert len(block) == 1024
    assert env.parse(block) == VARIABLES


@pytest.mark.parametrize(
    "block",
    [
        b"",
        env.render(VARIABLES)[:-1],
        env.render(VARIABLES) + b"#",
        b"x" * 1024,
        env.HEADER + b"osm_default=pack" + b"#" * (1024 - len(env.HEADER) - 16),
        env.HEADER + b"no variable\n" + b"#" * (1024 - len(env.HEADER) - 12),
    ],
    ids=["empty", "short", "long", "garbage", "torn line", "no variable"],
)
def test_parse_fail(block):
    with pytest.raises(ValueError):
        env.parse(block)


@pytest.mark.parametrize("variables", [{"a b": "x"}, {"a": "x y"}, {"a": "x\ny"}, {"a": "x" * 1024}, {"a": "$b"}])
def test_render_fail(variables):
    with pytest.raises(ValueError):
        env.render(variables)


def test_rewrite_keeps_the_file_and_its_blocks(tmp_path):
    path = tmp_path / "osmigrate.env"
    path.write_bytes(env.render(VARIABLES))
    inode = path.stat().st_ino
    env.rewrite(str(path), {**VARIABLES, "osm_tries": "0"})
    assert path.stat().st_ino == inode
    assert env.read(str(path)) == ({**VARIABLES, "osm_tries": "0"}, "")


def test_rewrite_fail_of_a_block_that_is_gone(tmp_path):
    with pytest.raises(FleetError, match="cannot be rewritten"):
        env.rewrite(str(tmp_path / "osmigrate.env"), VARIABLES)


def test_read_says_why_a_block_is_unusable(tmp_path):
    path = tmp_path / "osmigrate.env"
    assert "cannot be read" in env.read(str(path))[1]
    path.write_bytes(b"")
    assert "0 bytes" in env.read(str(path))[1]
