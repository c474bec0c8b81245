# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Markers in every option of every module that could hold a secret, and a look for them in all that a run leaves.

What is planted follows from the modules' documentation: a new option, or a new module, is looked at by itself.
"""

from __future__ import annotations

import base64
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ansible_runner
import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import auth_options

COLLECTION = Path(__file__).resolve().parents[2]
# Its work is on the controller, by an action plugin that would reboot; it has no option of text.
NOT_RUN = {"node_reboot"}
MODULES = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("*.py") if path.stem not in NOT_RUN)
# Nobody listens there, so each module ends by an error that tells what it was given.
NOWHERE = "https://127.0.0.1:9"
MARK = "s3kr1t"
VALUES = {"str": "x", "path": "/absent", "int": 1, "bool": True, "list": [], "dict": {}, "float": 1.0}


def options_of(module: str) -> dict[str, Any]:
    """The options of a module as documented, those of fragments too."""
    source = (COLLECTION / f"plugins/modules/{module}.py").read_text()
    documented = yaml.safe_load(source.split('DOCUMENTATION = r"""')[1].split('"""')[0])
    shared: dict[str, Any] = {}
    for fragment in documented["extends_documentation_fragment"]:
        written = importlib.import_module(
            f"ansible_collections.osmigrate.fleet.plugins.doc_fragments.{fragment.split('.')[2]}"
        )
        shared.update(yaml.safe_load(written.ModuleDocFragment.DOCUMENTATION).get("options", {}))
    return {**shared, **documented.get("options", {})}


def url(name: str) -> str:
    # No marker begins like another one, because what is left of a masked one would be found.
    return f"https://{name}-{MARK}-name:{name}-{MARK}-url@127.0.0.1:9/x"


def kubeconfig() -> dict[str, Any]:
    """Each way that a kubeconfig has to say who somebody is."""
    pem = base64.b64encode(f"-----BEGIN PRIVATE KEY-----\n{MARK}-pem".encode()).decode()
    user = {
        "token": f"{MARK}-token",
        "username": f"{MARK}-username",
        "password": f"{MARK}-password",
        "client-key-data": pem,
        "client-certificate-data": pem,
        "a-field-of-tomorrow": {"nested": [f"{MARK}-tomorrow"]},
        "auth-provider": {
            "name": "oidc",
            "config": {
                name: f"{MARK}-{name}" for name in ("access-token", "refresh-token", "id-token", "client-secret")
            },
        },
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "/bin/false",
            "args": [f"--token={MARK}-argument"],
            "env": [{"name": "AWS_SECRET_ACCESS_KEY", "value": f"{MARK}-environment"}],
            "interactiveMode": "Never",
        },
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "the-cluster", "cluster": {"server": NOWHERE, "proxy-url": url("proxy-url")}}],
        "users": [{"name": "the-user", "user": user}],
        "contexts": [{"name": "the-context", "context": {"cluster": "the-cluster", "user": "the-user"}}],
        "current-context": "the-context",
    }


def planted(module: str) -> dict[str, Any]:
    """A value for each option, with a marker where it can hold a secret: what is masked, and what may be a URL."""
    given: dict[str, Any] = {}
    for name, option in options_of(module).items():
        if name == "kubeconfig":
            given[name] = kubeconfig()
        elif name == "api_timeout":
            given[name] = 1
        elif name in ("api_key", "passphrase"):
            given[name] = f"{MARK}-{name}"
        elif option["type"] in ("str", "path") and re.search(r"\bURL\b", str(option["description"])):
            given[name] = url(name)
        elif option.get("required"):
            given[name] = option["choices"][0] if "choices" in option else VALUES[option["type"]]
    return given


# All modules of the cluster share one way in, so one of them is run for all.
OF_CLUSTER = [name for name in MODULES if "kubeconfig" in options_of(name)]
RUN = [name for name in MODULES if name not in OF_CLUSTER[1:]]


def runs_of(module: str) -> list[dict[str, Any]]:
    """Arguments of the runs of a module."""
    given = planted(module)
    # What is wrong with the names of arguments is told before any code of ours runs.
    misspelt = {"misspelt": "x"}
    if module not in OF_CLUSTER:
        return [given, {**given, **misspelt}]
    ways_in = ("kubeconfig", "host", "api_key", "proxy")
    others = {name: value for name, value in given.items() if name not in ways_in}
    by_token = {**others, **{name: given[name] for name in ("api_key", "proxy")}}
    by_token["host"] = NOWHERE.replace("//", f"//host-{MARK}-name:host-{MARK}-url@")
    by_kubeconfig = {**others, "kubeconfig": kubeconfig()}
    as_text = {**others, "kubeconfig": json.dumps(kubeconfig(), indent=1)}
    return [by_token, by_kubeconfig, as_text, {**by_token, **by_kubeconfig, **misspelt}]


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory) -> dict[str, str]:
    """What one run of all modules leaves: output with -vvv and --diff, and the events of ansible-runner."""
    directory = tmp_path_factory.mktemp("run")
    project = directory / "project"
    project.mkdir()
    values, hosts = {}, {}
    for module in RUN:
        tasks = []
        for number, given in enumerate(runs_of(module)):
            values[f"{module}_{number}"] = given
            arguments = {name: f"{{{{ {module}_{number}['{name}'] }}}}" for name in given}
            tasks.append({f"osmigrate.fleet.{module}": arguments, "ignore_errors": True, "register": "answer"})
            tasks.append({"ansible.builtin.debug": {"var": "answer"}})
        (project / f"{module}.yml").write_text(yaml.safe_dump(tasks))
        hosts[module] = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (project / "values.yml").write_text(yaml.safe_dump(values))
    play = {
        "hosts": "all",
        "gather_facts": False,
        "strategy": "free",
        "vars_files": ["values.yml"],
        "tasks": [{"ansible.builtin.include_tasks": "{{ inventory_hostname }}.yml"}],
    }
    (project / "play.yml").write_text(yaml.safe_dump([play]))
    (directory / "inventory").mkdir()
    (directory / "inventory/hosts.json").write_text(json.dumps({"all": {"hosts": hosts}}))
    ran = ansible_runner.run(
        private_data_dir=str(directory), playbook="play.yml", cmdline="-vvv --diff --check --forks 4", quiet=True,
        envvars={"ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2])},
    )  # fmt: skip
    assert ran.status == "successful", ran.stdout.read()[-2000:]
    return {str(path): path.read_text() for path in (directory / "artifacts").rglob("*") if path.is_file()}


def shown(texts: Iterable[str]) -> set[str]:
    """Where a marker is to be seen, with what is around it."""
    return {
        re.sub(r"\s+", " ", text[max(0, found.start() - 200) : found.end() + 40])
        for text in texts
        for found in re.finditer(MARK, text)
    }


def test_nothing_of_a_run_shows_a_secret(left_behind):
    assert not shown(left_behind.values())


def variables() -> dict[str, Any]:
    """What an inventory says of its nodes, with a marker wherever somebody may keep a secret."""
    known = kubeconfig()
    known["users"][0]["user"] = {"token": f"{MARK}-token"}
    known["clusters"][0]["cluster"]["server"] = NOWHERE.replace("//", f"//{MARK}-server-name:{MARK}-server-word@")
    return {
        "osmigrate_kubeconfig": known,
        "osmigrate_release": url("release"),
        "osmigrate_trusted_keys": [f"-----BEGIN PRIVATE KEY-----\n{MARK}-key\n-----END PRIVATE KEY-----\n"],
    }


# What runs, what it is given besides, and a word that shows that it came as far as it was to.
PLAYBOOKS = {
    "migrate": ({}, "migrate talks to"),
    "rollback": ({}, "rollback talks to"),
    "halt": ({}, "not halted"),
    "status": ({}, "status talks to"),
    "recover": (
        {"osmigrate_expected_server": f"https://me:{MARK}-expected@api.example"},
        "and osmigrate_expected_server",
    ),
}


@pytest.mark.parametrize("playbook", PLAYBOOKS)
def test_nothing_of_a_playbook_shows_a_secret_of_the_inventory(tmp_path, playbook):
    more, word = PLAYBOOKS[playbook]
    (tmp_path / "inventory").mkdir()
    node = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "osmigrate_become": False}
    hosts = {"k8s_nodes": {"hosts": {"w1": node}, "vars": {**variables(), **more}}}
    (tmp_path / "inventory/hosts.json").write_text(json.dumps(hosts))
    (tmp_path / "project").mkdir()
    ran = ansible_runner.run(
        private_data_dir=str(tmp_path), playbook=f"osmigrate.fleet.{playbook}", cmdline="-vvv --diff", quiet=True,
        envvars={"ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]), "OSMIGRATE_API_TIMEOUT": "1"},
    )  # fmt: skip
    left = [path.read_text() for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert ran.status == "failed"
    assert any(word in text for text in left), "".join(left)[-3000:]
    assert not shown(left)


def test_nothing_of_an_inventory_shows_a_secret(tmp_path):
    options = {"plugin": "osmigrate.fleet.k8s_nodes", "api_timeout": 1, "api_key": f"{MARK}-api-key"}
    options["proxy"] = url("proxy")
    options["host"] = NOWHERE.replace("//", f"//{MARK}-host-name:{MARK}-host-word@")
    (tmp_path / "k8s_nodes.yml").write_text(yaml.safe_dump(options))
    argv = [sys.executable, "-m", "ansible", "inventory", "-i", "k8s_nodes.yml", "--list", "-vvv"]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2])}
    run = subprocess.run(
        argv, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert "127.0.0.1:9" in run.stdout
    assert not shown([run.stdout])


def test_the_run_was_as_wordy_as_it_can_be(left_behind):
    everything = "".join(left_behind.values())
    assert auth_options.STRUCTURE in everything
    assert "Unsupported parameters" in everything
    assert "neither the path of a file nor a dictionary" in everything
    assert not [module for module in RUN if f"osmigrate.fleet.{module}" not in everything]


@pytest.mark.parametrize("module", OF_CLUSTER)
def test_modules_of_the_cluster_share_one_way_in(module):
    source = (COLLECTION / f"plugins/modules/{module}.py").read_text()
    assert "run_module(" in source
    assert "AnsibleModule(" not in source
