# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules of the house (docs/design.md, "The house"), read from the sources.

Each rule is data: a table of rooms, of names that are forbidden, of texts that stand in one file.
"""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
UTILS = "plugins/module_utils/"
DESIGN = (ROOT / "docs/design.md").read_text()
IMPORTED = "ansible_collections.osmigrate.fleet."

# A room may import itself, the ground, and these.
GROUND = "ground"
ROOMS = {
    GROUND: set(),
    "_files": set(),
    "_release": set(),
    "_network": set(),
    "_kube": set(),
    "_boot": set(),
    # Types alone, so that what is below the backends can speak of one that is handed in.
    "_backends/contract": set(),
    "_trial": {"_files", "_release", "_boot", "_backends/contract"},
    "_backends/ostree": {"_files", "_release", "_boot", "_trial", "_backends/contract"},
    "_backends/slots": {"_files", "_release", "_boot", "_trial", "_backends/contract"},
    # Knows every backend.
    "_backends/registry": {"_backends/contract", "_backends/ostree", "_backends/slots"},
    "_carry": {"_files", "_network", "_boot", "_trial", "_backends/contract"},
    "_node": {
        "_files",
        "_release",
        "_network",
        "_boot",
        "_trial",
        "_backends/contract",
        "_backends/ostree",
        "_backends/slots",
        "_backends/registry",
        "_carry",
    },
    "_review": {"_files", "_release", "_carry"},
    "_build": {"_files", "_release", "_backends/slots"},
}
# Those that know Ansible: what it calls, and the edges below that.
EDGES = (
    "plugins/action/",
    "plugins/callback/",
    "plugins/filter/",
    "plugins/inventory/",
    "plugins/modules/",
    UTILS + "_module.py",
    UTILS + "_kube/edge.py",
    UTILS + "_kube/auth_options.py",
    UTILS + "_release/fetch.py",
    "plugins/plugin_utils/_here.py",
)
PROCESSES = {
    "subprocess",
    "multiprocessing",
    "pty",
    "os.fork",
    "os.forkpty",
    "os.system",
    "os.popen",
    "os.posix_spawn",
    "os.posix_spawnp",
    *(
        f"os.{family}{kind}"
        for family in ("exec", "spawn")
        for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")
    ),
}
SEARCHED = {f"sys.path.{change}" for change in ("append", "extend", "insert")}
STARTS_PROCESSES = {UTILS + "_command.py", "plugins/plugin_utils/_child.py"}
# Whatever reaches out of a function: files, clocks, chance, the network, the environment.
IMPURE = PROCESSES | {
    "open",
    "io.open",
    "input",
    "print",
    "glob.glob",
    "os.environ",
    "os.getenv",
    "os.listdir",
    "os.open",
    "os.scandir",
    "os.stat",
    "os.lstat",
    "os.walk",
    "os.path.exists",
    "os.path.isdir",
    "os.path.isfile",
    "os.path.islink",
    "os.path.lexists",
    "os.path.realpath",
    "os.unlink",
    "os.rename",
    "os.makedirs",
    "platform",
    "random",
    "secrets",
    "shutil",
    "socket",
    "tempfile",
    "time.time",
    "time.monotonic",
    "time.sleep",
    "time.localtime",
    "uuid.uuid1",
    "uuid.uuid4",
    "urllib.request",
    "datetime.datetime.now",
    "datetime.datetime.utcnow",
    "datetime.datetime.today",
    "datetime.date.today",
}
# Texts that say one fact: what begins or is like this stands in one file.
ONE_PLACE = {
    "osmigrate.fleet/": UTILS + "_constants.py",
    "/boot/osmigrate": UTILS + "_constants.py",
    "/sysroot": UTILS + "_constants.py",
    "package": UTILS + "_constants.py",
    "/run/ostree-booted": UTILS + "_backends/ostree/program.py",
    "/run/osmigrate-kexec": UTILS + "_boot/kexec.py",
    "/run/osmigrate-soft": UTILS + "_boot/soft.py",
    "/run/nextroot": UTILS + "_boot/soft.py",
    "/run/osmigrate/health": UTILS + "_trial/healthstate.py",
    "osmigrate.env": UTILS + "_boot/grub.py",
}
WORDS = {"package"}
# The same word for something else: a field of the record.
OTHER_MEANING = {("package", UTILS + "_trial/record.py")}
# Names for people, in a message or an identifier, are not the fact itself.
DOCUMENTATION = ("DOCUMENTATION", "EXAMPLES", "RETURN")

SOURCES = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("plugins/**/*.py"))


@cache
def parsed(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text())


def modules(name: str) -> Iterator[str]:
    """Yield what a file imports: modules of ours as paths below plugins/, others by their name."""
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{name} has a relative import"
            for alias in node.names:
                path = f"{node.module}.{alias.name}".removeprefix(IMPORTED).replace(".", "/")
                is_module = (ROOT / (path + ".py")).is_file() or (ROOT / path).is_dir()
                if node.module.startswith(IMPORTED):
                    yield path if is_module else path.rpartition("/")[0]
                else:
                    yield node.module


def room(path: str) -> str:
    """Return the room of a module below plugins/module_utils/."""
    inside = path.removeprefix(UTILS).removesuffix(".py").split("/")
    if inside[0] == "_backends" and len(inside) > 1:
        return "/".join(inside[:2])
    return GROUND if len(inside) == 1 and inside[0] not in ROOMS else inside[0]


def calls(tree: ast.AST, name: str) -> Iterator[tuple[str, int]]:
    """Yield each dotted name that a tree reads, with its imports resolved, and its line."""
    known = {}
    for node in ast.walk(parsed(name)):
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name.split(".")[0]: alias.asname and alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        parts, inner = [], node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and (inner.id in known or hasattr(builtins, inner.id)):
            yield ".".join([known.get(inner.id) or inner.id, *reversed(parts)]), node.lineno


# Tells who has started this process, and starts none.
_HARMLESS = "multiprocessing.parent_process"


def forbidden(found: str, names: set[str]) -> bool:
    return found != _HARMLESS and any(found == name or found.startswith(name + ".") for name in names)


def is_pure(name: str) -> bool:
    first = (ast.get_docstring(parsed(name)) or "").split("\n\n")[0]
    return "Pure" in first.replace("\n", " ")


@cache
def texts(name: str) -> tuple[tuple[str, int], ...]:
    """Return the texts of a file that are facts: no docstrings, no documentation, no keys of dictionaries."""
    tree = parsed(name)
    skipped = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(node.value)
        elif isinstance(node, ast.Subscript):
            skipped.add(node.slice)
        elif isinstance(node, ast.Dict):
            skipped.update(node.keys)
        elif isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in DOCUMENTATION:
            skipped.add(node.value)
    return tuple(
        (node.value, node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in skipped
    )


def said_wrongly(name: str, fact: str) -> Iterator[int]:
    """Yield the lines where a file says a fact that stands elsewhere."""
    for text, line in texts(name):
        said = text == fact if fact in WORDS else fact in text
        # A sentence may name a label or a path to its reader; a text with a blank in it that is no script is one.
        is_sentence = " " in text.strip() and "\n" not in text
        if said and not is_sentence:
            yield line


def test_the_tests_are_one_package():
    """They say by whole names what they import, so that a name means the same wherever it is read."""
    tests = sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/*.py"))
    rooms = {Path(name).stem for name in tests} | {path.name for path in ROOT.glob("tests/*/")}
    short = rooms - set(sys.stdlib_module_names) - {"tests"}
    found = {
        (name, target)
        for name in tests
        for node in ast.walk(parsed(name))
        for target in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom) and not node.level
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
        if target.split(".")[0] in short
    }
    assert found == set()
    assert [(name, line) for name in tests for found, line in calls(parsed(name), name) if found in SEARCHED] == []


def test_the_table_of_rooms_has_every_room():
    assert {room(name) for name in SOURCES if name.startswith(UTILS) and not name.endswith("__init__.py")} == set(ROOMS)


def test_rooms_import_one_way():
    arrows = {
        (name.removeprefix(UTILS), room(target))
        for name in SOURCES
        if name.startswith(UTILS)
        for target in modules(name)
        if target.startswith(UTILS) and room(target) not in ROOMS[room(name)] | {GROUND, room(name)}
    }
    assert arrows == set()


def test_the_ways_between_rooms_have_no_circle():
    order: list[str] = []
    while len(order) < len(ROOMS):
        free = [name for name in ROOMS if name not in order and ROOMS[name] <= set(order)]
        assert free, set(ROOMS) - set(order)
        order += free


def test_module_utils_know_nothing_above_them():
    for name in SOURCES:
        if name.startswith(UTILS):
            assert not [
                target for target in modules(name) if target.startswith("plugins/") and UTILS not in target + "/"
            ]


@pytest.mark.parametrize("name", [name for name in SOURCES if not name.startswith(EDGES)])
def test_only_edges_know_ansible(name):
    assert not [target for target in modules(name) if target.split(".")[0] in ("ansible", "ansible_collections")]


def test_the_design_names_the_edges_below_the_plugins():
    said = re.search(r"Only the edges know Ansible: plugins, modules, (.*?)\.\s+A file", DESIGN, re.S)
    assert set(re.findall(r"`([^`]+)`", said[1])) == {
        edge.removeprefix(UTILS) for edge in EDGES if edge.endswith(".py")
    }


def test_what_needs_libraries_asks_for_them_in_one_place():
    assert [name for name in SOURCES if "missing_required_lib" in (ROOT / name).read_text()] == [UTILS + "_module.py"]


def test_nobody_forks():
    """What another thread held at that moment nobody in the new process ever lets go."""
    forks = {"os.fork", "os.forkpty", "pty.fork", "multiprocessing"}
    assert [one for name in SOURCES for one in calls(parsed(name), name) if forbidden(one[0], forks)] == []


def test_json_is_read_where_its_depth_is_looked_at():
    readers = {UTILS + "_text.py", UTILS + "_release/envelope.py"}
    found = {
        name for name in SOURCES for one in calls(parsed(name), name) if forbidden(one[0], {"json.loads", "json.load"})
    }
    assert found == readers


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in STARTS_PROCESSES])
def test_only_few_places_start_processes(name):
    assert [(found, line) for found, line in calls(parsed(name), name) if forbidden(found, PROCESSES)] == []


@pytest.mark.parametrize("name", [name for name in SOURCES if is_pure(name)])
def test_pure_means_pure(name):
    assert [one for one in calls(parsed(name), name) if forbidden(one[0], IMPURE)] == []
    assert UTILS + "_command" not in modules(name)


@pytest.mark.parametrize("fact", ONE_PLACE)
def test_one_fact_one_place(fact):
    elsewhere = [name for name in SOURCES if name != ONE_PLACE[fact] and (fact, name) not in OTHER_MEANING]
    places = {(name, line) for name in elsewhere for line in said_wrongly(name, fact)}
    assert places == set()
    assert not ONE_PLACE[fact] or any(fact in text for text, _line in texts(ONE_PLACE[fact]))


# Reads the variable of a point by the name of the point.
COMPOSE_NAMES = {"hooks"}
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir())


def entries(role: str) -> dict[str, dict]:
    return yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text())["argument_specs"]


@pytest.mark.parametrize("role", ROLES)
def test_each_entry_point_of_a_role_speaks_for_itself(role):
    for part in ("short_description", "description"):
        said = [str(spec[part]) for spec in entries(role).values()]
        assert len(said) == len(set(said))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_one_family_of_variables(role):
    """What a user may set begins with the role's name, is an option, and is read; what only roles say among themselves
    begins with two underscores."""
    files = {path: path.read_text() for path in (ROOT / "roles" / role).glob("*/*.yml")}
    tasks = "".join(text for path, text in files.items() if path.parent.name != "meta")
    options = {name for spec in entries(role).values() for name in spec.get("options") or {}}
    for path, text in files.items():
        if path.parent.name == "vars":
            assert [name for name in yaml.safe_load(text) if not name.startswith(f"__{role}_")] == []
        elif path.parent.name == "defaults":
            assert set(yaml.safe_load(text) or {}) <= options
    for name in options:
        assert name.startswith(f"{role}_")
        assert role in COMPOSE_NAMES or re.search(rf"\b{name}\b(?!:)", tasks), f"{role} never reads {name}"


def test_what_roles_say_among_themselves_is_known_to_the_role_that_reads_it():
    texts_of = {path: path.read_text() for path in ROOT.glob("*s/**/*.yml") if path.parts[-2] in ("tasks", "playbooks")}
    used = {name for text in texts_of.values() for name in re.findall(r"\b__[a-z]+_\w+", text)}
    given = {name for path in ROOT.glob("roles/*/vars/main.yml") for name in yaml.safe_load(path.read_text())}
    assert used == given


def test_what_a_playbook_has_validated_is_not_validated_again_by_each_role_within():
    """Each time is a task of each node."""
    for path in sorted(ROOT.glob("roles/*/tasks/*.yml")):
        text = path.read_text()
        ours = re.findall(r"_role:\n(?:\s+\w+: .*\n)*?\s+name: osmigrate\.fleet\.", text)
        assert len(ours) == text.count("rolespec_validate: false"), path
