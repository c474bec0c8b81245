# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files from which GRUB makes its menu: what they should say, and their replacement, each of them whole.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import (
    _boot_tier,
    _bootfiles,
    _grub,
    _grubcfg,
    _trial_initrd,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes, read_text

TRIES_MAX = 3
# action: what the user is told, "" for what goes without saying; script: whether GRUB has to parse it.
Change = typing.NamedTuple(
    "Change", [("path", str), ("content", bytes), ("mode", int), ("action", str), ("script", bool)]
)


def plan(grub, tier, entries, fallback, package):
    """Return what has to be written, in the order in which it is, as list of Change.

    Whatever of it is cut off: the menu of before and the new one both have the entry that grub.cfg boots by itself.

    :param grub: _grub.Grub.
    :param tier: _boot_tier.Tier.
    :param entries: list of dict, the items of "entries" in docs/design.md, "State file", in the order of the menu.
    :param fallback: dict, the one that grub.cfg has to boot by itself; None as long as grub.cfg is not ours.
    :param package: bool, whether there is a package-managed system.
    """
    menu = _grub.render_menu(entries, TRIES_MAX, package, tier.uuid, _boot_tier.ESP_BLOCK_PATH)
    titles = ", ".join(entry["id"] for entry in entries) or "no entry"
    # The administrator's lines stay as they are, in whatever encoding.
    custom = read_bytes(grub.custom).decode("utf-8", "surrogateescape")
    wanted = [
        _change(_trial_initrd.PATH, _trial_initrd.archive(), "write %s" % _trial_initrd.PATH, script=False),
        _change(grub.menu, menu, "write the boot menu with %s" % titles),
        _change(
            os.path.realpath(grub.custom),
            _grub.with_block(custom),
            "source the boot menu from %s" % grub.custom,
            script=False,
        ),
    ]
    if fallback is not None:
        before = grub.config + _grubcfg.BEFORE
        if not os.path.exists(before):  # kept for people, once
            wanted.append(Change(before, read_bytes(grub.config), 0o600, "", False))
        own = _grubcfg.render(read_text(grub.config), fallback)
        wanted.append(_change(grub.config, own, "let %s boot %s by itself" % (grub.config, fallback["id"])))
    return [change for change in wanted if read_bytes(change.path) != change.content]


def write(grub, changes):
    """Replace the files, after GRUB's own parser has read those that are scripts.

    :param grub: _grub.Grub.
    :param changes: list of Change.
    """
    for change in changes:
        if change.script:
            run(
                [grub.check_tool],
                input_bytes=change.content,
                left="The boot menu was not changed",
                todo="Report this with the node's record /boot/osmigrate/state.json",
            )
    _bootfiles.replace([_bootfiles.File(change.path, change.content, change.mode) for change in changes])


def _change(path, content, action, script=True):
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    # The administrator's may hold the hash of a password.
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o644
    return Change(path, data, mode, action, script)
