# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _job_events as job_events,
    _page as page,
    _rollout as rollout,
    _run_report as run_report,
)


def rollout_report_filter(log: str | list[str], form: str = "html") -> str:
    """Return the report on logs of events, or on events of jobs, in one of the forms."""
    texts = [log] if isinstance(log, str) else log
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise AnsibleFilterError("rollout_report takes the text of a log of events or of a job, or a list of them")
    if form not in page.FORMS:
        raise AnsibleFilterError(f"rollout_report knows the forms {', '.join(page.FORMS)}, and not {form!r}")
    return page.FORMS[form](run_report.facts(rollout.reduce(job_events.read_texts(texts))))


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"rollout_report": rollout_report_filter}
