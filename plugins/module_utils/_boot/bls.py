# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the package-managed system boots by itself: entries of the Boot Loader Specification, or those of grub.cfg.

GRUB decides, and nothing here is ever told to it; but a default that does not exist is no way home.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import glob
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import script
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_text
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import whole_number

ENTRIES = "boot/loader/entries"
COMMAND = "blscfg"
# Where EL 8 has the arguments that all entries share: in grubenv, or else in grub.cfg.
KERNELOPTS = "kernelopts"
MENU = ("menuentry", "submenu")
LOADS = ("linux", "linux16", "linuxefi", "initrd", "initrd16", "initrdefi")
ID_OPTIONS = ("--id", "$menuentry_id_option", "${menuentry_id_option}")
OTHER_OPTIONS = ("--class", "--users", "--hotkey", "--source")
VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")
# As C has it: in hexadecimal, in octal with a zero before it, or as usual.
NUMBER = re.compile(r"\s*(?:0[xX]([0-9a-fA-F]+)|0([0-7]+)|([0-9]+))")
INITRDS = ("initrd.img-%s", "initramfs-%s.img", "initrd-%s", "initramfs-%s")
# GRUB adds the first, and the others are put there for one boot or by a person at the menu.
OF_ONE_BOOT = ("BOOT_IMAGE", "initrd", "single", "emergency", "rescue", "1", "3", "5", "s", "S")

Arguments = typing.Sequence[typing.Tuple[str, typing.Optional[str]]]
Variables = typing.Mapping[str, str]


class Entry(typing.NamedTuple):
    """One entry; options have their variables in them still. Paths are as GRUB sees them."""

    id: str
    title: str
    version: str
    linux: str
    initrds: typing.List[str]
    options: str


def parse(name: str, text: str) -> Entry:
    """Read one entry.

    :param name: of its file.
    """
    fields: typing.Dict[str, typing.List[str]] = {}
    for line in _lines.lines(text):
        key, _blank, value = line.strip().replace("\t", " ").partition(" ")
        if key and not key.startswith("#"):
            fields.setdefault(key, []).append(value.strip())
    initrds = [word for value in fields.get("initrd", []) for word in value.split() if "$" not in word]
    return Entry(
        name[: -len(".conf")] if name.endswith(".conf") else name,
        fields.get("title", [""])[-1],
        fields.get("version", [""])[-1],
        fields.get("linux", [""])[-1],
        initrds,
        # Where an entry has none, blscfg takes the shared ones.
        " ".join(fields["options"]) if "options" in fields else f"${KERNELOPTS}",
    )


def read(root: str = "/") -> typing.List[Entry]:
    """Return the entries of a root, in the order of GRUB's menu: the newest first."""
    paths = glob.glob(os.path.join(root, ENTRIES, "*.conf"))
    names = sorted((os.path.basename(path) for path in paths), key=_version, reverse=True)
    return [parse(name, read_text(os.path.join(root, ENTRIES, name))) for name in names]


def _version(name: str) -> typing.List[typing.Tuple[int, int, str]]:
    """Order names as rpm orders versions: numbers by their value, and above words."""
    parts = re.findall(r"[0-9]+|[a-zA-Z]+|~", name[: -len(".conf")])
    rank = [(2, int(part), "") if part.isdigit() else (1, 0, part) if part != "~" else (-1, 0, "") for part in parts]
    return [*rank, (0, 0, "")]


def expanded(text: str, variables: Variables) -> str:
    """Put in the values of variables; one that is not set is nothing, as to GRUB."""
    return " ".join(VARIABLE.sub(lambda found: variables.get(found.group(1) or found.group(2), ""), text).split())


def shared_options(config: str) -> Variables:
    """Return what a grub.cfg itself sets for the case that grubenv does not, as EL 8's do."""
    found = re.findall(rf"(?m)^\s*set\s+({KERNELOPTS}|tuned_params)=[\"']?(.*?)[\"']?\s*$", config)
    return dict(found)


def uses(config: str) -> bool:
    """Say whether a grub.cfg takes its menu from these entries."""
    return any(words[0] == COMMAND for _depth, words in script.statements(config))


class Item(typing.NamedTuple):
    """An entry of a grub.cfg, or a submenu: what it may be called, the files that it loads, what is below it."""

    called: typing.Set[str]
    files: typing.List[str]
    below: typing.List["Item"]


def menu(config: str) -> typing.List[Item]:
    """Return the entries of a grub.cfg, in their order."""
    top = Item(set(), [], [])
    inside = [(-1, top)]
    for depth, words in script.statements(config):
        while inside[-1][0] >= depth:
            inside.pop()
        item = inside[-1][1]
        if words[0] in MENU:
            item.below.append(Item(_called(words[1:]), [], []))
            inside.append((depth, item.below[-1]))
        elif words[0] in LOADS and item is not top:
            loaded = words[1:2] if words[0].startswith("linux") else words[1:]
            item.files.extend(word for word in loaded if "$" not in word and not word.startswith("--"))
    return top.below


def names(config: str) -> typing.Set[str]:
    """Return the titles and ids of the entries and submenus of a grub.cfg."""
    return _names(menu(config))


def _names(items: typing.Iterable[Item]) -> typing.Set[str]:
    return set().union(*(item.called | _names(item.below) for item in items))


def _called(words: typing.Sequence[str]) -> typing.Set[str]:
    """Return title and id of an entry, by the words behind its command: options may come before the title."""
    found, title, rest = set(), "", list(words)
    while rest:
        word = rest.pop(0)
        option, equals, value = word.partition("=")
        if option in ID_OPTIONS + OTHER_OPTIONS:
            value = value if equals else "".join(rest[:1])
            rest = rest if equals else rest[1:]
            found.update([value] if option in ID_OPTIONS else [])
        elif not word.startswith("--"):
            title = title or word
    return found | {title}


def _steps(name: str) -> typing.List[str]:
    """Take the path of a default apart; a > of a title is written twice in it."""
    return [step.replace("\0", ">") for step in name.replace(">>", "\0").split(">")]


def default_item(items: typing.Sequence[Item], name: str) -> typing.Optional[Item]:
    """Return the entry that a default names, None where it leads to none that loads something.

    :param name: what default_name returned; what is not there means the first entry.
    """
    first, *rest = _steps(name)
    chosen = _named(items, first) or next(iter(items), None)
    for step in rest:
        chosen = _named(chosen.below, step) if chosen else None
    return chosen


def _number(step: str) -> typing.Optional[int]:
    """Return the number that GRUB takes a step for: of a title that begins with one it sees no more than that."""
    found = NUMBER.match(step)
    if not found:
        return None
    hexadecimal, octal, decimal = found.groups()
    return int(hexadecimal, 16) if hexadecimal else int(octal, 8) if octal else int(decimal)


def _named(items: typing.Sequence[Item], step: str) -> typing.Optional[Item]:
    number = _number(step)
    found = [item for item in items if step in item.called] if number is None else items[number : number + 1]
    return next(iter(found), None)


def default_name(config: str, environment: Variables) -> str:
    """Return the id, title or number that a grub.cfg has for its default; "" where it says none."""
    named = ""
    for _depth, words in script.statements(config):
        text = " ".join(words)
        if text.startswith(("set default=", "default=")) and "next_entry" not in text:
            named = expanded(text.partition("=")[2], environment) or named
    return named


def default(entries: typing.Sequence[Entry], name: str) -> typing.Optional[Entry]:
    """Return the entry that GRUB boots by itself, None if there is none.

    :param entries: in the order of the menu.
    :param name: what default_name returned; what names none means the first.
    """
    number = whole_number(name)
    if number is not None:
        return entries[number] if number < len(entries) else next(iter(entries), None)
    return next((entry for entry in entries if name in (entry.id, entry.title)), next(iter(entries), None))


def is_named(config: str, entries: typing.Sequence[Entry], name: str) -> bool:
    """Say whether a default names something that is in the menu; a number always does, up to the entries there are."""
    wanted = _steps(name)[-1]
    if not entries and _number(wanted) is not None:  # EL's GRUB knows entries by ids that begin with a number
        return True
    known = {entry.id for entry in entries} | {entry.title for entry in entries} | names(config)
    return not wanted or whole_number(wanted) is not None or wanted in known


def missing(root: str, entry: Entry) -> typing.List[str]:
    """Return the paths of what an entry boots and is not there."""
    return gone(root, [entry.linux, *entry.initrds])


def gone(root: str, paths: typing.Iterable[str]) -> typing.List[str]:
    """Return those paths of GRUB's that are not there; a device before them is left out."""
    return [path for path in paths if not find(root, path[path.find(")") + 1 :])]


def find(root: str, path: str) -> str:
    """Return where a path of GRUB's is visible below a root, "" if it is not there.

    The file system that it begins from is that of the root, of /boot, or of the EFI system partition, whatever
    subvolume it is in.
    """
    bare = path.lstrip("/")
    asked = [bare, os.path.join("boot", bare), os.path.join("boot/efi", bare), os.path.join("efi", bare)]
    if "boot/" in bare:
        asked.append("boot/" + bare.partition("boot/")[2])
    return next((os.path.join("/", name) for name in asked if bare and os.path.isfile(os.path.join(root, name))), "")


def started(arguments: Arguments, release: str, root: str = "/") -> typing.Tuple[str, str]:
    """Return where kernel and initramfs of the system that runs lie, each "" if that is not known.

    :param arguments: the kernel's.
    :param release: the kernel's, by which distributions name the files.
    """
    image = (dict(arguments).get("BOOT_IMAGE") or "").partition(")")[2] or dict(arguments).get("BOOT_IMAGE") or ""
    kernel = find(root, image) or find(root, f"/boot/vmlinuz-{release}")
    said = [entry.initrds for entry in read(root) if kernel and find(root, entry.linux) == kernel]
    named = [path for paths in said for path in paths[-1:]] + [f"/boot/{name % release}" for name in INITRDS]
    return kernel, next((place for place in (find(root, path) for path in named) if place), "")


def pending(options: str, arguments: Arguments) -> typing.List[str]:
    """Return the names of arguments that the next boot has and the running system has not, or the other way round.

    Values may be secrets, so only names are told.

    :param options: of the default entry, expanded.
    :param arguments: those that the kernel has now.
    """
    here = [name if value is None else f"{name}={value}" for name, value in arguments]
    there = options.split()
    changed = {word.partition("=")[0] for word in set(here) ^ set(there)}
    return sorted(name for name in changed if name not in OF_ONE_BOOT and not name.startswith("osmigrate."))
