# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import glob
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child

COLLECTIONS = os.path.abspath(_errors.__file__).split("/ansible_collections/")[0]


def children():
    """The children of this process, ended ones that nobody waited for among them."""
    lists = glob.glob("/proc/self/task/*/children")
    return {child for task in lists for child in Path(task).read_text(encoding="ascii").split()}


@pytest.fixture(autouse=True)
def none_is_left():
    before = children()  # other tests' helpers: Python's own tracker of semaphores stays to the end
    yield
    assert children() <= before


def test_another_process_makes_the_items():
    here = []

    def make():
        here.append(1)
        yield os.getpid()
        yield {"a": [1, None, "x"]}

    pid, item = _child.items_of(make)
    assert pid != os.getpid()
    assert item == {"a": [1, None, "x"]}
    assert here == []


def test_errors_come_as_they_were_raised():
    def make():
        yield 1
        raise FleetError("It is broken", "Nothing was lost", "Mend it")

    items = _child.items_of(make)
    assert next(items) == 1
    with pytest.raises(FleetError) as caught:
        next(items)
    assert caught.value.todo == "Mend it"
    assert str(caught.value) == "It is broken. Nothing was lost. Mend it."


def test_a_defect_comes_with_its_traceback():
    with pytest.raises(_child.Defect, match=r"(?s)test_child.py.*ZeroDivisionError") as caught:
        list(_child.items_of(lambda: [1 / 0]))
    assert caught.value.kind == "ZeroDivisionError"
    assert "test_child.py:" in caught.value.where


def test_a_child_that_is_killed_is_no_end_of_the_items():
    def make():
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    items = _child.items_of(make)
    assert next(items) == 1
    with pytest.raises(FleetError, match="ended without an answer"):
        next(items)


def test_who_has_enough_ends_the_child():
    def make():
        while True:
            yield "x" * 100_000

    items = _child.items_of(make)
    next(items)
    items.close()


def test_nothing_of_the_parent_is_cleaned_up_by_the_child(tmp_path):
    script = (
        "import atexit, sys\n"
        "from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child\n"
        "atexit.register(print, 'cleaned')\n"
        "sys.stdout.write('buffered ')\n"
        "print(list(_child.items_of(lambda: [sys.stdin.readline()])))\n"
    )
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS}
    argv = [sys.executable, "-c", script]
    said = subprocess.run(argv, env=environment, input="typed", capture_output=True, text=True, check=False)
    assert said.stdout == "buffered ['typed']\ncleaned\n", said.stderr
