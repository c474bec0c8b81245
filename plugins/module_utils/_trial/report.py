# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The incumbent reports at its boot what became of a trial that ended in it: to the kernel's log, and on its Node.

It changes nothing on the node: the next run of a playbook calls the trial off.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import sys
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PREFIX
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._steps import FAILED
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import node_object, record

KMSG = "/dev/kmsg"
# What the line says of the candidate.
REPORTED = {"fell_back": "fell back", "never_started": "was not started", "unknown": "does not run"}
SECONDS_MAX = 3600
PAUSE_MAX = 60


def line(facts: dict) -> str:
    """Return the line for the log, as str; "" if there is nothing to report.

    :param facts: dict, what boot_info documents.
    """
    if facts["verdict"] not in REPORTED or facts["trial"]["purpose"] == record.DRILL:
        return ""  # a drill is meant to fall back
    return f"osmigrate: {facts['trial']['entry']} {REPORTED[facts['verdict']]}: {facts['reason']}"


def annotations(facts: dict) -> typing.Dict[str, str]:
    """Return what the Node object shall say, as dict of str to str."""
    failed = facts["failures"].get(facts["trial"]["entry"])
    told = {
        PREFIX + "phase": FAILED,
        PREFIX + "verdict": facts["verdict"],
        PREFIX + "reason": facts["reason"],
    }
    if facts["verdict"] not in record.NOT_BEGUN:
        # This fall-back is counted in the record when the trial is called off.
        told[PREFIX + "attempts"] = str((failed.get("attempts", 1) if failed else 0) + 1)
    return told


def report(look: typing.Callable, clock: typing.Callable = time.monotonic, sleep: typing.Callable = time.sleep) -> None:
    """Report what there is to report, until the API server has taken it or an hour is over.

    :param look: callable without arguments, returns what boot_info documents as it is now.
    """
    try:
        facts = look()
        if line(facts):
            log(line(facts))
            _tell(look, clock, sleep)
    except FleetError as error:
        log(f"osmigrate: {error}")


def _tell(look: typing.Callable, clock: typing.Callable, sleep: typing.Callable) -> None:
    """Annotate the Node object. Looks anew each time: a playbook may have called the trial off, and begun another."""
    begun, pause = clock(), 1
    while clock() - begun < SECONDS_MAX:
        facts = look()
        if not line(facts):
            return
        if not facts["trial"].get("node"):
            raise FleetError("The record of the trial does not name the Node object", "Only this log has the reason")
        try:
            node_object.annotate(node_object.read_kubeconfig(), facts["trial"]["node"], annotations(facts))
            _say(f"Node {facts['trial']['node']} says so, too.")
            return
        except node_object.NoCredentials:
            raise  # no time will bring them
        except FleetError as error:
            _say(str(error))
        sleep(pause)
        pause = min(2 * pause, PAUSE_MAX)
    raise FleetError(
        f"The Node object could not be annotated within {SECONDS_MAX} seconds", "Only this log has the reason"
    )


def log(text: str) -> None:
    """Write a warning to the kernel's log, which shows on consoles too; else to standard output."""
    try:
        with open(KMSG, "w") as kmsg:
            kmsg.write(f"<4>{text}\n")
    except OSError:
        _say(text)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
