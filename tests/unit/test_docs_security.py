# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/security.md promises nothing without a test, and the shipped rights are what it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/security.md").read_text()
ATTACKS = PAGE.partition("## What an attacker can and cannot do")[2].partition("\n## ")[0]
ROWS = [line for line in ATTACKS.splitlines() if line.startswith("| ")][1:]
NAMED = re.compile(r"`(tests/[\w/.]+)::(test_\w+)`")


def manifest(name):
    return yaml.safe_load((ROOT / "playbooks/files" / name).read_text())["items"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[:60])
def test_every_row_names_tests_that_there_are(row):
    named = NAMED.findall(row)
    assert named
    for path, test in named:
        assert re.search(rf"^def {test}\(", (ROOT / path).read_text(), re.MULTILINE), f"{path} has no {test}"


def test_every_attacker_is_there():
    attackers = {cells[1].strip() for cells in (row.split("|") for row in ROWS)}
    names = ("image server", "root of a node", "tenant", "second controller", "reader`", "`osmigrate`", "typo")
    assert [name for name in names if not any(name in one for one in attackers)] == []


def test_no_role_reads_secrets_or_deletes_beyond_probes():
    roles = [one for one in manifest("rbac.yml") if one["kind"] in ("Role", "ClusterRole")]
    for role in roles:
        for rule in role["rules"]:
            assert "secrets" not in rule.get("resources", [])
            assert "*" not in rule.get("resources", []) + rule["verbs"] + rule.get("apiGroups", [])
            if "delete" in rule["verbs"]:
                assert (role["metadata"]["namespace"], rule["resources"]) == ("osmigrate-probe", ["pods"])
    reads = [
        rule["verbs"] for role in roles if role["metadata"]["name"] == "osmigrate-reader" for rule in role["rules"]
    ]
    assert {verb for verbs in reads for verb in verbs} == {"get", "list"}


def test_every_policy_is_bound_and_denies():
    items = manifest("admission-policy.yml")
    policies = {one["metadata"]["name"] for one in items if one["kind"] == "ValidatingAdmissionPolicy"}
    bound = {one["spec"]["policyName"] for one in items if one["spec"].get("validationActions") == ["Deny"]}
    assert policies == bound
    assert all(one["spec"]["failurePolicy"] == "Fail" for one in items if one["kind"] == "ValidatingAdmissionPolicy")
