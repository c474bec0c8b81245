# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kernel parameters come to: on the incumbent by its files and in truth, on the candidate by what it will read.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Left, Situation
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._osrelease import DEBIAN

LIVE = "/proc/sys/"
# Of two files with one name the one in the first place counts; all are read in the order of their names.
PLACES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")
MAIN = "/etc/sysctl.conf"
# Which Linux is the first one without them.
GONE = {
    "net/ipv4/tcp_tw_recycle": (4, 12),
    "vm/hugepages_treat_as_movable": (4, 16),
    "kernel/numa_balancing_scan_delay_ms": (5, 13),
    "kernel/numa_balancing_scan_period_max_ms": (5, 13),
    "kernel/numa_balancing_scan_period_min_ms": (5, 13),
    "kernel/numa_balancing_scan_size_mb": (5, 13),
    "kernel/sched_latency_ns": (5, 13),
    "kernel/sched_migration_cost_ns": (5, 13),
    "kernel/sched_min_granularity_ns": (5, 13),
    "kernel/sched_nr_migrate": (5, 13),
    "kernel/sched_tunable_scaling": (5, 13),
    "kernel/sched_wakeup_granularity_ns": (5, 13),
    "vm/percpu_pagelist_fraction": (5, 14),
    "net/netfilter/nf_conntrack_helper": (6, 0),
}
# Linux has them only where its distribution has added them.
ADDED = {"kernel/unprivileged_userns_clone": DEBIAN}
# Parameters by which more may be done, by how strict each value is: from what any Linux begins with to the strictest.
STRICT = {
    "kernel/yama/ptrace_scope": "0 1 2 3",
    "kernel/kptr_restrict": "0 1 2",
    "kernel/dmesg_restrict": "0 1",
    "kernel/perf_event_paranoid": "-1 0 1 2 3 4",
    "kernel/unprivileged_bpf_disabled": "0 2 1",
    "kernel/randomize_va_space": "0 1 2",
    "kernel/kexec_load_disabled": "0 1",
    "kernel/modules_disabled": "0 1",
    "fs/protected_symlinks": "0 1",
    "fs/protected_hardlinks": "0 1",
    "fs/protected_fifos": "0 1 2",
    "fs/protected_regular": "0 1 2",
    "net/core/bpf_jit_harden": "0 1 2",
    "net/ipv4/tcp_syncookies": "0 1 2",
    "net/ipv4/icmp_echo_ignore_broadcasts": "0 1",
}
_OF_DEVICES = {
    "ipv4/conf/%s/rp_filter": "0 2 1",
    "ipv4/conf/%s/accept_redirects": "1 0",
    "ipv4/conf/%s/secure_redirects": "1 0",
    "ipv4/conf/%s/send_redirects": "1 0",
    "ipv4/conf/%s/accept_source_route": "1 0",
    "ipv6/conf/%s/accept_redirects": "1 0",
    "ipv6/conf/%s/accept_source_route": "1 0 -1",
    "ipv6/conf/%s/accept_ra": "2 1 0",
}
STRICT.update({"net/" + key % scope: values for key, values in _OF_DEVICES.items() for scope in ("all", "default")})
# What has no values of its own: the directory is there whatever a kernel can do.
SOME = "kernel"
_VERSION = re.compile(r"(\d+)\.(\d+)")


def parse(text: str) -> list:
    """Read one file.

    :returns: list of (key as a path below /proc/sys, value); patterns are left out.
    """
    found = []
    for line in _lines.effective(text, "#;"):
        key, equals, value = line.partition("=")
        key = key.strip(_lines.BLANKS).lstrip("-")
        if equals and key and "*" not in key:
            found.append((path_of(key), " ".join(_lines.words(value))))
    return found


def path_of(key: str) -> str:
    """Return a key as a path: what separates first in it, a dot or a slash, separates everywhere."""
    dot, slash = key.find("."), key.find("/")
    if dot >= 0 and (slash < 0 or dot < slash):
        key = key.replace("/", "\0").replace(".", "/").replace("\0", ".")
    return key


def effective(tree: Tree, added: typing.Sequence[Item] = ()) -> dict:
    """Return what the files of a root come to, as dict of path to (value, the file that says so).

    :param tree: Tree.
    :param added: Items that the root will have besides.
    """
    files = {}
    for place in reversed(PLACES):
        for path in tree.glob(place + "/*.conf"):
            files[os.path.basename(path)] = (tree.resolve(path), tree.text(path))
    for made in added:
        if made.kind == FILE and os.path.dirname(made.target) == PLACES[0]:
            files[os.path.basename(made.target)] = (made.target, made.content.decode("utf-8", "surrogateescape"))
    values: dict = {}
    ordered = [files[name] for name in sorted(files)]
    if MAIN not in [path for path, _text in ordered]:
        ordered.append((MAIN, tree.text(MAIN)))
    for path, text in ordered:
        values.update((key, (value, path)) for key, value in parse(text))
    return values


def compare(situation: Situation, items: typing.List[Item]) -> list:
    """Return what an administrator set and the candidate will not have like that, as list of Left.

    :param items: Items of the plan.
    """
    left = []
    candidate = effective(situation.candidate, items)
    for key, (value, path) in sorted(effective(situation.incumbent).items()):
        made = situation.packages.verdict(path)
        name = f"{path}: {key}"
        live = " ".join(situation.incumbent.text(LIVE + key).split())
        will, where = candidate.get(key, ("", ""))
        if made and _is_missing(situation, key):
            left.append(Left(name, "the candidate's kernel does not have it"))
        elif made and where and will != value:
            left.append(Left(name, f"the release sets it otherwise in {where}, which is read later"))
        elif live and live != value:
            will = f"the candidate begins with what {where} says" if where else "the candidate begins with its own"
            left.append(Left(name, f"it has another value now than the file says; {will}"))
        elif made and situation.incumbent.is_directory(LIVE + SOME) and not situation.incumbent.exists(LIVE + key):
            left.append(Left(name, "the node's kernel does not have it, now at least"))
    return left


def loosened(situation: Situation, items: typing.List[Item]) -> typing.List[str]:
    """Return in sentences where the node's files are stricter than those of the candidate, whoever made them.

    :param items: Items of the plan.
    """
    before, after = effective(situation.incumbent), effective(situation.candidate, items)
    told = []
    for key, values in sorted(STRICT.items()):
        known = values.split()
        live = situation.incumbent.text(LIVE + key).strip()
        now = before[key][0] if key in before else live
        # Where no file says anything, what the node's kernel began with may be what the candidate's does.
        then = after[key][0] if key in after else known[0] if key in before else now
        if now in known and then in known and known.index(then) < known.index(now):
            where = f"by {after[key][1]}" if key in after else "as far as files say"
            told.append(f"{key} is {now} on the node, {then} on the candidate {where}")
    return told


def _is_missing(situation: Situation, key: str) -> bool:
    """Say whether the candidate's kernel lacks a parameter. The one that runs cannot be asked for that."""
    if key in ADDED and situation.translation.target != ADDED[key]:
        return True
    found = [_VERSION.match(name) for name in situation.candidate.names("/usr/lib/modules")]
    versions = [tuple(map(int, version.groups())) for version in found if version]
    # A release that does not say which Linux it has is none of the old ones.
    return key in GONE and (not versions or max(versions) >= GONE[key])
