# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import denials

RIGHT = 'User "robot" cannot create resource "pods/eviction" in API group "" in the namespace "shop"'


def test_a_denial_stands_since_it_was_first_seen_and_until_something_else_was():
    clock = iter([0, 4, 50, 51, 52, 200, 201])
    seen = denials.Denials(lambda: next(clock))
    assert [seen.stood("a") for _again in range(3)] == [0, 4, 50]
    assert seen.stood("b") == 0
    seen.end("a")
    assert seen.stood("a") == 0
    # What happened in between nobody saw.
    assert [seen.stood("a"), seen.stood("a")] == [0, 1]


@pytest.mark.parametrize(
    "message, wanted",
    [
        (
            f'pods "web-1" is forbidden: {RIGHT}',
            {
                "verb": "create",
                "group": "",
                "resource": "pods",
                "subresource": "eviction",
                "namespace": "shop",
                "name": "web-1",
            },
        ),
        (
            'nodes is forbidden: User "robot" cannot list resource "nodes" in API group "x.example" at cluster scope',
            {"verb": "list", "group": "x.example", "resource": "nodes", "subresource": "", "namespace": "", "name": ""},
        ),
        ('forbidden: User "robot" cannot get path "/readyz"', {"verb": "get", "path": "/readyz"}),
        (RIGHT.replace("robot", "system:anonymous"), None),
        ('pods "x" is forbidden: exceeded quota: small', None),
    ],
)
def test_what_is_asked_about_a_right(message, wanted):
    spec = denials.review(message)
    assert (spec and list(spec.values())[0]) == wanted
