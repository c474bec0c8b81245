# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boot control through GRUB: the menu that we generate. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing
import unicodedata

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

BLOCK_BEGIN = "### osmigrate.fleet begin: leave these lines alone, they are inert until a trial is armed"
BLOCK_END = "### osmigrate.fleet end"
# The kernel panics and reboots instead of going on damaged; dracut waits no longer than this for the root and reboots
# instead of asking for a person; systemd reboots when it crashes itself, and feeds the hardware watchdog where there is
# one (since version 250; older ones ignore the argument). systemd in the initramfs reads the last two as well.
TRIAL_ARGUMENTS = (
    "osmigrate.trial=1 panic=30 oops=panic softlockup_panic=1 rd.timeout=%d rd.shell=0 rd.emergency=reboot"
    " systemd.crash_reboot=1 systemd.watchdog_sec=120"
)


def patience(entry: typing.Optional[typing.Dict[str, typing.Any]]) -> int:
    """Return how many seconds the initramfs of a trial has to find its root, int.

    :param entry: dict, an item of "entries" in docs/design.md, "State file", or None for the package-managed system.
    """
    return (entry or {}).get("initrd_seconds", initrd.SECONDS)


def trial_arguments(entry: typing.Optional[typing.Dict[str, typing.Any]]) -> str:
    """Return what the kernel of a trial gets beside the arguments of its entry, as str.

    :param entry: as patience() takes it.
    """
    return TRIAL_ARGUMENTS % (patience(entry) * 2 // 5)


# Of x86-64 and arm64, without the byte that ends it.
COMMAND_LINE_MAX = 2047


# The name of the environment block beside grub.cfg.
BLOCK = "osmigrate.env"


# An EFI stub may leave $prefix elsewhere; config_directory is where the file that is read lies, as 41_custom has it.
FIND_HERE = [
    'osm_here="$prefix"',
    'if [ -n "$config_directory" -a -f "$config_directory/osmigrate.cfg" ]; then osm_here="$config_directory"; fi',
]


def managed_block() -> str:
    """Return the lines of custom.cfg that are ours, as str."""
    source = "if [ -f $osm_here/osmigrate.cfg ]; then source $osm_here/osmigrate.cfg; fi"
    return "\n".join([BLOCK_BEGIN] + FIND_HERE + [source, BLOCK_END, ""])


def with_block(text: str) -> str:
    """Return the content of custom.cfg with our lines last and everything of the administrator's kept.

    Ours come last so that a `set default` of the administrator's cannot undo a trial.
    """
    return without_block(text) + managed_block()


def without_block(text: str) -> str:
    """Return the content of custom.cfg without our lines."""
    kept: typing.List[str] = []
    block: typing.Optional[typing.List[str]] = None
    for line in text.splitlines(True):
        # An editor may have changed how lines end.
        if line.strip() == BLOCK_BEGIN:
            kept += _of_others(block)
            block = []
        elif line.strip() == BLOCK_END:
            block = None
        else:
            (kept if block is None else block).append(line)
    text = "".join(kept + _of_others(block))
    return text if not text or text.endswith("\n") else text + "\n"


def _of_others(block: typing.Optional[typing.List[str]]) -> typing.List[str]:
    """Return what is not ours behind a beginning whose end is lost."""
    own = managed_block().splitlines()
    return [line for line in block or [] if line.strip() not in own]


def boot_lines(entry: typing.Dict[str, typing.Any]) -> typing.List[str]:
    """Return the lines between the braces of a menu entry that boots it as the default.

    :param entry: dict with id, kernel, initrd, options, boot_uuid (see docs/design.md).
    """
    return [_search(entry)] + ["  " + command for command in _commands(entry)]


# Reads grub.cfg once more and boots what it decides when this much was passed over: the trial, or all entries of ours.
# Whatever its default is (a number, a title, an id, a saved one), GRUB works it out as if we were not there. What it
# saves as chosen (GRUB_SAVEDEFAULT) begins with the entry that led there, which no later menu has, unless it is unset.
PASS_TRIAL, PASS_ALL = (
    f"unset chosen; osm_passed={what}; export osm_passed; configfile $osm_here/grub.cfg" for what in ("trial", "all")
)


def _counted(lines: typing.List[str], block: str) -> typing.List[str]:
    """Return the lines that take one try off, before any of the trial is loaded: what cannot be counted is none."""
    count = ['  osm_tries="$osm_left"', f"  if save_env -f {block} osm_tries; then"]
    return count + lines + [f"  else {PASS_TRIAL}; fi"]


# The id of its entry, which no entry of grub.cfg may have: GRUB takes the first one of a name.
WAY_BACK = "osmigrate-package"
# What osm_started becomes, which is empty while a trial is armed: its kernel starts now, or cannot be loaded. A reset
# after the count leaves it empty.
STARTED, NOT_LOADED = "yes", "no"


def _noted(value: str, block: str) -> str:
    return f"osm_started={value}; save_env -f {block} osm_started"


def on_trial(entry: typing.Dict[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    """Return an entry as its trial boots it: one that is the default may have changes that nobody has confirmed yet.

    :param entry: dict, an item of "entries" in docs/design.md, "State file".
    """
    return {**{name: value for name, value in entry.items() if name != "changed"}, **entry.get("changed", {})}


def _trial_lines(entry: typing.Dict[str, typing.Any], block: str) -> typing.List[str]:
    """Return the lines that boot it on trial; what GRUB cannot load is no reason to wait at a menu for a person."""
    entry = on_trial(entry)
    commands = _commands(entry, trial_arguments(entry), entry.get("trial_initrd", ""))
    lines = _loaded(commands, _search(entry), f"{_noted(NOT_LOADED, block)}; reboot")
    return lines + [f"  {_noted(STARTED, block)}"]


def _default_lines(entry: typing.Dict[str, typing.Any]) -> typing.List[str]:
    """Return the lines that boot it as the default; where GRUB cannot load it, grub.cfg's own default boots."""
    return _loaded(_commands(entry), _search(entry), PASS_ALL)


def _commands(entry: typing.Dict[str, typing.Any], arguments: str = "", second_initrd: str = "") -> typing.List[str]:
    """Return what GRUB loads to boot it, as list of str; some boards need the device tree of the release, too."""
    initrds = [entry["initrd"]] + [second_initrd] * bool(second_initrd)
    trees = [f"devicetree {_quoted(entry['devicetree'])}"] if entry.get("devicetree") else []
    return [_linux(entry, arguments), *trees, " ".join(["initrd"] + [_quoted(path) for path in initrds])]


def _loaded(commands: typing.List[str], search: str, otherwise: str) -> typing.List[str]:
    lines = [search, "  osm_loaded="]
    lines += ["  " * depth + f"if {command}; then" for depth, command in enumerate(commands, 1)]
    lines.append("  " * (len(commands) + 1) + "osm_loaded=yes")
    lines += ["  " * depth + "fi" for depth in range(len(commands), 0, -1)]
    return lines + [f'  if [ "$osm_loaded" != "yes" ]; then {otherwise}; fi']


def check_length(entry: typing.Dict[str, typing.Any]) -> None:
    """See that the kernel gets all arguments of a trial: what does not fit is cut off, its deadman first.

    :param entry: dict, as boot_lines takes.
    :raises FleetError: they are too long.
    """
    words = [
        f"BOOT_IMAGE={entry['kernel']}",
        entry["options"],
        f"osmigrate.entry={entry['id']}",
        trial_arguments(entry),
    ]
    line = " ".join(words)
    # GRUB writes a backslash before each of these.
    length = len(line.encode("utf-8")) + len(re.findall(r"[\\\"']", line))
    if length > COMMAND_LINE_MAX:
        raise FleetError(
            f"The kernel arguments of {entry['id']} take {length} bytes with those of a trial, and the kernel reads "
            f"{COMMAND_LINE_MAX}",
            "It is not in the boot menu; the node serves on as it did",
            "Take arguments away from the running system's, most of which are carried, or exclude the node",
        )


def _search(entry: typing.Dict[str, typing.Any]) -> str:
    return f"  search --no-floppy --fs-uuid --set=root {entry['boot_uuid']}"


def _linux(entry: typing.Dict[str, typing.Any], arguments: str = "") -> str:
    words = [_quoted(entry["kernel"])] + [_quoted(word) for word in entry["options"].split()]
    return " ".join(["linux"] + words + [f"osmigrate.entry={entry['id']}"] + arguments.split())


def menu_entry(title: str, name: str, lines: typing.List[str]) -> typing.List[str]:
    """Return the lines of a menu entry. Where GRUB has a password, it would ask for that at each boot of a node."""
    return [f"menuentry {_quoted(title)} --unrestricted --id {_quoted(name)} {{"] + lines + ["}", ""]


def menu_ids(text: str) -> typing.List[str]:
    """Return the ids of the entries of a menu that render_menu() has written, as list of str; of others none.

    :param text: what GRUB reads, "" for no menu.
    """
    return re.findall(r"^menuentry '[^'\n]*' --unrestricted --id '([^'\n]*)' \{$", text, re.MULTILINE)


def render_menu(
    entries: typing.List[typing.Dict[str, typing.Any]],
    tries_max: int = 3,
    package: bool = True,
    block_uuid: str = "",
    block_path: str = "",
) -> str:
    """Write osmigrate.cfg: the decision which root boots, then one menu entry per root, if one of them is to boot.

    Entries that are only staged are not in the menu: whatever number or title grub.cfg's own default is, an entry of
    ours must not become what it means. Uses only what unpatched GRUB 2.02 has: no arithmetic, so tries are counted in
    unary.

    :param entries: list of dicts with id, title, kernel, initrd, options, boot_uuid, trial_initrd (see docs/design.md).
    :param tries_max: int, the longest counter that is understood.
    :param package: bool, whether the package-managed root can be on trial.
    :param block_uuid: str, the file system that holds the environment block; "" where it lies beside the menu.
    :param block_path: str, its path there.
    :returns: str.
    """
    ids = [entry["id"] for entry in entries]
    lines = ["# Generated by osmigrate.fleet. Changes are overwritten; the state is in osmigrate.env.", ""]
    lines += ["osm_read=yes", "osm_default=", "osm_trial=", "osm_tries=", "osm_left=", "osm_choice=", "osm_state="]
    block = "$osm_here/" + BLOCK
    if block_uuid:
        lines.append(f"search --no-floppy --fs-uuid --set=osm_state {block_uuid}")
        block = f"($osm_state)/{block_path}"
    lines += [f"load_env -f {block} osm_default osm_trial osm_tries", ""]
    lines += ['if [ "$osm_tries" = "x" ]; then', "  osm_left=0"]
    for count in range(2, tries_max + 1):
        lines += [f'elif [ "$osm_tries" = "{"x" * count}" ]; then', f"  osm_left={'x' * (count - 1)}"]
    lines += ["fi", 'if [ -n "$osm_passed" ]; then osm_left=; fi']
    targets = ids + [PACKAGE] * package
    if not targets:
        return "\n".join(lines + [""])
    lines += [
        "osm_known=",
        f"if {_is_one_of('osm_trial', targets)}; then osm_known=yes; fi",
        'if [ -z "$osm_known" ]; then osm_left=; fi',
        'if [ -n "$osm_left" ]; then',
        '  osm_choice="$osm_trial"',
    ]
    if ids:
        lines += [
            # Unless it was passed over: it could not be loaded, or the package-managed root is on trial.
            'elif [ "$osm_passed" != "all" ]; then',
            f'  if {_is_one_of("osm_default", ids)}; then osm_choice="$osm_default"; fi',
        ]
    lines += ["fi", 'osm_shown="$osm_choice"']
    if ids:
        # boot_once comes from grub-reboot: a person asked for one boot of something else, of ours perhaps.
        asked = f"if {_is_one_of('default', ids)}; then osm_shown=yes; fi"
        lines.append(f'if [ "$boot_once" = "true" ]; then {asked}; fi')
    lines += ["", 'if [ -n "$osm_shown" ]; then', ""]
    for entry in entries:
        trial = [f'if [ -n "$osm_left" -a "$osm_trial" = "{entry["id"]}" ]; then'] + _counted(
            _trial_lines(entry, block), block
        )
        lines += menu_entry(entry["title"], entry["id"], trial + ["else"] + _default_lines(entry) + ["fi"])
    if package:
        # The way back, on trial: counted here, then grub.cfg decides as if there were nothing of ours.
        lines += [f'if [ "$osm_choice" = "{PACKAGE}" ]; then', ""]
        lines += menu_entry(
            "The package-managed system, on trial",
            WAY_BACK,
            _counted([f"  {_noted(STARTED, block)}", f"  {PASS_ALL}"], block),
        )
        lines += [f"osm_choice={WAY_BACK}", "fi", ""]
    lines += [
        # Last: of a menu that was cut off nothing may be the default.
        '  if [ -n "$osm_choice" -a "$boot_once" != "true" ]; then default="$osm_choice"; fi',
        # Where even grub.cfg cannot be read again, GRUB takes the first entry: it waits for a person otherwise.
        '  if [ -z "$fallback" ]; then fallback=0; fi',
        "fi",
        # -1 waits for a key for ever, as after Ubuntu's recordfail; an unattended node must not, nor one on its way
        # home. Whoever has a menu of ours has a block that says what the default is.
        'if [ -n "$osm_default" -a "$timeout" = "-1" ]; then timeout=5; fi',
        # Whoever wanted to choose has seen the menu already.
        'if [ -n "$osm_passed" ]; then timeout=0; fi',
    ]
    return "\n".join(lines + [""])


def _is_one_of(variable: str, ids: typing.Iterable[str]) -> str:
    either = " -o ".join(f'"${variable}" = "{name}"' for name in ids)
    return f"[ {either} ]"


def shown_title(text: str) -> str:
    """Return a text as a title can hold it: what has a meaning to GRUB, and what cannot be shown, is left out.

    Of letters with marks the letters stay: a serial console shows no others.
    """
    text = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return re.sub(r"\s+", " ", re.sub(r"['\\]|[^\x20-\x7e]", " ", text)).strip()


def _quoted(text: str) -> str:
    """Quote for GRUB's script language, in which $ and blanks would mean something otherwise."""
    if "'" in text or "\n" in text:
        raise FleetError(f"A boot entry cannot hold the text {text!r}", todo="Remove the quote or line break from it")
    return f"'{text}'"


def parse_command_line(text: str) -> typing.List[typing.Tuple[str, typing.Optional[str]]]:
    """Split a kernel command line.

    :param text: str, the content of /proc/cmdline.
    :returns: list of (name, value or None) in order; what is in quotes is one word, and keeps them.
    """
    found = (word.partition("=") for word in re.findall(r'(?:[^\s"]|"[^"]*(?:"|$))+', text))
    return [(name, value if equals else None) for name, equals, value in found]
