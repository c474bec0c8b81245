# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API server as few verbs over plain dictionaries.

The kubernetes client does authentication and TLS. Its typed objects are not used: they cost several times the time and
memory of plain JSON, and hide fields that they do not know.

Safe to share between threads. This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import email.utils
import functools
import json
import re
import threading
import time
import typing
from urllib.parse import quote, urlencode

from ansible_collections.osmigrate.fleet.plugins.module_utils import _text
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    auth as kube_auth,
    cas,
    denials,
    identity,
    times,
    wording,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.auth_options import Auth
from ansible_collections.osmigrate.fleet.plugins.module_utils._secret import without_userinfo
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

try:
    import urllib3
    from kubernetes.client.rest import RESTClientObject
    from urllib3._collections import HTTPHeaderDict
except ImportError:  # auth.IMPORT_ERROR says so at the edge
    pass

MANAGER = "osmigrate.fleet"
PAGE = 500
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
# Credentials that are not accepted are loaded anew, but no sooner than this after they were.
RENEWAL_SECONDS = 2
# A server that goes on to forget its own lists while they are read is not asked for ever.
LISTS = 5
MERGE_PATCH = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
# Of the conditions in such a patch only those of its types are touched.
CONDITIONS_PATCH = "application/strategic-merge-patch+json"
# Of a request: an object or a patch of one, a JSON patch, or none.
Body = typing.Union[dict, typing.List[dict], None]
NODES = "/api/v1/nodes"
DENIED = 403


class Listing(typing.NamedTuple):
    items: list  # of dict, or of what `keep` made of them
    version: str


_DENIED = re.compile(r"(admission webhook|ValidatingAdmissionPolicy) .* denied (the )?request")
# What a kubelet says about the images that it has is two thirds of a Node object, and nobody here reads it.
_IMAGES = re.compile(rb'"images":\[(?:\{"names":\[[^\]]*\],"sizeBytes":\d+\},?)*\]')


class ApiError(FleetError):
    """The API server did not do what was asked.

    :param status: int, its HTTP status, 0 if there was no answer.
    :param body: dict, the Status object that came with it, or empty.
    :param transient: bool, the same request may succeed a moment later.
    """

    def __init__(
        self,
        problem: str,
        left: str = "Nothing was changed",
        todo: str = "",
        status: int = 0,
        body: typing.Optional[dict] = None,
        transient: bool = False,
        wait: int = 0,
    ) -> None:
        super().__init__(problem, left, todo)
        self.status = status
        self.body = body or {}
        self.transient = transient
        self.wait = wait

    @property
    def message(self) -> str:
        return wording.clean(self.body.get("message") or self.problem)

    @property
    def is_absence(self) -> bool:
        """Whether the API server says that there is no such object; one without its words comes from a proxy."""
        return self.status == 404 and bool(self.body)

    @property
    def denied_by_admission(self) -> bool:
        """Whether a webhook or a policy of the cluster's owner said no."""
        return _DENIED.search(self.message) is not None

    def causes(self, reason: str) -> typing.List[str]:
        """The messages of the causes with this reason."""
        causes = (self.body.get("details") or {}).get("causes") or []
        return [wording.clean(cause.get("message", "")) for cause in causes if cause.get("reason") == reason]


class Cluster:
    """One API server.

    :param configuration: a kubernetes.client.Configuration.
    :param api_timeout: int seconds that an API server which does not answer, or is overloaded, is waited for.
    :param load: callable that makes the configuration anew, when its credentials are not accepted any more; or None.
    """

    def __init__(
        self, configuration: typing.Any, api_timeout: int = 120, load: typing.Optional[typing.Callable] = None
    ) -> None:
        self._address = configuration.host
        self.server = without_userinfo(configuration.host)  # as messages and results have it
        self.api_timeout = api_timeout
        self._load = load
        self._loading = threading.Lock()
        self._loaded = time.monotonic()
        self._not_loaded: typing.Optional[ApiError] = None  # why they could not be, the last time
        self._use(configuration)
        self._clock_offset = 0.0
        self._denials = denials.Denials()

    @classmethod
    def connect(cls, auth: Auth) -> "Cluster":
        load = functools.partial(kube_auth.make_configuration, auth)
        return cls(load(), auth.api_timeout, load)

    def _use(self, configuration: typing.Any) -> None:
        self._pool = _pool(configuration)
        self._configuration = configuration

    def _renew(self, denied: ApiError) -> typing.Tuple[bool, ApiError]:
        """Load credentials that are not accepted anew: a token's file may have changed, and a plugin gives others.

        :param denied: ApiError by which they were not.
        :returns: tuple of whether it was done, not again within seconds, and the error that says what is wrong. A
            plugin may fail for a moment, too.
        """
        with self._loading:
            if self._load is None:
                return False, denied
            if time.monotonic() - self._loaded >= RENEWAL_SECONDS:
                self._loaded = time.monotonic()
                try:
                    self._use(self._load())
                except FleetError as error:
                    self._not_loaded = ApiError(error.problem, error.left, error.todo, status=401)
                else:
                    self._not_loaded = None
                    return True, denied
            return False, self._not_loaded or denied

    @property
    def configuration(self) -> typing.Any:
        """The kubernetes.client.Configuration that this came in with."""
        return self._configuration

    def now(self) -> float:
        """Seconds since the epoch by the API server's clock, as its last answer had it. Nobody else's clock counts."""
        return time.time() + self._clock_offset

    def get(self, path: str, until: typing.Optional[float] = None) -> dict:
        return self.request("GET", path, until=until)

    def list(
        self,
        path: str,
        query: typing.Optional[dict] = None,
        keep: typing.Optional[typing.Callable] = None,
        until: typing.Optional[float] = None,
    ) -> Listing:
        """Fetch all objects of a collection in pages; nodes come without their images.

        :param keep: callable that reduces each object while its page is read, or None.
        """
        query = dict(query or {}, limit=PAGE)
        shrink = _without_images if path == NODES else None
        read = functools.partial(self._decode, shrink=shrink, needs=("metadata",))
        items: list = []
        expired = 0
        while True:
            try:
                page = self.request("GET", path, query, until=until, read=read)
            except ApiError as error:
                expired += 1
                if error.status != 410 or expired == LISTS:
                    raise
                # The list took longer than the server keeps its version: only a new start is consistent.
                query.pop("continue", None)
                items = []
                continue
            items += [keep(item) if keep else item for item in page.get("items") or []]
            query["continue"] = page["metadata"].get("continue")
            if not query["continue"]:
                return Listing(items, page["metadata"].get("resourceVersion", ""))

    def watch(
        self, path: str, query: dict, version: str, seconds: int = 60
    ) -> typing.Iterator[typing.Tuple[str, dict]]:
        """Yield (type, object) of changes after a version, until the server ends the watch.

        :raises ApiError: the watch cannot be had, or has lost its place (410): list again.
        """
        query = dict(query, watch="true", resourceVersion=version, timeoutSeconds=seconds)
        key = "WATCH", path
        response = self._send("GET", path, query, None, None, urllib3.Timeout(connect=5, read=seconds + 5), stream=True)
        try:
            if response.status != 200:
                error, renewed = self._error("GET", path, response), False
                if error.status == 401:
                    renewed, error = self._renew(error)
                error.transient = error.transient or renewed or self._may_pass(key, error)
                raise error
            self._denials.end(key)
            rest = b""
            for chunk in response.stream(65536):
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop()
                for line in lines:
                    try:
                        event = parse_json(line.decode("utf-8"))
                        kind, body = event["type"], event["object"]
                    except (ValueError, TypeError, KeyError):
                        raise self._not_kubernetes(response)
                    if kind == "ERROR":
                        status = body.get("code", 0)
                        raise ApiError(
                            wording.clean(body.get("message") or "The watch failed"),
                            status=status,
                            body=body,
                            transient=status >= 500 or status == 429,
                        )
                    yield kind, body
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable("GET", error)
        finally:
            response.close()

    def patch(self, path: str, body: dict, dry_run: bool = False, until: typing.Optional[float] = None) -> dict:
        """Apply a merge patch. With metadata.resourceVersion in it, a change by somebody else makes it fail (409)."""
        return self.request("PATCH", path, writing(dry_run), body, MERGE_PATCH, until)

    def evict(
        self,
        namespace: str,
        name: str,
        uid: str,
        grace_period: typing.Optional[int] = None,
        dry_run: bool = False,
        until: typing.Optional[float] = None,
    ) -> dict:
        """Ask for the eviction of one pod; of this one only, not of a later one with the same name."""
        options = _delete_options(uid, grace_period, dry_run)
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"namespace": namespace, "name": name},
            "deleteOptions": options,
        }
        return self.request("POST", f"{pod_path(namespace, name)}/eviction", writing(dry_run), body, until=until)

    def readyz(self, until: typing.Optional[float] = None) -> str:
        """Ask the API server what it says about its parts: its words, a line for each check, also when one fails."""
        return self.request("GET", "/readyz", {"verbose": "true"}, until=until, read=_checks)

    def delete_pod(
        self,
        namespace: str,
        name: str,
        uid: str,
        grace_period: typing.Optional[int] = None,
        dry_run: bool = False,
        until: typing.Optional[float] = None,
    ) -> dict:
        """Delete one pod; this one only, not a later one with the same name."""
        options = _delete_options(uid, grace_period, dry_run)
        return self.request("DELETE", pod_path(namespace, name), writing(dry_run), options, until=until)

    def disrupt(
        self,
        namespace: str,
        name: str,
        uid: str,
        why: str,
        dry_run: bool = False,
        until: typing.Optional[float] = None,
    ) -> dict:
        """Note on a pod that it is taken away, as an eviction does: a Job may take that for no failure of its pod.

        :param why: str, the reason of the condition, one word.
        """
        now = times.stamp(self.now())
        condition = {"type": "DisruptionTarget", "status": "True", "reason": why, "lastTransitionTime": now}
        body = {"metadata": {"uid": uid}, "status": {"conditions": [condition]}}
        path = pod_path(namespace, name) + "/status"
        return self.request("PATCH", path, writing(dry_run), body, CONDITIONS_PATCH, until)

    def request(
        self,
        method: str,
        path: str,
        query: typing.Optional[dict] = None,
        body: Body = None,
        content_type: str = "application/json",
        until: typing.Optional[float] = None,
        read: typing.Optional[typing.Callable] = None,
    ) -> typing.Any:
        """Send one request, again and again while the server is away or overloaded.

        :param until: float, time.monotonic() after which it is not sent again; unset means api_timeout from now.
        :param read: callable(response) that returns the answer, None where it is none; unset, an answer is JSON.
        """
        until = time.monotonic() + self.api_timeout if until is None else until
        pause = 0.2
        key = method, path
        while True:
            try:
                timeout = urllib3.Timeout(connect=5, read=30)
                response = self._send(method, path, query, body, content_type, timeout)
                answer = (read or self._decode)(response)
                if answer is not None:
                    self._denials.end(key)
                    return answer
                raise self._error(method, path, response)
            except ApiError as error:
                if error.status == 401:
                    renewed, error = self._renew(error)
                    if renewed:
                        continue
                error.transient = error.transient or self._may_pass(key, error)
                now = time.monotonic()
                wait = max(pause, error.wait)
                if not error.transient or now + wait > until:
                    raise error
                time.sleep(wait)
                pause = min(pause * 2, 5)

    def _may_pass(self, key: typing.Tuple[str, str], error: ApiError) -> bool:
        """Whether a denial may be one of a server that does not know its roles yet.

        :param key: tuple, what was asked for: the same for the same thing.
        """
        if error.status not in (401, 403) or error.denied_by_admission or error.causes("NamespaceTerminating"):
            return False
        stood = self._denials.stood(key)
        if stood < denials.CONFIRMED_SECONDS:
            return True
        spec = denials.review(error.message) if error.status == 403 else None
        return spec is not None and stood < denials.LASTING_SECONDS and not self._confirms(spec)

    def _confirms(self, spec: dict) -> bool:
        """Whether the server, asked about a right, says that there is none. One that has not read its roles cannot."""
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        timeout = urllib3.Timeout(connect=5, read=10)
        try:
            answer = self._decode(self._send("POST", REVIEWS, None, body, "application/json", timeout))
        except ApiError:
            return False
        return answer is not None and not (answer.get("status") or {}).get("allowed")

    def _send(
        self,
        method: str,
        path: str,
        query: typing.Optional[dict],
        body: Body,
        content_type: typing.Optional[str],
        timeout: typing.Any,
        stream: bool = False,
    ) -> typing.Any:
        headers = HTTPHeaderDict({"Accept": "application/json", "User-Agent": MANAGER})
        for name, value in self._configuration.impersonation:
            headers.add(name, identity.header(name, value))
        for setting in self._configuration.auth_settings().values():
            headers[setting["key"]] = identity.header(setting["key"], setting["value"])
        payload = None
        if body is not None and content_type:
            headers["Content-Type"] = content_type
            payload = json.dumps(body).encode("utf-8")
        url = self._address + path
        fields = [(key, value) for key, value in (query or {}).items() if value not in (None, "")]
        if fields:
            url += "?" + urlencode(fields)
        try:
            response = self._pool.request(
                method, url, headers=headers, body=payload, timeout=timeout, retries=False, preload_content=not stream
            )
        except urllib3.exceptions.HTTPError as error:
            raise self._unreachable(method, error)
        date = email.utils.parsedate_tz(response.headers.get("Date") or "")
        if date:
            self._clock_offset = email.utils.mktime_tz(date) - time.time()
        return response

    def _decode(
        self,
        response: typing.Any,
        shrink: typing.Optional[typing.Callable] = None,
        needs: typing.Iterable[str] = (),
    ) -> typing.Optional[dict]:
        if not 200 <= response.status < 300:
            return None
        try:
            answer = parse_json((shrink(response.data) if shrink else response.data).decode("utf-8"))
        except ValueError:
            raise self._not_kubernetes(response)
        if not isinstance(answer, dict) or not all(isinstance(answer.get(name), dict) for name in needs):
            raise self._not_kubernetes(response)
        return answer

    def _not_kubernetes(self, response: typing.Any) -> ApiError:
        return ApiError(
            f"{self.server} answers (HTTP status {response.status}), but not as a Kubernetes API server does",
            todo="Check host, kubeconfig and proxy",
            status=response.status,
        )

    def _unreachable(self, method: str, error: typing.Any) -> ApiError:
        # What the TLS library refuses stays refused; a connection that merely broke off may work the next time.
        final = isinstance(error, urllib3.exceptions.SSLError) and "EOF" not in str(error)
        broken = wording.no_pem(str(error), self.server) if final else ""
        if broken:
            return ApiError(broken, todo="Correct it in the kubeconfig, or in the option for it")
        if final:
            todo = "Check host, ca_cert, client_cert and validate_certs"
        else:
            todo = "Check that it runs, and host, kubeconfig, context and proxy"
        return ApiError(
            f"The API server {self.server} cannot be reached: {wording.clean(str(error))}",
            left="Nothing was changed" if method == "GET" else f"It is not known whether it did the last {method}",
            todo=todo,
            transient=not final,
        )

    def _error(self, method: str, path: str, response: typing.Any) -> ApiError:
        """Make one sentence of a refusal."""
        status = response.status
        try:
            body = parse_json(response.data.decode("utf-8"))
        except ValueError:
            body = {}
        if not isinstance(body, dict) or body.get("kind") != "Status":
            body = {}
        said = wording.clean(body.get("message") or f"HTTP status {status} {response.reason or ''}")
        # A webhook chooses the status of its denial: 404 for what it did not find itself, say, or 401.
        status = DENIED if _DENIED.search(said) else status
        problem, todo = f"The API server {self.server} refused {method} {path}: {said}", ""
        if status == 401:
            problem = f"The API server {self.server} does not accept the token or certificate (401)"
            todo = "It may have expired: get a new one (api_key or kubeconfig), and check context"
        elif status == 403:
            denied = denials.FORBIDDEN.search(said)
            if denied:
                problem, todo = self._forbidden(denied.groupdict(), path)
            elif " cannot get path " in said:
                todo = "Grant it the verb get on that path (playbooks/files/rbac.yml does)"
        elif status < 500 and status != 429 and not body:
            return self._not_kubernetes(response)
        error = ApiError(problem, todo=todo, status=status, body=body, wait=_retry_after(response, body))
        error.transient = not error.denied_by_admission and (
            (status == 429 and not error.causes("DisruptionBudget"))
            or (status >= 500 and "PodDisruptionBudget" not in said)
        )
        return error

    def _forbidden(self, denied: dict, path: str) -> typing.Tuple[str, str]:
        if denied["user"] == "system:anonymous":
            return (
                f"The API server {self.server} got no credentials",
                "Give api_key or client_cert, or a kubeconfig whose context has a user",
            )
        resource = ".".join(part for part in (denied["resource"], denied["group"]) if part)
        scope = f" in namespace {denied['namespace']}" if denied["namespace"] else ""
        problem = "{} may not {} {}{} on the API server {} ({})".format(
            denied["user"],
            denied["verb"],
            resource,
            scope,
            self.server,
            path,
        )
        return problem, f"Grant it the verb {denied['verb']} on {resource} (playbooks/files/rbac.yml does)"


def _pool(configuration: typing.Any) -> typing.Any:
    try:
        return RESTClientObject(configuration).pool_manager
    except ImportError:
        raise FleetError(
            f"The way to the API server {configuration.host} is a SOCKS proxy, and Python lacks PySocks",
            todo="Install it with pip on the controller, or take the proxy out of the kubeconfig",
        )
    except (ValueError, urllib3.exceptions.HTTPError) as error:
        raise FleetError(
            f"The proxy on the way to the API server {configuration.host} cannot be used: {wording.clean(str(error))}",
            todo="Correct proxy, or proxy-url of the kubeconfig",
        )


def _without_images(data: bytes) -> bytes:
    """Shorten a page of nodes before it is parsed, which is where the time goes."""
    return _IMAGES.sub(b'"images":[]', data)


def _checks(response: typing.Any) -> typing.Optional[str]:
    text = response.data.decode("utf-8", "replace")
    return text if response.status in (200, 500, 503) and text.startswith(("[+]", "[-]")) else None


def writing(dry_run: bool) -> dict:
    """What each write says of itself. Of an eviction's dry run webhooks are told only by the query."""
    return {"fieldManager": MANAGER, "dryRun": "All" if dry_run else None}


def _delete_options(uid: str, grace_period: typing.Optional[int], dry_run: bool) -> dict:
    options: dict = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
    if grace_period is not None:
        options["gracePeriodSeconds"] = grace_period
    if dry_run:
        options["dryRun"] = ["All"]
    return options


def node_path(name: str) -> str:
    """Where the API server has a node.

    :raises FleetError: no node can have that name. A server takes a / that was quoted for one all the same.
    """
    if not _text.is_node_name(name):
        raise FleetError(f"No node can be called {_text.printable(name, 300)}", todo="Check the name")
    return f"{NODES}/{quote(name, safe='')}"


def pod_path(namespace: str, name: str) -> str:
    return f"/api/v1/namespaces/{quote(namespace, safe='')}/pods/{quote(name, safe='')}"


def find(cluster: Cluster, path: str, until: typing.Optional[float] = None) -> typing.Optional[dict]:
    """Return an object, None if there is none."""
    try:
        return cluster.get(path, until)
    except ApiError as error:
        if not error.is_absence:
            raise
        return None


def get_node(cluster: Cluster, name: str, until: typing.Optional[float] = None) -> dict:
    try:
        return cluster.get(node_path(name), until)
    except ApiError as error:
        if not error.is_absence:
            raise
        raise ApiError(
            f"There is no node {name} on {cluster.server}",
            todo="Check the name, and that kubeconfig and context lead to the right cluster",
            status=404,
            body=error.body,
        )


def update_node(
    cluster: Cluster, name: str, decide: typing.Callable, dry_run: bool = False
) -> typing.Tuple[dict, typing.Any, dict]:
    """Read a node, decide, and write, as often as somebody else writes in between.

    :param decide: callable(node, now) that returns a plan with C(patch) and C(actions). It is called again after a
        conflict, with the node as it is then.
    :returns: tuple (node before, plan, node after).
    """

    def read(until: float) -> typing.Tuple[dict, str]:
        node = get_node(cluster, name, until)
        return node, node["metadata"]["resourceVersion"]

    def write(plan: typing.Any, version: typing.Optional[str], until: float) -> dict:
        patch = dict(plan.patch, metadata=dict(plan.patch["metadata"], resourceVersion=version))
        return cluster.patch(node_path(name), patch, dry_run, until)

    return cas.update(cluster, read, decide, write)


def _retry_after(response: typing.Any, body: dict) -> int:
    said = (body.get("details") or {}).get("retryAfterSeconds") or response.headers.get("Retry-After") or 0
    try:
        return max(0, int(said))
    except ValueError:
        return 0
