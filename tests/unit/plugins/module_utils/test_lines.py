# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines, blanks and comments, as the programs that read the files take them."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import ini

# What Python takes for the end of a line, or for a blank, and nothing else does.
STRANGE = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
SPACES = "\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000"

JOINED = [
    # format, text, lines
    ("unit", "A=1 \\\n  2\nB=3\n", ["A=1    2", "B=3"]),
    ("unit", "A=1\\\n# no\n; no\n2\n", ["A=1 2"]),
    ("unit", "# no \\\nA=1\n", ["A=1"]),
    ("unit", "A=1\\\\\nB=2\n", ["A=1\\\\", "B=2"]),
    ("unit", "A=1\\\n\nB=2\n", ["A=1", "B=2"]),
    ("unit", "A=1\\", ["A=1"]),
    ("unit", "A=1\r\nB=2\r\n", ["A=1", "B=2"]),
    ("unit", "A=1 \\\r\n2\r\n", ["A=1  2"]),
    ("rules", 'A=="1", \\\n  B="2"\n# no \\\nC="3"\n', ['A=="1",   B="2"', 'C="3"']),
    ("shell", "A=1\\\n2\n# no \\\nB=3\n", ["A=12", "B=3"]),
    ("shell", "A=1\\\n# in it\n", ["A=1# in it"]),
    ("ifupdown", "# no \\\nauto eno1\n  up a \\\n b\n", ["auto eno1", "up a   b"]),
    ("ifupdown", "; no comment\n", ["; no comment"]),
    ("effective", "a\\\nb\n\n  # no\n ; b\n", ["a\\", "b", " ; b"]),
]


@pytest.mark.parametrize("name, text, expected", JOINED)
def test_each_format_has_its_own_lines(name, text, expected):
    assert getattr(_lines, name)(text) == expected


@pytest.mark.parametrize("name", ["unit", "rules", "shell", "ifupdown", "effective", "lines"])
@pytest.mark.parametrize("character", STRANGE)
def test_only_a_line_feed_ends_a_line(name, character):
    assert getattr(_lines, name)(f"a{character}b\nc") == [f"a{character}b", "c"]
    if name != "lines":
        assert getattr(_lines, name)(f"# a{character}b\n") == []


@pytest.mark.parametrize("character", SPACES)
def test_only_blanks_of_ascii_part_words(character):
    assert _lines.words(f" a{character}b\t\tc\r\n") == [f"a{character}b", "c"]
    assert ini.parse(f"[A]\nb = {character}c \n") == [("A", [("b", f"{character}c")])]


def test_the_last_line_may_have_no_end():
    assert [_lines.lines(text) for text in ("", "\n", "a", "a\n", "a\n\n")] == [[], [""], ["a"], ["a"], ["a", ""]]


def test_a_keyfile_has_its_own_comments_and_no_lines_that_go_on():
    assert ini.parse_keyfile("[a]\nb=1\\\n;c=2\n#d=3\n") == [("a", [("b", "1\\"), (";c", "2")])]
    assert ini.parse("[a]\nb=1\\\n;c=2\n#d=3\ne=4\n") == [("a", [("b", "1 e=4")])]


@pytest.mark.parametrize("path", ["/a b", "/a\tb", "/a\\b", "/a\nb", "/\udcff", "/ü\u2028", "/a\x0cb"])
def test_a_path_stays_the_same_in_fstab(path):
    field = _lines.as_field(path)
    assert _lines.words(field) == [field] and _lines.lines(field) == [field]
    assert _lines.field(field) == path


def test_a_mount_may_be_called_anything():
    text = "36 25 0:32 / /srv/a\u2028b\x0cc\\040d rw shared:1 - ext4 /dev/vda\x85 rw\n"
    assert [mount.target for mount in _storage.parse_mountinfo(text)] == ["/srv/a\u2028b\x0cc d"]
