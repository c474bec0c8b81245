# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of the operator's health checks on the candidate that runs (_trial/health.py). Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

RESULTS = "/run/osmigrate/health"
RUNNING, PASSED = "running", "passed"
STATES = (RUNNING, PASSED, "failed")


def parse(text: str, expected: bool) -> dict:
    """Read the results of the checks.

    :param text: str, lines of fields that tabs separate: "state" and its value; or required or wanted, the check's
        name, passed or failed, and why. Of a check that was tried again the last line counts.
    :param expected: bool, whether this boot runs checks.
    :returns: dict of state (running, passed or failed; "" if this boot runs none) and checks (list of dict with kind,
        name, passed, detail).
    """
    state, last = RUNNING, {}
    for line in text.splitlines():
        fields = line.split("\t")
        if fields[0] == "state":
            # What was cut off while it was written is written again, or the checks have not ended.
            state = fields[1] if fields[1:] and fields[1] in STATES else state
        elif len(fields) == 4:
            check = {"kind": fields[0], "name": fields[1], "passed": fields[2] == PASSED, "detail": fields[3]}
            last[check["kind"], check["name"]] = check
    checks = [last[key] for key in sorted(last)]
    return {"state": state if expected else "", "checks": checks if expected else []}
