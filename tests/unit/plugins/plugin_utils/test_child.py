# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import contextlib
import glob
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child

COLLECTIONS = os.path.abspath(_errors.__file__).split("/ansible_collections/")[0]
HERE: list = []


def children():
    """The children of this process, ended ones that nobody waited for among them."""
    lists = glob.glob("/proc/self/task/*/children")
    return {child for task in lists for child in Path(task).read_text(encoding="ascii").split()}


@pytest.fixture(autouse=True)
def none_is_left():
    before = children()  # other tests' helpers: Python's own tracker of semaphores stays to the end
    yield
    assert children() <= before


def work(name):
    """The name of one of the functions below, as the child finds it."""
    return f"{__name__}:{name}"


def echo(given):
    HERE.append(1)
    yield os.getpid()
    yield given


def breaks(_given):
    yield 1
    raise FleetError("It is broken", "Nothing was lost", "Mend it")


def divides(_given):
    yield 1 / 0


def dies(_given):
    yield 1
    os.kill(os.getpid(), signal.SIGKILL)


def dies_in_the_middle_of_a_line(_given):
    for descriptor in range(3, 20):
        with contextlib.suppress(OSError):
            os.write(descriptor, b'["item", "half of')
    os.kill(os.getpid(), signal.SIGKILL)
    yield


def never_ends(_given):
    while True:
        yield "x" * 100_000


def reads_a_line(_given):
    yield sys.stdin.readline()


def arguments(_given):
    yield Path("/proc/self/cmdline").read_text(encoding="utf-8")


def test_another_process_makes_the_items():
    pid, item = _child.items_of(work("echo"), {"a": [1, None, "x\udcff"]})
    assert pid != os.getpid()
    assert item == {"a": [1, None, "x\udcff"]}
    assert HERE == []


def test_nobody_reads_what_it_is_given_in_the_list_of_processes():
    assert "a secret" not in next(_child.items_of(work("arguments"), "a secret"))


def test_much_is_given_and_comes_back():
    much = ["x" * 1000] * 1000  # more than a pipe holds
    assert list(_child.items_of(work("echo"), much))[1] == much


def test_errors_come_as_they_were_raised():
    items = _child.items_of(work("breaks"), None)
    assert next(items) == 1
    with pytest.raises(FleetError) as caught:
        next(items)
    assert caught.value.todo == "Mend it"
    assert str(caught.value) == "It is broken. Nothing was lost. Mend it."


def test_a_defect_comes_with_its_traceback():
    with pytest.raises(_child.Defect, match=r"(?s)test_child.py.*ZeroDivisionError") as caught:
        list(_child.items_of(work("divides"), None))
    assert caught.value.kind == "ZeroDivisionError"
    assert "test_child.py:" in caught.value.where


def test_a_child_that_is_killed_is_no_end_of_the_items():
    items = _child.items_of(work("dies"), None)
    assert next(items) == 1
    with pytest.raises(FleetError, match="ended without an answer"):
        next(items)


def test_half_a_line_is_no_item():
    with pytest.raises(FleetError, match="ended without an answer"):
        list(_child.items_of(work("dies_in_the_middle_of_a_line"), None))


def test_what_cannot_be_imported_is_a_defect():
    with pytest.raises(_child.Defect) as caught:
        list(_child.items_of("no_such_module:work", None))
    assert caught.value.kind == "ModuleNotFoundError"


def test_a_python_that_cannot_be_started_is_a_sentence(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(FleetError, match="/nowhere/python cannot be started: No such file"):
        list(_child.items_of(work("echo"), None))


def test_who_has_enough_ends_the_child():
    items = _child.items_of(work("never_ends"), None)
    next(items)
    items.close()


def test_threads_are_no_danger(recwarn):
    """Of a fork Python warns where there are threads."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()
        assert list(_child.items_of(work("echo"), 1))[1] == 1
    assert not [one for one in recwarn if "fork" in str(one.message)]


def test_nothing_of_the_parent_is_cleaned_up_by_the_child(tmp_path):
    script = (
        "import atexit, sys\n"
        "from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _child\n"
        "atexit.register(print, 'cleaned')\n"
        "sys.stdout.write('buffered ')\n"
        f"print(list(_child.items_of('{work('reads_a_line')}', None)))\n"
    )
    environment = {**os.environ, "PYTHONPATH": COLLECTIONS}
    argv = [sys.executable, "-c", script]
    said = subprocess.run(argv, env=environment, input="typed", capture_output=True, text=True, check=False)
    assert said.stdout == "buffered ['typed']\ncleaned\n", said.stderr
