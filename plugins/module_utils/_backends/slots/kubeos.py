# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node that KubeOS made: what its labels and its GRUB configuration say of the two roots. Pure.

KubeOS tells its partitions by the labels of their file systems, and boots them by the names of devices. Neither lasts:
an image that is written brings another label, and names change. So they are read once, held against each other, and
written into the layout file by PARTUUID. Nothing of the node is changed by that.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

LEFT = "Nothing was changed, and the node serves on as it did"
# By which name its menu calls each root.
_ENTRIES = {"A": layout.ROOT_A, "B": layout.ROOT_B}
_ENTRY = re.compile(r"""^\s*menuentry\s+["']?([AB])["']?[\s{](.*?)^\s*\}""", re.MULTILINE | re.DOTALL)
_ROOT = re.compile(r"^\s*linux\S*\s.*?\broot=(\S+)", re.MULTILINE)
_VERITY = re.compile(r"\b(?:dm-mod\.create|systemd\.verity_root|verity)\b|\broot=/dev/(?:dm-|mapper/)")


def names(partitions: typing.Sequence[layout.Partition], menu: str) -> typing.Dict[str, str]:
    """Say what the layout file shall have for a node of KubeOS; nothing for a node of somebody else.

    :param menu: the text of grub.cfg, "" where there is none.
    :raises FleetError: labels and menu contradict each other, or there are two of a label.
    """
    found = {name: [one for one in partitions if one.label == name] for name in layout.REQUIRED}
    if not all(found.values()):
        return {}
    entries = dict(_ENTRY.findall(menu))
    if _VERITY.search("".join(entries.values())):
        raise FleetError(
            "The roots of this node are verified by dm-verity, which slots do not know",
            LEFT,
            "Move it with the backend ostree, or install it from an image with two root partitions",
        )
    for name, several in found.items():
        if len(several) > 1:
            raise FleetError(
                f"{len(several)} partitions have the label {name}: {', '.join(sorted(one.device for one in several))}",
                LEFT,
                f"Take a copy away, or name the right ones by PARTUUID in {layout.FILE}",
            )
    chosen = {name: several[0] for name, several in found.items()}
    nameless = [name for name, one in sorted(chosen.items()) if not one.partuuid]
    if nameless:
        raise FleetError(
            f"{', '.join(nameless)} have no PARTUUID, by which slots are booted", LEFT, "Look at 'sfdisk --dump'"
        )
    for entry, name in _ENTRIES.items():
        _compare(entry, name, chosen[name], entries, partitions)
    return {name: f"PARTUUID={one.partuuid}" for name, one in chosen.items()}


def _compare(
    entry: str,
    name: str,
    labelled: layout.Partition,
    entries: typing.Dict[str, str],
    partitions: typing.Sequence[layout.Partition],
) -> None:
    """See that the entry boots the partition that has the label."""
    root = _ROOT.search(entries.get(entry, ""))
    if not root:
        return  # its menu was changed by somebody: then the labels are all that there is
    word = root.group(1).strip("\"'")
    meant = [one for one in partitions if word == one.device]
    if word.partition("=")[0] in {**layout.TABLE_TAGS, **layout.CONTENT_TAGS}:
        meant = layout.found(partitions, word)
    if meant and meant != [labelled]:
        raise FleetError(
            f"GRUB's entry {entry} boots {meant[0].device}, and the label {name} is on {labelled.device}",
            LEFT,
            f"Find out which is right, and name {', '.join(layout.REQUIRED)} by PARTUUID in {layout.FILE}",
        )
