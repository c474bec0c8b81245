# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kubeconfigs as kubeadm, kubectl and others write them. The request itself is made in tests/cluster."""

import base64
import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import node_object

DATA = {name: base64.b64encode(name.encode()).decode() for name in ("CA", "CERT", "KEY")}
KUBEADM = f"""\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {DATA["CA"]}
    server: https://10.0.0.1:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    namespace: default
    user: system:node:w1
  name: system:node:w1@kubernetes
current-context: system:node:w1@kubernetes
kind: Config
preferences: {{}}
users:
- name: system:node:w1
  user:
    client-certificate: kubelet-client-current.pem
    client-key: ./kubelet-client-current.pem
"""
BY_HAND = f"""\
# ours
apiVersion: v1
kind: Config
current-context:   "main"   # the only one
users:
    - user:
        exec:
          args:
            - get-token
            - --x: y
          env:
            - name: A
              value: b
          command: helper
      name: other
    - user: {{}}
      name: empty
    -   "name": 'me'
        'user':
            client-certificate-data: {DATA["CERT"]}
            client-key-data: {DATA["KEY"]}

contexts:
    - name: main
      context: # both
          user: me
          cluster: c
clusters:
    - name: c
      cluster:
          tls-server-name: api
          certificate-authority: pki/ca.crt
          server: https://api.example/prefix/
"""
TOKEN = {
    "current-context": "a",
    "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
    "clusters": [{"name": "c", "cluster": {"server": "https://c"}}],
    "users": [{"name": "u", "user": {"tokenFile": "token"}}],
    "preferences": {},
}
READ = {
    "kubeadm": (KUBEADM, ("https://10.0.0.1:6443", "", "CA", "both", "both", "")),
    "by hand": (BY_HAND, ("https://api.example/prefix/", "api", "ca file", "CERT", "KEY", "")),
    "json": (json.dumps(TOKEN), ("https://c", "", "", "", "", "secret")),
}


@pytest.fixture
def kubeconfig(tmp_path):
    (tmp_path / "kubelet-client-current.pem").write_text("both")
    (tmp_path / "pki").mkdir()
    (tmp_path / "pki/ca.crt").write_text("ca file")
    (tmp_path / "token").write_text("secret\n")

    def write(text):
        (tmp_path / "kubelet.conf").write_text(text)
        return str(tmp_path / "kubelet.conf")

    return write


@pytest.mark.parametrize("case", READ.values(), ids=READ)
def test_read_kubeconfig(kubeconfig, case):
    assert tuple(node_object.read_kubeconfig(kubeconfig(case[0]))) == case[1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "names no API server"),
        ("x\n- y: z\n  - a: b\nclusters: d", "names no API server"),
        (KUBEADM.replace("https:", "http:"), "names no API server"),
        (KUBEADM.replace("current-context: ", "current-context: no"), "names no API server"),
        (KUBEADM.replace("client-key: ./", "client-key: gone/"), "gone/kubelet-client-current.pem"),
        (KUBEADM.replace(DATA["CA"], "QQ"), "cannot be read"),
        ('{"clusters"', "cannot be read"),
    ],
)
def test_read_kubeconfig_fail(kubeconfig, text, message):
    with pytest.raises(FleetError, match=message):
        node_object.read_kubeconfig(kubeconfig(text))


def test_without_a_kubeconfig(tmp_path):
    with pytest.raises(FleetError, match="No such file"):
        node_object.read_kubeconfig(str(tmp_path / "none"))


def test_annotate_fail_where_nobody_listens():
    access = node_object.Access("https://127.0.0.1:1", "", "", "", "", "")
    with pytest.raises(FleetError, match="https://127.0.0.1:1 cannot be reached: .*refused"):
        node_object.annotate(access, "w1", {})


@pytest.mark.parametrize(
    "user, said",
    [
        ({"exec": {"command": "aws"}}, "has neither a token nor a certificate, but a program that gives them"),
        ({"auth-provider": {"name": "oidc"}}, "has neither a token nor a certificate, but a program that gives them"),
        ({}, "has neither a token nor a certificate[.]"),
        ({"client-certificate-data": DATA["CERT"]}, "has neither a token nor a certificate[.]"),
    ],
)
def test_a_kubeconfig_that_says_nobody_is_told_at_once(tmp_path, user, said):
    config = {
        "clusters": [{"name": "c", "cluster": {"server": "https://x"}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path = tmp_path / "kubelet.conf"
    path.write_text(json.dumps(config))
    with pytest.raises(node_object.NoCredentials, match=said):
        node_object.read_kubeconfig(str(path))
