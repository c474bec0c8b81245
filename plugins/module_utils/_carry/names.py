# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host keys, name service and time zone: what is a file on one system and a link on another.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Found, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, LINK, Item, item

RESOLV_CONF = "/etc/resolv.conf"
# A link to one of these is kept up to date by a service; without it the link would lead nowhere.
RESOLVED = "/run/systemd/resolve/"
RESOLVED_UNIT = "/usr/lib/systemd/system/systemd-resolved.service"
LOCALTIME, TIMEZONE, ZONES = "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo/"


def plan(situation: Situation) -> Found:
    """Return Found."""
    found = Found([], [], set())
    for part in (_host_keys, _resolv_conf, _localtime):
        for made in part(situation):
            found.items.append(made)
            found.taken.add(made.source)
    return found


def _host_keys(situation: Situation) -> typing.Iterator[Item]:
    """The node's own keys, and no others: keys that a release brings would be known to everybody."""
    own = situation.incumbent.glob("/etc/ssh/ssh_host_*")
    for path in own:
        mode = 0o644 if path.endswith(".pub") else 0o600
        # EL keeps them for a group of their own.
        yield situation.copy(path, "identity", mode=mode)._replace(uid=0, gid=0)
    for path in situation.brought("/etc/ssh/ssh_host_*"):
        if path not in own:
            yield item(ABSENT, path, "", "identity")


def _resolv_conf(situation: Situation) -> typing.Iterator[Item]:
    incumbent = situation.incumbent
    if incumbent.lstat(RESOLV_CONF) is None:
        return
    if not incumbent.is_link(RESOLV_CONF):
        yield situation.copy(RESOLV_CONF, "names")
        return
    target = incumbent.resolve(RESOLV_CONF)
    if target.startswith("/run/"):
        stays = target.startswith(RESOLVED) and situation.candidate.exists(RESOLVED_UNIT)
    else:
        stays = situation.has_program(target)  # a file of the release, or in a directory that both use
    if stays:
        yield situation.copy(RESOLV_CONF, "names")
        return
    # The stub of resolved only answers where resolved runs; its other file names the real servers.
    real = RESOLVED + "resolv.conf"
    content = incumbent.read(real) if target.startswith(RESOLVED) else incumbent.read(RESOLV_CONF)
    if content:
        lost = "was kept up to date by a service that the release does not have; now a fixed file"
        if not target.startswith("/run/"):
            lost = f"a link to {target}, which the release does not have; now a fixed file"
        yield item("file", RESOLV_CONF, RESOLV_CONF, "names", content, lost=lost)


def _localtime(situation: Situation) -> typing.Iterator[Item]:
    incumbent = situation.incumbent
    if not incumbent.is_link(LOCALTIME):
        return
    zone = os.path.normpath(os.path.join("/etc", incumbent.link(LOCALTIME)))
    if not zone.startswith(ZONES):
        return
    lost = "" if situation.candidate.exists(zone) else "the release does not know this time zone and falls back to UTC"
    yield item(LINK, LOCALTIME, LOCALTIME, "time", ".." + zone, lost=lost)
    if incumbent.read(TIMEZONE):
        yield situation.copy(TIMEZONE, "time")
