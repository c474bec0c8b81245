# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a trial left behind that says why it ended: the candidate's own note, and a panic of its kernel.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.method import SOFT
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text

# Written by the candidate (_trial/ending.py) on the file system that both systems have.
ENDED = DIRECTORY + "/ended"
FIELDS = ("entry", "boot_id", "cause", "detail")
# Where the kernel leaves what it said last, and where systemd moves that at the next boot.
PSTORE = ("/sys/fs/pstore", "/var/lib/systemd/pstore")
PANIC = re.compile(r"Kernel panic - not syncing[^\n]*")
LONGEST = 300


# ended: the candidate's note, empty without one; panic: the line of a panic after the trial was armed, "" without one.
class Evidence(typing.NamedTuple):
    ended: typing.Dict[str, str]
    panic: str


NONE = Evidence({}, "")


def parse_ended(text: str) -> typing.Dict[str, str]:
    """Read the candidate's note.

    :param text: str, a line of name=value for each of FIELDS.
    :returns: dict of str to str; empty if it is not complete.
    """
    note = dict(line.partition("=")[::2] for line in text.splitlines())
    return note if all(note.get(field) for field in FIELDS) else {}


def explain(trial: dict, evidence: Evidence, otherwise: str) -> str:
    """Say why the trial ended.

    :param trial: dict, "trial" of the node's record.
    :param evidence: Evidence.
    :param otherwise: str, the reason if the candidate left no note on this trial.
    """
    ended, reason = evidence.ended, otherwise
    # After a soft-reboot the boot id is that of before; notes on earlier trials are gone since this one was armed.
    of_it = ended and (ended["boot_id"] != trial["armed_boot_id"] or trial["method"] == SOFT)
    if of_it and ended["entry"] == trial["entry"]:
        reason = ended["detail"][:LONGEST]
    return "; ".join(part for part in (reason, evidence.panic) if part)


def read(trial: typing.Optional[dict], ended: str = ENDED, pstore: typing.Tuple[str, str] = PSTORE) -> Evidence:
    """Collect the Evidence on a trial.

    :param trial: dict or None, "trial" of the node's record.
    """
    if trial is None:
        return NONE
    return Evidence(parse_ended(read_text(ended)), find_panic(pstore, trial["armed_at"]))


def forget(path: str = ENDED) -> None:
    """Remove the note on an earlier trial. It need not be durable: a note counts only for the trial that it names."""
    if os.path.exists(path):
        os.unlink(path)


def find_panic(directories: typing.Iterable[str], since: float) -> str:
    """Return the line of the newest panic, "" if there is none.

    :param directories: iterable of str, where records are looked for, in directories below them too.
    :param since: int, seconds since 1970; what is older is not looked at.
    """
    newest, line = since, ""
    for directory in directories:
        for parent, _directories, names in os.walk(directory):
            for name in names:
                path = os.path.join(parent, name)
                modified = _modified(path)
                if not name.startswith("dmesg") or modified < newest:
                    continue
                found = PANIC.search(read_text(path))
                if found:
                    newest, line = modified, found.group(0).strip()[:LONGEST]
    return line


def _modified(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0  # systemd moves them while we look
