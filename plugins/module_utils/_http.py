# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP whose answers come to an end. The time limit of urllib is one for each read of the connection, so a server that
sends a byte now and then is never given up by that, neither in the head of an answer nor in its body.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import http.client
import io
import ssl
import typing
import urllib.request

Check = typing.Callable[[], None]


class _Watched(io.RawIOBase):
    """What comes from a server; whether there is time left is asked before each read of the connection."""

    def __init__(self, source: io.RawIOBase, check: Check) -> None:
        super().__init__()
        self._source, self._check = source, check

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: typing.Any) -> typing.Optional[int]:
        """Read what there is, at most as much as a buffer takes, and return how much."""
        self._check()
        return self._source.readinto(buffer)

    def close(self) -> None:
        """End the connection."""
        self._source.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, check: Check, sock: typing.Any, *rest: typing.Any, **more: typing.Any) -> None:
        super().__init__(sock, *rest, **more)
        self.fp: typing.Any = io.BufferedReader(_Watched(self.fp.detach(), check))


class _Ending(urllib.request.AbstractHTTPHandler):
    """What the handlers of http and https have in common; check: takes the URL."""

    def __init__(self, check: typing.Callable[[str], None], **more: typing.Any) -> None:
        super().__init__(**more)
        self._check = check

    def do_open(self, http_class: typing.Any, req: urllib.request.Request, **more: typing.Any) -> typing.Any:
        def connect(host: str, **given: typing.Any) -> typing.Any:
            connection = http_class(host, **given)
            connection.response_class = functools.partial(_Response, lambda: self._check(req.full_url))
            return connection

        return super().do_open(connect, req, **more)


class _Plain(_Ending, urllib.request.HTTPHandler):
    pass


class _Secured(_Ending, urllib.request.HTTPSHandler):
    pass


def handlers(
    check: typing.Callable[[str], None], context: typing.Optional[ssl.SSLContext] = None
) -> typing.List[urllib.request.BaseHandler]:
    """Return what an opener of urllib asks servers with.

    :param check: takes the URL; what it raises once there is no time left ends the answer.
    :param context: of TLS, None for that of urllib.
    """
    return [_Plain(check), _Secured(check, context=context)]
