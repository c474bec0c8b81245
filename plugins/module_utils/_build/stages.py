# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which parts of a recipe each stage is made of, and the digest that stands for its outcome.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import json
import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import apt, contents, lock, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import AT, Document

# Anew with each change of what the stages do.
VERSION = 1
# And of what one of them does, so that those before it are kept.
REVISIONS = {schema.KERNEL: 2, schema.TIDY: 2}
KEYS = {
    schema.BASE: ("base",),
    schema.PACKAGES: (),
    schema.USERS: ("users", "groups"),
    schema.FILES: ("files",),
    schema.UNITS: ("units",),
    schema.KERNEL: ("kernel",),
    schema.TIDY: ("leave_out", "remove"),
}
# What is written down in a recipe as the path of a file counts by what that holds.
_PATHS = ("source", "file", "keyring", schema.DIRECTORY, schema.ARCHIVE, schema.OCI)


class Stage(typing.NamedTuple):
    """name: of schema.STAGES. digest: of all that its outcome depends on, in hex. does: what it does, for a person."""

    name: str
    digest: str
    does: str


def asked(document: Document) -> str:
    """Return the digest of all that decides which packages a recipe needs."""
    wanted = [document["base"].get(schema.MMDEBSTRAP), document.get("packages")]
    return _digest([_portable(wanted), base_digest(document)])


def base_digest(document: Document) -> str:
    """Return the digest of the root file system from which a recipe begins, "" where it begins from packages."""
    base = document["base"]
    for kind in (schema.DIRECTORY, schema.ARCHIVE, schema.OCI):
        if kind in base:
            return _of_path(base[kind])
    return ""


def of(document: Document, locked: lock.Lock) -> typing.List[Stage]:
    """Return the stages of a recipe with its lock, in their order."""
    found: typing.List[Stage] = []
    before = _digest([VERSION, locked.time])
    for name in schema.STAGES:
        packages = sorted(one.sha256 for one in locked.packages if one.stage == name)
        own = [_portable(document.get(key)) for key in KEYS[name]]
        options = document.get("packages", {}).get("preseed", []) if name == schema.BASE else []
        scripts = [_portable(one) for one in scripts_at(document, "before", name) + scripts_at(document, "after", name)]
        # Written down in the tree that mmdebstrap makes.
        if name == schema.BASE and schema.MMDEBSTRAP in document["base"]:
            own.append(apt.source_list(document))
        # What mmdebstrap is told to leave out never gets unpacked.
        leave = document.get("leave_out", []) if name in (schema.BASE, schema.PACKAGES) else []
        revision = [REVISIONS[name]] if name in REVISIONS else []
        before = _digest([before, name, packages, own, options, scripts, leave, *revision])
        found.append(Stage(name, before, _does(name, document, locked)))
    return found


def scripts_at(document: Document, when: str, stage: str) -> typing.List[Document]:
    """Return the scripts that run before or after a stage."""
    return [one for one in document.get("scripts", []) if one.get(when) == stage]


def _does(name: str, document: Document, locked: lock.Lock) -> str:
    packages = [one for one in locked.packages if one.stage == name]
    amount = f"{len(packages)} packages, {sum(one.installed for one in packages) >> 10} MB to unpack"
    if name == schema.BASE:
        (kind,) = document["base"]
        return f"waits for {kind}: {amount}" if kind == schema.MMDEBSTRAP else f"waits for {kind}"
    if name == schema.PACKAGES:
        return f"waits for apt: {amount}" if packages else "has nothing to install"
    if name == schema.USERS:
        users, groups = (len(document.get(key, [])) for key in KEYS[name])
        return f"{users} users, {groups} groups"
    if name == schema.FILES:
        return f"{len(document.get('files', []))} files"
    if name == schema.UNITS:
        units = sum(len(value) for value in document.get("units", {}).values() if isinstance(value, list))
        return f"{units} units"
    if name == schema.KERNEL:
        return f"waits for {document.get('kernel', {}).get('initramfs', schema.DRACUT)}"
    return "does what a first boot would, compiles Python, and takes away what differs between machines"


def _portable(value: typing.Any) -> typing.Any:
    """Return a part of a recipe as it is the same in another directory."""
    if isinstance(value, dict):
        result: Document = {}
        for key, one in value.items():
            if key == schema.COMMAND:
                result[key] = [_of_path(word) if os.path.isfile(word) else word for word in one]
            elif key != AT:
                result[key] = _of_path(one) if key in _PATHS and isinstance(one, str) else _portable(one)
        return result
    if isinstance(value, list):
        return [_portable(one) for one in value]
    return value


def _of_path(path: str) -> str:
    if os.path.isdir(path):
        return contents.digest(path)
    return lock.file_digest(path) if os.path.isfile(path) else ""


def _digest(value: typing.Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()
