# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings of one node as a report: in the schema that readers of leapp's reports know, and as text. Pure."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PREFIX

ACTOR = "node_preflight"
RULE = "-" * 40


def leapp_report(findings: list[dict[str, Any]], host: str, moment: str) -> dict[str, Any]:
    """Return the report as leapp's schema 1.2.0 has it.

    leapp knows no severity above high: an inhibitor is high, and in the group "inhibitor" until somebody accepts it.

    :param findings: what osmigrate.fleet.node_preflight returned.
    :param host: name of the node.
    :param moment: when it was looked at, as RFC 3339.
    """
    run = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PREFIX}{host}/{moment}"))
    entries = [
        {
            "hostname": host,
            "timeStamp": moment,
            "actor": ACTOR,
            "audience": "sysadmin",
            "id": hashlib.sha256(f"{run} {one['key']}".encode()).hexdigest(),
            "key": one["key"],
            "title": one["title"],
            "summary": _summary(one),
            "severity": "high" if one["severity"] == "inhibitor" else one["severity"],
            "groups": ["inhibitor"] if _stops(one) else [],
            "detail": {"remediations": [{"type": "hint", "context": hint} for hint in _hints(one)]},
        }
        for one in findings
    ]
    return {"leapp_run_id": run, "entries": entries}


def text_report(findings: list[dict[str, Any]], host: str, moment: str) -> str:
    """Return the same for people, the worst first."""
    stopped = sum(map(_stops, findings))
    verdict = f"stopped by {stopped} of them" if stopped else "nothing stops it"
    lines = [f"{host}, {moment}: {len(findings)} findings, {verdict}"]
    for one in findings:
        severity = "high" if one["severity"] == "inhibitor" else one["severity"]
        lines += [
            RULE,
            f"Risk Factor: {severity}{' (inhibitor)' if _stops(one) else ''}",
            f"Title: {one['title']}",
            f"Summary: {_summary(one)}",
            *[f"Remediation: [hint] {hint}" for hint in _hints(one)],
            f"Key: {one['key']}",
        ]
    return "\n".join(lines) + "\n"


def _stops(one: dict[str, Any]) -> bool:
    return one["severity"] == "inhibitor" and not one["accepted"]


def _summary(one: dict[str, Any]) -> str:
    return one["detail"] + (". The operator has accepted this" if one["accepted"] else "") + "."


def _hints(one: dict[str, Any]) -> list[str]:
    hints = [one["remedy"] + "."]
    if _stops(one) and one["acceptable"]:
        hints.append(f"Or accept it: add {one['key']} to osmigrate_accepted_findings.")
    return hints
