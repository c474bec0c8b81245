# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The objects of an account, and when the token of its kubeconfig ends; tests/cluster/test_rights.py has the rest."""

import base64
import json
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import access_plan

FILES = Path(__file__).resolve().parents[5] / "playbooks/files"


def token(payload: object) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "RS256"}, payload, "signed")]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


@pytest.mark.parametrize("name", ["rbac.yml", "admission-policy.yml"])
def test_what_is_shipped_has_a_place_on_the_server(name):
    objects = access_plan.flatten(list(yaml.safe_load_all((FILES / name).read_text())))
    paths = [access_plan.path(one) for one in objects]
    assert len(set(paths)) == len(paths) > 3
    assert all(path.startswith(("/api/v1/namespaces", "/apis/")) for path in paths)


@pytest.mark.parametrize("manifest", [{"kind": "Pod", "metadata": {"name": "x"}}, {"kind": "Role", "metadata": {}}, {}])
def test_what_is_no_account_is_refused(manifest):
    with pytest.raises(FleetError, match="Nothing was changed"):
        access_plan.flatten([{"kind": "List", "items": [manifest]}])


WANTED = access_plan.kubeconfig("https://a:6443", "osmigrate", "", {})


@pytest.mark.parametrize(
    "written, expected",
    [
        (access_plan.kubeconfig("https://a:6443", "osmigrate", token({"exp": 7}), {}), 7),
        (access_plan.kubeconfig("https://b:6443", "osmigrate", token({"exp": 7}), {}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate-reader", token({"exp": 7}), {}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate", token({"exp": 7}), {"proxy-url": "x"}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate", token({}), {}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate", token(["exp"]), {}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate", "opaque", {}), 0),
        (access_plan.kubeconfig("https://a:6443", "osmigrate", "a.%.b", {}), 0),
        ({"users": []}, 0),
        ([], 0),
        (None, 0),
    ],
)
def test_a_token_that_is_not_of_this_account_on_this_server_has_ended(written, expected):
    assert access_plan.ends(written, WANTED) == expected


@pytest.mark.parametrize(
    "after, expected",
    [
        ({"metadata": {"name": "x", "resourceVersion": "2", "generation": 2}, "status": {"a": 1}}, False),
        ({"metadata": {"name": "x", "labels": {"a": "b"}}}, True),
        ({"metadata": {"name": "x"}, "rules": []}, True),
    ],
)
def test_what_is_the_servers_own_is_no_change(after, expected):
    assert access_plan.differs({"metadata": {"name": "x", "resourceVersion": "1"}}, after) is expected
