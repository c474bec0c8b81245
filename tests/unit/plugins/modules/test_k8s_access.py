# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that k8s_access neither replaces nor deletes; tests/cluster/test_rights.py has what it does.

The cluster here is a fake that answers nothing: whatever is refused is refused before the first request.
"""

import json
import types

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import access_plan, auth_options
from ansible_collections.osmigrate.fleet.plugins.modules import k8s_access

HERE = "https://a:6443"
OWN = access_plan.kubeconfig(HERE, "osmigrate", "opaque", {"certificate-authority-data": "QQ=="})
ADMIN = "apiVersion: v1\nkind: Config\nusers:\n- name: admin\n  user: {token: t}\n"
CLUSTER = types.SimpleNamespace(server=HERE, configuration=None)


class Asked(Exception):
    """The cluster was asked for something."""


def run(monkeypatch, path, state, kubeconfig):
    def asked(*_args):
        raise Asked

    for name in ("apply", "delete", "refuse_while_nodes_move"):
        monkeypatch.setattr(k8s_access, name, asked)
    manifests = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}]
    options = dict.fromkeys(auth_options.Auth._fields)
    options.update(manifests=manifests, account="osmigrate", path=str(path), state=state, kubeconfig=str(kubeconfig))
    k8s_access.work(types.SimpleNamespace(params=options, check_mode=False), CLUSTER)


FILES = {
    "an administrator's": (ADMIN, "none that this module has written"),
    "another server's": (json.dumps(access_plan.kubeconfig("https://b:6443", "osmigrate", "x", {})), "at https://b"),
    "another account's": (json.dumps(access_plan.kubeconfig(HERE, "osmigrate-reader", "x", {})), "osmigrate-reader"),
    "one with a second user": (json.dumps({**OWN, "users": [*OWN["users"], {"name": "x"}]}), "none that this module"),
    "not text": ("\0", "none that this module"),
}


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_not_this_accounts_stays(monkeypatch, tmp_path, name, state):
    content, says = FILES[name]
    path = tmp_path / "kubeconfig"
    path.write_text(content)
    with pytest.raises(FleetError, match=says + ".*Nothing was changed"):
        run(monkeypatch, path, state, path)
    assert path.read_text() == content


@pytest.mark.parametrize("state", ["present", "absent"])
def test_the_account_is_not_asked_to_give_itself_rights(monkeypatch, tmp_path, state):
    own = tmp_path / "kubeconfig"
    own.write_text(json.dumps(OWN))
    # From another directory, too, in which the file would be a new one.
    for path in (own, tmp_path / "new"):
        with pytest.raises(FleetError, match="the account's own kubeconfig.*unset K8S_AUTH_KUBECONFIG"):
            run(monkeypatch, path, state, own)


@pytest.mark.parametrize("state", ["present", "absent"])
@pytest.mark.parametrize("content", [None, "", json.dumps(OWN)])
def test_an_administrator_renews_and_takes_away_what_is_this_accounts(monkeypatch, tmp_path, content, state):
    path, admin = tmp_path / "kubeconfig", tmp_path / "admin"
    admin.write_text(ADMIN)
    if content is not None:
        path.write_text(content)
    with pytest.raises(Asked):
        run(monkeypatch, path, state, admin)
