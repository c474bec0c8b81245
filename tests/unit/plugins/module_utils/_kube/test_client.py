# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import email.utils
import json
import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options, client, denials, wording
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, update_node

DENIED = (
    'nodes "w1" is forbidden: User "system:serviceaccount:ops:robot" cannot patch resource "nodes" in API group "" '
    "at the cluster scope"
)
BUDGET = {
    "kind": "Status",
    "code": 429,
    "message": "Cannot evict pod as it would violate the pod's disruption budget.",
    "details": {"causes": [{"reason": "DisruptionBudget", "message": "The disruption budget web needs 2"}]},
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(denials, "CONFIRMED_SECONDS", 0)
    monkeypatch.setattr(denials, "LASTING_SECONDS", 0)


def page(names, proceed=None, version="9"):
    return {"items": [{"name": name} for name in names], "metadata": {"continue": proceed, "resourceVersion": version}}


def paths(server):
    return [request[1] for request in server.requests]


def test_the_token_is_sent(server, cluster):
    server.will(body={})
    cluster.get("/api/v1/nodes/w1")
    assert server.requests[0][2]["authorization"] == "Bearer s3cret-token"


def connected(server, **user):
    """A Cluster by a kubeconfig whose user is that."""
    kubeconfig = {
        "clusters": [{"name": "a", "cluster": {"server": server.url}}],
        "users": [{"name": "a", "user": user}],
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "current-context": "a",
    }
    options = dict.fromkeys(auth_options.Auth._fields, None)
    return client.Cluster.connect(auth_options.Auth(**{**options, "kubeconfig": kubeconfig, "api_timeout": 5}))


def test_the_line_break_at_the_end_of_a_token_file_is_no_part_of_the_token(server, tmp_path):
    (tmp_path / "token").write_text("s3cret-token\n")
    server.will(body={})
    connected(server, tokenFile=str(tmp_path / "token")).get("/api/v1/nodes/w1")
    assert server.requests[0][2]["authorization"] == "Bearer s3cret-token"


def test_who_is_impersonated_may_have_any_name(server):
    server.will(body={})
    connected(server, token="t", **{"as": "Пётр Jürgen"}).get("/api/v1/nodes/w1")
    assert server.requests[0][2]["Impersonate-User"].encode("latin-1").decode() == "Пётр Jürgen"


@pytest.mark.parametrize("user", [{"token": "s3c\nret"}, {"token": "t", "as": "s3c\r\nX-Other: ret"}])
def test_a_line_break_within_a_token_is_one_sentence_without_it(server, user):
    with pytest.raises(client.FleetError, match="has a line break or another control character") as caught:
        connected(server, **user).get("/api/v1/nodes/w1")
    assert "s3c" not in str(caught.value)


def test_lists_come_in_pages_and_are_reduced_on_the_way(server, cluster):
    server.will(body=page(["a", "b"], "next&page"))
    server.will(body=page(["c"], None, "10"))
    listing = cluster.list("/api/v1/nodes", {"labelSelector": "a in (b,c)"}, keep=lambda item: item["name"])
    assert listing == (["a", "b", "c"], "10")
    assert "limit=500" in paths(server)[0] and "labelSelector=a+in+%28b%2Cc%29" in paths(server)[0]
    assert "continue=next%26page" in paths(server)[1]


@pytest.mark.parametrize(
    "names",
    [["r.example/a@sha256:0", "r.example/a:1"], [], None, ["[::1]:5000/a"], ['odd"],"sizeBytes":1}]', "b"]],
    ids=["usual", "unnamed", "null", "with brackets", "hostile"],
)
def test_nodes_are_listed_without_their_images_and_nothing_else_is_lost(server, cluster, names):
    images = [{"names": names, "sizeBytes": 5}, {"names": ["b"], "sizeBytes": 6}]
    note = {"metadata": {"annotations": {"a": '"images":[{"names":["x"],"sizeBytes":1}]'}}}
    answer = {"items": [{**note, "status": {"images": images, "phase": "x"}}] * 2, "metadata": {}}
    server.will(body=json.dumps(answer, separators=(",", ":")).encode())
    listed = cluster.list("/api/v1/nodes").items
    assert len(listed) == 2
    for node in listed:
        assert node == {**note, "status": {"images": node["status"]["images"], "phase": "x"}}
        assert node["status"]["images"] in ([], images)


def test_a_list_that_took_too_long_starts_anew(server, cluster):
    server.will(body=page(["a"], "more"))
    server.will(410, "The provided continue parameter is too old")
    server.will(body=page(["a", "b"]))
    assert [item["name"] for item in cluster.list("/api/v1/nodes").items] == ["a", "b"]
    assert "continue" not in paths(server)[2]


def test_an_overloaded_or_broken_server_is_asked_again(server, cluster):
    server.will(503, "etcd is away")
    server.will_hang_up()
    server.will(429, "too many requests, please try again later")
    server.will(body={"fine": True})
    assert cluster.get("/x") == {"fine": True}
    assert len(server.requests) == 4


def test_retry_after_is_honoured(server, cluster):
    server.will(429, "too many requests, please try again later", Retry_After="1")
    server.will(body={})
    started = time.monotonic()
    cluster.get("/x")
    assert time.monotonic() - started >= 1


def test_a_server_that_stays_away_is_one_sentence(server, cluster):
    server.close()
    cluster.api_timeout = 0
    with pytest.raises(ApiError, match="http://127.* cannot be reached: .*Connection refused. Nothing was changed"):
        cluster.get("/x")
    with pytest.raises(ApiError, match="It is not known whether it did the last PATCH"):
        cluster.patch("/x", {})


def test_a_missing_permission_is_named(server, cluster):
    server.will(403, DENIED)
    with pytest.raises(ApiError) as caught:
        cluster.patch("/api/v1/nodes/w1", {})
    assert str(caught.value).startswith("system:serviceaccount:ops:robot may not patch nodes on the API server http")
    assert "Grant it the verb patch on nodes" in str(caught.value)


def test_a_missing_permission_for_a_path_is_named(server, cluster):
    server.will(403, 'forbidden: User "system:serviceaccount:ops:robot" cannot get path "/readyz"')
    with pytest.raises(ApiError, match='robot" cannot get path "/readyz". .* Grant it the verb get on that path'):
        cluster.readyz()


@pytest.mark.parametrize("status, line", [(200, "[+]etcd ok"), (500, "[-]etcd failed: reason withheld")])
def test_what_the_server_says_about_its_parts_is_an_answer_also_when_one_fails(server, cluster, status, line):
    server.will(status, f"[+]ping ok\n{line}\n".encode())
    assert cluster.readyz().splitlines() == ["[+]ping ok", line]
    assert paths(server) == ["/readyz?verbose=true"]


def test_missing_credentials_are_named(server, cluster):
    server.will(403, DENIED.replace("system:serviceaccount:ops:robot", "system:anonymous"))
    with pytest.raises(ApiError, match="got no credentials"):
        cluster.get("/api/v1/nodes")


def test_a_denial_has_to_stand(server, cluster, monkeypatch):
    monkeypatch.setattr(denials, "CONFIRMED_SECONDS", 5)
    server.will(403, DENIED)
    server.will(401, "Unauthorized")
    server.will(body={"fine": True})
    assert cluster.get("/x") == {"fine": True}


@pytest.mark.parametrize(
    "reviewed, believed",
    [
        ((201, {"status": {"allowed": False}}), True),
        ((201, {"status": {"allowed": True}}), False),
        ((403, DENIED), False),
        ((500, "etcd is away"), False),
    ],
    ids=["confirmed", "not so", "the same server", "no answer"],
)
def test_a_denial_by_a_server_that_may_not_know_its_roles_is_believed_when_it_confirms_it(
    server, cluster, monkeypatch, reviewed, believed
):
    monkeypatch.setattr(denials, "LASTING_SECONDS", 100)
    server.will(403, DENIED)
    server.will(*reviewed)
    server.will(body={"fine": True})
    if believed:
        with pytest.raises(ApiError, match="robot may not patch nodes"):
            cluster.patch("/x", {})
    else:
        assert cluster.patch("/x", {}) == {"fine": True}
    asked = server.requests[1][3]["spec"]["resourceAttributes"]
    assert (asked["verb"], asked["resource"], asked["subresource"], asked["name"]) == ("patch", "nodes", "", "w1")


@pytest.mark.parametrize("lasting, transient", [(0, False), (100, True)])
def test_a_denied_watch_is_believed_no_sooner_than_a_denied_request(server, cluster, monkeypatch, lasting, transient):
    monkeypatch.setattr(denials, "LASTING_SECONDS", lasting)
    server.will(403, DENIED.replace("patch", "watch"))
    with pytest.raises(ApiError, match="may not watch nodes") as caught:
        next(cluster.watch("/api/v1/nodes", {}, "1"))
    assert caught.value.transient is transient


def test_a_list_that_always_takes_too_long_is_an_error(server, cluster):
    for _again in range(client.LISTS):
        server.will(410, "The provided continue parameter is too old")
    with pytest.raises(ApiError, match="too old"):
        cluster.list("/api/v1/nodes")


@pytest.mark.parametrize("dry_run, query", [(True, "&dryRun=All"), (False, "")])
@pytest.mark.parametrize("write", ["patch", "evict", "delete_pod", "disrupt"])
def test_every_write_of_a_rehearsal_says_in_its_query_that_it_is_one(server, cluster, write, dry_run, query):
    server.will(body={})
    of_pod = ("shop", "web-1", "uid-1", *(["Gone"] if write == "disrupt" else []))
    arguments = ("/x", {}) if write == "patch" else of_pod
    getattr(cluster, write)(*arguments, dry_run=dry_run)
    assert paths(server)[0].partition("?")[2] == f"fieldManager={client.MANAGER}{query}"


@pytest.mark.parametrize(
    "said, told",
    [
        (
            'failed calling webhook "evict.example": Post "https://hook.ops.svc:443/validate?timeout=5s": EOF',
            'failed calling webhook "evict.example": Post "https://hook.ops.svc:443/validate": EOF',
        ),
        ("proxy http://me:s3cret@proxy:3128/x", "proxy http://me:********@proxy:3128/x"),
        ("proxy http://s3cret@proxy:3128/x", "proxy http://********@proxy:3128/x"),
        ("Post https://hook/x?token=s3cret failed", "Post https://hook/x failed"),
        ("Bearer s3cret was sent", "Bearer ******** was sent"),
        ("two\nlines\x1b[31m", "two lines\\x1b[31m"),
    ],
)
def test_what_a_server_says_is_told_in_one_line_without_secrets(server, cluster, said, told):
    server.will(409, said)
    with pytest.raises(ApiError) as caught:
        cluster.get("/x")
    assert (caught.value.message, told in str(caught.value)) == (told, True)


def test_an_expired_token_is_named_and_not_shown(server, cluster):
    server.will(401, "token s3cret-token is expired")
    with pytest.raises(ApiError, match="does not accept the token or certificate") as caught:
        cluster.get("/x")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400, 404])
def test_something_else_than_an_api_server(server, cluster, status):
    server.will(status, b"<html>hello</html>")
    with pytest.raises(ApiError, match="not as a Kubernetes API server does"):
        cluster.get("/api/v1/nodes")


@pytest.mark.parametrize("body", [b"[]", b"null", b"{}", b'{"paths": ["/api"]}'])
def test_something_else_than_a_list(server, cluster, body):
    server.will(200, body)
    with pytest.raises(ApiError, match="not as a Kubernetes API server does"):
        cluster.list("/api/v1/pods")


@pytest.mark.parametrize("line", [b"<html>hello</html>\n", b"[]\n", b'{"type": "ADDED"}\n'])
def test_something_else_than_a_watch(server, cluster, line):
    server.will(200, line)
    with pytest.raises(ApiError, match="not as a Kubernetes API server does"):
        list(cluster.watch("/api/v1/pods", {}, "1"))


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("Authorization: Bearer abc.def", "Authorization: Bearer ********"),
        ("via http://me:secret@proxy:3128/", "via http://me:********@proxy:3128/"),
        ("<urllib3.connection.HTTPSConnection object at 0x7f00>: refused.", "refused"),
        ("HTTPSConnection(host='x', port=1): refused", "refused"),
        ("('Unable to connect to proxy', NewConnectionError(\"refused\"))", "Unable to connect to proxy: refused"),
        ("('Connection aborted.', ConnectionResetError(104, 'reset by peer'))", "Connection aborted: reset by peer"),
        ("[SSL: BAD] certificate verify failed (_ssl.c:1006)", "[SSL: BAD] certificate verify failed"),
    ],
)
def test_messages_are_clean(text, cleaned):
    assert wording.clean(text) == cleaned


@pytest.mark.parametrize("name", ["", "no/../body", "a b", "Web", "..", "x" * 254])
def test_what_no_node_is_called_is_not_asked_for(server, cluster, name):
    with pytest.raises(FleetError, match="No node can be called"):
        client.get_node(cluster, name)
    assert server.requests == []


def test_a_budget_that_refuses_is_not_an_overloaded_server(server, cluster):
    server.will(429, BUDGET)
    with pytest.raises(ApiError) as caught:
        cluster.evict("shop", "web-1", "uid-1", grace_period=0, dry_run=True)
    assert caught.value.causes("DisruptionBudget") == ["The disruption budget web needs 2"]
    method, path, ignored, body = server.requests[0]
    assert (method, path.partition("?")[0]) == ("POST", "/api/v1/namespaces/shop/pods/web-1/eviction")
    options = body["deleteOptions"]
    assert options["preconditions"] == {"uid": "uid-1"}
    assert (options["gracePeriodSeconds"], options["dryRun"]) == (0, ["All"])


def test_an_unset_grace_period_is_the_pods_own(server, cluster):
    server.will(201, {})
    cluster.evict("shop", "web-1", "uid-1")
    assert set(server.requests[0][3]["deleteOptions"]) == {"apiVersion", "kind", "preconditions"}


def test_time_is_the_servers(server, cluster):
    server.will(body={}, Date=email.utils.formatdate(time.time() - 3600, usegmt=True))
    cluster.get("/x")
    assert abs(cluster.now() - (time.time() - 3600)) < 3


def test_a_watch_yields_events_and_ends_with_the_server(server, cluster):
    pod = {"metadata": {"name": "a", "resourceVersion": "8"}}
    lines = [{"type": "ADDED", "object": pod}, {"type": "DELETED", "object": pod}]
    server.will(body="\n".join(map(json.dumps, lines)).encode() + b"\n")
    assert list(cluster.watch("/api/v1/pods", {"fieldSelector": "x=y"}, "7")) == [("ADDED", pod), ("DELETED", pod)]
    assert "resourceVersion=7" in paths(server)[0] and "watch=true" in paths(server)[0]


def test_a_watch_that_lost_its_place_says_so(server, cluster):
    server.will(body=json.dumps({"type": "ERROR", "object": {"code": 410, "message": "too old"}}).encode() + b"\n")
    with pytest.raises(ApiError) as caught:
        list(cluster.watch("/api/v1/pods", {}, "1"))
    assert caught.value.status == 410


class Plan:
    def __init__(self, patch):
        self.patch = patch
        self.actions = ["Do it"] if patch else []


def test_a_node_is_decided_on_anew_after_a_conflict(server, cluster, make_node):
    seen = []

    def decide(node, now):
        seen.append(node["metadata"]["resourceVersion"])
        return Plan({"metadata": {"annotations": {"a": "b"}}})

    server.will(body=make_node())
    server.will(409, "the object has been modified")
    newer = make_node()
    newer["metadata"]["resourceVersion"] = "8"
    server.will(body=newer)
    server.will(body=newer)
    update_node(cluster, "w1", decide)
    assert seen == ["7", "8"]
    patches = [body for method, ignored, also, body in server.requests if method == "PATCH"]
    assert [patch["metadata"]["resourceVersion"] for patch in patches] == ["7", "8"]


def test_nothing_to_do_is_no_write(server, cluster, make_node):
    server.will(body=make_node())
    before, plan, after = update_node(cluster, "w1", lambda node, now: Plan({}))
    assert before is after
    assert [request[0] for request in server.requests] == ["GET"]


def test_check_mode_lets_the_server_judge_without_writing(server, cluster, make_node):
    server.will(body=make_node())
    server.will(body=make_node())
    update_node(cluster, "w1", lambda node, now: Plan({"metadata": {}}), dry_run=True)
    assert "dryRun=All" in paths(server)[1]


def test_a_node_that_is_not_there(server, cluster):
    server.will(404, 'nodes "w9" not found')
    with pytest.raises(ApiError, match="There is no node w9 on http"):
        client.get_node(cluster, "w9")


def connect(**options):
    given = dict.fromkeys(auth_options.Auth._fields)
    given.update(api_timeout=2, **options)
    return client.Cluster.connect(auth_options.Auth(**given))


def kubeconfig_of(server, user, **cluster):
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": server.url, **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }


@pytest.mark.parametrize("watch", [False, True], ids=["request", "watch"])
def test_a_token_that_was_replaced_meanwhile_is_loaded_anew(server, tmp_path, monkeypatch, watch):
    monkeypatch.setattr(client, "RENEWAL_SECONDS", 0)
    (tmp_path / "token").write_text("old")
    cluster = connect(kubeconfig=kubeconfig_of(server, {"tokenFile": str(tmp_path / "token")}))
    (tmp_path / "token").write_text("new")
    server.will(401, "Unauthorized")
    server.will(body={})
    if watch:
        with pytest.raises(ApiError) as caught:
            next(cluster.watch("/x", {}, "1"))
        assert caught.value.transient
    cluster.get("/x")
    assert [request[2]["authorization"] for request in server.requests] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("recovers", [True, False], ids=["recovers", "stays"])
def test_a_plugin_that_fails_in_the_middle_is_waited_for_and_told_with_its_own_words(
    server, tmp_path, monkeypatch, recovers
):
    monkeypatch.setattr(client, "RENEWAL_SECONDS", 0)
    monkeypatch.setattr(denials, "CONFIRMED_SECONDS", 30 if recovers else 1)
    credential = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "t"}}
    (tmp_path / "credential").write_text(json.dumps(credential))
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\ncat {tmp_path}/credential || {{ echo the login has expired >&2; exit 1; }}\n")
    plugin.chmod(0o755)
    run = {"apiVersion": credential["apiVersion"], "command": str(plugin), "interactiveMode": "Never"}
    cluster = connect(kubeconfig=kubeconfig_of(server, {"exec": run}))
    cluster.api_timeout = 10
    away = tmp_path / "away"
    (tmp_path / "credential").rename(away)
    for _number in range(2 if recovers else 20):
        server.will(401, "Unauthorized")
    server.will(body={"kind": "Status"})
    if recovers:
        threading.Timer(0.1, away.rename, [tmp_path / "credential"]).start()
        assert cluster.get("/x") == {"kind": "Status"}
    else:
        with pytest.raises(ApiError, match="the plugin .* gave none .*the login has expired"):
            cluster.get("/x")


def test_credentials_are_not_loaded_again_and_again(server, cluster):
    server.will(401, "Unauthorized")
    with pytest.raises(ApiError, match="does not accept the token"):
        cluster.get("/x")
    assert len(server.requests) == 1


def test_what_is_impersonated_is_sent(server):
    cluster = connect(kubeconfig=kubeconfig_of(server, {"token": "t", "as": "jane", "as-groups": ["a", "b"]}))
    server.will(body={})
    cluster.get("/x")
    sent = [(name.lower(), value) for name, value in server.headers[0] if name.lower().startswith("impersonate-")]
    assert sent == [("impersonate-user", "jane"), ("impersonate-group", "a"), ("impersonate-group", "b")]
