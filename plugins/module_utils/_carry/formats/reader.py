# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a carried text names besides itself: one reader for each format, over the text alone. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    MENTIONED,
    OPTIONAL,
    PROGRAM,
    UNIT,
    Found,
    Named,
    asked,
    mentioned,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kubernetes import (
    cni,
    kubeconfig,
    kubelet,
    manifest,
    runtime,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.logins import (
    limits,
    pam,
    sshd,
    sudoers,
    switch,
    wrappers,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.mounts import (
    automap,
    automaster,
    checked,
    crypttab,
    fstab,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.services import (
    anacrontab,
    audit,
    audit_plugin,
    auditd,
    chrony,
    crontab,
    exports,
    idmapd,
    iptables,
    logrotate,
    nftables,
    openvpn,
    own_crontab,
    rsyslog,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.units import (
    modprobe,
    modules,
    sysctl,
    sysusers,
    tmpfiles,
    udev,
    unit,
)

FSTAB = "/etc/fstab"
# A drop-in of one unit, and not of all of a kind or of those whose names begin alike.
_DROP_IN = re.compile(r"/etc/systemd/system/([^/]*[^/-]\.[a-z]+)\.d/[^/]+\.conf\Z")


def names(target: str, text: str) -> typing.List[Named]:
    """Return what a text names that will lie at a place of the candidate, each once.

    :param target: path on the candidate, by which the format is known.
    :param text: the text as the candidate will have it; of fstab one line is enough.
    """
    reader = next((reader for place, reader in _PLACES if place.match(target)), nothing)
    changed = _DROP_IN.match(target)
    found = _weighed(text, _with_places(text, set(reader(text))), reader in COMMANDS)
    return sorted(found | ({Named(UNIT, changed.group(1))} if changed is not None else set()))


def script(text: str) -> typing.List[Named]:
    """Return what a script names that lies anywhere, each once."""
    return sorted(_weighed(text, _with_places(text, set(mentioned(text))), False))


def _with_places(text: str, found: typing.Set[Named]) -> typing.Set[Named]:
    """Return the same, with where programs without a path are looked for if a text says so; the system's come first."""
    said = re.findall(r"""(?m)^(?:[^#\n]*[\s"'])?PATH=["']?([^"'\s;]+)""", text)
    places = {
        place for path in said for place in path.split(":") if re.match(r"/(?:opt|srv|home|root|mnt|data)/", place)
    }
    programs = [named.name for named in found if named.kind == PROGRAM and "/" not in named.name]
    return found | {Named(MENTIONED, f"{place.rstrip('/')}/{name}") for place in places for name in programs}


def _weighed(text: str, found: typing.Set[Named], by_line: bool) -> typing.Set[Named]:
    """Return the same, programs as OPTIONAL if the text asks for them before it starts them.

    A script may ask anywhere; where each line is a command of its own, every line has to that starts one.
    """
    said = asked(text)
    optional = {
        named
        for named in found
        if named.kind in (PROGRAM, MENTIONED)
        and os.path.basename(named.name) in said
        and not named.name.startswith("/etc/")
    }
    for line in _lines.unit(text) if by_line and optional else ():
        here = asked(line)
        optional = {one for one in optional if one.name not in line or os.path.basename(one.name) in here}
    return (found - optional) | {Named(OPTIONAL, named.name) for named in optional}


def anything(text: str) -> Found:
    """A file whose place says nothing: by what it holds; other files name it as theirs."""
    for sign, reader in SIGNS:
        if re.search(sign, text):
            yield from reader(text)
    yield from mentioned(text)


def nothing(_text: str) -> Found:
    """Lists of files to watch or to give away are no need of those files."""
    return iter(())


# By what a file holds.
SIGNS: typing.List[typing.Tuple[str, typing.Callable[[str], Found]]] = [
    (r"\bhostPath\b", manifest),
    (r"\bKubeletConfiguration\b", kubelet),
    (r"(?m)^\s*[^#\s].*\bALL\s*=.*(?:\bALL\b|NOPASSWD:|/)", sudoers),
    (r"\b(?:BinaryName|runtime_type|runtime_path)\b", runtime),
    (r"\bcniVersion\b", cni),
    (r"(?m)^\s*(?:table\s+\w+\s+\w+|include\s+\")", nftables),
    (r"(?m)^\*(?:filter|nat|mangle|raw)\s*$", iptables),
]
# Whose lines are commands, each for itself.
COMMANDS = (unit, crontab, own_crontab, anacrontab, udev, modprobe)
# By the place on the candidate; the first that fits.
READERS: typing.List[typing.Tuple[str, typing.Callable[[str], Found]]] = [
    (FSTAB, fstab),
    ("/etc/crypttab", crypttab),
    ("/etc/integritytab /etc/veritytab", checked),
    ("/etc/auto.master /etc/auto.master.d/*", automaster),
    ("/etc/auto.*", automap),
    ("/etc/systemd/system/* /etc/systemd/user/* /etc/containers/systemd/*", unit),
    ("/etc/ssh/sshd_config /etc/ssh/sshd_config.d/*", sshd),
    ("/etc/hosts.allow /etc/hosts.deny", wrappers),
    ("/etc/ssh/ssh_config /etc/ssh/ssh_config.d/*", mentioned),
    ("/etc/ssh/*.conf", sshd),
    ("/etc/nftables* /etc/sysconfig/nftables.conf *.nft", nftables),
    ("/etc/iptables/* /etc/sysconfig/iptables /etc/sysconfig/ip6tables", iptables),
    ("/etc/kubernetes/manifests/*", manifest),
    (
        "/var/lib/kubelet/* /etc/default/kubelet /etc/sysconfig/kubelet",
        kubelet,
    ),
    ("/etc/kubernetes/*.conf /etc/kubernetes/*.kubeconfig /etc/kubernetes/kubelet*", kubeconfig),
    ("/etc/cni/net.d/*", cni),
    ("/etc/sysctl.conf /etc/sysctl.d/*", sysctl),
    (
        "/etc/containerd/*.toml /etc/crio/* /etc/docker/daemon.json /etc/containers/*.conf /etc/kata-containers/*",
        runtime,
    ),
    ("/etc/sudoers /etc/sudoers.d/*", sudoers),
    ("/etc/logrotate.conf /etc/logrotate.d/*", logrotate),
    ("/etc/tmpfiles.d/*", tmpfiles),
    ("/etc/sysusers.d/*", sysusers),
    ("/etc/pam.d/*", pam),
    ("/etc/nsswitch.conf", switch),
    ("/etc/security/limits.conf /etc/security/limits.d/*", limits),
    ("/var/spool/cron/*", own_crontab),
    ("/etc/udev/rules.d/*", udev),
    ("/etc/crontab /etc/cron.d/*", crontab),
    ("/etc/anacrontab", anacrontab),
    ("/etc/rsyslog.d/*", rsyslog),
    ("/etc/chrony*", chrony),
    ("/etc/modules-load.d/*", modules),
    ("/etc/modprobe.d/*", modprobe),
    ("/etc/exports /etc/exports.d/*", exports),
    ("/etc/idmapd.conf", idmapd),
    ("/etc/audit/plugins.d/* /etc/audisp/plugins.d/*", audit_plugin),
    ("/etc/audit/audisp-*.conf /etc/audisp/audisp-*.conf", mentioned),
    ("/etc/audit/auditd.conf", auditd),
    ("/etc/openvpn/*", openvpn),
    ("/etc/audit/rules.d/* /etc/audit/audit.rules", audit),
    ("/etc/passwd /etc/group /etc/shadow /etc/gshadow /etc/subuid /etc/subgid /etc/shells", nothing),
    ("/etc/audit/* /etc/apparmor.d/* /etc/hosts /etc/cni/* /etc/ssh/*", nothing),
    ("/etc/*", anything),
]
_PLACES = [
    (re.compile("|".join(fnmatch.translate(pattern) for pattern in patterns.split())), reader)
    for patterns, reader in READERS
]
