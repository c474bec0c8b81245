# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a plan consists of, and the two sides that it is made from.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import copy
import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Root
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.translate import Translation
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import attributes
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import (
    DIRECTORY,
    FILE,
    HELD_MAX,
    LINK,
    Item,
    item,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import is_below

# Files that say something by being there, empty as they may be: that nobody may use it, or that it is not started.
EMPTY_COUNTS = (
    "/etc/cron.allow /etc/at.allow /etc/nologin /etc/securetty /etc/ssh/sshd_not_to_be_run "
    "/etc/cloud/cloud-init.disabled"
).split()


# Where programs lie that no package brings.
LOCAL = ("/usr/local/sbin", "/usr/local/bin")
# What stays behind, and is more than something that stays behind.
NO_PLACE = "no-place"  # data that the candidate cannot show
REFUSED_AUTHORITY = "refused-authority"  # which the release trusts
OTHER_PROGRAM = "other-program"  # a unit of which the release's starts something else


# What stays behind on purpose.
class Left(typing.NamedTuple):
    path: str
    reason: str
    kind: str = ""


# What one area found out: items, what stays behind, and the sources that need no other rule.
class Found(typing.NamedTuple):
    items: typing.List[Item]
    left: typing.List[Left]
    taken: typing.Set[str]


def is_ours(path: str) -> bool:
    """Say whether a file or unit is one that this collection puts onto a node."""
    return os.path.basename(path).startswith("osmigrate-")


def is_default(tree: Tree, path: str) -> bool:
    """Say whether a file of /etc is empty, or as Debian's base-files makes it without owning it.

    :param tree: Tree.
    """
    # What cannot be read is neither.
    return tree.is_blank(path) or tree.is_same(path, tree, "/usr/share/base-files/" + os.path.basename(path))


class Situation:
    """Both sides of a move, and what every area asks about them.

    :param incumbent: Tree of the root that runs.
    :param candidate: Tree of the candidate.
    :param root: Root of the candidate: where it has the release's own /etc, and will see the incumbent.
    :param mount_points: iterable of str, what is mounted on the incumbent.
    :param network: network.Live, what runs on the incumbent's network; None where that is not known.
    """

    def __init__(
        self,
        incumbent: Tree,
        candidate: Tree,
        root: Root,
        mount_points: typing.Iterable[str],
        network: typing.Any = None,
    ) -> None:
        self.incumbent = incumbent
        self.candidate = candidate
        self.root = root
        self.mount_points = set(mount_points)
        self.network = network
        self.packages = Packages(incumbent)
        self.translation = Translation(incumbent, candidate)

    def pristine_path(self, path: str) -> str:
        """Return where the candidate has what the release brings as a path of /etc; others are where they are."""
        return self.root.pristine + path[len("/etc") :] if is_below(path, "/etc") else path

    def brought(self, pattern: str) -> typing.Dict[str, str]:
        """Return what the release brings of /etc by that pattern, as dict of its path there to where it is pristine."""
        found = self.candidate.glob(self.pristine_path(pattern))
        return {"/etc" + path[len(self.root.pristine) :]: path for path in found}

    def pristine(self, path: str) -> typing.Optional[bytes]:
        """Return the content of a file of /etc as the release brings it, None if it brings none."""
        return self.candidate.read(self.pristine_path(path))

    def merged(self) -> "Situation":
        """Return the same of a candidate into which /etc was merged: it begins with that, whoever made it."""
        seen = copy.copy(self)
        seen.root = self.root._replace(pristine="/etc")
        return seen

    def reading(self, items: typing.Iterable[Item]) -> typing.Callable[[str], str]:
        """Return what reads a file as the candidate will have it: from the plan, or as the release brings it.

        :param items: what the candidate gets.
        """
        texts = {one.target: one.content.decode("utf-8", "surrogateescape") for one in items if one.kind == FILE}
        return lambda path: texts[path] if path in texts else self.candidate.text(self.pristine_path(path))

    def adds_nothing(self, path: str) -> bool:
        """Say whether a file or link of /etc is empty, as every system has it, or as the release brings it.

        An empty file adds something if it hides a file of the release, as with units, or was emptied.
        """
        incumbent, candidate = self.incumbent, self.candidate
        if incumbent.is_link(path):
            pristine = self.pristine_path(path)
            return candidate.is_link(pristine) and candidate.link(pristine) == incumbent.link(path)
        if incumbent.is_blank(path) and self._hides(path):
            return False
        is_same = incumbent.is_same(path, candidate, self.pristine_path(self.translation.name(path)))
        return is_same or is_default(incumbent, path)

    def _hides(self, path: str) -> bool:
        if path in EMPTY_COUNTS:
            return True
        hidden = ["/usr/lib" + path[len("/etc") :]]
        if self.packages.verdict(path) == "modified":
            hidden.append(self.pristine_path(self.translation.name(path)))
        return any(self.candidate.size(name) > 0 and not self.candidate.is_blank(name) for name in hidden)

    def mount_of(self, path: str) -> str:
        """Return the mount point on the incumbent that a path lies on."""
        # Above //, as in the name of a share of Windows, is // again.
        while path not in self.mount_points and os.path.dirname(path) != path:
            path = os.path.dirname(path)
        return path

    def has_program(self, path: str) -> bool:
        """Say whether the candidate can run a program: from the release, or from a directory shared with it."""
        if path.startswith(("/usr/local/", "/opt/", "/home/", "/root/", "/srv/")):
            return self.incumbent.exists(path)
        return self.candidate.exists(path) or self.candidate.exists(self.translation.name(path))

    def has_instead(self, path: str) -> bool:
        """Say whether the candidate can run a program from there, or from where people put one without a package."""
        name = os.path.basename(path)
        return any(self.has_program(place) for place in [path] + [f"{local}/{name}" for local in LOCAL])

    def link(self, path: str, target: str) -> str:
        """Return where a link of the incumbent has to point to at its place on the candidate.

        What it says by a relative path is meant from the directory that it lies in, which may be seen through a link;
        what lies below that comes along with it.
        """
        said = self.incumbent.link(path)
        here, there = self.incumbent.resolve(os.path.dirname(path)), os.path.dirname(target)
        if said.startswith("/") or here == there:
            return said
        meant = os.path.normpath(os.path.join(here, said))
        return said if is_below(meant, here) else self.translation.name(meant)

    def copy(
        self,
        path: str,
        rule: str,
        target: typing.Optional[str] = None,
        mode: typing.Optional[int] = None,
        lost: str = "",
        shown: bool = False,
        as_is: bool = False,
    ) -> Item:
        """Return the Item that brings a file, link or directory of the incumbent.

        :param shown: bool, whether a diff shows its content, if everybody may read it on the node anyway.
        :param as_is: bool, whether names in a file are left alone where the candidate is of another family.
        """
        status = self.incumbent.status(path)
        kind, origin = FILE, ""
        content: typing.Union[str, bytes, None] = b""
        if stat.S_ISDIR(status.st_mode):
            kind = DIRECTORY
        elif stat.S_ISLNK(status.st_mode):
            kind, content = LINK, self.link(path, target or path)
        elif status.st_size > HELD_MAX:
            origin = self.incumbent.place(path)
        else:
            content = self.incumbent.read(path)
            if content is None:
                raise FleetError(f"{path} cannot be read", todo="See to it that root can read it, or move it away")
            if not as_is:
                content, replaced = self.translation.text(content, rule)
                lost = "; ".join(([lost] if lost else []) + replaced)
        if kind != LINK:
            lost = "; ".join(([lost] if lost else []) + attributes.not_kept(self.incumbent.place(path)))
        return item(
            kind,
            target or path,
            path,
            rule,
            content,
            stat.S_IMODE(status.st_mode) if mode is None else mode,
            (status.st_uid, status.st_gid),
            lost,
            shown and bool(status.st_mode & stat.S_IROTH),
            attributes=() if kind == LINK else attributes.read(self.incumbent.place(path)),
            origin=origin,
        )


def open_situation(
    incumbent: str,
    root: Root,
    mount_points: typing.Iterable[str],
    network: typing.Any = None,
    silent: typing.Iterable[str] = (),
) -> Situation:
    """Return the Situation of what runs, given as directory, and of the Root of a candidate.

    :param silent: iterable of str, mount points of the incumbent that do not answer.
    """
    return Situation(Tree(incumbent, silent), Tree(root.path), root, mount_points, network)
