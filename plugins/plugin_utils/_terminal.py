# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keeps a picture at the bottom of a terminal, below what Ansible prints. By the library rich.

It draws when it is told to, and never by a thread: Ansible forks all the time, see _heartbeat.py.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from ansible_collections.osmigrate.fleet.plugins.plugin_utils._live import Picture

try:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    HAS_RICH = True
except ImportError:
    HAS_RICH = False

BAR_WIDTH = 40
# Set for what ansible-runner starts, AWX too: its terminal is read by a program, which keeps lines.
BY_RUNNER = "AWX_ISOLATED_DATA_DIR"
NO_PICTURES = ("dumb", "unknown")


def is_possible() -> bool:
    """Say whether there is a terminal with a person before it, and the library to draw on it."""
    watched = sys.stdout.isatty() and BY_RUNNER not in os.environ
    return HAS_RICH and watched and os.environ.get("TERM") not in NO_PICTURES


if HAS_RICH:

    class _Console(Console):
        """Leaves lines that Ansible prints in one piece, for whoever copies them."""

        def print(self, *objects: Any, **options: Any) -> None:
            super().print(*objects, **{"soft_wrap": True, **options})


class Terminal:
    """The picture on a terminal, from begin() to end()."""

    def __init__(self, file: TextIO | None = None, **options: Any) -> None:
        self._live = Live(console=_Console(file=file, **options), auto_refresh=False, transient=True)

    def begin(self) -> None:
        """Begin to keep it below what is printed."""
        self._live.start()

    def show(self, what: Picture) -> None:
        """Draw it anew."""
        self._live.update(drawn(what), refresh=True)

    def end(self) -> None:
        """Take it away. It may have been already."""
        self._live.stop()


def drawn(what: Picture) -> Any:
    """Return what rich prints of it."""
    head = Table.grid(padding=(0, 1))
    head.add_row(ProgressBar(total=max(1, what.total), completed=what.ended, width=BAR_WIDTH), Text(what.totals))
    parts: list[Any] = [head]
    if what.moving:
        moving = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
        for name in ("node", "step", "since", "usual", "waits for"):
            moving.add_column(name, no_wrap=name != "waits for")
        for row in what.moving:
            moving.add_row(*(Text(cell) for cell in row))
        parts.append(moving)
    if what.more:
        parts.append(Text(f"and {what.more} more nodes on their way"))
    for node, step, why in what.failed:
        parts.append(Text(f"{node} in {step}: {why}", style="red"))
    if what.more_failed:
        parts.append(Text(f"and {what.more_failed} more, before these", style="red"))
    return Group(*parts)
