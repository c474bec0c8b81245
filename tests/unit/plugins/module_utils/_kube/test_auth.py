# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import json

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth, auth_options

KUBECONFIG = {
    "apiVersion": "v1",
    "kind": "Config",
    "clusters": [
        {"name": "lab", "cluster": {"server": "https://lab.example:6443"}},
        {"name": "prod", "cluster": {"server": "https://prod.example:6443", "insecure-skip-tls-verify": True}},
    ],
    "users": [{"name": "me", "user": {"token": "k-token"}}],
    "contexts": [{"name": name, "context": {"cluster": name, "user": "me"}} for name in ("lab", "prod")],
    "current-context": "lab",
}


@pytest.fixture(autouse=True)
def no_default(monkeypatch, tmp_path):
    monkeypatch.setattr(auth, "KUBE_CONFIG_DEFAULT_LOCATION", str(tmp_path / "default"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump(KUBECONFIG))
    return str(path)


def configure(**options):
    return auth.make_configuration(auth_options.read_options({"api_timeout": 1, **options}.get))


def authorization(configuration):
    return [setting["value"] for setting in configuration.auth_settings().values()]


def test_current_context(kubeconfig):
    configuration = configure(kubeconfig=kubeconfig)
    assert configuration.host == "https://lab.example:6443"
    assert authorization(configuration) == ["Bearer k-token"]


def test_context_by_name_from_a_structure():
    configuration = configure(kubeconfig=KUBECONFIG, context="prod")
    assert (configuration.host, configuration.verify_ssl) == ("https://prod.example:6443", False)


def test_default_location(tmp_path):
    (tmp_path / "default").write_text(yaml.safe_dump(KUBECONFIG))
    assert configure(context="prod").host == "https://prod.example:6443"


def test_options_win_over_the_kubeconfig(kubeconfig):
    configuration = configure(kubeconfig=kubeconfig, api_key="other", validate_certs=False, proxy="http://proxy:3128")
    assert authorization(configuration) == ["Bearer other"]
    assert (configuration.verify_ssl, configuration.proxy) == (False, "http://proxy:3128")


def test_options_win_over_the_kubeconfig_also_when_its_token_is_looked_up(kubeconfig):
    configuration = configure(kubeconfig=kubeconfig, host="https://other:1", validate_certs=False, proxy="http://p:1")
    for _again in range(2):
        assert authorization(configuration) == ["Bearer k-token"]
    assert configuration.host == "https://other:1"
    assert (configuration.verify_ssl, configuration.proxy) == (False, "http://p:1")


def test_host_and_token_need_no_kubeconfig():
    configuration = configure(host="https://api.example:6443/", api_key="t", kubeconfig="/absent")
    assert configuration.host == "https://api.example:6443"
    assert configuration.verify_ssl is True


@pytest.mark.parametrize(
    "options, message",
    [
        ({}, "There is no kubeconfig at .*default and this does not run inside a cluster"),
        ({"kubeconfig": "/absent"}, "The kubeconfig /absent does not exist"),
        ({"host": "https://x", "api_key": "t", "ca_cert": "/absent.crt"}, "The file /absent.crt given as ca_cert"),
    ],
)
def test_what_is_missing_is_named(options, message):
    with pytest.raises(FleetError, match=message):
        configure(**options)


def test_a_wrong_context_is_named_with_those_there_are(kubeconfig):
    with pytest.raises(FleetError, match="has no context test, it has lab, prod"):
        configure(kubeconfig=kubeconfig, context="test")


def test_no_current_context(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(yaml.safe_dump({**KUBECONFIG, "current-context": ""}))
    assert configure(kubeconfig=str(path), context="prod").host == "https://prod.example:6443"
    with pytest.raises(FleetError, match="has no current context, it has lab, prod. .*Choose one"):
        configure(kubeconfig=str(path))


@pytest.mark.parametrize(
    "text, message",
    [
        ("users: [a", "is not valid YAML at line"),
        ("hello", "has not the structure of a kubeconfig"),
        ("contexts: 7", "has not the structure of a kubeconfig|cannot be used"),
        (yaml.safe_dump({**KUBECONFIG, "users": [{"name": "me", "x": "s3cret"}]}), "cannot be used: .*key user in"),
    ],
)
def test_a_malformed_kubeconfig_is_not_quoted(tmp_path, text, message):
    path = tmp_path / "kubeconfig"
    path.write_text(text)
    with pytest.raises(FleetError, match=message) as caught:
        configure(kubeconfig=str(path))
    assert "s3cret" not in str(caught.value)


def test_secrets_of_a_structure():
    assert auth_options.secrets(KUBECONFIG) == ["k-token"]
    assert auth_options.secrets("/path") == []


@pytest.mark.parametrize(
    "user, found",
    [
        ({"username": "u", "password": "p"}, ["u", "p"]),
        ({"client-key": "/path", "client-key-data": "S"}, ["S"]),
        ({"a-field-of-tomorrow": {"nested": ["S", 7]}}, ["S", "7"]),
        ({"auth-provider": {"name": "oidc", "config": {"refresh-token": "S", "idp-issuer-url": "https://x"}}}, ["S"]),
        # A region is in the names of nodes, too.
        (
            {
                "exec": {
                    "command": "aws",
                    "env": [{"name": "AWS_REGION", "value": "eu"}, {"name": "TOKEN", "value": "S"}],
                }
            },
            ["S"],
        ),
        ("no user", []),
    ],
)
def test_everything_of_a_user_is_secret_but_what_is_known_not_to_be(user, found):
    assert auth_options.secrets({"users": [{"name": "me", "user": user}]}) == found


@pytest.mark.parametrize(
    "broken", [{"users": "x"}, {"users": ["x", None]}, {"users": [{"user": {"exec": {"env": [1]}}}]}]
)
def test_a_broken_structure_has_no_secrets(broken):
    assert auth_options.secrets(broken) == []


def test_credentials_in_urls_are_secrets_of_a_structure():
    cluster = {"server": "https://api", "proxy-url": "http://me:p%40ss@proxy:3128"}
    found = auth_options.secrets({"clusters": [{"name": "c", "cluster": cluster}]})
    assert {"me:p%40ss", "me:p@ss", "p@ss", "p%40ss", "bWU6cEBzcw=="} == set(found)


@pytest.mark.parametrize("given", ["apiVersion: v1\nusers: s3cret", '{"users": "s3cret"}', ["s3cret"], True, 7])
def test_what_is_neither_path_nor_structure_is_refused_without_being_told(given):
    with pytest.raises(FleetError, match="neither the path of a file nor a dictionary") as caught:
        configure(kubeconfig=given)
    assert "s3cret" not in str(caught.value)


PLAIN = [{**KUBECONFIG["clusters"][0], "cluster": {"server": "http://lab.example:8080"}}]


@pytest.mark.parametrize(
    "options",
    [{"host": "http://api.example", "api_key": "s3cret"}, {"kubeconfig": {**KUBECONFIG, "clusters": PLAIN}}],
)
def test_a_token_does_not_go_over_plain_http(options):
    with pytest.raises(FleetError, match="http://(api|lab).example would be sent a token over plain http") as caught:
        configure(**options)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("host", ["http://127.0.0.1:8001", "http://localhost:8001", "http://[::1]:8001"])
def test_a_token_may_stay_on_this_machine(host):
    assert configure(host=host, api_key="t").host == host


def with_user(**user):
    return {**KUBECONFIG, "users": [{"name": "me", "user": user}]}


@pytest.fixture
def plugin(tmp_path):
    """A credential plugin that runs a shell's line; the user of a kubeconfig that has it."""

    def make(line):
        path = tmp_path / "plugin"
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        version = "client.authentication.k8s.io/v1"
        return {"exec": {"apiVersion": version, "command": str(path), "interactiveMode": "Never"}}

    return make


@pytest.mark.parametrize(
    "line, said",
    [
        ("echo 'login has expired, run: corp login' >&2; exit 3", "returned 3. login has expired, run: corp login"),
        ("printf 'two\\nlines\\033[31m' >&2; exit 1", r"two lines\\x1b\[31m"),
        ("echo token=s3cret is refused >&2; exit 1", r"token=\*+ is refused"),
        ("echo eyJhbGciOiJSUzI1NiIsImtpZCI6s3cretIjEyMzQ1Njc4OTAxMjM0 is old >&2; exit 1", r"\*+ is old"),
        ("echo garbage", "failed to decode process output"),
        ("yes no | head -c 100000 >&2; exit 1", r"no no .*\[\.\.\.\]"),
    ],
    ids=["words", "control characters", "a named secret", "a token", "garbage", "endless"],
)
def test_a_plugin_that_gives_nothing_is_told_with_its_own_words(plugin, line, said):
    message = f"no credentials, although the user of the kubeconfig has exec: the plugin .*plugin gave none .*{said}"
    with pytest.raises(FleetError, match=message) as caught:
        configure(kubeconfig=with_user(**plugin(line)))
    assert "s3cret" not in str(caught.value)
    assert len(str(caught.value)) < 900


def test_a_plugin_that_is_missing():
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "/absent/corp"}}
    with pytest.raises(FleetError, match="the plugin /absent/corp gave none .*No such file"):
        configure(kubeconfig=with_user(**user))


def test_what_the_kubeconfig_says_of_a_plugin_that_is_missing():
    user = {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": "corp", "installHint": "Ask\nHelp."}}
    with pytest.raises(FleetError, match="If it is missing, the kubeconfig says: Ask Help"):
        configure(kubeconfig=with_user(**user))


def test_a_plugin_that_gives_an_empty_token(plugin):
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": ""}}
    with pytest.raises(FleetError, match="the plugin .*plugin gave none"):
        configure(kubeconfig=with_user(**plugin(f"echo '{json.dumps(answer)}'")))


@pytest.mark.parametrize("more", [{"args": ["-c", 1]}, {"env": [{"name": "A", "value": True}]}], ids=["args", "env"])
def test_what_no_plugin_can_be_given(plugin, more):
    user = plugin("exit 1")
    user["exec"].update(more)
    with pytest.raises(FleetError, match="no text in its args or env. .*into quotes"):
        configure(kubeconfig=with_user(**user))


AMBIGUOUS = {
    "a text that says false, which the loader takes for true": (
        {"insecure-skip-tls-verify": "false"},
        "insecure-skip-tls-verify that is no boolean",
    ),
    "no verification, and an authority": (
        {"insecure-skip-tls-verify": True, "certificate-authority-data": "QQ=="},
        "and a certificate authority, which excludes it",
    ),
}


@pytest.mark.parametrize("case", AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_whether_the_certificate_of_the_server_counts_is_never_guessed(case):
    more, message = case
    clusters = [{**one, "cluster": {**one["cluster"], **more}} for one in KUBECONFIG["clusters"]]
    with pytest.raises(FleetError, match=message):
        configure(kubeconfig={**KUBECONFIG, "clusters": clusters})


@pytest.mark.parametrize("plural", ["clusters", "users", "contexts"])
def test_what_is_in_a_kubeconfig_twice_is_not_chosen_from(tmp_path, plural):
    twice = {**KUBECONFIG, plural: KUBECONFIG[plural] * 2}
    (tmp_path / "config").write_text(json.dumps(twice))
    for given in (twice, str(tmp_path / "config")):
        with pytest.raises(FleetError, match=f"has 2 {plural} with the name"):
            configure(kubeconfig=given)


def test_who_is_impersonated(kubeconfig):
    user = {"token": "t", "as": "jane", "as-uid": "7", "as-groups": ["a", "b"], "as-user-extra": {"x/y": ["1", "2"]}}
    assert configure(kubeconfig=with_user(**user)).impersonation == [
        ("Impersonate-User", "jane"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "a"),
        ("Impersonate-Group", "b"),
        ("Impersonate-Extra-x%2Fy", "1"),
        ("Impersonate-Extra-x%2Fy", "2"),
    ]
    assert configure(kubeconfig=kubeconfig).impersonation == []
    with pytest.raises(FleetError, match="without as. .*Name the user"):
        configure(kubeconfig=with_user(token="t", **{"as-groups": ["a"]}))


@pytest.mark.parametrize(
    "more",
    [{"as-groups": "system:masters"}, {"as-user-extra": ["a"]}, {"as-user-extra": {"scopes": "view"}}],
    ids=lambda more: next(iter(more)),
)
def test_a_text_where_kubectl_has_a_list_is_not_impersonated_letter_by_letter(more):
    with pytest.raises(FleetError, match="in another form than kubectl's.*Write as-groups as a list"):
        configure(kubeconfig=with_user(token="t", **{"as": "jane"}, **more))


def one_of_several(tmp_path, name, **more):
    """A file with a cluster, a user and a context of one name."""
    parts = {"cluster": {"server": f"https://{name}.example:6443"}, "user": {"token": name}}
    document = {f"{part}s": [{"name": name, part: content}] for part, content in parts.items()}
    document["contexts"] = [{"name": name, "context": {"cluster": name, "user": name}}]
    (tmp_path / name).write_text(yaml.safe_dump({**document, **more}))
    return str(tmp_path / name)


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [("one", "two", "one"), ("two", "one", "two"), ("", "two", "two"), (None, "two", "two")],
)
def test_of_several_kubeconfigs_the_first_one_with_a_current_context_names_the_cluster(tmp_path, first, second, chosen):
    """As with kubectl: the loader of the kubernetes client takes that of the last file, which is another cluster."""
    current = {} if first is None else {"current-context": first}
    files = [one_of_several(tmp_path, "one", **current), one_of_several(tmp_path, "two", **{"current-context": second})]
    configuration = configure(kubeconfig=":".join(files))
    assert configuration.host == f"https://{chosen}.example:6443"
    assert authorization(configuration) == [f"Bearer {chosen}"]


def test_each_of_several_kubeconfigs_may_begin_with_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    one_of_several(tmp_path, "one"), one_of_several(tmp_path, "two")
    assert configure(kubeconfig="~/one:~/two:", context="two").host == "https://two.example:6443"


def test_an_empty_variable_kubeconfig_means_the_usual_place(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(auth, "KUBE_CONFIG_DEFAULT_LOCATION", "")
    (tmp_path / ".kube").mkdir()
    one_of_several(tmp_path / ".kube", "config", **{"current-context": "config"})
    assert configure().host == "https://config.example:6443"


@pytest.mark.parametrize(
    "server",
    [
        "api.example:6443",
        "//api.example",
        "https://",
        "https://[::1",
        "tcp://a:1",
        "/a",
        "HTTPS://a",
        "https://a?b=c",
        " https://a",
    ],
)
def test_an_address_that_might_be_spoken_to_in_clear_is_refused(server):
    with pytest.raises(FleetError, match="has to be a URL such as https://.*Correct host, or server"):
        configure(host=server, api_key="t")


def test_a_context_whose_user_is_not_there_is_told_before_anything_is_asked():
    contexts = [{"name": "lab", "context": {"cluster": "lab", "user": "gone"}}]
    with pytest.raises(FleetError, match="context lab names the user gone, whom the kubeconfig does not have"):
        configure(kubeconfig={**KUBECONFIG, "contexts": contexts})


def test_a_proxy_that_is_asked_for_is_used_in_spite_of_no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "lab.example")
    cluster = {"server": "https://lab.example:6443", "proxy-url": "http://proxy:3128"}
    given = {**KUBECONFIG, "clusters": [{"name": "lab", "cluster": cluster}]}
    assert (configure(kubeconfig=given).proxy, configure(kubeconfig=given).no_proxy) == ("http://proxy:3128", None)
    assert configure(kubeconfig=KUBECONFIG, proxy="http://proxy:3128").no_proxy is None
    assert configure(kubeconfig=KUBECONFIG).no_proxy == "lab.example"


def test_a_token_that_has_expired_is_asked_for_again(plugin, tmp_path):
    counter = tmp_path / "count"
    answer = (
        '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": '
        '{"token": "t$n", "expirationTimestamp": "2020-01-01T00:00:00Z"}}'
    )
    quoted = answer.replace('"', '\\"')
    user = plugin(f'echo x >> {counter}; n=$(wc -l < {counter}); echo "{quoted}"')
    configuration = configure(kubeconfig=with_user(**user))
    first, second = authorization(configuration), authorization(configuration)
    assert first != second
    assert second[0].startswith("Bearer t")


def test_a_file_with_a_token_wins_over_a_token_and_is_read_again(tmp_path, monkeypatch):
    """As with kubectl, which looks for the file beside the kubeconfig and falls back to the token."""
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(with_user(token="old", tokenFile="token")))
    given = str(tmp_path / "kubeconfig")
    assert authorization(configure(kubeconfig=given)) == ["Bearer old"]
    for token in ("new", "newer"):
        (tmp_path / "token").write_text(f"{token}\n")
        configuration = configure(kubeconfig=given)
        assert [authorization(configuration) for _again in range(2)] == [[f"Bearer {token}"]] * 2
    assert authorization(configure(kubeconfig=given, api_key="option")) == ["Bearer option"]
    structure = with_user(token="old", tokenFile=str(tmp_path / "token"))
    assert authorization(configure(kubeconfig=structure)) == ["Bearer newer"]


def test_a_file_of_a_token_that_is_missing_is_named(tmp_path):
    (tmp_path / "kubeconfig").write_text(yaml.safe_dump(with_user(tokenFile="absent")))
    message = f"kubeconfig cannot be used, because {tmp_path}/absent cannot be read \\(No such file or directory\\)"
    with pytest.raises(FleetError, match=message):
        configure(kubeconfig=str(tmp_path / "kubeconfig"))


@pytest.mark.parametrize(
    ("provider", "message"),
    [
        ({"name": "gcp"}, "the auth-provider gcp, which there is no more. .*gke-gcloud-auth-plugin"),
        ({"name": "azure", "config": {}}, "the auth-provider azure, .*Azure/kubelogin"),
        ({"name": "openstack"}, "the auth-provider openstack, .*Use a credential plugin by exec"),
        ("s3cret", "the auth-provider None"),
        ({"name": "oidc"}, "no credentials, although .* auth-provider oidc: .*Log in again"),
        ({"name": "oidc", "config": {"refresh-token": "s3cret"}}, "no credentials, although .* auth-provider oidc"),
        ({"name": "oidc", "config": {"id-token": "s3cret"}}, "no credentials, although .* auth-provider oidc"),
    ],
)
def test_an_auth_provider_that_gives_nothing_is_told(provider, message):
    with pytest.raises(FleetError, match=message) as caught:
        configure(kubeconfig=with_user(**{"auth-provider": provider}))
    assert "s3cret" not in str(caught.value)


def test_the_token_of_an_auth_provider_is_used():
    token = "e30.e30.e30"
    given = with_user(**{"auth-provider": {"name": "oidc", "config": {"id-token": token}}})
    assert authorization(configure(kubeconfig=given)) == [f"Bearer {token}"]
