# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make lint` says in its first second."""

from __future__ import annotations

import sys

import pytest

from tests.gate import house_rules


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("plugins/filter/x.py", "x = 1\nassert x\n", [(2, "an assert")]),
        ("tests/unit/test_x.py", "assert True\n", []),
        ("plugins/filter/x.py", "def f(:\n", [(1, "no program for Python")]),
    ],
)
def test_what_a_file_may_not_have(name, text, said):
    found = list(house_rules.of_syntax(name, text))
    assert [number for number, _rule in found] == [number for number, _rule in said]
    assert all(rule.startswith(start) for (_n, rule), (_m, start) in zip(found, said))


def test_a_compiler_is_asked_of_each_file(tmp_path):
    fine, wrong = tmp_path / "fine.py", tmp_path / "wrong.py"
    fine.write_text("x = 1\n")
    wrong.write_text("x = 1\nx = = 2\n")
    said = house_rules.of_compiler(sys.executable, [str(fine), str(wrong)])
    assert len(said) == 1
    assert said[0].startswith(f"{wrong}:2: ")


def test_unfinished_work_is_named_with_its_line():
    said = "# {}: later".format("TO" + "DO")
    assert list(house_rules.of_lines(f"fine\n{said}\n")) == [(2, f"unfinished work: {said}")]
