# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Work in a process of its own: what needs much memory, so that this one need not carry it, and what outlives a task.

Ansible forks for every task of every host, and each fork copies the page tables of whatever the controller holds: also
libraries that were needed once, and memory that was freed and could not be given back.

This plugin util is PRIVATE to the collection.
"""

from __future__ import annotations

import multiprocessing
import os
import traceback
from collections.abc import Callable, Iterable, Iterator
from multiprocessing.connection import Connection
from typing import Any, NoReturn

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, place

_MOST_OPEN = 65536
_ITEM, _ERROR, _DEFECT, _END = "item", "error", "defect", "end"


class Defect(RuntimeError):
    """What `make` raised and nobody has thought of: its class, its place, and as text its traceback."""

    def __init__(self, kind: str, where: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.where = where


def items_of(make: Callable[[], Iterable[Any]]) -> Iterator[Any]:
    """Yield what `make` yields in a child process. The items have to be plain data.

    :raises FleetError: as `make` raised it, or the child was ended from outside.
    :raises Defect: `make` raised anything else.
    """
    receiver, sender = multiprocessing.Pipe(duplex=False)
    # Not multiprocessing's Process: that closes the standard input, which a login of a kubeconfig may ask on.
    child = os.fork()
    if child == 0:
        receiver.close()
        _work(make, sender)
    sender.close()
    try:
        yield from _received(receiver)
    finally:
        receiver.close()  # a child that still has something to say ends by that
        os.waitpid(child, 0)


def _received(receiver: Connection) -> Iterator[Any]:
    while True:
        try:
            kind, value = receiver.recv()
        except EOFError:
            raise FleetError("The process that was to do this ended without an answer") from None
        if kind == _END:
            return
        if kind == _ERROR:
            raise FleetError(*value)
        if kind == _DEFECT:
            raise Defect(*value)
        yield value


def _work(make: Callable[[], Iterable[Any]], sender: Connection) -> NoReturn:
    """Never return, nor clean up what is the parent's."""
    status = 1
    try:
        try:
            for item in make():
                sender.send((_ITEM, item))
            last: tuple[str, Any] = (_END, None)
        except FleetError as error:
            last = (_ERROR, (error.problem, error.left, error.todo))
        except Exception as error:
            last = (_DEFECT, (type(error).__name__, place(error), traceback.format_exc()))
        sender.send(last)
        status = 0
    finally:
        # With BrokenPipeError and KeyboardInterrupt too: the parent knows.
        os._exit(status)


def leave_behind(work: Callable[[], None], kept: int) -> None:
    """Do some work in a process that is nobody's child and holds nothing open that somebody may wait for.

    :param kept: a file descriptor that stays open in it, as long as it lives.
    """
    child = os.fork()
    if child != 0:
        os.waitpid(child, 0)
        return
    try:
        if os.fork() == 0:
            nothing = os.open(os.devnull, os.O_RDWR)
            for descriptor in (0, 1, 2):
                os.dup2(nothing, descriptor)
            os.dup2(kept, 3)
            os.closerange(4, min(os.sysconf("SC_OPEN_MAX"), _MOST_OPEN))
            work()
    finally:
        os._exit(0)
