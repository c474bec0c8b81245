# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""AWX as data: that its parts fit together, fit the playbooks, and fit the modules that apply them.

There is no AWX here. fixtures/awx has the options of the modules of awx.awx 24.6.1, as ansible-doc shows them.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _values
from ansible_collections.osmigrate.fleet.plugins.plugin_utils._variables import registry

ROOT = Path(__file__).resolve().parents[2]
AWX = ROOT / "awx"
MODULES = json.loads((Path(__file__).parent / "fixtures/awx/awx-24.6.1.json").read_text())
# Each list of objects.yml, with the module that applies it.
LISTS = {
    "controller_credential_types": "credential_type",
    "controller_credentials": "credential",
    "controller_execution_environments": "execution_environment",
    "controller_notifications": "notification_template",
    "controller_projects": "project",
    "controller_inventories": "inventory",
    "controller_inventory_sources": "inventory_source",
    "controller_templates": "job_template",
    "controller_workflows": "workflow_job_template",
    "controller_schedules": "schedule",
}
NODE = "workflow_job_template_node"
# What refers to an object by its name, and to which list.
REFERENCES = {
    "project": "controller_projects",
    "source_project": "controller_projects",
    "inventory": "controller_inventories",
    "execution_environment": "controller_execution_environments",
    "default_environment": "controller_execution_environments",
    "credential": "controller_credentials",
    "credentials": "controller_credentials",
    "credential_type": "controller_credential_types",
    "notification_templates_started": "controller_notifications",
    "notification_templates_success": "controller_notifications",
    "notification_templates_error": "controller_notifications",
    "notification_templates_approvals": "controller_notifications",
}
OF_AWX = {"credential_type": {"Machine"}}
# Nodes of workflows that take nodes of the cluster out of service.
DESTRUCTIVE = {"migrate", "upgrade", "rollback", "drill", "finalize"}
# Playbooks that are no job: the first play of all others, and what docs/awx.md says why.
NO_JOB = {"validate_input", "access", "remediate"}
SETTINGS = {
    "fleet_project_url": "https://git.example/fleet.git",
    "fleet_image": "registry.example/osmigrate-fleet:1",
    "fleet_webhook": "https://hooks.example/fleet",
    "fleet_release": "https://images.example/newest/release.yml",
}
# They work on trees and repositories on the machine of those who build, and on no host.
OF_BUILDERS = {"release_build", "release_review", "release_contents", "release_publish", "release_channel"}
TYPES = {"str": str, "bool": bool, "int": int, "float": (int, float), "dict": dict, "list": list}


PLAY = """
- hosts: localhost
  gather_facts: false
  vars_files: [{files}]
  tasks:
    - ansible.builtin.copy:
        content: "{{{{ {{{names}}} | to_json }}}}"
        dest: "{seen}"
        mode: "0600"
      vars: {{ansible_python_interpreter: "{python}"}}
"""


@cache
def data(kubeconfig: str = "") -> dict[str, Any]:
    """Return the lists with everything filled in, as the modules get it.

    :param kubeconfig: path of one, or "".
    """
    with tempfile.TemporaryDirectory() as directory:
        play, seen = Path(directory) / "play.yml", Path(directory) / "seen"
        files = ", ".join(str(AWX / f"{name}.yml") for name in ("settings", "surveys", "objects"))
        names = ", ".join(f"'{name}': {name}" for name in LISTS)
        play.write_text(PLAY.format(files=files, names=names, seen=seen, python=sys.executable))
        argv = [sys.executable, "-m", "ansible", "playbook", play, "--extra-vars"]
        argv.append(json.dumps({**SETTINGS, "fleet_kubeconfig_file": kubeconfig}))
        run = subprocess.run(
            argv, env={**os.environ, "HOME": directory}, capture_output=True, text=True, check=False, timeout=300
        )
        assert run.returncode == 0, run.stdout + run.stderr
        assert "duplicate" not in run.stderr
        return json.loads(seen.read_text())


def objects() -> list[tuple[str, dict[str, Any]]]:
    """Return (module, fields) of every object, with the nodes of workflows as objects of their own."""
    found = [(LISTS[name], {**one}) for name in LISTS for one in data()[name]]
    for workflow in [fields for module, fields in found if module == "workflow_job_template"]:
        for node in workflow.pop("simplified_workflow_nodes"):
            found.append((NODE, {"workflow_job_template": workflow["name"], **node}))
    return found


def called(module: str, fields: dict[str, Any]) -> str:
    return f"{module} {fields.get('name') or fields['identifier']}"


OBJECTS = {called(*one): one for one in objects()}
TEMPLATES = {one["name"]: one for one in data()["controller_templates"]}
WORKFLOWS = {one["name"]: one for one in data()["controller_workflows"]}
TASKS = [task for state in ("present", "absent") for task in yaml.safe_load((AWX / f"{state}.yml").read_text())]


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_is_what_its_module_takes(name):
    module, fields = OBJECTS[name]
    options = MODULES[module]
    for field, value in fields.items():
        option = options[field]
        assert isinstance(value, TYPES[option["type"]]), field
        assert value in option.get("choices", [value]), field
        if "elements" in option:
            assert all(isinstance(one, TYPES[option["elements"]]) for one in value), field
    assert {field for field, option in options.items() if option.get("required")} <= set(fields)


def arguments(module: str, state: str) -> list[dict[str, Any]]:
    key = f"awx.awx.{module}"
    return [task[key] for task in TASKS if key in task and task[key]["state"] == state]


@pytest.mark.parametrize("module", [*LISTS.values(), NODE])
def test_every_field_is_applied_and_every_argument_is_one_of_the_module(module):
    applied = {field for task in arguments(module, "present") for field in task}
    assert applied <= set(MODULES[module])
    assert {field for kind, fields in OBJECTS.values() if kind == module for field in fields} <= applied
    assert all(set(task) <= set(MODULES[module]) for task in arguments(module, "absent"))


def test_what_is_made_is_removed_unless_it_goes_with_something_else():
    without = {module for module in [*LISTS.values(), NODE] if not arguments(module, "absent")}
    assert without == {"inventory_source", "schedule", NODE}


@pytest.mark.parametrize("name", OBJECTS)
def test_what_an_object_refers_to_exists(name):
    _kind, fields = OBJECTS[name]
    for field in REFERENCES.keys() & fields.keys():
        named = fields[field] if isinstance(fields[field], list) else [fields[field]]
        there = {one["name"] for one in data()[REFERENCES[field]]} | OF_AWX.get(field, set())
        assert set(named) <= there, field
    run = fields.get("unified_job_template")
    assert run is None or run in {*TEMPLATES, *WORKFLOWS}


def playbook_of(template: dict[str, Any]) -> str:
    return template["playbook"].removesuffix(".yml")


def test_every_playbook_has_a_template_and_every_template_a_playbook_of_the_project():
    assert {path.stem for path in ROOT.glob("playbooks/*.yml")} - NO_JOB - OF_BUILDERS <= set(
        map(playbook_of, TEMPLATES.values())
    )
    for path in AWX.glob("project/*.yml"):
        plays = yaml.safe_load(path.read_text())
        for play in plays if isinstance(plays, list) else []:
            imported = play.get("ansible.builtin.import_playbook", "")
            assert not imported or (ROOT / f"playbooks/{imported.removeprefix('osmigrate.fleet.')}.yml").is_file()
    assert all((AWX / "project" / one["playbook"]).is_file() for one in TEMPLATES.values())
    assert all((AWX / "project" / one["source_path"]).is_file() for one in data()["controller_inventory_sources"])


def questions(fields: dict[str, Any]) -> list[dict[str, Any]]:
    return fields["survey_spec"]["spec"] if fields.get("survey_enabled") else []


ASKED = [(name, one) for name, fields in {**TEMPLATES, **WORKFLOWS}.items() for one in questions(fields)]


@pytest.mark.parametrize("name, question", ASKED, ids=lambda one: one if isinstance(one, str) else one["variable"])
def test_a_question_is_one_that_awx_takes(name, question):
    assert {"type", "question_name", "question_description", "variable", "required"} <= set(question)
    default, kind = question.get("default"), question["type"]
    if kind == "multiplechoice":
        assert default in (None, *question["choices"])
        assert all(isinstance(choice, str) for choice in question["choices"])
    elif kind == "integer":
        assert default is None or question.get("min", default) <= default <= question.get("max", default)
        assert not isinstance(default, (bool, str))
    else:
        assert kind == "text" and isinstance(default, (str, type(None)))
    # A schedule is refused that leaves a required answer to its default.
    assert not (question["required"] and default is not None)


@pytest.mark.parametrize("name, question", ASKED, ids=lambda one: one if isinstance(one, str) else one["variable"])
def test_a_form_that_is_left_blank_leaves_what_group_vars_say(name, question):
    # AWX gives a default to the job as an extra variable.
    variable = registry().get(question["variable"])
    assert question.get("default") is None or (variable and variable.scope == "run")


NOWHERE = _values.Where(lambda name: name in ("linear", "host_pinned"), lambda name: None, lambda name: False)


@pytest.mark.parametrize("name, question", ASKED, ids=lambda one: one if isinstance(one, str) else one["variable"])
def test_what_a_form_gives_is_what_its_playbook_reads(name, question):
    if not question["variable"].startswith("osmigrate_"):
        assert any(question["variable"] in path.read_text() for path in AWX.glob("project/*.yml"))
        return
    variable = registry()[question["variable"]]
    assert not variable.secret
    if name in TEMPLATES:
        assert playbook_of(TEMPLATES[name]) in variable.read_by
    given = question.get("choices") or ["https://x/release.yml" if question["required"] else variable.default]
    assert [_values.problem(variable, one, NOWHERE) for one in given] == [""] * len(given)


def jobs(workflow: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the nodes that run a template, by identifier, with the template."""
    nodes = workflow["simplified_workflow_nodes"]
    return {one["identifier"]: TEMPLATES[one["unified_job_template"]] for one in nodes if "unified_job_template" in one}


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_the_answers_of_a_workflow_are_refused_by_none_of_its_jobs(workflow):
    # AWX gives them to every job, whatever the job's own form asks for.
    for question in questions(workflow):
        variable = registry().get(question["variable"])
        for template in jobs(workflow).values() if variable and variable.narrows else ():
            assert playbook_of(template) in variable.read_by


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_what_nodes_and_schedules_say_is_asked_for(workflow):
    for node in workflow["simplified_workflow_nodes"]:
        template = jobs(workflow).get(node["identifier"], {})
        for field in ("limit", "job_slice_count"):
            assert field not in node or template[f"ask_{field}_on_launch"]
        assert set(node.get("extra_data", ())) <= {one["variable"] for one in questions(template)}
    for schedule in data()["controller_schedules"]:
        asked = {one["variable"]: one for one in questions(WORKFLOWS[schedule["unified_job_template"]])}
        assert {name for name, one in asked.items() if one["required"]} <= set(schedule["extra_data"]) <= set(asked)


EDGES = ("success_nodes", "failure_nodes", "always_nodes")


def ways(workflow: dict[str, Any]) -> list[list[tuple[str, str]]]:
    """Return all ways through a workflow as (identifier, edge by which it was reached); fails if one has no end."""
    nodes = {one["identifier"]: one for one in workflow["simplified_workflow_nodes"]}
    targets = {target for one in nodes.values() for edge in EDGES for target in one.get(edge, ())}
    assert targets <= set(nodes)
    found, open_ways = [], [[(name, "")] for name in nodes if name not in targets]
    assert len(open_ways) == 1
    while open_ways:
        way = open_ways.pop()
        further = [(target, edge) for edge in EDGES for target in nodes[way[-1][0]].get(edge, ())]
        assert not {name for name, _edge in way} & {name for name, _edge in further}, "a circle"
        open_ways += [[*way, step] for step in further]
        found += [] if further else [way]
    return found


def is_destructive(template: dict[str, Any] | None) -> bool:
    return bool(template) and template.get("job_type") != "check" and playbook_of(template) in DESTRUCTIVE


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_somebody_approves_before_nodes_leave_service(workflow):
    nodes = {one["identifier"]: one for one in workflow["simplified_workflow_nodes"]}
    seen = set()
    for way in ways(workflow):
        approved = False
        for (name, _edge), (_name, edge) in zip(way, [*way[1:], ("", "")]):
            if is_destructive(jobs(workflow).get(name)):
                assert approved, f"nobody approves before {name}"
                seen.add(name)
                approved = False
            elif "approval_node" in nodes[name]:
                approved = edge == "success_nodes"
    assert seen == {name for name, template in jobs(workflow).items() if is_destructive(template)} != set()


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_failure_ends_in_a_halt_and_in_a_workflow_that_has_failed(workflow):
    playbooks = {name: playbook_of(template) for name, template in jobs(workflow).items()}
    for way in ways(workflow):
        failed = [name for (name, _edge), (_name, edge) in zip(way, way[1:]) if edge == "failure_nodes"]
        names = [name for name, _edge in way]
        assert playbooks[names[-1]] == ("stopped" if failed else "status")
        if any(is_destructive(jobs(workflow).get(name)) for name in failed):
            assert playbooks[names[names.index(failed[0]) + 1]] == "halt"
        assert "status" in [playbooks.get(name) for name in names]


def test_what_takes_nodes_out_of_service_can_be_rehearsed_and_sliced_in_the_workflow_too():
    for template in filter(is_destructive, TEMPLATES.values()):
        assert template["ask_job_type_on_launch"]
    others = OBJECTS[f"{NODE} others"][1]
    assert others["job_slice_count"] == 1


def test_no_secret_is_written_down():
    raw = yaml.load(re.sub(r"!unsafe ", "", (AWX / "objects.yml").read_text()), yaml.SafeLoader)
    for credential in raw["controller_credentials"]:
        for value in credential["inputs"].values():
            assert re.match(r"\{\{ (lookup\('ansible.builtin.file', fleet_\w+_file\)|fleet_ssh_user )", value)
    secret = r"(?i)PRIVATE KEY|BEGIN PUBLIC|eyJ|(password|token|secret)\s*[:=]\s*['\"]?[A-Za-z0-9/+]{8}"
    for path in [*AWX.rglob("*.yml"), *AWX.rglob("*.cfg")]:
        assert not re.search(secret, path.read_text()), path
    hides = {next(iter(task)): task.get("no_log") for task in TASKS}
    assert hides
    assert all(task.get("no_log") for task in TASKS if "awx.awx.credential" in task)


def kubeconfig(user: dict[str, Any]) -> str:
    return yaml.safe_dump({"apiVersion": "v1", "users": [{"name": "osmigrate", "user": user}]})


def token(payload: dict[str, Any]) -> str:
    parts = [json.dumps(one).encode() for one in ({"alg": "RS256"}, payload, {"sub": "?>~"})]
    return ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts)


# With each length behind a whole number of four letters, and letters that only the alphabet for URLs has.
ENDS = [{"exp": 1796126400, "iss": "~?" + "x" * more} for more in range(3)]


@pytest.mark.parametrize(
    "user, said",
    [
        *(({"token": token(payload)}, ", until 2026-12-01T12:00:00Z") for payload in ENDS),
        ({"token": "opaque"}, ""),
        ({"exec": {"command": "login"}}, ""),
    ],
)
def test_a_credential_with_another_token_differs_by_what_awx_can_compare(tmp_path, user, said):
    (tmp_path / "kubeconfig").write_text(kubeconfig(user))
    cluster = data(str(tmp_path / "kubeconfig"))["controller_credentials"][0]
    assert cluster["description"] == "How inventory and playbooks reach the cluster" + said
    assert cluster["inputs"]["kubeconfig"] == kubeconfig(user).rstrip("\n")


@pytest.mark.parametrize(
    "hours, more, refused",
    [(8, {}, True), (24 * 8, {}, False), (8, {"fleet_token_days": 0}, False)],
)
def test_a_token_that_is_gone_tomorrow_is_refused(tmp_path, hours, more, refused):
    (tmp_path / "kubeconfig").write_text(kubeconfig({"token": token({"exp": int(time.time()) + hours * 3600})}))
    given = json.dumps({**SETTINGS, "fleet_kubeconfig_file": str(tmp_path / "kubeconfig"), **more})
    argv = [sys.executable, "-m", "ansible", "playbook", AWX / "configure.yml", "-e", given]
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=300)
    # Without awx.awx nothing else is done.
    assert run.returncode != 0
    assert ("Nothing was changed in AWX" in run.stdout) == refused, run.stdout + run.stderr


# A fake of awx.awx, because there is no AWX here: it takes the options of its modules, keeps what they make, and fails
# where a type of credentials is not there, as the module does.
FAKE = """
import json, pathlib
from ansible.module_utils.basic import AnsibleModule
module = AnsibleModule({spec!r}, supports_check_mode=True)
kept = pathlib.Path({kept!r})
there = json.loads(kept.read_text())
one = module.params
wanted = one.get("credential_type")
if wanted and wanted != "Machine" and ["credential_type", wanted] not in there:
    module.fail_json(msg="Request to /api/v2/credential_types/?name=x returned 0 items, expected 1")
key = [{kind!r}, one.get("name") or one["identifier"]]
changed = (key in there) != (one["state"] == "present")
if changed:
    there = there + [key] if one["state"] == "present" else [other for other in there if other != key]
    kept.write_text(json.dumps(there))
module.exit_json(changed=changed)
"""


@pytest.fixture
def configure(tmp_path):
    """Run configure.yml with a fake AWX, for credentials and their types, and return what is there afterwards."""
    modules = tmp_path / "ansible_collections/awx/awx/plugins/modules"
    modules.mkdir(parents=True)
    kept = tmp_path / "kept.json"
    kept.write_text("[]")
    others = {name: [] for name in LISTS if "credential" not in name}
    for kind, options in MODULES.items():
        (modules / f"{kind}.py").write_text(FAKE.format(spec=options, kind=kind, kept=str(kept)))

    def configure(**settings: Any) -> set[tuple[str, str]]:
        argv = [sys.executable, "-m", "ansible", "playbook", AWX / "configure.yml"]
        argv += ["-e", json.dumps({**SETTINGS, **others, "ansible_python_interpreter": sys.executable, **settings})]
        environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_COLLECTIONS_PATH": str(tmp_path)}
        run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=300)
        assert run.returncode == 0, run.stdout + run.stderr
        return {tuple(one) for one in json.loads(kept.read_text())}

    return configure


def test_what_was_made_is_taken_away_twice_and_nothing_else(configure, tmp_path):
    for name in ("kubeconfig", "key"):
        (tmp_path / name).write_text(kubeconfig({"token": "opaque"}))
    files = {"fleet_kubeconfig_file": str(tmp_path / "kubeconfig"), "fleet_ssh_key_file": str(tmp_path / "key")}
    others = {"fleet_release_key_file": str(tmp_path / "key")}
    assert ("credential", "osmigrate cluster") in configure(**files, **others)
    # The release key is somebody else's now.
    theirs = {("credential_type", "osmigrate release key"), ("credential", "osmigrate release key")}
    assert configure(fleet_state="absent", **files) == theirs
    assert configure(fleet_state="absent", **files) == theirs


def test_everything_that_is_somebodys_own_is_a_setting():
    settings = yaml.safe_load((AWX / "settings.yml").read_text())
    text = "".join((AWX / name).read_text() for name in ("objects.yml", "configure.yml", "present.yml"))
    assert set(re.findall(r"fleet_(?!surveys|shared|state|token\b|token_end)\w+", text)) == set(settings) - {
        "fleet_state"
    }
    assert {one["organization"] for _kind, one in OBJECTS.values() if "organization" in one} == {"Default"}


def test_the_guide_names_all_templates_and_steps():
    guide = (ROOT / "docs/awx.md").read_text()
    steps = {node["identifier"] for one in WORKFLOWS.values() for node in one["simplified_workflow_nodes"]}
    assert {name for name in {*TEMPLATES, *steps} if name not in guide} == set()


def test_events_launch_what_moves_no_node_with_what_its_form_asks_for():
    rulebooks = yaml.safe_load((ROOT / "extensions/eda/rulebooks/fleet.yml").read_text())
    launched = [rule["action"]["run_job_template"] for book in rulebooks for rule in book["rules"]]
    assert {one["name"] for one in launched} == {"osmigrate_halt", "osmigrate_plan"}
    for one in launched:
        template = TEMPLATES[one["name"]]
        assert not is_destructive(template)
        assert set(one["job_args"]["extra_vars"]) <= {question["variable"] for question in questions(template)}


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_all_steps_and_their_slices_are_one_rollout_by_what_the_first_step_notes(workflow):
    (first,) = {way[0][0] for way in ways(workflow)}
    plays = yaml.safe_load((AWX / "project" / jobs(workflow)[first]["playbook"]).read_text())
    noted = plays[0]["tasks"][0]["ansible.builtin.set_stats"]["data"]
    variable = registry()["osmigrate_rollout"]
    # Jobs that do not read what an earlier one has noted must not refuse it.
    assert set(noted) == {variable.name} and not variable.narrows
    for template in jobs(workflow).values():
        named = template.get("extra_vars", {}).get(variable.name, "")
        assert playbook_of(template) not in variable.read_by or "awx_workflow_job_id" in named


@pytest.mark.parametrize(
    "workflow, canary, code",
    [
        ("osmigrate_rollout", ["cp-1"], 2),
        ("osmigrate_rollout", ["cp-1", "w-1"], 0),
        # A plan of several slices that no workflow has launched.
        ("osmigrate_plan", [], 0),
    ],
)
def test_a_rollout_that_nobody_would_begin_ends_with_the_plan(tmp_path, workflow, canary, code):
    (tmp_path / "play.yml").write_text(yaml.safe_dump(yaml.safe_load((AWX / "project/plan.yml").read_text())[:1]))
    groups = {"k8s_nodes": ["cp-1", "w-1"], "role_control_plane": ["cp-1"], **({"canary": canary} if canary else {})}
    children = {group: {"hosts": dict.fromkeys(hosts)} for group, hosts in groups.items()}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": children}}))
    given = json.dumps({"awx_workflow_job_name": workflow})
    argv = [
        sys.executable,
        "-m",
        "ansible",
        "playbook",
        tmp_path / "play.yml",
        "-i",
        tmp_path / "hosts.yml",
        "-e",
        given,
    ]
    environment = {**os.environ, "HOME": str(tmp_path)}
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert run.returncode == code, run.stdout + run.stderr
    assert ("osmigrate-canary=true" in run.stdout) == (code == 2)


def test_the_settings_of_the_project_let_a_job_read_the_inventory_that_awx_gives_it(tmp_path):
    # A program that prints JSON, without a suffix.
    hosts = tmp_path / "hosts"
    hosts.write_text('#! /usr/bin/env python3\nprint(\'{"k8s_nodes": {"hosts": ["w-1"]}}\')\n')
    hosts.chmod(0o700)
    environment = {**os.environ, "HOME": str(tmp_path), "ANSIBLE_CONFIG": str(AWX / "project/ansible.cfg")}
    environment["ANSIBLE_COLLECTIONS_PATH"] = str(ROOT.parents[2])
    argv = [sys.executable, "-m", "ansible", "inventory", "--inventory", str(hosts), "--list"]
    run = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["k8s_nodes"] == {"hosts": ["w-1"]}


@pytest.mark.parametrize("place", ["awx/project/ansible.cfg", "docs/quickstart.md"])
def test_who_begins_as_the_guides_say_sees_how_far_a_rollout_is(place):
    enabled = re.findall(r"(?m)^callbacks_enabled = osmigrate\.fleet\.(\w+)$", (ROOT / place).read_text())
    assert enabled and all((ROOT / f"plugins/callback/{name}.py").is_file() for name in enabled)


def test_the_image_in_a_terminal_is_told_of_the_cluster_as_the_quickstart_does():
    settings = yaml.safe_load((AWX / "project/ansible-navigator.yml").read_text())["ansible-navigator"]
    exported = re.findall(r"(?m)^export (K8S_AUTH_\w+)=", (ROOT / "docs/quickstart.md").read_text())
    image = settings["execution-environment"]
    assert set(exported) <= set(image["environment-variables"]["pass"]) and exported
    assert image["image"] in (ROOT / "docs/awx.md").read_text()


def test_the_guide_shows_the_workflow_that_there_is():
    run = subprocess.run([sys.executable, ROOT / "tests/gate/workflow.py", "--check"], check=False, timeout=300)
    assert run.returncode == 0
