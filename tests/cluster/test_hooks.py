# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's hooks on a node's way: when they run, what they are told, what becomes of a node if one fails."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.cluster.played.node import Node
from tests.cluster.playing import end

TELL = """
- name: Write down what the hook was told
  ansible.builtin.lineinfile:
    path: {path}
    create: true
    mode: "0600"
    line: "{{{{ osmigrate_hook | combine({{'boot': osmigrate_hook.boot.default | default('')}}) | to_json }}}}"
"""
SLEEP = """
- name: Sleep for too long
  ansible.builtin.command: sleep 300
- name: Never get here
  ansible.builtin.file: {{path: "{path}", state: touch}}
"""
REFUSE = """
- name: Refuse
  ansible.builtin.command: sh -c 'echo it is full >&2; exit 3'
"""


EXAMPLES = Path(__file__).resolve().parents[2] / "docs/examples/hooks"
ALL_POINTS = """
- hosts: k8s_nodes
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: osmigrate.fleet.hooks
      loop: {points}
      loop_control: {{loop_var: hooks_point}}
      vars:
        hooks_entry: r-2
        hooks_candidate: {{root: {{path: "{root}"}}}}
        hooks_failure: it did not boot.
"""


@pytest.fixture
def hook(tmp_path):
    """A function that writes a hook's file; what it writes itself is in .told."""

    class Hooks:
        log = tmp_path / "told"

        def __call__(self, name, text):
            path = tmp_path / f"{name}.yml"
            path.write_text(text.format(path=self.log))
            return str(path)

        @property
        def told(self):
            return [json.loads(line) for line in self.log.read_text().splitlines()] if self.log.exists() else []

    return Hooks()


def test_hooks_run_at_their_points_and_are_told_where_they_are(make_fleet, play, hook):
    fleet = make_fleet(1)
    tell = hook("tell", TELL)
    everywhere = {
        "osmigrate_hooks_before_drain": [{"tasks": tell, "where": "controller", "vars": {"weight": 0}}],
        "osmigrate_hooks_before_reboot": [tell],
        "osmigrate_hooks_post": [tell],
        "osmigrate_hooks_on_failure": [tell],
    }
    code, output = end(play("rollback", fleet.nodes, osmigrate_rollback_to="r-2", **everywhere))
    assert code == 0
    assert [one["point"] for one in hook.told] == ["before_drain", "before_reboot", "post"]
    first, second, last = hook.told
    assert first["vars"] == {"weight": 0}
    assert {(one["node"], one["rollout"], one["entry"]) for one in hook.told} == {(fleet.nodes[0], "r1", "r-2")}
    assert (Path(second["root"]).name, second["release"]["version"]) == ("r-2", "2")
    assert (second["boot"], second["carry"]["plan"], last["failure"]) == ("r-1", [], "")


@pytest.mark.parametrize("where", ["node", "controller"])
def test_a_hook_that_takes_too_long_leaves_the_node_serving_and_is_named(make_fleet, play, hook, tmp_path, where):
    fleet = make_fleet(1)
    slow, refuse = hook("slow", SLEEP), hook("refuse", REFUSE)
    hooks = {
        "osmigrate_hooks_before_reboot": [{"tasks": slow, "where": where, "timeout": 3}],
        "osmigrate_hooks_on_failure": [refuse],
    }
    code, output = end(play("rollback", fleet.nodes, osmigrate_rollback_to="r-2", **hooks))
    node = fleet.nodes[0]
    assert code == 2
    assert f"The before_reboot hook {slow} failed on {node} in its task 'Sleep for too long'" in output
    assert "it did not end within 3 seconds. " in output
    assert f"{node} runs its default r-1 and no cordon of ours is left on it" in output
    assert f"The on_failure hook {refuse} failed on {node} in its task 'Refuse'" in output
    assert "it is full" in output
    assert (fleet.unavailable(), hook.log.exists()) == ([], False)
    assert fleet.notes()[0]["phase"] == "failed"


def test_a_post_hook_that_fails_sends_the_node_home(make_fleet, play, hook, tmp_path):
    fleet = make_fleet(1)
    hooks = {"osmigrate_hooks_post": [hook("refuse", REFUSE)], "osmigrate_hooks_on_failure": [hook("tell", TELL)]}
    code, output = end(play("rollback", fleet.nodes, osmigrate_rollback_to="r-2", **hooks))
    assert code == 2
    menu = Node(tmp_path, fleet.nodes[0]).menu()
    assert (menu["booted"], menu["default"], menu["trial"]) == ("r-1", "r-1", "")
    (told,) = hook.told
    assert (told["point"], told["boot"]) == ("on_failure", "r-1")
    assert told["failure"].startswith(f"The post hook {hooks['osmigrate_hooks_post'][0]} failed on {fleet.nodes[0]}")
    assert fleet.unavailable() == []


def test_a_mistake_in_any_hook_is_told_before_a_node_is_touched(make_fleet, play):
    fleet = make_fleet(1)
    code, output = end(play("rollback", fleet.nodes, osmigrate_hooks_post=["/nowhere/post.yml"]))
    assert code == 2
    assert "Hook 1 of post: there is no file /nowhere/post.yml on the controller" in output
    assert fleet.notes() == [{}]


def test_the_examples_of_the_guide_run(play, tmp_path):
    """One after another: a whole way would need a real node for those before the drain."""
    (tmp_path / "etc").mkdir()
    removed = []

    class Balancer(BaseHTTPRequestHandler):
        def do_DELETE(self):
            removed.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Balancer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    given = {
        "pre": {"vars": {"directory": str(tmp_path)}},
        "migrate": {},
        "before_drain": {"where": "controller", "vars": {"url": f"http://127.0.0.1:{server.server_port}/backends"}},
        "before_reboot": {"vars": {"lock": str(tmp_path / "lock")}},
        "post": {"vars": {"program": "/bin/true"}},
        "on_failure": {"where": "controller", "vars": {"log": str(tmp_path / "log")}},
    }
    assert sorted(given) == sorted(path.stem for path in EXAMPLES.glob("*.yml"))
    playbook = tmp_path / "points.yml"
    playbook.write_text(ALL_POINTS.format(points=json.dumps(list(given)), root=tmp_path))
    hooks = {
        f"osmigrate_hooks_{name}": [{"tasks": str(EXAMPLES / f"{name}.yml"), **more}] for name, more in given.items()
    }
    try:
        assert end(play(playbook, ["w1"], **hooks))[0] == 0
        assert "dpkg\t" in (tmp_path / "packages").read_text()
        assert (tmp_path / "etc/node-agent.conf").read_text() == "release=r-2\n"
        assert removed == ["/backends/w1"]
        assert (tmp_path / "log").read_text() == "w1 r-2: it did not boot.\n"
        (tmp_path / "lock").touch()
        code, output = end(play(playbook, ["w1"], **hooks))
        assert code == 2
        assert "failed on w1 in its task 'Do not reboot under it': A backup runs." in output
    finally:
        server.shutdown()
        server.server_close()
