# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one exception that every layer below an edge raises, and the edge of every module.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import traceback
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable, writable

REPORT_TO = "https://github.com/osmigrate/fleet/issues"
STAYS = "What was done until then stays"
# Of each of the parts of a message, so that a long problem leaves the next step readable.
LONGEST_PART = 4000
_OURS = "/osmigrate/fleet/"


class FleetError(Exception):
    """Something that a person has to know about.

    Its parts often quote what others wrote, so each is made printable here, where every message comes by, and loses a
    full stop that those have written.

    :param problem: str, one sentence without its full stop: what is wrong, naming the thing.
    :param left: str, one sentence without its full stop: the state that the thing was left in.
    :param todo: str, one sentence without its full stop: what to do next.
    """

    # What a module returns beside the message.
    result: typing.Dict[str, typing.Any] = {}

    def __init__(self, problem: str, left: str = "Nothing was changed", todo: str = "") -> None:
        self.problem, self.left, self.todo = (
            printable(part, LONGEST_PART).rstrip(".") for part in (problem, left, todo)
        )
        super().__init__(". ".join(part for part in (self.problem, self.left, self.todo) if part) + ".")

    def failure(self) -> typing.Dict[str, typing.Any]:
        """Return what a module fails with: the text as msg, and which part of it whoever changes the state has to leave
        out. Ansible prints all of it, so nothing is in it twice but that."""
        return dict(self.result, msg=str(self), left_as=self.left)


def unexpected(what: str, error: BaseException, left: str = STAYS) -> FleetError:
    """Say that something met an error which nobody has thought of: its class and place.

    Its own text is left out, because that may quote anything, secrets too.

    :param what: str, the module or plugin.
    """
    return defect(what, type(error).__name__, place(error), left)


def defect(what: str, kind: str, where: str, left: str = STAYS) -> FleetError:
    """As unexpected, of an error that happened in another process.

    :param kind: str, the class of the error.
    :param where: str, file and line.
    """
    return FleetError(
        f"{what} met an error that it has no words for: {kind} at {where}",
        left,
        f"Please report it with this sentence at {REPORT_TO}",
    )


def place(error: BaseException) -> str:
    """Return file and line where an error came from: the last of our own files on its way, if there is one."""
    frames = [(frame[0].replace("\\", "/"), frame[1]) for frame in traceback.extract_tb(error.__traceback__)]
    ours = [frame for frame in frames if _OURS in frame[0]]
    name, line = (ours or frames or [("an unknown place", 0)])[-1]
    return f"{name.rpartition(_OURS)[2]}:{line}"


@contextlib.contextmanager
def failing(module: typing.Any, left: str = STAYS, **always: typing.Any) -> typing.Iterator[None]:
    """Let a module fail once with what went wrong below it, whatever that is: one message, no traceback.

    :param module: AnsibleModule.
    :param left: str, as FleetError takes it, for what is no FleetError.
    :param always: what the module returns however it ends, unless the error brings it.
    """
    try:
        yield
        return
    except FleetError as error:
        failed = error
    except OSError as error:
        failed = _unusable(error, left) if error.errno else unexpected(module._name, error, left)
    except Exception as error:
        failed = unexpected(module._name, error, left)
    module.fail_json(**writable(dict(always, **failed.failure())))


def answer(module: typing.Any, **result: typing.Any) -> None:
    """Let a module end with a result, in which names and contents of any bytes may be.

    :param module: AnsibleModule.
    """
    module.exit_json(**writable(result))


def _unusable(error: OSError, left: str) -> FleetError:
    problem = f"{error.filename or 'A file'} cannot be read or written: {error.strerror or error}"
    return FleetError(problem, left, "Look at that file system, then run the same command again")
