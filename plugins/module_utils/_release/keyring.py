# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keys that a node itself trusts: a directory on it, which has to agree if it is there.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import signature
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text

DIRECTORY = "/etc/osmigrate/trusted.d"


def read(directory: str = DIRECTORY) -> typing.Optional[typing.Set[str]]:
    """Return the fingerprints of the node's own keys, None where the node leaves it to the controller.

    :raises FleetError: somebody else than root could have put a key there, or a file holds none.
    """
    if not os.path.lexists(directory):
        return None
    names = sorted(name for name in os.listdir(directory) if name.endswith(".pub"))
    paths = [os.path.join(directory, name) for name in names]
    for path in [directory] + paths:
        status = os.lstat(path)
        if status.st_uid != 0 or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) or stat.S_ISLNK(status.st_mode):
            raise FleetError(
                f"{path} on this node can be written by others than root, or is a link",
                todo="Look who wrote the keys in that directory; then let it and its files belong to root and have the "
                "modes 0755 and 0644",
            )
    return {key.fingerprint for path in paths for key in signature.public_keys(read_text(path), path)}


def agree(signers: typing.List[str], required: int, directory: str = DIRECTORY) -> None:
    """See that the node itself trusts those who signed.

    :param signers: fingerprints of the keys whose signatures count for the controller.
    :param required: how many of them the node has to know.
    :raises FleetError: the node has keys of its own, and they are others.
    """
    own = read(directory)
    if own is None or len(own & set(signers)) >= max(required, 1):
        return
    by, only = [", ".join(sorted(one[:16] for one in keys)) or "nobody" for keys in (signers, own)]
    raise FleetError(
        f"The release is signed by {by}, and this node trusts only {only} ({directory})",
        todo="Use a release that is signed by a key of the node, or put the new key into that directory",
    )
