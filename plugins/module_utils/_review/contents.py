# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in one release.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import sysctl
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import initramfs, kernel, licences
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.entries import DEVICES, DIRECTORY, FILE
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.release import Release
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.report import Record, Row, Section, size
from ansible_collections.osmigrate.fleet.plugins.module_utils._review.units import PLACES
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import visible

SCHEMA = 1
COPYRIGHT = "/usr/share/doc/{}/copyright"
MOST_ROWS = 60
_LISTEN = re.compile(r"(Listen(?:Stream|Datagram|SequentialPacket|FIFO|Netlink))\s*=\s*(\S.*)")
# Bytecode is counted with its source. In one of these a file that no package brought is expected.
_BYTECODE = re.compile(r"(.*)/__pycache__/([^/]+)\.cpython-[0-9]+(?:\.opt-[12])?\.pyc")
_MADE = ("/etc/", "/var/lib/dpkg/", "/usr/lib/modules/", "/usr/lib/sysimage/")


def of(release: Release) -> Record:
    """Say what is in a release: the same text on every machine."""
    sizes = _sizes(release)
    options = release.options
    return {
        "schema": SCHEMA,
        "release": {"kind": release.kind, "id": release.id, "name": visible(release.name), "kernels": release.kernels},
        "packages": [
            {
                "name": one.name,
                "version": one.version,
                "architecture": one.architecture,
                "source": one.source,
                "source_version": one.source_version,
                "bytes": sizes.get(one.name, 0) + sizes.get(f"{one.name}:{one.architecture}", 0),
                "licences": licences.named(release.view.text(COPYRIGHT.format(one.name))),
            }
            for one in release.software
        ],
        "packages_of_others": 0 if release.software else len(release.installed),
        "bytes": {"all": sum(sizes.values()), "without_package": sizes.get("", 0)},
        "set_id": _paths(release, lambda entry: entry.is_set_id()),
        "capabilities": _paths(release, lambda entry: bool(entry.capability())),
        "world_writable": _paths(release, lambda entry: entry.is_open()),
        "devices": _paths(release, lambda entry: entry.kind in DEVICES),
        "without_package": _loose(release),
        "users": {visible(name): visible(value) for name, value in sorted(release.users.items())},
        "groups": {visible(name): visible(value) for name, value in sorted(release.groups.items())},
        "units": {
            visible(name): {"enabled_by": list(unit.enabled), "masked": unit.is_masked}
            for name, unit in sorted(release.units.items())
            if unit.enabled or unit.is_masked
        },
        "listens": _listens(release),
        "sysctls": {
            visible(key.replace("/", ".")): visible(value)
            for key, (value, _path) in sorted(sysctl.effective(release.view).items())
        },
        "kernel_options": {name: options[name] for name in sorted(options)},
        "initramfs": _initramfs(release),
    }


def _owner(release: Release, name: str) -> str:
    source = _BYTECODE.fullmatch(name)
    return release.packages.owner(f"{source.group(1)}/{source.group(2)}.py" if source else name)


def _sizes(release: Release) -> typing.Dict[str, int]:
    """Return bytes of files by package, "" for what no package brought."""
    found: typing.Dict[str, int] = {}
    for name, entry in release.entries.items():
        if entry.kind == FILE and entry.twin in ("", name):
            owner = _owner(release, name)
            found[owner] = found.get(owner, 0) + entry.size
    return found


def _paths(release: Release, holds: typing.Callable[[typing.Any], bool]) -> typing.List[Record]:
    return [
        {
            "path": visible(name),
            "mode": f"{entry.mode:04o}",
            "owner": f"{entry.uid}:{entry.gid}",
            "capability": entry.capability(),
            "package": release.packages.owner(name),
        }
        for name, entry in sorted(release.entries.items())
        if holds(entry)
    ]


def _loose(release: Release) -> typing.List[str]:
    return [
        visible(name)
        for name, entry in sorted(release.entries.items())
        if entry.kind != DIRECTORY and not name.startswith(_MADE) and not _owner(release, name)
    ]


def _listens(release: Release) -> typing.List[Record]:
    """Return on what sockets listen that are enabled; what a program opens by itself is not known here."""
    found = []
    for name, unit in sorted(release.units.items()):
        if not name.endswith(".socket") or not unit.enabled or "/" in name or unit.is_masked:
            continue
        text = next(filter(None, (release.view.text(f"{place}/system/{name}") for place in PLACES)), "")
        for line in _lines.effective(text, "#;"):
            match = _LISTEN.fullmatch(line)
            if match:
                found.append({"unit": name, "kind": match.group(1), "address": visible(match.group(2).strip())})
    return found


def _initramfs(release: Release) -> typing.List[Record]:
    """Return what is in the initramfs of the last kernel."""
    if not release.kernels:
        return []
    path = kernel.initramfs_path(release.entries, release.kernels[-1])
    content = release.view.read(path) if path else None
    if not content:
        return []
    return [
        {"path": visible(one.name), "mode": f"{one.mode & 0o7777:04o}", "bytes": one.size}
        for one in initramfs.read(content, f"Initramfs {path}")
    ]


def as_text(found: Record) -> str:
    """Return what is in a release as text of bounded length."""
    head = found["release"]
    lines = [f"{head['name'] or 'A release'} ({head['kind']} {head['id'][:12]}), kernel {', '.join(head['kernels'])}"]
    for section in _sections(found):
        lines += ["", f"{section.title} ({len(section.rows)})", ""]
        lines += [f"- {row.sentence}" for row in section.rows[:MOST_ROWS]]
        lines += [f"({len(section.rows) - MOST_ROWS} more: see contents.json)"] * (len(section.rows) > MOST_ROWS)
    return "\n".join(lines) + "\n"


def _sections(found: Record) -> typing.List[Section]:
    head = found["release"]
    largest = sorted(found["packages"], key=lambda one: (-one["bytes"], one["name"]))
    used: typing.Dict[str, typing.List[str]] = {}
    for one in found["packages"]:
        for licence in one["licences"] or ["not told in a known form"]:
            used.setdefault(licence, []).append(one["name"])
    texts = {
        f"Packages by size, {size(found['bytes']['all'])} in all": [
            f"{one['name']} {one['version']}, {size(one['bytes'])}" for one in largest
        ]
        or [f"not listed: {one} packages that dpkg does not know" for one in [found["packages_of_others"]] if one],
        "Licences": [
            f"{licence}: {len(names)} packages"
            for licence, names in sorted(used.items(), key=lambda item: (-len(item[1]), item[0]))
        ],
        "Files with the rights of others": _told(found["set_id"]),
        "Files with capabilities": _told(found["capabilities"]),
        "What everybody may write": _told(found["world_writable"]),
        "Devices": _told(found["devices"]),
        "Files of no package": found["without_package"],
        "Users": [f"{name} {value}" for name, value in found["users"].items()],
        "Groups": [f"{name} {value}" for name, value in found["groups"].items()],
        "Enabled and masked units": [
            f"{name} " + ("masked" if unit["masked"] else f"by {', '.join(unit['enabled_by'])}")
            for name, unit in found["units"].items()
        ],
        "Sockets that listen": [f"{one['unit']} {one['kind']} {one['address']}" for one in found["listens"]],
        "Sysctls": [f"{key} = {value}" for key, value in found["sysctls"].items()],
        "Kernel options": [f"{name}={value}" for name, value in found["kernel_options"].items()]
        or [f"not known: there is no config of {one}" for one in head["kernels"][-1:]],
        "Initramfs": [
            f"{one['path']} {one['mode']}, {size(one['bytes'])}"
            for one in sorted(found["initramfs"], key=lambda one: (-one["bytes"], one["path"]))
        ],
    }
    return [Section(title, [Row(text, []) for text in rows]) for title, rows in texts.items()]


def _told(paths: typing.List[Record]) -> typing.List[str]:
    return [
        f"{one['path']} {one['mode']} {one['owner']}"
        + (f", capabilities {one['capability']}" if one["capability"] else "")
        + (f" [{one['package']}]" if one["package"] else "")
        for one in paths
    ]
