# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node is at one moment, to be compared with what it is after a move.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import re
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import accounts, administrator, sysctl
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import is_ours
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.packages import Packages
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import proof
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import as_meant

PROPERTIES = (
    "Id,LoadState,ActiveState,UnitFileState,FragmentPath,Type,RemainAfterExit,TriggeredBy,ConditionResult,Transient"
)
UNITS = ("*.service", "*.socket", "*.timer", "*.path")
STATES = {"activating": "active", "reloading": "active", "refreshing": "active", "deactivating": "inactive"}
ONCE = "runs and ends"
# Mounts that come and go with pods and sessions.
TRANSIENT = ("/var/lib/kubelet/pods/", "/run/", "/var/lib/containerd/", "/proc/", "/sys/", "/dev/")
# Files that are larger are known by size and time: both systems share them, and to read them would take hours.
LARGE = 256 * 1024 * 1024
FLAGS = ("ro", "noatime", "relatime", "nodev", "noexec", "nosuid")


def take(files: typing.Any, sysctls: typing.Any) -> typing.Any:
    """Return the state of the node that runs, as node_state_info documents it.

    :param files: list of str, paths to look at; none for everything that an administrator made.
    :param sysctls: list of str, keys as paths below /proc/sys; none for those that an administrator set.
    """
    tree = Tree("/")
    packages = Packages(tree)
    if not sysctls:
        sysctls = [key for key, (_value, path) in sysctl.effective(tree).items() if packages.verdict(path)]
    said = run(["systemctl", "show", "--property=" + PROPERTIES] + list(UNITS)).stdout
    network = state.parse(state.ask())
    return {
        "files": {
            path: found
            for path, found in (
                (path, describe(tree, path)) for path in _asked(tree, files) or administrator.files(tree, packages)
            )
            if found
        },
        "services": services(said, packages),
        "mounts": mounts(_storage.mounts(), _uuids()),
        "addresses": proof.addresses(network),
        "routes": proof.routes(network),
        "users": users(tree),
        "groups": groups(tree),
        "sysctls": {key: " ".join(tree.text(sysctl.LIVE + key).split()) for key in sorted(sysctls)},
        "kernel_arguments": tree.text("/proc/cmdline").split(),
    }


def _asked(tree: typing.Any, files: typing.Any) -> typing.Any:
    """Return the paths that are meant: an earlier result has escape sequences for bytes that are no UTF-8."""
    return [path if tree.lstat(path) is not None else as_meant(path) for path in files]


def describe(tree: Tree, path: str) -> typing.Optional[typing.Dict[str, str]]:
    """Return digest, mode, user and group of a file or link, None if there is none.

    :param tree: Tree.
    """
    status = tree.lstat(path)
    if status is None or stat.S_ISDIR(status.st_mode):
        return None
    if stat.S_ISLNK(status.st_mode):
        # Packages of Debian 12 still say /lib; the same unit is meant.
        content = re.sub(b"^/lib/", b"/usr/lib/", os.fsencode(tree.link(path)))
        digest = hashlib.sha256(content).hexdigest()
    else:
        digest = _digest(tree, path, status)
    return {
        "digest": digest,
        "mode": f"{stat.S_IMODE(status.st_mode):04o}",
        "user": _name(tree, accounts.PASSWD, status.st_uid),
        "group": _name(tree, accounts.GROUP, status.st_gid),
    }


def _digest(tree: Tree, path: str, status: os.stat_result) -> str:
    if not stat.S_ISREG(status.st_mode):
        return hashlib.sha256(b"").hexdigest()
    if status.st_size > LARGE:
        return hashlib.sha256(b"%d %d" % (status.st_size, int(status.st_mtime))).hexdigest()
    return _storage.digest(tree.place(path))


def _name(tree: Tree, path: str, number: int) -> str:
    found = [name for name, own in accounts.names(_accounts(tree, path)).items() if own == number]
    return sorted(found)[0] if found else str(number)


def _accounts(tree: Tree, path: str) -> typing.List[typing.List[str]]:
    """Return the accounts of /etc and those that an OSTree release has in /usr/lib."""
    return accounts.parse(tree.text("/usr/lib" + path[len("/etc") :])) + accounts.parse(tree.text(path))


def users(tree: Tree) -> typing.Dict[str, str]:
    """Return dict of name to "number:group:home:shell"."""
    lines = [fields for fields in _accounts(tree, accounts.PASSWD) if len(fields) > accounts.SHELL]
    return {fields[0]: ":".join(fields[2:4] + fields[5:7]) for fields in lines}


def groups(tree: Tree) -> typing.Dict[str, str]:
    """Return dict of name to "number:members"."""
    lines = _accounts(tree, accounts.GROUP)
    return {fields[0]: f"{fields[2]}:{','.join(sorted(fields[3].split(',')))}" for fields in lines}


def services(text: str, packages: Packages) -> dict:
    """Read what systemctl shows of units.

    :param text: str, blocks of properties.
    :param packages: Packages.
    :returns: dict of name to dict, as node_state_info documents it.
    """
    found = {}
    for block in text.strip().split("\n\n"):
        unit = dict(line.partition("=")[::2] for line in _lines.lines(block))
        name, enabled = unit.get("Id", ""), unit.get("UnitFileState", "")
        passing = unit.get("Transient") == "yes" or ("@" in name and enabled != "enabled")
        if unit.get("LoadState") != "loaded" or passing or is_ours(name):
            continue
        state = STATES.get(unit["ActiveState"], unit["ActiveState"])
        ends = unit.get("Type") == "oneshot" and unit.get("RemainAfterExit") == "no"
        if state != "failed" and (ends or ".timer" in unit.get("TriggeredBy", "")):
            state = ONCE
        place = unit.get("FragmentPath", "")
        found[name] = {
            "state": state,
            "enabled": enabled,
            "packaged": not place or place.startswith("/run/") or not packages.verdict(place),
            "conditions": unit.get("ConditionResult") != "no",
        }
    return found


def mounts(mounted: typing.List[_storage.Mount], uuids: typing.Dict[str, str]) -> typing.Dict[str, str]:
    """Return dict of place to "file system, device, flags", of what lies on devices and on other machines.

    :param mounted: list of Mount.
    :param uuids: dict of device to UUID.
    """
    found = {}
    for mount in mounted:
        if re.match(r"/dev/|[^/ ]+:", mount.source) and not mount.target.startswith(TRANSIENT):
            source = uuids.get(os.path.realpath(mount.source), mount.source)
            flags = [flag for flag in mount.options if flag in FLAGS]
            found[mount.target] = " ".join([mount.fstype, source, ",".join(sorted(flags))])
    return found


def _uuids() -> typing.Any:
    directory = "/dev/disk/by-uuid"
    names = os.listdir(directory) if os.path.isdir(directory) else []
    return {os.path.realpath(os.path.join(directory, name)): "UUID=" + name for name in names}
