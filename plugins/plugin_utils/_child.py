# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a process of its own: what needs much memory, so that this one need not carry it, and what outlives a task.

Ansible forks for every task of every host, and each fork copies the page tables of whatever the controller holds: also
libraries that were needed once, and memory that was freed and could not be given back.

The process is a new Python, not a fork: a fork of a process with threads may wait for ever for what one of them held.
What it is given comes by a pipe, because it may be secret and others can read a process's arguments.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, place
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

_ITEM, _ERROR, _DEFECT, _END = "item", "error", "defect", "end"
# The parent's search path, and the collection as it is here: Ansible's own import of collections is not in place.
_PROGRAM = (
    "import sys; sys.path[:] = sys.argv[1].split(':'); "
    "import types; collections = types.ModuleType('ansible_collections'); collections.__path__ = [sys.argv[2]]; "
    "sys.modules['ansible_collections'] = collections; "
    f"from {__name__} import main; main(*sys.argv[3:])"
)


class Defect(RuntimeError):
    """What the work raised and nobody has thought of: its class, its place, and as text its traceback."""

    def __init__(self, kind: str, where: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.where = where


def items_of(work: str, given: Any) -> Iterator[Any]:
    """Yield what a function yields in a child process. Its standard input and errors are this one's: a login of a
    kubeconfig may ask there.

    :param work: module and function, `module:function`; the function takes what is given.
    :param given: plain data, as are the items: what JSON can say.
    :raises FleetError: as the function raised it, or the child was ended from outside.
    :raises Defect: the function raised anything else.
    """
    receiver, sender = os.pipe()
    try:
        child = _started(work, given, sender, None)
    finally:
        os.close(sender)
    try:
        with os.fdopen(receiver, encoding="utf-8") as lines:
            yield from _received(lines)
    finally:
        child.wait()  # one that still has something to say ends by the pipe that nobody reads


def leave_behind(work: str, given: Any, kept: int) -> None:
    """Do some work in a process that nobody waits for, and that holds nothing open that somebody may wait for.

    :param work: as items_of takes it, and so is what is given.
    :param kept: a file descriptor that stays open in it, as long as it lives.
    """
    _started(work, given, None, kept)


def _started(work: str, given: Any, sender: int | None, kept: int | None) -> subprocess.Popen[bytes]:
    asked, asking = os.pipe()
    collections = Path(__file__).resolve().parents[4]
    argv = [sys.executable, "-c", _PROGRAM, ":".join(sys.path), str(collections)]
    quiet = subprocess.DEVNULL if sender is None else None
    try:
        child = subprocess.Popen(
            [*argv, work, str(asked), "" if sender is None else str(sender)],
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            pass_fds=[descriptor for descriptor in (asked, sender, kept) if descriptor is not None],
        )
    except OSError as error:
        os.close(asking)
        raise FleetError(f"{sys.executable} cannot be started: {error.strerror}") from error
    finally:
        os.close(asked)
    # One that has ended before says so by what it did not send.
    with contextlib.suppress(BrokenPipeError), os.fdopen(asking, "w", encoding="utf-8") as pipe:
        json.dump(given, pipe, default=str)
    return child


def _received(lines: Iterator[str]) -> Iterator[Any]:
    for line in lines:
        if not line.endswith("\n"):
            break
        kind, value = parse_json(line)
        if kind == _END:
            return
        if kind == _ERROR:
            raise FleetError(*value)
        if kind == _DEFECT:
            raise Defect(*value)
        yield value
    raise FleetError("The process that was to do this ended without an answer")


def main(work: str, asked: str, sender: str) -> NoReturn:
    """Do the work in the child.

    :param asked: the file descriptor that says what is given.
    :param sender: the file descriptor that takes the items, or "" if nobody waits for them.
    """
    status = 1
    try:
        with os.fdopen(int(asked), encoding="utf-8") as pipe:
            given = parse_json(pipe.read())
        if sender:
            os.set_inheritable(int(sender), False)
        with open(int(sender) if sender else os.devnull, "w", encoding="utf-8") as answer:
            for kind, value in _answers(work, given):
                answer.write(json.dumps([kind, value]) + "\n")
                answer.flush()
        status = 0
    finally:
        # With BrokenPipeError and KeyboardInterrupt too: the parent knows.
        os._exit(status)


def _answers(work: str, given: Any) -> Iterator[tuple[str, Any]]:
    try:
        module, _colon, function = work.partition(":")
        for item in getattr(importlib.import_module(module), function)(given) or ():
            yield _ITEM, item
        yield _END, None
    except FleetError as error:
        yield _ERROR, (error.problem, error.left, error.todo)
    except Exception as error:
        yield _DEFECT, (type(error).__name__, place(error), traceback.format_exc())
