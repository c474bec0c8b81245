# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificate authorities of the administrator.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import ssl
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import (
    REFUSED_AUTHORITY,
    Found,
    Left,
    Situation,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._osrelease import DEBIAN, EL

LOCAL = "/usr/local/share/ca-certificates"
ANCHORS = "/etc/pki/ca-trust/source/anchors"
SOURCES = (LOCAL, ANCHORS, "/usr/share/pki/ca-trust-source/anchors")
REFUSED = ("/etc/pki/ca-trust/source/blacklist", "/etc/pki/ca-trust/source/blocklist")
BUNDLES = {
    DEBIAN: "/etc/ssl/certs/ca-certificates.crt",
    EL: "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
}
LOST = {
    DEBIAN: "only in the bundle; programs that look them up by hash need update-ca-certificates on the candidate",
    EL: "only in this bundle; the others need update-ca-trust on the candidate",
}
# Where programs look by hash; what is no link there and no bundle, somebody has put there.
HASHED = "/etc/ssl/certs"
HASH = re.compile(r"[0-9a-f]{8}\.r?[0-9]+$")
EXTRACTED = "/etc/pki/ca-trust/extracted/"
CHOSEN, CHOICES = "/etc/ca-certificates.conf", "/usr/share/ca-certificates/"
NOT_CARRIED = "authorities that are refused are not carried"
DER = b"\x30\x82"
BEGIN = b"-----BEGIN CERTIFICATE-----"


def plan(situation: Situation) -> Found:
    """Return Found: the release's bundle with the administrator's certificates at its end.

    In /usr/local the certificates themselves are shared. Others, and all for EL's family, go where update-ca-trust
    looks; from there the next release gets them, too. So do those among the packages' own that were chosen by hand.
    """
    found = Found([], [], set())
    pieces, sources = [], []
    for path in _candidates(situation, found):
        content = _pem(situation.incumbent.read(path) or b"")
        if content is None:
            found.left.append(Left(path, "no plain certificate"))
            continue
        pieces.append(content)
        sources.append(path)
        if situation.translation.target == EL or not path.startswith(LOCAL):
            target = f"{ANCHORS}/{os.path.basename(path)}"
            found.items.append(item(FILE, target, path, "trust", content))
    for directory in REFUSED:
        for path, _status in situation.incumbent.walk(directory):
            if path != directory and situation.packages.verdict(path):
                found.taken.add(path)
                found.left.append(Left(path, NOT_CARRIED, REFUSED_AUTHORITY))
    for line in _lines.lines(situation.incumbent.text(CHOSEN)):
        if line.startswith("!") and situation.incumbent.exists(CHOICES + line[1:].strip()):
            found.left.append(Left(f"{CHOSEN}: {line.strip()}", NOT_CARRIED, REFUSED_AUTHORITY))
    _carry_others(situation, found)
    bundle = BUNDLES[situation.translation.target]
    pristine = situation.pristine(bundle)
    if sources and pristine is not None:
        content = b"".join([pristine if pristine.endswith(b"\n") else pristine + b"\n"] + pieces)
        lost = LOST[situation.translation.target]
        found.items.append(item(FILE, bundle, " ".join(sources), "trust", content, lost=lost))
    elif sources:
        found.left.extend(Left(path, f"the release has no {bundle}") for path in sources)
    return found


def made_anew(tree: Tree) -> typing.Set[str]:
    """Return what update-ca-certificates made in the directory of hashes, as set of paths: its bundle and its links.

    :param tree: Tree.
    """
    made = {path for path in BUNDLES.values() if path.startswith(HASHED)}
    for path in tree.glob(HASHED + "/*"):
        if tree.is_link(path):
            target = os.path.normpath(os.path.join(HASHED, tree.link(path)))
            is_hash = HASH.match(os.path.basename(path)) and os.path.dirname(target) == HASHED
            if is_hash or target.startswith((CHOICES, LOCAL + "/", EXTRACTED)):
                made.add(path)
    return made


def _carry_others(situation: Situation, found: Found) -> None:
    """Carry what somebody put among the certificates: those of the node's own services."""
    made = made_anew(situation.incumbent)
    found.taken.update(made)
    for path in situation.incumbent.glob(HASHED + "/**"):
        is_plain = stat.S_ISREG(situation.incumbent.status(path).st_mode) or situation.incumbent.is_link(path)
        if is_plain and path not in made and situation.packages.verdict(path):
            found.taken.add(path)
            if not situation.adds_nothing(path):
                found.items.append(situation.copy(path, "trust", as_is=True))


def _candidates(situation: Situation, found: Found) -> typing.Iterator[str]:
    for directory in SOURCES:
        for path, _status in situation.incumbent.walk(directory):
            if situation.incumbent.is_directory(path) or not situation.packages.verdict(path):
                continue
            # Debian's tool takes names that end so, and no others; EL's takes all.
            if directory != LOCAL or path.endswith(".crt"):
                found.taken.add(path)
                yield path
    for line in _lines.effective(situation.incumbent.text(CHOSEN), "#!"):
        # Those of packages are the release's to choose.
        path = CHOICES + line.strip(_lines.BLANKS)
        if situation.incumbent.exists(path) and situation.packages.verdict(path):
            yield path


def _pem(content: bytes) -> typing.Optional[bytes]:
    """Return the certificates of a file as text, one line at its end; None if it holds none."""
    if BEGIN not in content:
        if content[:2] != DER:
            return None
        content = ssl.DER_cert_to_PEM_cert(content).encode("ascii")
    if b"PRIVATE KEY" in content:
        # Everybody reads the bundle.
        content = b"\n".join(re.findall(BEGIN + b".*?-----END CERTIFICATE-----", content, re.DOTALL))
    return content if content.endswith(b"\n") else content + b"\n"
