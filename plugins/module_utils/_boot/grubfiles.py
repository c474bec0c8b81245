# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where GRUB of this machine reads its configuration, and where our files lie beside it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, script
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# Where grub.cfg may lie, and the tool that checks a script for that GRUB.
PLACES = (("boot/grub", "grub-script-check"), ("boot/grub2", "grub2-script-check"))
ESP_PLACES = ("/boot/efi", "/efi")
UEFI = "sys/firmware/efi"


class Grub(typing.NamedTuple):
    directory: str
    config: str
    custom: str
    menu: str
    block: str
    check_tool: str


def on_esp(root: str = "/") -> typing.List[str]:
    """Find the grub.cfg on an EFI system partition that has a menu, as EL 7 and 8 keep it, and no later one does.

    :returns: list of str, directories below root, the fallback of all vendors last; those that only lead on are stubs.
    """
    found = []
    for place in ESP_PLACES if os.path.isdir(os.path.join(root, UEFI)) else ():
        above = os.path.join(root, place.lstrip("/"), "EFI")
        names = sorted(os.listdir(above)) if os.path.isdir(above) else []
        found += [os.path.join(above, name) for name in sorted(names, key=lambda name: name.upper() == "BOOT")]
    return [directory for directory in found if script.has_menu(_read(os.path.join(directory, "grub.cfg")))]


def _read(path: str) -> str:
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as text:
        return text.read().decode("utf-8", "replace")


def places(root: str = "/") -> typing.List[typing.Tuple[str, str]]:
    """Return where grub.cfg may lie, as list of (directory below root, tool): that on the partition is the one read."""
    below = [(os.path.join(root, place), tool) for place, tool in PLACES]
    tool = next((tool for directory, tool in reversed(below) if os.path.isdir(directory)), PLACES[0][1])
    return [(directory, tool) for directory in on_esp(root)] + below


def find(root: str = "/") -> Grub:
    """Find where GRUB of this machine reads its configuration.

    :returns: Grub, whose paths are below root.
    :raises FleetError: there is no grub.cfg, or it does not source custom.cfg.
    """
    for directory, tool in places(root):
        config = os.path.join(directory, "grub.cfg")
        if not os.path.isfile(config):
            continue
        if not script.sources_custom(_read(config)):
            raise FleetError(
                f"{config} does not source custom.cfg, so a boot entry of ours would never be seen",
                todo="Install the 41_custom script of GRUB's grub.d and regenerate grub.cfg",
            )
        return Grub(
            directory,
            config,
            os.path.join(directory, "custom.cfg"),
            os.path.join(directory, "osmigrate.cfg"),
            os.path.join(directory, grub.BLOCK),
            tool,
        )
    raise FleetError(
        "There is no grub.cfg in " + " or ".join("/" + place for place, _tool in PLACES),
        todo="Only nodes that boot by GRUB 2 can be moved; exclude this node with the label osmigrate.fleet/exclude",
    )
