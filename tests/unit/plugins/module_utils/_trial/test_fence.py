# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import multiprocessing
import types

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _lock
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import fence, record


@pytest.fixture
def places(tmp_path, monkeypatch):
    monkeypatch.setattr(_lock, "PATH", str(tmp_path / "run/osmigrate/lock"))
    monkeypatch.setattr(record, "PATH", str(tmp_path / "boot/osmigrate/state.json"))
    return tmp_path


def module(number, check_mode=False):
    return types.SimpleNamespace(params={"fence": number}, check_mode=check_mode, _name="boot_trial")


def test_the_highest_is_kept_and_a_lower_one_refused(places):
    for number in (1, 3, 3):
        with fence.guarded(module(number)):
            assert fence.read()["fence"] == number
    with pytest.raises(FleetError, match="its lease has had 3 holders, and this run was the 2nd") as told:
        with fence.guarded(module(2)):
            raise AssertionError("a run that has lost the node was let in")
    assert told.value.left == "Nothing was changed"
    with fence.guarded(module(0)):
        assert fence.read()["fence"] == 3
    # What was kept survives what else is written.
    fence.write(dict(fence.read(), default="d-1"))
    assert (fence.read()["fence"], fence.read()["default"]) == (3, "d-1")


def test_a_rehearsal_keeps_nothing_and_waits_for_nobody(places):
    with fence.guarded(module(5)), fence.guarded(module(6, check_mode=True)):
        assert fence.read()["fence"] == 5
    with pytest.raises(FleetError, match="this run was the 4th"):
        with fence.guarded(module(4, check_mode=True)):
            pass


def hold(path, held, let_go):
    _lock.PATH = path
    with _lock.exclusive("ostree_candidate"):
        held.set()
        let_go.wait(30)


def test_a_second_module_waits_and_then_names_the_first(places):
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=hold, args=(_lock.PATH, held, let_go))
    other.start()
    try:
        assert held.wait(30)
        said = f"working on this node for 0 seconds: ostree_candidate .process {other.pid}, "
        with pytest.raises(FleetError, match=said):
            with _lock.exclusive("boot_trial", seconds=0.3):
                pass
        let_go.set()
        with _lock.exclusive("boot_trial", seconds=30):
            pass
    finally:
        let_go.set()
        other.join()


def test_the_lock_ends_with_its_process(places):
    context = multiprocessing.get_context("spawn")
    held, let_go = context.Event(), context.Event()
    other = context.Process(target=hold, args=(_lock.PATH, held, let_go))
    other.start()
    assert held.wait(30)
    other.kill()
    with _lock.exclusive("boot_trial", seconds=10):
        pass
    other.join()


@pytest.mark.parametrize(
    ("trial", "run", "seen", "is_refused"),
    [
        (None, "run-2", 1, False),
        ({"run": "run-1", "fence": 3}, "run-1", 3, False),
        ({"run": "run-1", "fence": 3}, "run-2", 3, True),
        ({"run": "run-1", "fence": 3}, "run-2", 0, True),
        ({"run": "run-1", "fence": 3}, "run-2", 4, False),  # it has taken the node over
        ({"run": "run-1", "fence": 3}, "", 0, False),  # a person
        ({"run": "", "fence": 0}, "run-2", 1, False),  # armed by an older version
    ],
)
def test_who_may_decide_on_a_trial(trial, run, seen, is_refused):
    state = dict(record.empty(), trial=trial and {"entry": "d-2", **trial})
    if not is_refused:
        fence.require_owner(state, run, seen)
        return
    with pytest.raises(FleetError, match="The trial of d-2 is the business of run-1. It goes on. Let that run end"):
        fence.require_owner(state, run, seen)
