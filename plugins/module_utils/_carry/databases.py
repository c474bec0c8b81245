# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a root is by what lies on it: whose packages it is made of, and so where its files are.

os-release is only asked where that leaves it open: derivatives call themselves as they like, and some name no parent.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _osrelease
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import dpkg, rpm
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import run
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree

DPKG, RPM = "dpkg", "rpm"
# Every system of EL's family has one of them, and SUSE, whose files lie elsewhere, has none.
OF_EL = ("/etc/system-release", "/etc/redhat-release", "/etc/yum.repos.d", "/etc/yum.conf", "/etc/dnf/dnf.conf")


def held(tree: Tree) -> typing.List[str]:
    """Return whose databases a root has that are no guest's: EL has dpkg too, as a tool for the packages of others."""
    return [DPKG] * dpkg.is_base(tree) + [RPM] * rpm.is_used(tree)


def family(tree: Tree) -> str:
    """Return DEBIAN or EL of _osrelease, by what decides where files lie; "" for another system."""
    named = _osrelease.family(_osrelease.read(tree.text))
    databases = held(tree)
    if databases == [DPKG]:
        return _osrelease.DEBIAN
    if databases == [RPM] and any(tree.exists(name) for name in OF_EL):
        return _osrelease.EL
    return named


def main(tree: Tree) -> str:
    """Return DPKG or RPM, whichever says what packages brought to a root; "" where there is none."""
    databases = held(tree)
    if len(databases) > 1:
        return RPM if family(tree) == _osrelease.EL else DPKG
    if databases:
        return databases[0]
    return DPKG if tree.exists(dpkg.STATUS) else ""


def problem(tree: Tree) -> str:
    """Say why it is not known what packages brought to a root, "" if its database answers.

    Without it every file would look like an administrator's.
    """
    database = main(tree)
    if not database:
        return "Neither dpkg nor rpm has a database here"
    if database == DPKG:
        return "" if dpkg.parse_installed(tree.text(dpkg.STATUS)) else f"{dpkg.STATUS} names no installed package"
    try:
        said = run(["rpm", "--dbpath", rpm.place(tree), "-qa", "--queryformat", r"%{NAME}\n"], check=False)
    except FleetError:
        return "There is a database of rpm's, and no program rpm that reads it"
    if said.rc == 0 and said.stdout.strip() and "error:" not in said.stderr:
        return ""
    lines = (said.stderr.strip() or "it names no package").splitlines()
    return f"rpm cannot read its database {rpm.place(tree)}: {lines[-1]}"
