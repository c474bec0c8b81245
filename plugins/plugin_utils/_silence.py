# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Silences in Alertmanager for nodes that are out of service.

Each lasts for minutes and is renewed as long as the run lives: one that was killed leaves none behind for long.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils import _web
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times

AUTHOR = "osmigrate.fleet"
# Seconds that a silence lasts, after which it is renewed, and after which one that failed is tried again.
LASTS, RENEWED_AFTER, TRIED_AFTER = 600, 240, 60
_PATH = "/api/v2/silence"


class Alertmanager:
    """The part of its API that makes silences and ends them.

    :param url, token: as _web.Server takes them.
    :raises FleetError: the URL cannot be meant.
    """

    def __init__(self, url: str, token: str = "") -> None:
        left = "Alerts of nodes that are moved are not silenced"
        todo = "See that it answers and takes the credentials, or set no alertmanager"
        self._server = _web.Server("Alertmanager", url, token, left, todo)

    def make(self, silence: Mapping[str, Any]) -> str:
        """Make a silence, or change the one whose id it has; return the id.

        :raises FleetError: it was not made.
        """
        answer = self._server.ask("POST", f"{_PATH}s", dict(silence))
        found = answer.get("silenceID") if isinstance(answer, dict) else None
        if not isinstance(found, str) or not found:
            raise self._server.error("gave no id of a silence: it is no Alertmanager")
        return found

    def find(self, silence: str) -> Mapping[str, Any] | None:
        """Return a silence as the server has it, None if it has none of that id.

        :raises FleetError: that cannot be known.
        """
        found = self._server.ask("GET", _path(silence))
        return found if isinstance(found, Mapping) else None

    def end(self, silence: str) -> None:
        """End a silence.

        :raises FleetError: it may still be there.
        """
        self._server.ask("DELETE", _path(silence))


def _path(silence: str) -> str:
    return f"{_PATH}/{quote(silence, safe='')}"


class Silences:
    """The silences of one run.

    :param server: what makes them.
    :param label: of the alerts, which names the node; a port may follow its name.
    """

    def __init__(self, server: Alertmanager, label: str) -> None:
        self._server, self._label = server, label
        # By node: id ("" while there is none), what is said of it, when it is to be renewed.
        self._kept: dict[str, tuple[str, str, float]] = {}

    def begin(self, node: str, comment: str, now: float) -> None:
        """Silence a node.

        :param now: seconds since the epoch.
        :raises FleetError: that failed; renew() tries again.
        """
        self._kept.setdefault(node, ("", comment, now))
        self._make(node, now)

    def renew(self, now: float) -> None:
        """Renew what would end soon.

        :raises FleetError: that failed for one at least; the next call tries again after a while.
        """
        self._all([node for node, (_id, _said, due) in self._kept.items() if due <= now], self._make, now)

    def end(self, node: str) -> None:
        """End the silence of a node, if there is one.

        :raises FleetError: it ends by itself instead.
        """
        silence = self._kept.pop(node, ("", "", 0.0))[0]
        if silence:
            self._server.end(silence)

    def end_all(self) -> None:
        """End all of them.

        :raises FleetError: some end by themselves instead.
        """
        self._all(list(self._kept), self.end)

    def _make(self, node: str, now: float) -> None:
        silence, comment, _due = self._kept[node]
        self._kept[node] = (silence, comment, now + TRIED_AFTER)
        there = self._server.find(silence) if silence else None
        if there and (there.get("status") or {}).get("state") == "expired":
            # Somebody wants the alerts of this node.
            del self._kept[node]
            return
        until = times.stamp(now + LASTS)
        if there:
            # With another begin it would become another silence.
            asked = {key: there.get(key) for key in ("id", "matchers", "startsAt", "createdBy", "comment")}
        else:
            matcher = {"name": self._label, "value": f"{re.escape(node)}(:[0-9]+)?", "isRegex": True, "isEqual": True}
            asked = {
                "matchers": [matcher],
                "startsAt": times.stamp(now),
                "createdBy": AUTHOR,
                "comment": comment,
            }
        self._kept[node] = (self._server.make({**asked, "endsAt": until}), comment, now + RENEWED_AFTER)

    @staticmethod
    def _all(nodes: Iterable[str], action: Any, *rest: float) -> None:
        failed: FleetError | None = None
        for node in nodes:
            try:
                action(node, *rest)
            except FleetError as error:
                failed = error
        if failed:
            raise failed
