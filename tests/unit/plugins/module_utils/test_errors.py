# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of every module: whatever goes wrong below it is one message."""

import json
import re
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

MODULES = sorted((Path(_errors.__file__).parents[1] / "modules").glob("*.py"))


class Module:
    """What AnsibleModule has of an edge."""

    _name = "osmigrate.fleet.some_module"

    def __init__(self):
        self.params, self.no_log_values = {}, set()

    def fail_json(self, **result):
        self.failed = result
        raise SystemExit(1)


def fail(error, **always):
    module = Module()

    def work():
        raise error

    with pytest.raises(SystemExit), _errors.failing(module, **always):
        work()
    return module.failed


def cause(what):
    try:
        what()
    except Exception as error:
        return error


DEFECTS = [
    cause(lambda: int("²")),
    cause(lambda: {}["secret-token"]),
    cause(lambda: None.secret_token),
    cause(b"secret-token\xff".decode),
    RecursionError("secret-token"),
    MemoryError(),
    OSError("secret-token"),
    type("Odd", (Exception,), {"__str__": lambda self: 1 / 0})(),
]


@pytest.mark.parametrize("error", DEFECTS, ids=lambda error: type(error).__name__)
def test_what_nobody_has_thought_of_is_one_sentence(error):
    failed = fail(error)
    assert re.match(
        r"osmigrate\.fleet\.some_module met an error that it has no words for: \w+ at [\w./]*tests/unit/[\w./]*:\d+\. "
        r"What was done until then stays\. Please report it with this sentence at https://\S+\.$",
        failed["msg"],
    )
    assert type(error).__name__ in failed["msg"]
    assert "secret" not in json.dumps(failed)
    assert "exception" not in failed


def test_the_place_is_ours_where_it_went_through_ours():
    error = cause(lambda: record.judge(None, None, None, None))
    assert re.search(r" at plugins/module_utils/_trial/record\.py:\d+\.", fail(error)["msg"])


def test_files_are_named():
    failed = fail(cause(lambda: open("/absent/file")), left="Nothing was changed")
    assert failed["msg"].startswith("/absent/file cannot be read or written: No such file or directory. Nothing was")


def test_a_result_comes_along():
    error = FleetError("a", "b", "c")
    error.result = {"pods": [1], "differences": [2]}
    assert fail(error, differences=[])["differences"] == [2]
    assert fail(FleetError("a"), differences=[]) == {
        "msg": "a. Nothing was changed.",
        "left_as": "Nothing was changed",
        "differences": [],
    }


def test_messages_are_for_a_terminal_and_bounded():
    failed = fail(FleetError("pod \x1b[2J\u202e\n said " + "x" * 100_000, "Nothing\nwas changed", "Look at it"))
    assert failed["msg"].startswith(r"pod \x1b[2J\u202e said xxx")
    assert failed["msg"].endswith("[...]. Nothing was changed. Look at it.")
    assert len(failed["msg"]) < 5000
    assert failed["msg"].isprintable() and failed["left_as"].isprintable()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_every_module_has_that_edge(path):
    text = path.read_text(encoding="utf-8")
    edge = re.search(r"^    (with failing\(module|run_module\(|staging\.work\()", text, re.MULTILINE)
    assert edge or "\n# This file only documents the action plugin of the same name" in text
    assert not re.search(r"fail_json\(\*\*", text)


def test_a_full_stop_of_others_is_not_followed_by_ours():
    assert str(FleetError("mount says: cannot mount.", "It stays.", "Look at it")) == (
        "mount says: cannot mount. It stays. Look at it."
    )
