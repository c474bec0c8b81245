# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users, files, packages and scripts of a recipe, brought into a tree.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import shlex
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kept, lock, oci, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import SHARED, Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# Where there is no /run/lists, apt of Debian 13 makes none.
_APT = """
set -e
mkdir -p /run/lists/partial /run/archives/partial
printf 'deb [trusted=yes] copy:/mnt ./\n' >/run/sources.list
set -- --quiet --option Dir::Etc::SourceList=/run/sources.list --option Dir::Etc::SourceParts=/dev/null \
    --option Dir::State::Lists=/run/lists --option Dir::Cache::Archives=/run/archives \
    --option Acquire::Languages=none --option APT::Sandbox::User=root "$@"
apt-get update "$@"
apt-get install --yes "$@" $PACKAGES
"""
Row = typing.List[str]
_LEAST_COLUMNS = 4
_SCRIPT = "script"


def packages(document: Document, tree: str, locked: lock.Lock, directory: str, log: Log) -> None:
    """Install the packages of this stage with the tree's own apt, from the lock alone."""
    wanted = sorted(f"{one.name}={one.version}" for one in locked.packages if one.stage == schema.PACKAGES)
    if not wanted:
        return
    if not os.path.lexists(os.path.join(tree, "usr/bin/apt-get")):
        raise log.failed("the tree has no apt-get to install packages with", "Take another base, or no packages")
    options = ["--option", "APT::Install-Recommends=false"]
    for word in document.get("leave_out", []):
        for name in schema.LEFT_OUT[word]:
            options += ["--option", f"DPkg::Options::=--path-exclude=/usr/share/{name}/*"]
    preseed = document.get("packages", {}).get("preseed", [])
    if preseed:
        text = "".join(f"{line}\n" for line in preseed)
        answers = f"printf %s {shlex.quote(text)} | debconf-set-selections"
        log.inside(tree, ["sh", "-c", answers], "debconf-set-selections", locked.time)
    argv = ["sh", "-c", _APT, "sh", *options]
    log.inside(tree, argv, "apt-get", locked.time, shared=directory, PACKAGES=" ".join(wanted), INITRD="No")


def accounts(document: Document, tree: str, log: Log) -> None:
    """Add groups and users with the numbers that the recipe gives them."""
    root = Tree(tree)
    passwd, group, shadow = (_rows(root, name) for name in ("passwd", "group", "shadow"))
    for one in document.get("groups", []):
        _add(group, [one["name"], "x", str(one["gid"]), ""], "group", one, log)
    for one in document.get("users", []):
        numbers = {row[0]: row[2] for row in _accounts(group)}
        if "group" in one and one["group"] not in numbers:
            raise log.failed(f"{one['at']}: user {one['name']} is in group {one['group']}, which does not exist")
        if "group" not in one:
            _add(group, [one["name"], "x", str(one["uid"]), ""], "group", one, log)
        gid = numbers.get(one.get("group", ""), str(one["uid"]))
        home, shell = one.get("home", "/nonexistent"), one.get("shell", "/usr/sbin/nologin")
        row = [one["name"], "x", str(one["uid"]), gid, one.get("comment", ""), home, shell]
        _add(passwd, row, "user", one, log)
        shadow.append([one["name"], "!*", "", "", "", "", "", "", ""])
        for name in one["groups"]:
            rows = [row for row in _accounts(group) if row[0] == name]
            if not rows:
                raise log.failed(f"{one['at']}: user {one['name']} is in group {name}, which does not exist")
            rows[0][3] = ",".join([member for member in rows[0][3].split(",") if member] + [one["name"]])
    if document.get("users") or document.get("groups"):
        for name, rows, mode in (("passwd", passwd, 0o644), ("group", group, 0o644), ("shadow", shadow, 0o640)):
            path = root.outside(root.resolve(f"/etc/{name}"))
            fresh = not os.path.lexists(path)
            with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
                stream.write("".join(":".join(row) + "\n" for row in rows))
            if fresh:
                os.chmod(path, mode)


def files(document: Document, tree: str, log: Log) -> None:
    """Put the files of the recipe where they belong; whatever is there is replaced."""
    root = Tree(tree)
    users, groups = (
        {row[0]: int(row[2]) for row in _accounts(_rows(root, name)) if row[2].isdigit()}
        for name in ("passwd", "group")
    )
    for one in document.get("files", []):
        where = root.resolve(one["path"], last=False)
        path, why = root.outside(where), kept.lost(where, "directory" in one)
        if why:
            raise log.failed(
                f"{one['at']}: {one['path']} leads to {where}, which is in no release: {why}", kept.NEXT_STEP
            )
        try:
            os.makedirs(os.path.dirname(path), 0o755, exist_ok=True)
            _put(one, path, log)
        except OSError as error:
            raise log.failed(f"{one['at']}: {one['path']} cannot be written: {error.strerror}")
        owner = (one.get("owner", "root"), users, "user"), (one.get("group", "root"), groups, "group")
        numbers = []
        for name, known, kind in owner:
            if name not in known and name != "root":
                raise log.failed(f"{one['at']}: {one['path']} belongs to {kind} {name}, which does not exist")
            numbers.append(known.get(name, 0))
        if os.geteuid() == 0:
            os.lchown(path, *numbers)
        if "link" not in one:
            os.chmod(path, int(one.get("mode", "0755" if "directory" in one else "0644"), 8))


def script(one: Document, tree: str, time: int, log: Log) -> None:
    """Run a script of the recipe: inside of the tree, or on this machine with the tree's path as TREE."""
    name = one.get("name") or one.get("file") or one["text"].strip().splitlines()[0][:60]
    secrets = {key: os.environ[key] for key in one["secrets"] if key in os.environ}
    missing = [key for key in one["secrets"] if key not in os.environ]
    if missing:
        raise log.failed(f"{one['at']}: script {name} needs {missing[0]} in the environment, which is not set")
    text = one.get("text", "")
    if "file" in one:
        try:
            with open(one["file"], encoding="utf-8", errors="surrogateescape") as stream:
                text = stream.read()
        except OSError as error:
            raise log.failed(f"{one['at']}: script {one['file']} cannot be read: {error.strerror}")
    doing = f"{one['at']}: script {name}"
    # Without a shell of its own choice it is one of sh.
    first = text.splitlines()[0] if text.startswith("#!") else "#!/bin/sh -e"
    try:
        shell = shlex.split(first[2:])
    except ValueError:
        shell = []
    if not shell or "\0" in text:
        why = "it has a NUL in it" if shell else "its first line names no program"
        raise log.failed(f"{doing} cannot be run: {why}")
    # As a file: not every program that runs scripts takes their text after -c.
    with tempfile.TemporaryDirectory(prefix="script-", dir=os.path.dirname(log.path)) as place:
        path = os.path.join(place, _SCRIPT)
        with open(path, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        if one.get("inside", True):
            argv = [*shell, f"{SHARED}/{_SCRIPT}"]
            log.inside(tree, argv, doing, time, shared=place, network=one.get("network", False), **secrets)
        else:
            log.run([*shell, path], doing, time, TREE=tree, **secrets)


def _rows(root: Tree, name: str) -> typing.List[Row]:
    """Return the lines of a file of accounts. What has too few columns stays as it is, as a row of one."""
    rows = [line.split(":") for line in root.text(f"/etc/{name}").split("\n") if line]
    return [row if len(row) >= _LEAST_COLUMNS else [":".join(row)] for row in rows]


def _accounts(rows: typing.List[Row]) -> typing.List[Row]:
    """Return the rows that are somebody's."""
    return [row for row in rows if len(row) > 1]


def _add(rows: typing.List[Row], row: Row, kind: str, one: Document, log: Log) -> None:
    for other in _accounts(rows):
        if other[0] == row[0] and other != row:
            raise log.failed(f"{one['at']}: {kind} {row[0]} is there already, as number {other[2]}")
        if other[2] == row[2] and other[0] != row[0]:
            raise log.failed(f"{one['at']}: number {row[2]} of {kind} {row[0]} is that of {other[0]}")
    rows[:] = [other for other in rows if other[0] != row[0]] + [row]


def _put(one: Document, path: str, log: Log) -> None:
    if one.get("directory"):
        os.makedirs(path, 0o755, exist_ok=True)
        return
    if os.path.isdir(path) and not os.path.islink(path) and os.listdir(path):
        raise log.failed(
            f"{one['at']}: {one['path']} is a directory, and not empty",
            "Give another path, or let a script before this stage take it away",
        )
    oci.remove(path)
    if "link" in one:
        os.symlink(one["link"], path)
    elif "content" in one:
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(one["content"])
    else:
        if not os.path.isfile(one["source"]):
            raise log.failed(f"{one['at']}: source {one['source']} is no file")
        if "sha256" in one and lock.file_digest(one["source"]) != one["sha256"]:
            raise log.failed(f"{one['at']}: source {one['source']} is not the file with that sha256")
        shutil.copyfile(one["source"], path)
