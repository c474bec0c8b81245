# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts by which instances of templates of units run, where the template takes them from the instance's name.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats import kinds, units
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import UNIT_PLACES
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

_INSTANCE = re.compile(r"([^/@]+)@([^/]+)\.[a-z]+\Z")
_TAKEN = re.compile(r"(?m)^(?:User|Group|SupplementaryGroups)[ \t]*=.*%[iI].*$")


def accounts(tree: Tree, names: typing.Iterable[str]) -> typing.Iterator[kinds.Named]:
    """Yield the users and groups of the services of these units.

    :param tree: Tree of the incumbent, where the templates are.
    :param names: names of units; a timer or socket starts the service of its own name.
    """
    for name in sorted(set(names)):
        said = _INSTANCE.match(name)
        if said is None:
            continue
        template, instance = said.groups()
        plain = re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found.group(1), 16)), instance.replace("-", "/"))
        paths = [f"{place}/{template}@.service" for place in UNIT_PLACES]
        for place in UNIT_PLACES:
            paths += tree.glob(f"{place}/{template}@.service.d/*.conf")
            paths += tree.glob(f"{place}/{template}@{instance}.service.d/*.conf")
        for path in paths:
            for line in _TAKEN.findall(_lines.unit_text(tree.text(path))):
                yield from units.unit(line.replace("%i", instance).replace("%I", plain))
