# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Golden cases, one file each, by area: cases/<area>/<case>.yml. What its name says to fail is left or named.

from, to: family of the incumbent and of the release, debian if not said.
incumbent, release: files as write_tree takes them; a list is content and mode.
packages: what packages brought: content now, and as it was shipped. EL's are registered by the real rpm.
ids: owner and group of files of the incumbent, by number.
files: what the candidate has then, null for nothing; modes: of some of them. lost, left, unknown: what is said, all
of it but for what every move leaves. differences: what is said of a comparison of both systems, by what is compared;
of services only where a case says something.
"""

from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import rules

CASES = sorted((Path(__file__).parent / "cases").glob("*/*.yml"))
KNOWN = set("from to incumbent release packages ids files modes lost left unknown collisions differences".split())
ALWAYS_LEFT = ("/etc/fstab: ", "/etc/passwd: ")


def tree(files: dict) -> dict:
    return {
        name: (what[0], int(what[1], 8)) if isinstance(what, list) else what for name, what in (files or {}).items()
    }


def seen(moving, name: str):
    path = (moving.var if name.startswith("/var/") else moving.deployment) / name.removeprefix("/var").strip("/")
    if path.is_symlink():
        return "-> " + str(path.readlink())
    return path.read_text() if path.is_file() else None


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_case(move, path):
    case = yaml.safe_load(path.read_text())
    assert set(case) <= KNOWN
    moving = move(
        tree(case.get("incumbent")),
        tree(case.get("release")),
        packages={name: tuple(texts) for name, texts in case.get("packages", {}).items()},
        ids=case.get("ids"),
        families=(case.get("from", "debian"), case.get("to", "debian")),
    )
    made = moving.carry()
    assert {name: seen(moving, name) for name in case.get("files", {})} == case.get("files", {})
    assert {name: f"{moving.mode(name):04o}" for name in case.get("modes", {})} == case.get("modes", {})
    lost = {item.target: item.lost for item in made.items if item.lost}
    lost.update({part.source: part.lost for item in made.items for part in item.parts if part.lost})
    assert lost == case.get("lost", {})
    left = {left.path: left.reason for left in made.left if not left.path.startswith(ALWAYS_LEFT)}
    assert left == case.get("left", {})
    assert {stray["path"]: stray["reason"] for stray in made.unknown} == case.get("unknown", {})
    differences = {"pam": [], "sudo": [], "logins": [], "mounts": [], **case.get("differences", {})}
    assert {of: made.differences[of] for of in differences} == differences
    assert [f"{each['name']}: {each['detail']}" for each in made.collisions] == case.get("collisions", [])


def test_every_area_is_listed_and_has_a_case():
    names = {area.name for area in rules.AREAS}
    files = {path.stem for path in Path(rules.__file__).parent.glob("areas/*.py")} - {"__init__"}
    assert names == files
    assert files <= {path.parent.name for path in CASES}


@pytest.mark.parametrize("area", rules.AREAS, ids=lambda area: area.name)
def test_what_two_families_call_the_same_is_said_once(area):
    for side in (0, 1):
        names = [pair[side] for every in rules.AREAS for pair in every.same]
        assert [name for name in names if names.count(name) > 1] == []
