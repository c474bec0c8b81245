# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server as the node's own kubelet reaches it: its kubeconfig, and one kind of request.

Nodes have neither a YAML parser nor a client for sure, so both are made here from the standard library.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import base64
import http.client
import json
import os
import re
import ssl
import tempfile
import typing
import urllib.parse

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

KUBECONFIG = "/etc/kubernetes/kubelet.conf"
TIMEOUT = 30
KEY = re.compile(r"^( *)((?:- +)?)[\"']?([A-Za-z-]+)[\"']?:(?: +(.*))?$")


# One line of YAML: the columns of its dash (-1 without one) and of its key.
class Line(typing.NamedTuple):
    dash: int
    column: int
    key: str
    value: str


# server: URL. The others are "" where the file has none; ca, certificate and key are PEM text, name is the server's
# name in its certificate if it is not the one of the URL.
class Access(typing.NamedTuple):
    server: str
    name: str
    ca: str
    certificate: str
    key: str
    token: str


class NoCredentials(FleetError):
    """The kubeconfig names nobody as whom this can speak to the API server."""


def read_kubeconfig(path: str = KUBECONFIG) -> Access:
    """Read how a kubelet reaches its API server: the cluster and the user of the current context.

    :returns: Access.
    :raises FleetError: the file or one that it names cannot be read, or it names no API server.
    :raises NoCredentials: it is read, and nothing in it says who the kubelet is.
    """
    try:
        config = parse(_text(path))
        config = config if isinstance(config, dict) else {}
        contexts, clusters, users = (_by_name(config, kind) for kind in ("context", "cluster", "user"))
        context = contexts.get(config.get("current-context", ""), {})
        cluster, user = clusters.get(context.get("cluster", ""), {}), users.get(context.get("user", ""), {})
        access = Access(
            cluster.get("server", ""),
            cluster.get("tls-server-name", ""),
            _content(path, cluster, "certificate-authority"),
            _content(path, user, "client-certificate"),
            _content(path, user, "client-key"),
            user.get("token", "") or (_text(_beside(path, user["tokenFile"])).strip() if "tokenFile" in user else ""),
        )
        if not all(isinstance(value, str) for value in access):
            raise ValueError("something in it is no text that has to be one")
    except (OSError, ValueError) as error:
        raise FleetError(f"The kubeconfig {path} of this node's kubelet cannot be read: {error}")
    except (TypeError, AttributeError) as error:
        raise FleetError(
            f"The kubeconfig {path} of this node's kubelet has not the structure of one ({type(error).__name__})"
        )
    if not access.server.startswith("https://"):
        raise FleetError(f"The kubeconfig {path} of this node's kubelet names no API server by https")
    if not access.token and not (access.certificate and access.key):
        program = "exec" in user or "auth-provider" in user
        raise NoCredentials(
            f"The kubeconfig {path} of this node's kubelet has neither a token nor a certificate"
            + (", but a program that gives them, which is not run here" if program else ""),
            "The Node object was not annotated, only this log has the reason",
        )
    return access


def parse(text: str) -> dict:
    """Read the part of YAML, or the JSON, that kubeconfigs are written in: mappings, lists of them, plain values.

    :returns: dict of str to str, dict or list of dict; what is written otherwise is left out.
    """
    if text.lstrip().startswith("{"):
        return parse_json(text)
    lines = []  # the next one is the last
    for line in reversed(text.splitlines()):
        found = KEY.match(line)
        if found:
            blanks, dash, key, value = found.groups()
            lines.append(Line(len(blanks) if dash else -1, len(blanks + dash), key, _plain(value or "")))
    root = {}
    while lines:
        root.update(_mapping(lines, 0))
        if lines:
            lines.pop()
    return root


def _mapping(lines: typing.List[Line], column: int) -> dict:
    found: dict = {}
    while lines and lines[-1].dash < 0 and lines[-1].column >= column:
        line = lines.pop()
        if line.column > column:
            continue
        found[line.key] = line.value
        if lines and not line.value:
            follows = lines[-1]
            if follows.dash >= column:
                found[line.key] = _list(lines, follows.dash)
            elif follows.dash < 0 and follows.column > column:
                found[line.key] = _mapping(lines, follows.column)
    return found


def _list(lines: typing.List[Line], dash: int) -> typing.List[dict]:
    found = []
    while lines and lines[-1].dash == dash:
        lines.append(lines.pop()._replace(dash=-1))
        found.append(_mapping(lines, lines[-1].column))
    return found


def _plain(value: str) -> str:
    value = value.strip()
    if value[:1] in ("'", '"'):
        return value[1:].partition(value[0])[0]
    return (" " + value).partition(" #")[0].strip()


def _by_name(config: dict, kind: str) -> dict:
    """Return the clusters, contexts or users of a kubeconfig as dict of name to dict."""
    listed = config.get(kind + "s")
    return {one.get("name"): one.get(kind) or {} for one in listed} if isinstance(listed, list) else {}


def _content(path: str, owner: dict, key: str) -> str:
    """Return what is given as data or as the path of a file, "" if neither is."""
    if owner.get(key + "-data"):
        return base64.b64decode(owner[key + "-data"]).decode("ascii")
    return _text(_beside(path, owner[key])) if owner.get(key) else ""


def _beside(path: str, name: str) -> str:
    return os.path.join(os.path.dirname(path), name)


def _text(path: str) -> str:
    with open(path) as content:
        return content.read()


def annotate(access: Access, node: str, annotations: dict) -> None:
    """Set annotations of the kubelet's own Node object.

    :param access: Access.
    :param node: str.
    :param annotations: dict of str to str; None removes one.
    :raises FleetError: the API server cannot be reached, or refuses.
    """
    url = urllib.parse.urlsplit(access.server)
    path = f"{url.path.rstrip('/')}/api/v1/nodes/{urllib.parse.quote(node)}?fieldManager=osmigrate-report"
    headers = {"Content-Type": "application/merge-patch+json", "Accept": "application/json"}
    if access.token:
        headers["Authorization"] = "Bearer " + access.token
    body = json.dumps({"metadata": {"annotations": annotations}})
    try:
        connection = _Connection(url.hostname or "", url.port or 443, access)
        try:
            connection.request("PATCH", path, body, headers)
            answer = connection.getresponse()
            said = answer.read(1 << 16).decode("utf-8", "replace")
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise FleetError(f"The API server {access.server} cannot be reached: {error}")
    if answer.status != 200:
        raise FleetError(
            f"The API server {access.server} refuses to annotate node {node}: {answer.status} {said[:200]}"
        )


class _Connection(http.client.HTTPSConnection):
    """HTTPS to a server whose certificate may be for another name than that of its URL."""

    def __init__(self, host: str, port: int, access: Access) -> None:
        context = ssl.create_default_context(cadata=access.ca or None)
        if access.certificate:
            _load_pair(context, access)
        super().__init__(host, port, timeout=TIMEOUT, context=context)
        self._access = access
        self._tls = context

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = self._tls.wrap_socket(self.sock, server_hostname=self._access.name or self.host)


def _load_pair(context: typing.Any, access: typing.Any) -> None:
    """Give the context the client's certificate and key, which ssl takes from a file only."""
    with tempfile.NamedTemporaryFile("w", dir=os.environ.get("RUNTIME_DIRECTORY", "/run"), prefix="osmigrate-") as pair:
        # A kubelet that renews its certificate keeps both in one file.
        pair.write(access.certificate if access.key == access.certificate else access.certificate + "\n" + access.key)
        pair.flush()
        context.load_cert_chain(pair.name)
