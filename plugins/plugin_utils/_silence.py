# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Silences in Alertmanager for nodes that are out of service.

Each lasts for minutes and is renewed as long as the run lives: one that was killed leaves none behind for long.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times

AUTHOR = "osmigrate.fleet"
# Seconds that a silence lasts, after which it is renewed, and after which one that failed is tried again.
LASTS, RENEWED_AFTER, TRIED_AFTER = 600, 240, 60
TIMEOUT = 5
LONGEST_ANSWER = 100_000
NOT_THERE = 404
_PATH = "/api/v2/silence"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Credentials go to nobody but whom the operator has named."""

    def redirect_request(self, *unused: Any, **unused_too: Any) -> None:
        return None


class Alertmanager:
    """The part of its API that makes silences and ends them.

    :param url: of the server, with the name and password of HTTP basic authentication in it where it wants them.
    :param token: of bearer authentication, "" for none.
    :raises FleetError: the URL cannot be meant.
    """

    def __init__(self, url: str, token: str = "") -> None:
        try:
            parts = urlsplit(url.strip())
            named = f"{parts.hostname or ''}" + (f":{parts.port}" if parts.port else "")
        except ValueError:
            parts, named = urlsplit(""), ""
        if parts.scheme not in ("http", "https") or not named:
            raise FleetError(
                "The URL of the Alertmanager does not begin with http:// or https:// and a host",
                "Nothing is silenced",
                "Correct alertmanager, or set none",
            )
        self.server = urlunsplit((parts.scheme, named, parts.path.rstrip("/"), "", ""))
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        elif parts.username is not None:
            plain = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(plain.encode()).decode()}"
        self._opener = urllib.request.build_opener(_NoRedirect)

    def make(self, silence: Mapping[str, Any]) -> str:
        """Make a silence, or change the one whose id it has; return the id.

        :raises FleetError: it was not made.
        """
        answer = self._ask("POST", f"{_PATH}s", dict(silence))
        found = answer.get("silenceID") if isinstance(answer, dict) else None
        if not isinstance(found, str) or not found:
            raise self._error("gave no id of a silence: it is no Alertmanager")
        return found

    def find(self, silence: str) -> Mapping[str, Any] | None:
        """Return a silence as the server has it, None if it has none of that id.

        :raises FleetError: that cannot be known.
        """
        found = self._ask("GET", _path(silence), None)
        return found if isinstance(found, Mapping) else None

    def end(self, silence: str) -> None:
        """End a silence.

        :raises FleetError: it may still be there.
        """
        self._ask("DELETE", _path(silence), None)

    def _ask(self, method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, self._headers, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read(LONGEST_ANSWER)
            return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            if error.code == NOT_THERE:
                return None
            raise self._error(f"answered {error.code} {error.reason}") from error
        except (OSError, ValueError) as error:
            # Other texts may quote the request, with its credentials.
            reason = getattr(error, "reason", None)
            said = reason.strerror if isinstance(reason, OSError) and reason.strerror else error.__class__.__name__
            raise self._error(f"cannot be reached: {said}") from error

    def _error(self, why: str) -> FleetError:
        return FleetError(
            f"The Alertmanager {self.server} {why}",
            "Alerts of nodes that are moved are not silenced",
            "See that it answers and takes the credentials, or set no alertmanager",
        )


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
