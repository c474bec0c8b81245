# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that every layer below a module's edge raises, and that edge for modules that touch files.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib


class FleetError(Exception):
    """Something that a person has to know about.

    :param problem: str, one sentence without its full stop: what is wrong, naming the thing.
    :param left: str, one sentence without its full stop: the state that the thing was left in.
    :param todo: str, one sentence without its full stop: what to do next.
    """

    def __init__(self, problem, left="Nothing was changed", todo=""):
        self.problem = problem
        self.left = left
        self.todo = todo
        super().__init__(". ".join(part for part in (problem, left, todo) if part) + ".")

    def failure(self):
        """Return what a module fails with: the whole text as msg, and problem and todo for whoever knows the state."""
        return {"msg": str(self), "problem": self.problem, "todo": self.todo}


@contextlib.contextmanager
def failing(module, left="What was done until then stays"):
    """Let a module fail with what went wrong below it; files that can be neither read nor written are told, too.

    :param module: AnsibleModule.
    :param left: str, as FleetError takes it, for such files.
    """
    try:
        yield
    except FleetError as error:
        module.fail_json(**error.failure())
    except OSError as error:
        problem = f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}"
        failed = FleetError(problem, left, "Look at that file system, then run the same command again")
        module.fail_json(**failed.failure())
