# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest's schema; the cases are in fixtures/release/documents.yml."""

import copy
import os

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import checks, schema

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "..", "fixtures", "release")


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as stream:
        return yaml.safe_load(stream)


RELEASE = fixture("release.yml")
CASES = fixture("documents.yml")


def changed(case):
    if "document" in case:
        return case["document"]
    document = copy.deepcopy(RELEASE)
    for path, value in case.get("set", {}).items():
        parent, key = parent_of(document, path)
        parent[key] = copy.deepcopy(value)
    for path in case.get("drop", []):
        parent, key = parent_of(document, path)
        del parent[key]
    return document


def parent_of(document, path):
    if not isinstance(path, str):
        return document, path
    parts = path.split(".")
    for part in parts[:-1]:
        document = document[part]
    return document, parts[-1]


def scalars(value, path=""):
    for key, each in value.items():
        if isinstance(each, dict):
            yield from scalars(each, path + key + ".")
        elif not isinstance(each, list):
            yield path + key


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_validate(case):
    problems = case.get("problems", [])
    assert bool(problems) == case["name"].endswith("_fail")
    if not problems:
        schema.validate(changed(case))
        return
    with pytest.raises(FleetError) as caught:
        schema.validate(changed(case), "Release manifest r.yml")
    begin = "Release manifest r.yml is not valid: "
    assert caught.value.problem.startswith(begin)
    rest = caught.value.problem[len(begin) :]
    for problem in problems:
        assert problem in rest
    assert len(rest) == len("; ".join(problems)), rest
    assert str(caught.value).endswith(". Nothing was changed. Correct it and sign it again.")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("path", list(scalars(RELEASE)))
@pytest.mark.parametrize("wrong", [None, [], {}, True, 1.5])
def test_every_scalar_refuses_other_types_fail(path, wrong):
    with pytest.raises(FleetError) as caught:
        schema.validate(changed({"set": {path: wrong}}))
    assert f": {path}: must be " in caught.value.problem


def test_defaults_are_filled_in_and_the_document_is_left_alone():
    document = changed({"drop": ["minimum_from", "payloads.ostree.gpg_keys"]})
    before = copy.deepcopy(document)
    assert schema.validate(document) == RELEASE
    assert document == before


@pytest.mark.parametrize("kinds", [["ostree"], ["toy"], ["ostree", "toy"]])
def test_a_release_has_at_least_one_kind_of_payload(monkeypatch, kinds):
    monkeypatch.setitem(schema.PAYLOADS, "toy", checks.mapping({"digest": checks.text("[0-9a-f]+", "a digest")}))
    monkeypatch.setitem(schema.PINNED, "toy", "digest")
    known = {"ostree": RELEASE["payloads"]["ostree"], "toy": {"digest": "ab"}}
    release = schema.validate(dict(RELEASE, payloads={kind: known[kind] for kind in kinds}))
    digests = {"ostree": known["ostree"]["commit"], "toy": "ab"}
    assert schema.commits(release) == {kind: digests[kind] for kind in kinds}


def test_every_kind_of_payload_is_pinned():
    assert set(schema.PINNED) == set(schema.PAYLOADS)


def test_entry_id():
    assert schema.entry_id(RELEASE) == "debian-13-13.1"


@pytest.mark.parametrize("version", ["13-13.1", "1-2", "-1"])
def test_no_two_releases_share_an_id_fail(version):
    with pytest.raises(FleetError, match="version: .* is not a version"):
        schema.validate(dict(RELEASE, name="debian", version=version))


def test_time_of():
    assert schema.time_of("2026-11-21T00:00:00Z") == 1795219200
