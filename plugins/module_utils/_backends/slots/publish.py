# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The payload of a release: an image made ready to be served, and what a manifest says of it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import index as block_index
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


class Wish(typing.NamedTuple):
    """What is published.

    image: path of the image. tree: the directory that it was made of. kernel, initrd: paths in both. directory: where
    its files go. name: what they begin with. url: of that directory, as nodes see it.
    """

    image: str
    tree: str
    kernel: str
    initrd: str
    filesystem: str
    directory: str
    name: str
    url: str


def payload(wish: Wish) -> typing.Dict[str, typing.Any]:
    """Make the files of a payload, and return it as a manifest has it.

    :raises FleetError: the image or the tree is not what it should be.
    """
    built = {}
    for part in ("kernel", "initrd"):
        path = wish.tree + getattr(wish, part)
        digest = _storage.digest(path)
        if not digest:
            raise FleetError(f"{path} cannot be read", todo=f"Name the {part} of the tree that the image was made of")
        built[part] = getattr(wish, part)
        built[part + "_sha256"] = digest
    index = _store(wish)
    rendered = block_index.render(index)
    _storage.write_atomic(os.path.join(wish.directory, wish.name + ".index"), rendered, 0o644)
    base = wish.url.rstrip("/") + "/" + wish.name
    return dict(
        built,
        url=base + ".gz",
        index=base + ".index",
        sha256=index.image,
        index_sha256=hashlib.sha256(rendered).hexdigest(),
        size=index.size,
        filesystem=wish.filesystem,
        boot_size=sum(os.path.getsize(wish.tree + getattr(wish, part)) for part in ("kernel", "initrd")),
    )


def _store(wish: Wish) -> block_index.Index:
    builder = block_index.Builder()
    path = os.path.join(wish.directory, wish.name + ".gz")
    descriptor, temporary = tempfile.mkstemp(prefix=".osmigrate-", dir=wish.directory)
    try:
        with open(wish.image, "rb") as image, os.fdopen(descriptor, "wb") as stored:
            for block in iter(lambda: image.read(block_index.BLOCK), b""):
                stored.write(builder.add(block))
            stored.flush()
            os.fchmod(stored.fileno(), 0o644)
            os.fsync(stored.fileno())
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return builder.index()
