# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a small file from a path or a URL, whatever the server at the other end does.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import threading
import time
import typing
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit, urlunsplit

from ansible.module_utils.urls import ConnectionError as UrlsError, open_url
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

LARGEST = 256 * 1024  # bytes; a manifest has about a thousand, and ten thousand with GPG keys
MOST_REDIRECTS = 5
PIECE = 64 * 1024
_PORTS = {"http": 80, "https": 443}
_HTML = re.compile(
    rb"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_LISTING = re.compile(rb"<title>\s*(index of|directory listing)", re.IGNORECASE)


def is_url(location: str) -> bool:
    """Whether a location is to be fetched instead of opened."""
    return "://" in location


def is_plain(location: str) -> bool:
    """Whether whoever is on the way to a location can change what comes back."""
    return location.lower().startswith("http://")


def shown(location: str) -> str:
    """Return a location as it may be told: without what could be a password or a token in it."""
    if not is_url(location):
        return printable(location)
    location = re.sub("://.*@", "://", location.split("#")[0], flags=re.DOTALL)
    return printable(re.sub(r"\?.*", "?...", location, flags=re.DOTALL))


def read(location: str, name: str, timeout: int, largest: int = LARGEST) -> typing.Optional[bytes]:
    """Read a file that is no web page.

    :param location: a path or a URL of http or https.
    :param name: names the thing in errors, at the beginning of a sentence.
    :param timeout: seconds after which it ends, whatever the server does.
    :param largest: bytes.
    :returns: its content, None when there is no such thing.
    :raises FleetError: it cannot be read, or is too large.
    """
    if is_url(location):
        content = _read_url(location, name, timeout, largest)
    else:
        content = read_file(location, name, largest)
    if content is None:
        return None
    if len(content) > largest:
        raise FleetError(f"{name} is larger than {largest} bytes", todo="Check the path or URL")
    if _HTML.match(content.lstrip(b"\xef\xbb\xbf")):
        page = "a directory listing" if _LISTING.search(content) else "an HTML page"
        by = "the server sent" if is_url(location) else "the file holds"
        raise FleetError(
            f"{name} is no such file: {by} {page}",
            todo="Give the whole path or URL of the file, and see that no login page or proxy answers in its place",
        )
    return content


def stream(location: str, name: str, timeout: int) -> typing.BinaryIO:
    """Open a file of any size; whoever reads it looks at what comes.

    :param location: a path or a URL of http or https.
    :param timeout: seconds after which a server that sends nothing is given up.
    :raises FleetError: it is not there.
    """
    try:
        if not is_url(location):
            return open(location, "rb")
        _origin(location, name)
        return typing.cast(
            typing.BinaryIO, open_url(location, timeout=timeout, decompress=False, use_netrc=not is_plain(location))
        )
    except HTTPError as error:
        raise _failed(name, f"the server answered {error.code} {printable(error.reason, 80)}")
    except (OSError, HTTPException, ValueError, UrlsError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise _failed(name, printable(getattr(reason, "strerror", None) or str(reason), 200))


def read_file(path: str, name: str, largest: int = LARGEST) -> typing.Optional[bytes]:
    """Read a local file, one byte more than the largest if it has as many; None when it is not there.

    :raises FleetError: it cannot be read.
    """
    try:
        with open(os.path.expanduser(path), "rb") as stream:
            return stream.read(largest + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FleetError(f"{name} cannot be read: {reason}", todo="Give the path of a file that you may read")


def _read_url(url: str, name: str, timeout: int, largest: int) -> typing.Optional[bytes]:
    if url.split("://")[0].lower() not in _PORTS:
        raise FleetError(f"{name} cannot be fetched", todo="Give a path or a URL of http or https")
    if "@" in url.split("://")[1].split("/")[0]:
        raise FleetError(
            f"The URL of {name[0].lower()}{name[1:]} holds a user name or password",
            todo="Put them into the netrc file of the controller",
        )
    # Each read has a timeout of its own, so a server that sends a byte now and then would never end: the whole has one.
    ended: typing.List[typing.Tuple[typing.Optional[bytes], typing.Optional[Exception]]] = []

    def work() -> None:
        try:
            ended.append((_follow(url, name, timeout, largest), None))
        except Exception as error:  # told where somebody waits for it
            ended.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(timeout)
    if not ended:
        raise _failed(name, f"the server did not send all of it within {timeout} seconds")
    content, error = ended[0]
    if error is not None:
        raise error
    return content


def _follow(url: str, name: str, timeout: int, largest: int) -> typing.Optional[bytes]:
    """Fetch a URL, and go where the server says that it is."""
    first, ends = _origin(url, name), time.monotonic() + timeout
    for _redirect in range(MOST_REDIRECTS + 1):
        # What the netrc file has is for this server and nobody else, and goes over no line that others can read.
        may_log_in = _origin(url, name) == first and not is_plain(url)
        try:
            return _get(url, name, ends, may_log_in, largest)
        except _Moved as moved:
            url = _next(url, moved.location, name)
    raise _failed(name, "the server redirects without an end")


class _Moved(Exception):
    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__()


def _next(url: str, location: str, name: str) -> str:
    """Return where a redirect leads, without credentials that it brings."""
    try:
        parts = urlsplit(urljoin(url, location))
        # Whoever sends the redirect is not to choose as whom the controller logs in.
        parts = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="")
    except ValueError:
        raise _failed(name, "the server redirects to what is no URL")
    if parts.scheme not in _PORTS:
        raise _failed(name, f"the server redirects to {printable(parts.scheme, 20)}, which is not followed")
    if parts.scheme == "http" and not is_plain(url):
        raise _failed(name, f"the server redirects from https to {shown(urlunsplit(parts))}, which is not followed")
    return urlunsplit(parts)


def _origin(url: str, name: str) -> typing.Tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        return parts.scheme.lower(), (parts.hostname or "").lower(), parts.port or _PORTS[parts.scheme.lower()]
    except ValueError:
        raise _failed(name, "it is no URL")


def _get(url: str, name: str, ends: float, may_log_in: bool, largest: int) -> typing.Optional[bytes]:
    try:
        rest = max(1, ends - time.monotonic())
        response = open_url(url, timeout=rest, decompress=False, follow_redirects="none", use_netrc=may_log_in)
        promised = int(response.headers.get("Content-Length") or 0)
        content = b""
        while len(content) <= largest and time.monotonic() < ends:
            piece = response.read(min(PIECE, largest + 1 - len(content)))
            if not piece:
                break
            content += piece
    except HTTPError as error:
        if error.code in (301, 302, 303, 307, 308) and error.headers.get("Location"):
            raise _Moved(error.headers["Location"])
        if error.code in (404, 410):
            return None
        hint = ""
        if error.code == 401 and not may_log_in:
            hint = "; what the netrc file holds goes only over https, and only to the server that was asked first"
        raise _failed(name, f"the server answered {error.code} {printable(error.reason, 80)}{hint}")
    except (OSError, HTTPException, ValueError, UrlsError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        reason = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise _failed(name, printable(reason, 200))
    if len(content) < min(promised, largest + 1):
        raise FleetError(f"{name} was cut off after {len(content)} of {promised} bytes", todo=_CHECK)
    return content


_CHECK = "Check the URL and the server, then try again"


def _failed(name: str, reason: str) -> FleetError:
    return FleetError(f"{name} cannot be fetched: {reason}", todo=_CHECK)
