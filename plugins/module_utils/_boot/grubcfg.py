# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grub.cfg of a node whose package-managed system was given up. Pure.

Until then grub.cfg belongs to the package manager, and its own default is the package-managed system. Afterwards it is
this file, which boots a confirmed release by itself: it needs neither the environment block nor osmigrate.cfg for that.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub

HEADER = "# Written by osmigrate.fleet, because the package-managed system of this node was given up."
BEFORE = ".osmigrate-before"
FALLBACK = "osmigrate-fallback"
TIMEOUT = 5
PASSWORD = r"^[ \t]*((?:(?:set|export)[ \t]+superusers|password(?:_pbkdf2)?[ \t]).*?)[ \t]*$"
# The fallback is the first entry: GRUB takes that one, too, where $default names nothing that is there.
TEXT = """\
%(header)s
# Changes are overwritten; lines of your own belong into custom.cfg. The file before is grub.cfg%(before)s.

%(settings)s
if [ "$grub_platform" = "efi" ]; then insmod all_video; fi

%(entry)s
set default=0
set boot_once=
if [ -s $prefix/grubenv ]; then
  load_env next_entry
  if [ -n "$next_entry" ]; then
    osm_next="$next_entry"
    next_entry=
    if save_env next_entry; then
      set default="$osm_next"
      set boot_once=true
    fi
  fi
fi
osm_read=
%(here)s
if [ -f $osm_here/custom.cfg ]; then source $osm_here/custom.cfg; fi
if [ -z "$osm_read" -a -f $osm_here/osmigrate.cfg ]; then source $osm_here/osmigrate.cfg; fi
"""


def is_ours(text: str) -> bool:
    """Say whether a grub.cfg is one of these."""
    return text.startswith(HEADER)


def boots(text: str, entry: dict) -> bool:
    """Say whether a grub.cfg is one of these, and boots the entry by itself.

    :param entry: dict, as render takes it.
    """
    return is_ours(text) and "\n".join(grub.boot_lines(entry)) in text


def render(text: str, entry: dict) -> str:
    """Write grub.cfg so that GRUB boots the entry where nothing else tells it what to boot.

    :param text: str, the grub.cfg that there is; how it talks to the console and how long it waits is kept.
    :param entry: dict, an item of "entries" in docs/design.md, "State file".
    :returns: str.
    """
    title = f"{entry['title']}, when nothing else is chosen"
    return TEXT % {
        "header": HEADER,
        "before": BEFORE,
        "settings": "\n".join(settings(text)),
        "here": "\n".join(grub.FIND_HERE),
        "entry": "\n".join(grub.menu_entry(title, FALLBACK, grub.boot_lines(entry))),
    }


def settings(text: str) -> typing.List[str]:
    """Return the lines of a grub.cfg that say where the menu is shown, for how long, and who may change what it boots.

    :returns: list of str.
    """
    found = re.findall(r"^[ \t]*((?:serial|terminal_input|terminal_output)[ \t].*?)[ \t]*$", text, re.MULTILINE)
    # Graphics would need a font, which may lie in the /usr that is given up.
    lines = [re.sub(r"\bgfxterm\b", "console", line) for line in found]
    closed = re.findall(PASSWORD, text, re.MULTILINE)
    # Where a variable stands, only lines around it know what is in it, and whether there is a password at all.
    lines += closed if not any("$" in line for line in closed) else []
    style = re.findall(r"^[ \t]*(?:set[ \t]+)?timeout_style=(\w+)", text, re.MULTILINE)
    seconds = re.findall(r"^[ \t]*(?:set[ \t]+)?timeout=[\"']?(-?[0-9]{1,9})\b", text, re.MULTILINE)
    # The last one is what counts on a boot after which nothing had failed; an unattended node must not wait for a key.
    timeout = int(seconds[-1]) if seconds else TIMEOUT
    lines += [f"set timeout_style={style[-1]}"] if style else []
    return lines + [f"set timeout={timeout if timeout >= 0 else TIMEOUT}"]
