# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers beside the cluster that answer in JSON: one small question at a time, and no word of their credentials.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import base64
import json
import time
import typing
import urllib.error
import urllib.request
from urllib.parse import unquote, urlsplit, urlunsplit

from ansible_collections.osmigrate.fleet.plugins.module_utils import _http
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

TIMEOUT = 5  # seconds, for each question as a whole
LONGEST_ANSWER = 1000000
NOT_THERE = 404


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Credentials go to nobody but whom the operator has named."""

    def redirect_request(self, *unused: typing.Any, **unused_too: typing.Any) -> None:
        return None


class Server:
    """One server.

    :param what: what it is, for messages.
    :param url: with the name and password of HTTP basic authentication in it where it wants them.
    :param token: of bearer authentication, "" for none.
    :param left, todo: as FleetError takes them, of all that goes wrong.
    :raises FleetError: the URL cannot be meant.
    """

    def __init__(self, what: str, url: str, token: str = "", left: str = "", todo: str = "") -> None:
        self._what, self._left, self._todo = what, left, todo
        try:
            parts = urlsplit(url.strip())
            named = (parts.hostname or "") + (f":{parts.port}" if parts.port else "")
        except ValueError:
            parts, named = urlsplit(""), ""
        if parts.scheme not in ("http", "https") or not named:
            problem = f"The URL of the {what} does not begin with http:// or https:// and a host"
            raise FleetError(problem, left, f"Correct it, or give none for the {what}")
        self.address = urlunsplit((parts.scheme, named, parts.path.rstrip("/"), "", ""))
        self._headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        elif parts.username is not None:
            plain = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers["Authorization"] = f"Basic {base64.b64encode(plain.encode()).decode()}"

    def ask(self, method: str, path: str, body: typing.Any = None) -> typing.Any:
        """Return what the server answers, None where it has no such thing or says nothing.

        :raises FleetError: it does not answer, or not as it should.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, self._headers, method=method)
        ends = time.monotonic() + TIMEOUT

        def check(_url: str) -> None:
            if time.monotonic() >= ends:
                raise TimeoutError

        opener = urllib.request.build_opener(_NoRedirect, *_http.handlers(check))
        try:
            with opener.open(request, timeout=TIMEOUT) as answer:
                text = answer.read(LONGEST_ANSWER)
            return parse_json(text.decode("utf-8")) if text else None
        except urllib.error.HTTPError as error:
            if error.code == NOT_THERE:
                return None
            raise self.error(f"answered {error.code} {error.reason}")
        except (OSError, ValueError) as error:
            # Other texts may quote the request, with its credentials.
            reason = getattr(error, "reason", None)
            said = reason.strerror if isinstance(reason, OSError) and reason.strerror else error.__class__.__name__
            raise self.error(f"cannot be reached: {said}")

    def error(self, why: str) -> FleetError:
        """Return an error about this server."""
        return FleetError(f"The {self._what} {self.address} {why}", self._left, self._todo)
