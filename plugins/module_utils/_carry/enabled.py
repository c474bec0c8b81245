# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the boot starts on both systems, whoever enabled it: the release's packages decide, and it is said. Only reads.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import os
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import Situation, is_ours
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.units import is_mask
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, LINK, Item
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

PLACE = "/etc/systemd/system"
UNITS = (PLACE, "/usr/lib/systemd/system", "/lib/systemd/system")
# Care for packages, the boot loader and an initramfs, which a release has no need of; and what each system has its own.
OF_PACKAGES = (
    "apt-* dpkg-* unattended-upgrades* dnf-* yum-* packagekit* PackageKit* snapd* snap.* snap-* grub-* grub2-* "
    "e2scrub* "
    "man-db.* apport* ubuntu-* ua-* esm-* update-notifier* motd-news.* fwupd* popularity-contest* networking.service "
    "NetworkManager* systemd-networkd* systemd-network-generator* netplan* network.service dbus-org.* ModemManager* "
    "kdump* mdmonitor* selinux-* "
    "getty@* *.target sssd-*.socket lvm2-lvmetad* import-state* loadmodules* nis-domainname* rhsm* insights-* "
    "dracut-shutdown* wtmpdb-* sshd-keygen* cloud-* ostree-* multipathd.socket iscsid.socket"
).split()


class Started(typing.NamedTuple):
    """missing: enabled on the node, and not there on the candidate. off: there and not enabled. more: the reverse."""

    missing: typing.List[str]
    off: typing.List[str]
    more: typing.List[str]


def compare(situation: Situation, items: typing.Iterable[Item]) -> Started:
    """Compare what is enabled, by the names that the candidate has.

    :param items: what the candidate gets.
    """
    incumbent, candidate, name_of = situation.incumbent, situation.candidate, situation.translation.name
    targets = {made.target: made for made in items if made.target.startswith(PLACE + "/")}
    before = {name_of(name) for name in _enabled(incumbent, PLACE)}
    after = _enabled(candidate, situation.pristine_path(PLACE))
    gone = {os.path.basename(path) for path, made in targets.items() if made.kind == ABSENT and "." in path}
    after = (after - gone) | {
        os.path.basename(path) for path, made in targets.items() if made.kind == LINK and _is_wanted(path)
    }
    masked = {name for name in incumbent.names(PLACE) if is_mask(incumbent, PLACE + "/" + name)}

    def has(tree: Tree, name: str) -> bool:
        template = re.sub(r"@[^@]*(\.[a-z]+)$", r"@\1", name)
        places = [os.path.join(place, one) for place in UNITS for one in (name, template)]
        return any(tree.size(place) > 0 for place in places) or (
            tree is candidate and any(place in targets for place in places)
        )

    wanted = sorted(name for name in before - masked if not _is_told_elsewhere(name))
    there = {name for name in wanted if has(candidate, name)}
    return Started(
        # A merge keeps links to what the next release does not have any more.
        [name for name in wanted if name not in there and (name not in after or has(incumbent, name))],
        [name for name in wanted if name in there and name not in after],
        sorted(
            name
            for name in after - before
            if not _is_told_elsewhere(name) and name.endswith((".service", ".socket")) and has(candidate, name)
        ),
    )


def _enabled(tree: Tree, place: str) -> typing.Set[str]:
    found = set()
    for directory in tree.names(place):
        if directory.endswith((".wants", ".requires")):
            found.update(tree.names(os.path.join(place, directory)))
    return found


def _is_wanted(path: str) -> bool:
    return os.path.dirname(path).endswith((".wants", ".requires"))


def _is_told_elsewhere(name: str) -> bool:
    return is_ours(name) or any(fnmatch.fnmatchcase(name, pattern) for pattern in OF_PACKAGES)
