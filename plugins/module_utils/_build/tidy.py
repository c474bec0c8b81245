# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a tree loses before it is a release: what is left out, what differs between machines. And no secret stays in it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._build import kept, oci, schema, settle
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.recipe import Document
from ansible_collections.osmigrate.fleet.plugins.module_utils._build.tools import Log
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

# Their directories are those of services, which may not make them anew.
_EMPTIED = ("/var/log", "/var/cache", "/var/lib/apt/lists")
_SECRET_PLACES = ("/etc", "/root", "/home", "/opt", "/srv", "/var", "/usr/local")
_PRIVATE_KEY = b"PRIVATE KEY-----"
_LARGEST = 1 << 20


def make(document: Document, tree: str, time: int, log: Log) -> None:
    """Take away what does not belong into a release."""
    root = Tree(tree)
    for word in document.get("leave_out", []):
        for name in schema.LEFT_OUT[word]:
            _remove(root, f"/usr/share/{name}/*")
    for pattern in document.get("remove", []):
        _remove(root, "/" + pattern)
    settle.make(tree, time, log)
    if os.path.lexists(root.place("/usr/bin/python3")):
        # The loader checks no dates: OSTree has none, so it would compile every module at every start. What is no
        # Python of this version is not compiled, and that is no mistake.
        compiler = "python3 -m compileall -q -f --invalidation-mode=unchecked-hash /usr/lib || :"
        log.inside(tree, ["sh", "-c", compiler], "compiling Python", time, PYTHONHASHSEED="0")
    finish(document, tree, log)


def finish(document: Document, tree: str, log: Log) -> None:
    """Take away what is of one machine, and see that no secret stays: after all that may have left them there.

    :raises FleetError: names the file that holds one.
    """
    root = Tree(tree)
    for pattern in kept.OWN:
        _remove(root, pattern)
    for place in _EMPTIED:
        for name, status in list(root.walk(place)):
            if not stat.S_ISDIR(status.st_mode):
                os.unlink(root.place(name))
    # Empty: systemd takes the id from the kernel command line or makes one.
    path = root.place("/etc/machine-id")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8"):
        os.chmod(path, 0o444)
    _see_no_secret(root, document, log)


def _remove(root: Tree, pattern: str) -> None:
    for name in sorted(root.glob(pattern), reverse=True):
        oci.remove(root.place(name))


def _see_no_secret(root: Tree, document: Document, log: Log) -> None:
    """Refuse private keys, and what scripts were given as secrets."""
    names = {name for one in document.get("scripts", []) for name in one["secrets"]}
    values = [os.fsencode(os.environ[name]) for name in sorted(names) if os.environ.get(name)]
    for name, content in _small_files(root):
        problem = "holds a private key" if _PRIVATE_KEY in content else ""
        if any(value in content for value in values):
            problem = "holds a secret that a script was given"
        if problem:
            todo = "Bring it to the nodes in another way, or name it under remove in the recipe: a release is public"
            raise log.failed(f"{name} {problem}", todo)


def _small_files(root: Tree) -> typing.Iterator[typing.Tuple[str, bytes]]:
    for place in _SECRET_PLACES:
        for name, status in root.walk(place):
            if stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST:
                yield name, root.read(name) or b""
