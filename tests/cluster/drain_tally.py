# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How many drains of drains.yml each tool ended right, and how many of them it told something false about."""

from __future__ import annotations


class DrainTally:
    def __init__(self):
        self._counted = {}

    def count(self, who, case, mistakes, lies, text):
        self._counted.setdefault(who, []).append((case, mistakes, lies, text))

    def pytest_terminal_summary(self, terminalreporter):
        for who, cases in sorted(self._counted.items()):
            right = sum(not mistakes and not lies for _case, mistakes, lies, _text in cases)
            false = sum(bool(lies) for _case, _mistakes, lies, _text in cases)
            terminalreporter.section(f"{who}: {right} of {len(cases)} drains right, {false} with a lie")
            for case, mistakes, lies, text in cases:
                for said in [*mistakes, *(f"says that {lie}" for lie in lies)]:
                    terminalreporter.line(f"{case}: {said}")
                if mistakes or lies:
                    terminalreporter.line(f"    {' '.join(text.split())[-600:]}")
