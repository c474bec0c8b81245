# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in the pictures of the guides, as far as it can be said without a browser (make pictures has one)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages import pictures

THERE = Path(__file__).parents[2] / "docs/pictures"
SHOWS = {
    "plan": ["from 2026-11-29 22:00:00 UTC", "/boot has no room for a kernel", "StatefulSet shop/db"],
    "report": [
        "Rollout debian-13-13.2",
        "22 done, 1 held up",
        "nobody confirmed it",
        ">verify<",
        ">drain<",
        "shop/db-0",
    ],
    "terminal": ["15 done, 1 failed, 1 held up, 7 to go", "w17 ", "budget shop/db", "w7 in verify", "w12 in drain"],
    "status": ["5 of 8 nodes (62 %) run debian-13-13.2.", "drain: w6 since 48 s", "Stale, stage: w8", "Failed: w7"],
}


@pytest.mark.parametrize("name", pictures.PICTURES)
def test_a_picture_is_of_a_rollout_that_is_always_the_same(name):
    make, _height = pictures.PICTURES[name]
    page = make()
    assert page == make()
    assert [text for text in SHOWS[name] if text.lower() not in page.lower()] == []


def test_a_large_one_is_refused(tmp_path):
    small, large = tmp_path / "a.png", tmp_path / "b.png"
    small.write_bytes(b"x" * pictures.LARGEST)
    large.write_bytes(b"x" * (pictures.LARGEST + 1))
    assert pictures.too_large([small, large]) == ["b.png has 150001 bytes, and may have 150000"]


def test_all_are_there_and_small_and_in_the_guide():
    there = sorted(THERE.glob("*.png"))
    assert [one.stem for one in there] == sorted(pictures.PICTURES)
    assert pictures.too_large(there) == []
    guide = (THERE.parent / "rollouts.md").read_text()
    assert all(f"](pictures/{one.name})" in guide for one in there)
