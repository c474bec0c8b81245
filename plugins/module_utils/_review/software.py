# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The packages of a root as dpkg describes them.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dpkg
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.view import View
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

_SOURCE = re.compile(r"(\S+)(?: \(([^)]+)\))?")
_USED = re.compile(r"([^\s,]+) \(= ([^)\s]+)\)")


class Software(typing.NamedTuple):
    """One package.

    source, source_version: of what it was built. size: bytes, by its own word. depends: names. holds: other sources in
    it, with their versions: that of Linux in a signed kernel, libraries in a static program.
    """

    name: str
    version: str
    architecture: str
    source: str
    source_version: str
    section: str
    maintainer: str
    homepage: str
    size: int
    depends: typing.Tuple[str, ...]
    holds: typing.Tuple[typing.Tuple[str, str], ...]


def read(view: View) -> typing.List[Software]:
    """Read the installed packages, sorted by name and architecture; none where another tool installed them."""
    found = []
    for paragraph in view.text(dpkg.STATUS).split("\n\n"):
        lines = [line.partition(":") for line in _lines.lines(paragraph) if line[:1] not in (" ", "\t")]
        fields = {key: value.strip() for key, _colon, value in lines}
        if fields.get("Package") and fields.get("Status", "").endswith(" installed"):
            found.append(_software(fields))
    return sorted(found)


def by_name(packages: typing.Iterable[Software]) -> typing.Dict[str, Software]:
    """Return packages by their names, and by name:architecture, as dpkg calls those of several architectures."""
    return {name: one for one in packages for name in (one.name, f"{one.name}:{one.architecture}")}


def _software(fields: typing.Dict[str, str]) -> Software:
    name, version = fields["Package"], fields.get("Version", "")
    source = _SOURCE.fullmatch(fields.get("Source", ""))
    wanted = ",".join(fields.get(key, "") for key in ("Pre-Depends", "Depends"))
    depends = {re.split(r"[\s:(]", one.strip())[0] for one in re.split(r"[,|]", wanted)}
    used = ",".join(fields.get(key, "") for key in ("Built-Using", "Static-Built-Using"))
    return Software(
        name,
        version,
        fields.get("Architecture", ""),
        source.group(1) if source else name,
        (source.group(2) if source else "") or version,
        fields.get("Section", ""),
        fields.get("Maintainer", ""),
        fields.get("Homepage", ""),
        (whole_number(fields.get("Installed-Size", ""), 12) or 0) * 1024,
        tuple(sorted(depends - {""})),
        tuple(sorted(set(_USED.findall(used)))),
    )
