# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A tree as OSTree commit, in a repository that a web server can show.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import LEFT
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

PARENT = "none"
MOST_EXPLAINED = 20


class Signer(typing.NamedTuple):
    """Key id for 'ostree commit --gpg-sign', and the home of gpg; both may be empty."""

    key: str
    home: str


def commit(repository: str, tree: str, ref: str, subject: str, version: str, time: str, signer: Signer) -> str:
    """Commit a tree without giving it a name, and return the commit. The same tree gives the same one everywhere:
    it has no parent, because a repository's history is another one elsewhere.

    :param tree: in OSTree's layout; it is used up.
    :param time: in UTC, such as 2026-11-21T00:00:00Z.
    """
    if not os.path.isfile(os.path.join(repository, "config")):
        os.makedirs(repository, exist_ok=True)
        _ostree("init", repository, "--mode=archive")
    options = [f"--tree=dir={tree}", "--consume", "--orphan", f"--bind-ref={ref}", f"--parent={PARENT}"]
    said = [f"--timestamp={time}", f"--subject={subject}", f"--add-metadata-string=version={version}"]
    # Whoever builds without root has made files of his own that are meant as root's.
    owner = [] if os.geteuid() == 0 else ["--owner-uid=0", "--owner-gid=0"]
    signing = [f"--gpg-sign={signer.key}"] if signer.key else []
    signing += [f"--gpg-homedir={signer.home}"] if signer.home else []
    return _ostree("commit", repository, *options, *said, *owner, *signing).stdout.strip()


def show(repository: str, commit: str, ref: str, also: str) -> None:
    """Give a commit its names: that of its branch, and one that stays when the branch goes on."""
    for name in (ref, also):
        _ostree("refs", repository, "--force", f"--create={name}", commit)
    _ostree("summary", repository, "--update")


def head(repository: str, ref: str) -> str:
    """Return the commit of a branch, "" if there is none."""
    done = _command.run(["ostree", "rev-parse", f"--repo={repository}", ref], check=False)
    return done.stdout.strip() if done.rc == 0 else ""


def has(repository: str, commit: str) -> bool:
    """Say whether the repository has a commit."""
    return os.path.isfile(os.path.join(repository, "objects", commit[:2], commit[2:] + ".commit"))


def difference(repository: str, one: str, other: str) -> typing.List[str]:
    """Return which files two commits differ in, as 'ostree diff' lists them."""
    return _ostree("diff", repository, one, other).stdout.splitlines()


def explain(repository: str, one: str, other: str, listed: typing.Sequence[str], path: str) -> str:
    """Have diffoscope say what differs in the first files of a list, in a file, and return where to read on.

    :param listed: as difference returns it.
    :param path: of the file to be written.
    """
    if not shutil.which("diffoscope", path=_command.SEARCH_PATH):
        return "Install diffoscope and build again: it then says what differs in these files"
    sides = [tempfile.mkdtemp(prefix="osmigrate-differs-") for _commit in (one, other)]
    try:
        for line in [line for line in listed if line.startswith("M ")][:MOST_EXPLAINED]:
            name = line.split(None, 1)[1]
            for commit, side in zip((one, other), sides):
                goal = side + os.path.dirname(name)
                os.makedirs(goal, exist_ok=True)
                _ostree("checkout", repository, "--user-mode", "--union", f"--subpath={name}", commit, goal)
        told = _command.run(["diffoscope", "--no-progress", f"--text={path}", *sides], check=False)
    finally:
        for side in sides:
            shutil.rmtree(side, ignore_errors=True)
    return (
        f"Read {path}, which diffoscope wrote" if told.rc == 1 else f"diffoscope failed: {told.stderr.strip()[-200:]}"
    )


def _ostree(verb: str, repository: str, *arguments: str) -> _command.Completed:
    done = _command.run(["ostree", verb, f"--repo={repository}", *arguments], check=False, left=LEFT)
    if done.rc:
        said = done.said()
        raise FleetError(
            f"Stage ostree: ostree {verb} failed with code {done.rc}: {said}",
            LEFT,
            f"See that {repository} is an OSTree repository with mode=archive, may be written and has room",
        )
    return done
