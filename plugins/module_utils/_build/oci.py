# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An OCI image, as a directory in its layout, unpacked layer by layer.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import shutil
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import parse_json

_GONE, _EMPTIED = ".wh.", ".wh..wh..opq"


def unpack(layout: str, tree: str, log: Log) -> None:
    """Unpack the one image of a layout.

    :raises FleetError: it is no layout, has several images, or a layer cannot be unpacked.
    """
    index = _blob(layout, "index.json", log)
    while "manifests" in index:
        if len(index["manifests"]) != 1:
            raise log.failed(f"OCI layout {layout} has {len(index['manifests'])} images", "Leave one in it")
        index = _blob(layout, _path(index["manifests"][0]), log)
    for layer in index.get("layers", []):
        path = os.path.join(layout, _path(layer))
        names = log.run(["tar", "--list", "--file", path], f"reading layer {path}", 0).stdout.splitlines()
        _take_away(Tree(tree), names)
        options = ["--extract", "--numeric-owner", "--preserve-permissions", "--same-owner"]
        attributes = ["--xattrs", "--xattrs-include=*", f"--exclude={_GONE}*", f"--exclude=*/{_GONE}*"]
        log.run(["tar", *options, *attributes, "--directory", tree, "--file", path], f"unpacking layer {path}", 0)


def _take_away(tree: Tree, names: typing.Sequence[str]) -> None:
    """Remove what a layer says is gone of those below it."""
    for name in names:
        directory, _slash, last = name.rpartition("/")
        if last == _EMPTIED:
            gone = [os.path.join(directory, one) for one in tree.names("/" + directory)]
        elif last.startswith(_GONE):
            gone = [os.path.join(directory, last[len(_GONE) :])]
        else:
            continue
        for one in gone:
            remove(tree.place("/" + one))


def remove(path: str) -> None:
    """Remove a file, a link or a whole directory, if it is there."""
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def _path(descriptor: typing.Dict[str, typing.Any]) -> str:
    return os.path.join("blobs", *str(descriptor.get("digest", "")).split(":"))


def _blob(layout: str, name: str, log: Log) -> typing.Dict[str, typing.Any]:
    path = os.path.join(layout, name)
    try:
        document = parse_json(read_bytes(path).decode("utf-8"))
    except ValueError:
        document = None
    if not isinstance(document, dict):
        todo = "Give a directory with oci-layout, index.json and blobs"
        raise log.failed(f"{path} is no part of an OCI layout", todo)
    return document
