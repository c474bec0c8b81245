# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The only place that starts processes.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import subprocess
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# How long a program that was killed may take to go. One that waits for a dead disk goes when the disk answers.
KILLED_SECONDS = 5
SEARCH_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Completed(typing.NamedTuple):
    argv: typing.List[str]
    rc: int
    stdout: str
    stderr: str

    def said(self) -> str:
        """Return the last line that it wrote, which says why it failed; mount ends with where else one may look."""
        lines = (self.stderr.strip() or self.stdout.strip() or "it said nothing").splitlines()
        return next((line for line in reversed(lines) if not line.strip().startswith("dmesg(1)")), lines[-1])


def run(
    argv: typing.List[str],
    check: bool = True,
    input_bytes: typing.Optional[bytes] = None,
    timeout: typing.Optional[int] = None,
    left: str = "Nothing was changed",
    todo: str = "",
    watch: typing.Optional[typing.Any] = None,
    errors: str = "replace",
) -> Completed:
    """Run one program in the C locale, without a shell.

    :param argv: list of str, the program (looked up on the system's paths) and its arguments.
    :param check: bool, raise when the program fails.
    :param input_bytes: bytes or None, written to its standard input.
    :param timeout: int seconds or None, after which it is killed and counted as failed.
    :param left: str, the state to name in the error (see FleetError).
    :param todo: str, the next step to name in the error.
    :param watch: callable or None; called with the program's process id about once a second while it runs. It is killed
        as soon as this returns a sentence instead of "", and that is the problem.
    :param errors: str, what becomes of bytes that are no UTF-8 in what it writes, as bytes.decode takes it.
    :returns: Completed(argv, rc, stdout, stderr); output is decoded as UTF-8.
    :raises FleetError: the program is missing, ran out of time, was killed, or failed while check is true.
    """
    process = start(argv, stderr=subprocess.PIPE, left=left, todo=todo)
    problem, ends = "", None if timeout is None else time.monotonic() + timeout
    while not problem:
        pause = ends and max(0, ends - time.monotonic())
        if watch:
            pause = 1 if pause is None else min(1, pause)
        try:
            out, err = process.communicate(input_bytes, timeout=pause)
            break
        except subprocess.TimeoutExpired:
            input_bytes = None  # what is left of it goes on by itself
            if timeout is not None and ends and time.monotonic() >= ends:
                problem = f"{' '.join(argv)} did not finish within {timeout} seconds"
            elif watch:
                problem = watch(process.pid)
    else:
        process.kill()
        try:
            process.communicate(timeout=KILLED_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        raise FleetError(problem, left, todo)
    done = Completed(argv, process.returncode, out.decode("utf-8", errors), err.decode("utf-8", "replace"))
    if check and done.rc != 0:
        raise FleetError(f"{' '.join(argv)} failed with code {done.rc}: {done.said()}", left, todo)
    return done


def start(
    argv: typing.Sequence[str],
    stderr: int = subprocess.DEVNULL,
    descriptors: typing.Sequence[int] = (),
    left: str = "Nothing was changed",
    todo: str = "",
) -> "subprocess.Popen[bytes]":
    """Start one program in the C locale, without a shell, with pipes to its standard input and from its output.

    :param argv: the program (looked up on the system's paths) and its arguments.
    :param stderr: where its errors go, as subprocess has it.
    :param descriptors: file descriptors that it gets too, under the same numbers. With them it is a session of its own,
        so that what ends the terminal or the job of this process does not end it.
    :param left: the state to name in the error (see FleetError).
    :param todo: the next step to name in the error.
    :raises FleetError: the program cannot be started.
    """
    env = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="C", PATH=SEARCH_PATH)
    try:
        # The rule wants AnsibleModule.run_command, and these sources also run where there is no Ansible
        # (_trial/reporter.py); nor can that start a process that stands by.
        return subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=env,
            pass_fds=descriptors,
            start_new_session=bool(descriptors),
        )
    except OSError as error:
        raise FleetError(f"{argv[0]} cannot be started: {error.strerror}", left, todo or f"Install {argv[0]}")
    except ValueError:
        raise FleetError(f"{argv[0]} cannot be started: an argument has a NUL in it", left, "Correct what was given")
