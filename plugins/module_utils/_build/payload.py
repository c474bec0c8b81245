# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is published of a tree: payloads, and the manifest that names them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML; modules look at
MISSING of _release/reader.py before they call anything here.
"""

import glob
import json
import os
import shutil
import stat
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import publish as slots
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import (
    fit,
    image,
    kernel,
    layout,
    lock,
    oci,
    ostree,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import LEFT, Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import images, order, reader, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import digest, make_directory, read_bytes

REPOSITORY, MANIFEST, IMAGES = "repo", "release.yml", "slots"
DIFFERS = "differs.txt"
_BLOCK = 4096
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


class Wanted(typing.NamedTuple):
    """What to publish. destination: directory of the releases. url: under which nodes see it. serial: 0 for none.
    inputs: digest of all that the tree depends on. frozen: refuse another outcome than before. slots: an image for
    nodes with two root partitions, too."""

    version: str
    destination: str
    url: str
    serial: int
    minimum_from: typing.List[str]
    signer: ostree.Signer
    gpg_keys: typing.List[str]
    inputs: str
    frozen: bool
    slots: bool = False


class Published(typing.NamedTuple):
    """id: of the release. manifest: its path. previous: the commit that it is to be compared with, "" for none.
    unknown: kinds of payloads of which no outcome of the same inputs was known."""

    id: str
    manifest: str
    commit: str
    previous: str
    changed: bool
    unknown: typing.List[str]


def publish(
    document: Document, tree: str, work: str, locked: lock.Lock, directory: str, wanted: Wanted, log: Log
) -> Published:
    """Make the payloads of a tree, and its manifest. They are seen only when they are whole.

    :param tree: it stays as it is.
    :param directory: of the lock; it notes the outcome.
    :raises FleetError: a release of this name and version is there and another one, or, if frozen, the outcome is
        not what it was.
    """
    log.stage = "ostree"
    name, ref = document["name"], document["ref"]
    repository = os.path.join(wanted.destination, REPOSITORY)
    copy = os.path.join(work, "layout.part")
    raw = os.path.join(work, "slots.part")
    shutil.rmtree(copy, ignore_errors=True)
    try:
        version = kernel.the_version(tree, log)
        release = _draft(document, tree, version, locked.time, wanted, log)
        payload = release["payloads"]["ostree"]
        present = _present(release, repository, directory, wanted)
        if present:
            release["payloads"].update(present)
            return _show(release, repository, [], wanted)
        fit.see_its_places(tree, log)
        fit.see_what_is_lost(tree, log)
        log.run(["cp", "--archive", "--reflink=auto", tree, copy], "copying the tree", locked.time)
        layout.make(copy, name, wanted.version)
        fit.see_its_names(copy, log)
        if wanted.slots:
            with layout.etc_twice(copy, locked.time, log):
                image.make(copy, raw, name, wanted.version, locked.time, log)
        modules = os.path.join(copy, kernel.MODULES, version)
        parts = [os.path.join(modules, one) for one in (kernel.KERNEL, kernel.INITRAMFS)]
        payload.update(size=_size(copy), boot_size=sum(map(os.path.getsize, parts)))
        subject, created = f"{name} {wanted.version}", release["created"]
        payload["commit"] = ostree.commit(repository, copy, ref, subject, wanted.version, created, wanted.signer)
        pinned = {"ostree": payload["commit"]}
        if wanted.slots:
            pinned["slots"] = digest(raw)
        unknown = _compare(repository, directory, pinned, wanted, os.path.join(work, DIFFERS))
        _refuse_another(schema.entry_id({"name": name, "version": wanted.version}), pinned, wanted)
        if wanted.slots:
            release["payloads"]["slots"] = _pack(raw, tree, version, name, pinned["slots"], wanted)
    finally:
        shutil.rmtree(copy, ignore_errors=True)
        oci.remove(raw)
    schema.validate(release, f"The manifest of {subject}")
    return _show(release, repository, unknown, wanted)


def _draft(
    document: Document, tree: str, version: str, at: int, wanted: Wanted, log: Log
) -> typing.Dict[str, typing.Any]:
    """Return the manifest with all that is known before anything is made, and see that this much of it is valid.

    :param version: of the kernel.
    :param at: when it counts as created, in seconds of the epoch.
    """
    found = layout.os_of(tree)
    machine = document.get("packages", {}).get("architecture", os.uname().machine)
    about = {"id": found.get("ID", "linux"), "version_id": found.get("VERSION_ID", "0")}
    about.update(architecture=_MACHINES.get(machine, machine), kernel=version)
    release: typing.Dict[str, typing.Any] = {
        "schema": schema.SCHEMA,
        "name": document["name"],
        "version": wanted.version,
        "created": time.strftime(schema.DATE, time.gmtime(at)),
        "os": about,
        "minimum_from": wanted.minimum_from,
        "payloads": {
            "ostree": {
                "url": f"{wanted.url.rstrip('/')}/{REPOSITORY}",
                "ref": document["ref"],
                "commit": "0" * 64,
                "size": 1,
                "boot_size": 1,
            }
        },
    }
    if wanted.gpg_keys:
        release["payloads"]["ostree"]["gpg_keys"] = wanted.gpg_keys
    if wanted.serial:
        release["serial"] = wanted.serial
    try:
        schema.validate(release, "the manifest")
    except FleetError as error:
        todo = "Correct what it names: in what the build was given, in the recipe, or in /etc/os-release of the tree"
        raise log.failed(error.problem, todo)
    return release


def _compare(
    repository: str, directory: str, pinned: typing.Dict[str, str], wanted: Wanted, differs: str
) -> typing.List[str]:
    """See that what is built from the same inputs is the same, note it, and return of which kinds nothing was known.

    :param pinned: by payload kind.
    :param differs: path of what is written about files that differ.
    """
    known, unknown = lock.outcomes(directory), []
    for kind, now in sorted(pinned.items()):
        key = _key(wanted, kind)
        if key not in known:
            unknown.append(kind)
        before = known.get(key, now)
        if before != now and wanted.frozen:
            raise _differing(repository, before, now, kind, differs)
        known[key] = now
    if known != lock.outcomes(directory):
        reader.write(os.path.join(directory, lock.OUTCOMES), json.dumps(known, indent=1, sort_keys=True) + "\n")
    return unknown


def _differing(repository: str, before: str, now: str, kind: str, differs: str) -> FleetError:
    what, todo = [], "Build again where the commit of before is, to see which files differ"
    if kind != "ostree":
        todo = "The commits are equal, so the tools that made the image differ: build it with those of before"
    elif ostree.has(repository, before):
        what = ostree.difference(repository, before, now)
        todo = ostree.explain(repository, before, now, what, differs)
    problem = f"The same recipe and lock gave {schema.PINNED[kind]} {before[:12]} before, and {now[:12]} now"
    error = FleetError(problem + (": " + "; ".join(what[:20]) if what else ""), LEFT, todo)
    error.result = {"differs": what}
    return error


def _present(
    release: typing.Dict[str, typing.Any], repository: str, directory: str, wanted: Wanted
) -> typing.Dict[str, typing.Any]:
    """Return payloads that were made of the same inputs, and are published: to compress all files again would take as
    long as the first time. Empty where one is missing, and where the outcome is to be proved."""
    entry, known = schema.entry_id(release), lock.outcomes(directory)
    there = read_bytes(_manifest(entry, wanted))
    if wanted.frozen or wanted.signer.key or not there:
        return {}
    payloads = reader.unsigned(there, f"Release manifest {entry}").release["payloads"]
    kinds = ["ostree"] + (["slots"] if wanted.slots else [])
    for kind in kinds:
        if kind not in payloads or known.get(_key(wanted, kind)) != payloads[kind][schema.PINNED[kind]]:
            return {}
    found = {kind: payloads[kind] for kind in kinds}
    draft = release["payloads"]["ostree"]
    same = all(found["ostree"].get(key, draft[key]) == draft[key] for key in ("url", "ref"))
    # Its name is the last thing that a commit gets, so all of it is there.
    whole = ostree.head(repository, _name(release)) == found["ostree"]["commit"]
    if wanted.slots:
        stored = os.path.join(wanted.destination, IMAGES)
        whole = whole and all(os.path.isfile(os.path.join(stored, one)) for one in images.names(found["slots"]))
    if not (same and whole and found["ostree"]["gpg_keys"] == wanted.gpg_keys):
        return {}
    # As it is written down, without what a reader has filled in.
    return dict(found, ostree={key: found["ostree"][key] for key in draft})


def _key(wanted: Wanted, kind: str) -> str:
    """Return under which key the outcomes of a lock have a payload."""
    return " ".join([wanted.version, wanted.inputs] + ([kind] if kind != "ostree" else []))


def _refuse_another(release_id: str, pinned: typing.Dict[str, str], wanted: Wanted) -> None:
    """See that a version that is there already is this one, in each payload that both have."""
    there = read_bytes(_manifest(release_id, wanted))
    old = reader.unsigned(there, f"Release manifest {release_id}").release["payloads"] if there else {}
    for kind in sorted(set(old) & set(pinned)):
        before = old[kind][schema.PINNED[kind]]
        if before != pinned[kind]:
            raise FleetError(
                f"Release {release_id} is there already as {schema.PINNED[kind]} {before[:12]}, and this one is "
                f"{pinned[kind][:12]}",
                LEFT,
                "Give this one another version; if nobody has seen the old one yet, remove "
                f"{os.path.dirname(_manifest(release_id, wanted))} first",
            )


def _manifest(release_id: str, wanted: Wanted) -> str:
    return os.path.join(wanted.destination, release_id, MANIFEST)


def _pack(raw: str, tree: str, version: str, name: str, sha256: str, wanted: Wanted) -> typing.Dict[str, typing.Any]:
    """Store an image as nodes fetch it. Its name has its digest, so nothing that a manifest names is written over."""
    directory = os.path.join(wanted.destination, IMAGES)
    make_directory(directory)
    modules = f"/{kernel.MODULES}/{version}/"
    stored = schema.entry_id({"name": name, "version": wanted.version}) + "-" + sha256[:12]
    url = f"{wanted.url.rstrip('/')}/{IMAGES}"
    parts = modules + kernel.KERNEL, modules + kernel.INITRAMFS
    return slots.payload(slots.Wish(raw, tree, *parts, image.FILESYSTEM, directory, stored, url))


def _show(
    release: typing.Dict[str, typing.Any], repository: str, unknown: typing.List[str], wanted: Wanted
) -> Published:
    """Let a release be seen: its names in the repository first, its manifest last."""
    path = _manifest(schema.entry_id(release), wanted)
    payload = release["payloads"]["ostree"]
    text = "---\n" + reader.dump(release)
    there = read_bytes(path)
    previous = _before(release, repository, wanted.destination) or ostree.head(repository, payload["ref"])
    if previous == payload["commit"]:
        previous = ""
    ostree.show(repository, payload["commit"], payload["ref"], _name(release))
    changed = there != text.encode("utf-8")
    if changed:
        make_directory(os.path.dirname(path))
        reader.write(path, text)
    return Published(schema.entry_id(release), path, payload["commit"], previous, changed, unknown)


def _name(release: typing.Dict[str, typing.Any]) -> str:
    """Return the name of a commit that stays when its branch goes on."""
    return f"releases/{release['name']}/{release['version']}".replace("+", "_").replace("~", "_")


def _before(release: typing.Dict[str, typing.Any], repository: str, destination: str) -> str:
    """Return the commit of the newest release here that is older, and in the repository, "" if there is none.

    One that is signed, where there is any: a build that did not boot, or was given up, is no release that nodes have.
    """
    found: typing.Dict[bool, typing.Dict[str, typing.Any]] = {}
    for path in sorted(glob.glob(os.path.join(glob.escape(destination), "*", MANIFEST))):
        try:
            one = reader.unsigned(read_bytes(path), reader.name_of(path)).release
        except FleetError:
            continue
        commit = one["payloads"].get("ostree", {}).get("commit", "")
        if one["name"] == release["name"] and order.is_older(one, release) and ostree.has(repository, commit):
            is_signed = os.path.isfile(reader.signature_location(path))
            found[is_signed] = order.newest(found.get(is_signed), one)
    newest = found.get(True) or found.get(False)
    return str(newest["payloads"]["ostree"]["commit"]) if newest else ""


def _size(tree: str) -> int:
    """Return the bytes of all files, each hard link once, and a block for each directory, wherever it lies."""
    seen = {}
    for directory, folders, files in os.walk(tree):
        for name in folders + files:
            status = os.lstat(os.path.join(directory, name))
            size = _BLOCK if stat.S_ISDIR(status.st_mode) else status.st_size
            seen[status.st_dev, status.st_ino] = size
    return sum(seen.values())
