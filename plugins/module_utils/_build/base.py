# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree that a release begins with.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
from urllib.parse import quote

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import apt, lock, oci, schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory

STATUS = "var/lib/dpkg/status"
# Files of mmdebstrap's own.
_LEFTOVERS = ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap")


def make(document: Document, tree: str, locked: lock.Lock, directory: str, log: Log) -> None:
    """Make a new tree of what the recipe begins with.

    :param directory: that of the lock.
    """
    (kind,) = document["base"]
    if kind == schema.MMDEBSTRAP:
        _mmdebstrap(document, tree, locked, directory, log)
    else:
        unpack(document, tree, locked.time, log)


def unpack(document: Document, tree: str, time: int, log: Log) -> None:
    """Make a new tree of a root file system that is there already, or that the user's own command makes."""
    ((kind, value),) = document["base"].items()
    make_directory(tree)
    if kind == schema.DIRECTORY:
        _see(os.path.isdir(value), f"Base {value} is no directory", log)
        log.run(["cp", "--archive", "--reflink=auto", f"{value}/.", tree], "copying the base", time)
    elif kind == schema.ARCHIVE:
        _see(os.path.isfile(value), f"Base {value} is no file", log)
        options = ["--extract", "--numeric-owner", "--preserve-permissions", "--same-owner", "--xattrs"]
        log.run(["tar", *options, "--xattrs-include=*", "--directory", tree, "--file", value], "unpacking it", time)
    elif kind == schema.OCI:
        _see(os.path.isdir(value), f"Base {value} is no directory", log)
        oci.unpack(value, tree, log)
    else:
        log.run(value, f"the command {value[0]}", time, TREE=tree)
    _see(os.path.isdir(os.path.join(tree, "usr")), "the base has no usr, so it is no root file system", log)


def _see(right: bool, problem: str, log: Log) -> None:
    if not right:
        raise log.failed(problem, "Correct base in the recipe")


def _mmdebstrap(document: Document, tree: str, locked: lock.Lock, directory: str, log: Log) -> None:
    packages = document.get("packages", {})
    names = sorted(packages.get("base", []))
    left_out = [name for word in document.get("leave_out", []) for name in schema.LEFT_OUT[word]]
    hooks = ["--customize-hook=rm -f " + " ".join(f'"$1"/{name}' for name in _LEFTOVERS)]
    if packages.get("preseed"):
        path = tree + ".preseed"
        with open(path, "w", encoding="utf-8") as stream:
            stream.write("".join(line + "\n" for line in packages["preseed"]))
        hooks.append(f"--essential-hook=chroot \"$1\" debconf-set-selections <'{path}'")
    log.run(
        [
            "mmdebstrap",
            "--mode=root",
            "--format=directory",
            f"--variant={document['base'][schema.MMDEBSTRAP]}",
            *([f"--architectures={packages['architecture']}"] if "architecture" in packages else []),
            *([f"--include={','.join(names)}"] if names else []),
            f'--aptopt=APT::Install-Recommends "{str(packages.get("recommends", False)).lower()}"',
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in left_out),
            *hooks,
            "",
            tree,
            f"deb [trusted=yes] copy:{quote(directory)} ./",
        ],
        "mmdebstrap",
        locked.time,
        # The stage `kernel` makes the initramfs.
        INITRD="No",
    )
    with open(os.path.join(tree, "etc/apt/sources.list"), "w", encoding="utf-8") as stream:
        stream.write(apt.source_list(document))
