# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A difference as one HTML page that loads nothing. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import html
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PAGE_POLICY
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import report

STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
    "h1{font-size:1.4em}h2{font-size:1.1em;border-bottom:1px solid #888}"
    "li{overflow-wrap:anywhere}pre{background:#8882;padding:.5em;overflow:auto}"
    ".needs{border:2px solid #c60;padding:0 1em}.plus{color:#080}.minus{color:#b00}"
    ":root{color-scheme:light dark}"
)


def render(difference: report.Record, needs: typing.Sequence[str] = ()) -> str:
    """Return the page.

    :param needs: sentences that say what needs an approval.
    """
    title = _text(report.title(difference))
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{PAGE_POLICY}">'
        f"<title>{title}</title><style>{STYLE}</style></head><body>\n<h1>{title}</h1>"
    ]
    if needs:
        parts.append('<div class="needs"><h2>Needs an approval</h2>' + _list(_text(one) for one in needs) + "</div>")
    for section in report.sections(difference):
        rows = [_text(row.sentence) + _lines(row.lines) for row in section.rows]
        parts.append(f"<h2>{_text(section.title)} ({len(rows)})</h2>" + _list(rows))
    return "\n".join([*parts, "</body></html>"]) + "\n"


def _text(text: str) -> str:
    return html.escape(text, quote=True)


def _list(items: typing.Iterable[str]) -> str:
    return "<ul>" + "\n".join(f"<li>{item}</li>" for item in items) + "</ul>"


def _lines(lines: typing.Sequence[str]) -> str:
    if not lines:
        return ""
    classes = {"+": "plus", "-": "minus"}
    shown = [
        f'<span class="{classes[line[0]]}">{_text(line)}</span>' if line[:1] in classes else _text(line)
        for line in lines
    ]
    summary = f"{len(lines)} lines"
    return f"<details><summary>{summary}</summary><pre>" + "\n".join(shown) + "</pre></details>"
