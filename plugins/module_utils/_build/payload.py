# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published of a tree: payloads, and the manifest that names them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML; modules look at
MISSING of _release/reader.py before they call anything here.
"""

import json
import os
import shutil
import stat
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kernel, layout, lock, ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import LEFT, Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory, read_bytes
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import writable

REPOSITORY, MANIFEST = "repo", "release.yml"
_BLOCK = 4096
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class Wanted(typing.NamedTuple):
    """What to publish. destination: directory of the releases. url: under which nodes see it. serial: 0 for none.
    inputs: digest of all that the tree depends on. frozen: refuse another outcome than before."""

    version: str
    destination: str
    url: str
    serial: int
    minimum_from: typing.List[str]
    signer: ostree.Signer
    gpg_keys: typing.List[str]
    inputs: str
    frozen: bool


class Published(typing.NamedTuple):
    """id: of the release. manifest: its path. previous: the commit that the branch had before, "" for none."""

    id: str
    manifest: str
    commit: str
    previous: str
    changed: bool


def publish(
    document: Document, tree: str, work: str, locked: lock.Lock, directory: str, wanted: Wanted, log: Log
) -> Published:
    """Make the OSTree commit of a tree, and its manifest. Both are seen only when they are whole.

    :param tree: it stays as it is.
    :param directory: of the lock; it notes the outcome.
    :raises FleetError: a release of this name and version is there and another one, or, if frozen, the outcome is
        not what it was.
    """
    log.stage = "ostree"
    name, ref = document["name"], document["ref"]
    copy = os.path.join(work, "layout.part")
    shutil.rmtree(copy, ignore_errors=True)
    try:
        version = kernel.the_version(tree, log)
        found = layout.os_of(tree)
        log.run(["cp", "--archive", "--reflink=auto", tree, copy], "copying the tree", locked.time)
        layout.make(copy, name, wanted.version)
        _see_names(copy, log)
        modules = os.path.join(copy, kernel.MODULES, version)
        payload: typing.Dict[str, typing.Any] = {
            "url": f"{wanted.url.rstrip('/')}/{REPOSITORY}",
            "ref": ref,
            "commit": "",
            "size": _size(copy),
            "boot_size": sum(os.path.getsize(os.path.join(modules, one)) for one in (kernel.KERNEL, kernel.INITRAMFS)),
        }
        if wanted.gpg_keys:
            payload["gpg_keys"] = wanted.gpg_keys
        repository = os.path.join(wanted.destination, REPOSITORY)
        created = time.strftime(schema.DATE, time.gmtime(locked.time))
        subject = f"{name} {wanted.version}"
        payload["commit"] = ostree.commit(repository, copy, ref, subject, wanted.version, created, wanted.signer)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    _compare(repository, directory, payload["commit"], wanted)
    machine = document.get("packages", {}).get("architecture", os.uname().machine)
    about = {"id": found.get("ID", "linux"), "version_id": found.get("VERSION_ID", "0")}
    about.update(architecture=_MACHINES.get(machine, machine), kernel=version)
    release: typing.Dict[str, typing.Any] = {
        "schema": schema.SCHEMA,
        "name": name,
        "version": wanted.version,
        "created": created,
        "os": about,
        "minimum_from": wanted.minimum_from,
        "payloads": {"ostree": payload},
    }
    if wanted.serial:
        release["serial"] = wanted.serial
    schema.validate(release, f"The manifest of {subject}")
    return _show(release, repository, wanted)


def _compare(repository: str, directory: str, commit: str, wanted: Wanted) -> None:
    """See that what is built from the same inputs is the same, and note it."""
    key = f"{wanted.version} {wanted.inputs}"
    known = lock.outcomes(directory)
    before = known.get(key, commit)
    if before != commit and wanted.frozen:
        what = ostree.difference(repository, before, commit) if ostree.has(repository, before) else ""
        error = FleetError(
            f"The same recipe and lock gave commit {before[:12]} before, and {commit[:12]} now"
            + (": " + "; ".join(what.splitlines()[:20]) if what else ""),
            LEFT,
            "Look at what differs, with 'diffoscope' over checkouts of both; a script of the recipe may write times",
        )
        error.result = {"differs": what.splitlines()}
        raise error
    if known.get(key) != commit:
        known[key] = commit
        reader.write(os.path.join(directory, lock.OUTCOMES), json.dumps(known, indent=1, sort_keys=True) + "\n")


def _show(release: typing.Dict[str, typing.Any], repository: str, wanted: Wanted) -> Published:
    """Let a release be seen: its names in the repository first, its manifest last."""
    directory = os.path.join(wanted.destination, schema.entry_id(release))
    path = os.path.join(directory, MANIFEST)
    payload = release["payloads"]["ostree"]
    text = "---\n" + reader.dump(release)
    there = read_bytes(path)
    if there:
        old = reader.unsigned(there, f"Release manifest {path}").release
        commit = old["payloads"].get("ostree", {}).get("commit", "")
        if commit != payload["commit"]:
            raise FleetError(
                f"Release {schema.entry_id(release)} is there already as commit {commit[:12]}, and this one is "
                f"{payload['commit'][:12]}",
                LEFT,
                f"Give this one another version; if nobody has seen the old one yet, remove {directory} first",
            )
    name = f"releases/{release['name']}/{release['version']}".replace("+", "_").replace("~", "_")
    before = ostree.head(repository, payload["ref"])
    previous = "" if before == payload["commit"] else before
    ostree.show(repository, payload["commit"], payload["ref"], name)
    if there == text.encode("utf-8"):
        return Published(schema.entry_id(release), path, payload["commit"], previous, False)
    make_directory(directory)
    reader.write(path, text)
    return Published(schema.entry_id(release), path, payload["commit"], previous, True)


def _see_names(tree: str, log: Log) -> None:
    """Refuse names that OSTree cannot hold."""
    for directory, folders, files in os.walk(os.fsencode(tree)):
        for name in folders + files:
            try:
                name.decode("utf-8")
            except UnicodeDecodeError:
                path = os.path.relpath(os.path.join(directory, name), os.fsencode(tree))
                shown = writable(path.decode("utf-8", "surrogateescape"))
                raise log.failed(f"the name of file /{shown} is no UTF-8", "Rename it, or put it under remove")


def _size(tree: str) -> int:
    """Return the bytes of all files, each hard link once, and a block for each directory, wherever it lies."""
    seen = {}
    for directory, folders, files in os.walk(tree):
        for name in folders + files:
            status = os.lstat(os.path.join(directory, name))
            size = _BLOCK if stat.S_ISDIR(status.st_mode) else status.st_size
            seen[status.st_dev, status.st_ino] = size
    return sum(seen.values())
