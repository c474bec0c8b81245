# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files from which GRUB makes its menu: what they should say, and their replacement, each of them whole.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import stat
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    files,
    grub as grub_menu,
    grubcfg,
    grubfiles,
    initrd,
    script,
    tier as boot_tier,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes, read_text

TRIES_MAX = 3
REPORT = f"Report this with what lies in {DIRECTORY}"


# action: what the user is told, "" for what goes without saying; script: whether GRUB has to parse it.
class Change(typing.NamedTuple):
    path: str
    content: bytes
    mode: int
    action: str
    script: bool


def plan(
    grub: grubfiles.Grub,
    tier: boot_tier.Tier,
    entries: typing.List[typing.Dict[str, typing.Any]],
    fallback: typing.Optional[typing.Dict[str, typing.Any]],
    package: bool,
) -> typing.List[Change]:
    """Return what has to be written, in the order in which it is, as list of Change.

    Whatever of it is cut off: the menu of before and the new one both have the entry that grub.cfg boots by itself.

    :param grub: grubfiles.Grub.
    :param tier: tier.Tier.
    :param entries: list of dict, the items of "entries" in docs/design.md, "State file", in the order of the menu.
    :param fallback: dict, the one that grub.cfg has to boot by itself; None as long as grub.cfg is not ours.
    :param package: bool, whether there is a package-managed system.
    """
    menu = grub_menu.render_menu(entries, TRIES_MAX, package, tier.uuid, boot_tier.ESP_BLOCK_PATH)
    titles = ", ".join(entry["id"] for entry in entries) or "no entry"
    # The administrator's lines stay as they are, in whatever encoding.
    custom = read_bytes(grub.custom).decode("utf-8", "surrogateescape")
    wanted = [
        _change(initrd.PATH, _archive(entries), f"write {initrd.PATH}", script=False),
        _change(grub.menu, menu, f"write the boot menu with {titles}"),
        _change(
            os.path.realpath(grub.custom),
            grub_menu.with_block(custom),
            f"source the boot menu from {grub.custom}",
        ),
    ]
    if fallback is not None:
        before = grub.config + grubcfg.BEFORE
        if not os.path.exists(before):  # kept for people, once
            wanted.append(Change(before, read_bytes(grub.config), 0o600, "", False))
        own = grubcfg.render(read_text(grub.config), fallback)
        wanted.append(_change(grub.config, own, f"let {grub.config} boot {fallback['id']} by itself"))
    return [change for change in wanted if read_bytes(change.path) != change.content]


def _archive(entries: typing.List[typing.Dict[str, typing.Any]]) -> bytes:
    """Return the second initramfs, which all trials share: its deadman is that of the entry which needs the longest."""
    with_deadman = [entry for entry in entries if "trial_initrd" in entry]  # the first versions had none
    if not with_deadman:
        return initrd.archive()
    shared = with_deadman[0]
    notes = os.path.dirname(shared["trial_initrd"])
    return initrd.archive(max(grub_menu.patience(entry) for entry in entries), shared["boot_uuid"], notes)


def write(grub: grubfiles.Grub, changes: typing.Iterable[Change]) -> None:
    """Replace the files, after GRUB's own parser has read those that are scripts.

    :param grub: grubfiles.Grub.
    :param changes: list of Change.
    """
    for change in changes:
        if change.script:
            run(
                [grub.check_tool],
                input_bytes=change.content,
                left="The boot menu was not changed",
                todo=_correct(change.path) if change.path == os.path.realpath(grub.custom) else REPORT,
            )
    files.replace([files.File(change.path, change.content, change.mode) for change in changes])


def custom_problem(grub: grubfiles.Grub) -> str:
    """Say why the administrator's custom.cfg would keep ours, which come last in it, from being read; "" if not.

    :param grub: grubfiles.Grub.
    """
    text = grub_menu.without_block(read_bytes(grub.custom).decode("utf-8", "surrogateescape"))
    if script.ends_early(text):
        return f"{grub.custom} ends before its last line, by one of {', '.join(script.ENDS)} in no menu entry"
    whole = grub_menu.with_block(text).encode("utf-8", "surrogateescape")
    checked = run([grub.check_tool], input_bytes=whole, check=False)
    if checked.rc == 0:
        return ""
    said = (checked.stderr.strip() or "it says nothing more").splitlines()[0]
    return f"GRUB cannot parse {grub.custom} together with the lines that are added to it: {said}"


def _correct(path: str) -> str:
    return f"Correct {path}, in which ours come last, until {os.path.basename(path)} can be parsed"


def _change(path: str, content: typing.Union[str, bytes], action: str, script: bool = True) -> Change:
    data = content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape")
    # The administrator's may hold the hash of a password.
    mode = stat.S_IMODE(os.stat(path).st_mode) if os.path.exists(path) else 0o644
    return Change(path, data, mode, action, script)
