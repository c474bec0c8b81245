# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch parts of a stored image over HTTP, and go on where a connection was cut.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import http.client
import ssl
import time
import typing
import urllib.error
import urllib.request

from ansible_collections.osmigrate.fleet.plugins.module_utils import _http
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import index as block_index
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

# Seconds before each new attempt; any byte that arrives lets them begin anew.
PAUSES = (1, 2, 4, 8, 15)
_SILENCE = 60.0
_PIECE = 64 << 10
_TODO = "Look at the server, then run the same command again: it goes on from there"
_CERTIFICATES = "Give slot_candidate the ca that vouches for that server, and the client_certificate that it asks for"
# What is transient, or may be.
_AGAIN = (408, 425, 429, 500, 502, 503, 504)


class Access(typing.NamedTuple):
    """How the node shows a server who it is, and knows the server: paths of PEM files, "" for none."""

    ca: str = ""
    certificate: str = ""
    key: str = ""


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but none from a line that nobody can read to one that everybody can."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: typing.Any,
        code: int,
        msg: str,
        headers: typing.Any,
        newurl: str,
    ) -> typing.Optional[urllib.request.Request]:
        if req.full_url.lower().startswith("https:") and not newurl.lower().startswith("https:"):
            raise FleetError("The server redirects from https to what is not, which is not followed", todo=_TODO)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Server:
    """Asks a server, again where it may help.

    :param access: Access.
    :param timeout: seconds for everything that is fetched.
    :raises FleetError: the files of access cannot be used.
    """

    def __init__(
        self,
        access: Access,
        timeout: float,
        clock: typing.Callable[[], float] = time.monotonic,
        sleep: typing.Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._timeout, self._ends = timeout, clock() + timeout
        self.requests = 0
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            *_http.handlers(self.check_time, _context(access)),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            _Redirects(),
        ):
            self._opener.add_handler(handler)

    def open(self, url: str, wanted: typing.Optional[typing.Tuple[int, int]]) -> typing.Any:
        """Return a response; wanted: the first byte and that behind the last, None for all.

        :raises OSError, http.client.HTTPException: it may help to ask again.
        :raises FleetError: it does not.
        """
        headers = {"Accept-Encoding": "identity"}
        if wanted:
            headers["Range"] = f"bytes={wanted[0]}-{wanted[1] - 1}"
        self.requests += 1
        try:
            return self._opener.open(urllib.request.Request(url, headers=headers), timeout=_SILENCE)
        except urllib.error.HTTPError as error:
            if error.code in _AGAIN:
                raise
            raise FleetError(
                f"{url} cannot be fetched: the server answered {error.code} {printable(error.reason, 80)}",
                todo=_TODO,
            )
        except OSError as error:
            reason = getattr(error, "reason", error) if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLError) and _is_distrust(reason):
                raise FleetError(f"{url} cannot be fetched: {printable(str(reason), 200)}", todo=_CERTIFICATES)
            raise

    def pause(self, url: str, attempt: int, error: Exception) -> None:
        """Wait before another attempt.

        :raises FleetError: there were enough of them.
        """
        if attempt >= len(PAUSES):
            known = isinstance(error, urllib.error.URLError) and not isinstance(error, urllib.error.HTTPError)
            reason = getattr(error, "reason", error) if known else error
            shown = printable(str(reason) or type(reason).__name__, 200)
            todo = _CERTIFICATES if isinstance(reason, ssl.SSLError) else _TODO
            raise FleetError(f"{url} cannot be fetched: {shown}", todo=todo)
        self._sleep(PAUSES[attempt])
        self.check_time(url)

    def check_time(self, url: str) -> None:
        """See that there is time left.

        :raises FleetError: there is none.
        """
        if self._clock() >= self._ends:
            raise FleetError(f"{url} was not fetched within {int(self._timeout)} seconds", todo=_TODO)


def _is_distrust(error: ssl.SSLError) -> bool:
    """Say whether one of both does not trust the other, which asking again does not change."""
    return any(word in (error.reason or "").upper() for word in ("CERTIFICATE", "UNKNOWN_CA"))


def _context(access: Access) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.ca or None)
        if access.certificate:
            context.load_cert_chain(access.certificate, access.key or None)
        return context
    except (OSError, ValueError) as error:  # those of ssl are OSErrors
        raise FleetError(
            "The certificates for the image's server cannot be used: "
            f"{printable(getattr(error, 'strerror', None) or str(error), 200)}",
            todo=f"Look at {', '.join(filter(None, access))} on the node",
        )


def read_index(server: Server, url: str, sha256: str, image: str) -> block_index.Index:
    """Fetch the block index of an image, and see that it is the one that was signed.

    :param sha256: of the index file, in hex. image: SHA-256 of the image that it has to be of.
    :raises FleetError: it cannot be fetched, or is another one.
    """
    attempt = 0
    while True:
        try:
            with server.open(url, None) as response:
                data = _whole(response)
            break
        except (OSError, http.client.HTTPException) as error:
            server.pause(url, attempt, error)
            attempt += 1
    if len(data) > block_index.LARGEST_INDEX or hashlib.sha256(data).hexdigest() != sha256:
        raise FleetError(
            f"{url} is not the index that the manifest names: its SHA-256 is another one",
            todo="Publish the index that belongs to the image there, or sign a manifest that names this one",
        )
    index = block_index.parse(data)
    if index.image != image:
        raise FleetError(
            f"{url} is the index of another image: {index.image[:12]} instead of {image[:12]}",
            todo="Make the payload of the release again with slot_image, and sign its manifest again",
        )
    return index


def look(payload: typing.Dict[str, typing.Any], timeout: int, left: str) -> None:
    """Ask for little that shows what a whole image may miss: the index, and how the image begins.

    :param payload: that of the manifest.
    :param timeout: seconds.
    :param left: the state to name (see FleetError).
    :raises FleetError: one of both cannot be fetched, or is another one.
    """
    server = Server(Access(), timeout)
    try:
        index = read_index(server, payload["index"], payload["index_sha256"], payload["sha256"])
        blocks = Blocks(server, payload["url"], index, (), whole=True)
        try:
            blocks.block(0)
        finally:
            blocks.close()
    except FleetError as error:
        raise FleetError(error.problem, left, error.todo)


def _whole(response: typing.Any) -> bytes:
    data = b""
    while len(data) <= block_index.LARGEST_INDEX:
        piece = response.read(_PIECE)
        if not piece:
            break
        data += piece
    if response.length:  # what it has promised and not sent
        raise http.client.IncompleteRead(data, response.length)
    return data


class Blocks:
    """Blocks of an image, in order, from its stored form.

    :param url: of the gzip file.
    :param wanted: the Ranges that are fetched, in order.
    :param whole: fetch all of it, without asking for ranges.
    """

    def __init__(
        self,
        server: Server,
        url: str,
        index: block_index.Index,
        wanted: typing.Iterable[block_index.Range],
        whole: bool,
    ) -> None:
        self.server, self.url, self.index, self.whole = server, url, index, whole
        self._wanted = iter(wanted)
        self._range: typing.Optional[block_index.Range] = None
        self._at, self._next = 0, 0  # byte of the file, and number of the block there
        self._response: typing.Any = None
        self.bytes = 0

    def block(self, number: int) -> bytes:
        """Return a block.

        :param number: higher than that of the last call.
        :raises FleetError: it cannot be fetched, or is not what the index says.
        """
        if not self.whole:
            while self._range is None or self._range.end <= number:
                self.close()
                self._range = next(self._wanted)
                self._next, self._at = self._range.first, self._range.start
        while self._next < number:
            self._take()
        member = self._take()
        block = block_index.unpack(member)
        if block_index.block_id(block) != self.index.id(number):
            raise FleetError(
                f"{self.url} is not the image of the release: what it has for block {number} is something else",
                todo="Publish the image that belongs to the index there; a proxy on the way may change it, too",
            )
        return block

    def unplanned(self, number: int) -> bytes:
        """Return a block that is not among those that are wanted, as block() does."""
        if self.whole:
            return self.block(number)
        alone = Blocks(self.server, self.url, self.index, block_index.ranges(self.index, [number]), whole=False)
        try:
            return alone.block(number)
        finally:
            alone.close()
            self.bytes += alone.bytes

    def _take(self) -> bytes:
        """Return the next member of the file, whatever is cut off meanwhile."""
        length, data, attempt = self.index.lengths[self._next], b"", 0
        while len(data) < length:
            self.server.check_time(self.url)
            try:
                if self._response is None:
                    self._response = self._open(self._at + len(data))
                piece = self._response.read(length - len(data))
                if not piece:
                    raise http.client.IncompleteRead(b"")
            except (OSError, http.client.HTTPException) as error:
                self.close()
                self.server.pause(self.url, attempt, error)
                attempt += 1
                continue
            data, attempt, self.bytes = data + piece, 0, self.bytes + len(piece)
        self._next, self._at = self._next + 1, self._at + length
        return data

    def _open(self, start: int) -> typing.Any:
        if self.whole:
            response = self.server.open(self.url, None)
            self._skip(response, start)
            return response
        stop = self._range.stop if self._range else self.index.stored
        response = self.server.open(self.url, (start, stop))
        if response.getcode() != 206:
            response.close()
            raise FleetError(
                f"The server of {self.url} does not answer with parts of a file",
                todo="Use a server that knows ranges, or let slot_candidate fetch the whole image with ranges=false",
            )
        answered = (response.headers.get("Content-Range") or "").lower()
        if answered != f"bytes {start}-{stop - 1}/{self.index.stored}":
            response.close()
            raise FleetError(
                f"{self.url} is not the image of the release: asked for bytes {start} to {stop - 1} of "
                f"{self.index.stored}, the server answered {printable(answered, 80) or 'nothing'}",
                todo="Publish the image that belongs to the index there",
            )
        return response

    def _skip(self, response: typing.Any, size: int) -> None:
        while size:
            piece = response.read(min(size, _PIECE))
            if not piece:
                raise http.client.IncompleteRead(b"")
            size, self.bytes = size - len(piece), self.bytes + len(piece)

    def close(self) -> None:
        """End what is under way."""
        if self._response is not None:
            self._response.close()
            self._response = None
