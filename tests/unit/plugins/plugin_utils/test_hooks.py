# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._hooks import Hook, read_hooks


def test_a_path_is_a_task_file_and_another_string_is_a_role(tmp_path):
    path = tmp_path / "pre"
    path.touch()
    read = read_hooks([str(path), "hooks/pre.yml", "pre.yaml", "site.fleet.balancer"], "pre", 60)
    assert [(hook.kind, hook.name) for hook in read] == [
        ("tasks", str(path)),
        ("tasks", "hooks/pre.yml"),
        ("tasks", "pre.yaml"),
        ("role", "site.fleet.balancer"),
    ]
    assert {(hook.where, hook.timeout) for hook in read} == {("node", 60)}


def test_a_dictionary_says_all_of_it():
    written = {"role": "balancer", "where": "controller", "timeout": "5", "vars": {"weight": 0}}
    assert read_hooks([written], "before_drain", 60) == [Hook("role", "balancer", "controller", 5, {"weight": 0})]
    assert read_hooks([{"tasks": "a.yml", "timeout": 0}], "post", 60)[0].timeout == 0


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("a.yml", "The hooks of post are no list"),
        ([3], "Hook 1 of post: it is neither a path nor the name of a role nor a dictionary"),
        (["a.yml", {"task": "b.yml"}], "Hook 2 of post: it has task, and only tasks, role, where, timeout, vars"),
        ([{"where": "node"}], "it needs either tasks, the path of a task file, or role, the name of a role"),
        ([{"tasks": "a.yml", "role": "b"}], "it needs either tasks"),
        ([{"tasks": "a.yml", "where": "cloud"}], "where is cloud, and has to be node or controller"),
        ([{"tasks": "a.yml", "timeout": "5m"}], "its timeout is 5m, and has to be whole seconds"),
        ([{"tasks": "a.yml", "timeout": -1}], "its timeout is -1"),
        ([{"tasks": "a.yml", "vars": [1]}], "its vars are no dictionary"),
        (["/nowhere/a.yml"], "there is no file /nowhere/a.yml on the controller"),
    ],
)
def test_what_is_not_clear_is_refused(written, told):
    with pytest.raises(ValueError, match=told.replace("(", r"\(")):
        read_hooks(written, "post", 60)


def test_there_are_no_other_points():
    with pytest.raises(ValueError, match="There is no hook after_lunch; there are pre, "):
        read_hooks([], "after_lunch", 60)
