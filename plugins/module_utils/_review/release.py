# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""One release, read whole: a directory, or a commit of an OSTree repository.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import contextlib
import os
import re
import shutil
import tempfile
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _osrelease
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import snapshot
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.installed import Installed
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.schema import DATE as _TIME
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import entries, kernel, software, units
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.commit import Commit
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import Entry
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View

DIRECTORY, OSTREE = "directory", "ostree"
_COMMIT = re.compile(r"[0-9a-f]{64}")


class Release(typing.NamedTuple):
    """What there is of one release.

    kind: DIRECTORY or OSTREE. id: digest of all entries of a directory, or the commit, in hex. name: what its
    os-release calls it. kernels: sorted. options, initramfs_size, image_size (bytes): of the last of them. users,
    groups: as in node_state_info. codename: of the distribution's release. system: id
    of the distribution. made: when, in UTC, as manifests have it; of a directory nobody knows, and it is the epoch.
    """

    kind: str
    id: str
    name: str
    view: View
    entries: typing.Dict[str, Entry]
    packages: Packages
    installed: typing.Dict[str, Installed]
    units: typing.Dict[str, units.Unit]
    users: typing.Dict[str, str]
    groups: typing.Dict[str, str]
    kernels: typing.List[str]
    options: typing.Dict[str, str]
    initramfs_size: int
    image_size: int
    software: typing.List[software.Software]
    codename: str
    system: str
    made: str

    def entry(self, name: str) -> Entry:
        """Return an entry with the digest of its content, which that of a commit has only here.

        :raises FleetError: the repository holds something else.
        """
        return self.view.entry(name) if isinstance(self.view, Commit) else self.entries[name]


@contextlib.contextmanager
def opened(tree: str, repository: str, work: str) -> typing.Iterator[Release]:
    """Read a release.

    :param tree: path of a directory, or, with a repository, a commit of it or the name of a branch.
    :param repository: path of an OSTree repository, "" for a directory.
    :param work: directory for what programs have to read as files.
    :raises FleetError: it is not there, or cannot be read whole.
    """
    if not repository:
        view = View(_directory(tree))
        found = entries.read(view)
        yield _of(DIRECTORY, entries.digest(found), view, found, time.strftime(_TIME, time.gmtime(0)))
        return
    # rpm takes no relative path of a database.
    place = tempfile.mkdtemp(prefix="osmigrate-review-", dir=os.path.abspath(work))
    try:
        read = Commit(repository, _commit(repository, tree), place)
        yield _of(OSTREE, read.commit, read, read.entries, time.strftime(_TIME, time.gmtime(read.made)))
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _directory(tree: str) -> str:
    if not os.path.isdir(tree):
        there = "is no directory" if os.path.lexists(tree) else "does not exist"
        raise FleetError(f"Release tree {tree} {there}", todo="Give the directory that holds its usr")
    if not os.path.isdir(os.path.join(tree, "usr")):
        raise FleetError(f"Release tree {tree} has no usr", todo="Give the directory that holds it")
    return os.path.realpath(tree)


def _commit(repository: str, name: str) -> str:
    if not os.path.isfile(os.path.join(repository, "config")):
        raise FleetError(f"{repository} is no OSTree repository", todo="Give the directory that 'ostree init' made")
    done = run(["ostree", "rev-parse", f"--repo={repository}", "--", name], check=False)
    commit = done.stdout.strip()
    if done.rc or not _COMMIT.fullmatch(commit):
        raise FleetError(
            f"OSTree repository {repository} has no commit or branch {name}",
            todo=f"See what it has: ostree refs --repo={repository}",
        )
    return commit


def _of(kind: str, digest: str, view: View, found: typing.Dict[str, Entry], made: str) -> Release:
    packages = Packages(view)
    kernels = kernel.versions(view)
    last = kernels[-1] if kernels else ""
    system = _osrelease.read(view.text)
    return Release(
        kind,
        digest,
        system.get("PRETTY_NAME", ""),
        view,
        found,
        packages,
        packages.database.packages(),
        units.read(view),
        snapshot.users(view),
        snapshot.groups(view),
        kernels,
        kernel.options(view, last),
        kernel.initramfs_size(found, last),
        kernel.image_size(found, last),
        software.read(view),
        system.get("VERSION_CODENAME", ""),
        system.get("ID", ""),
        made,
    )
