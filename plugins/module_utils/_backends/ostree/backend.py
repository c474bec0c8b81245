# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""OSTree as everybody else sees it: the first backend.

The report's program holds this file, so it imports little (_trial/reporter.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import checks, nextroot, program, prune
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT

NAME = "ostree"


class OstreeBackend(contract.Backend):
    """Releases are commits, checked out below /ostree on the file system of the package-managed root.

    :param root: where the root file system is visible; "/" but for tests.
    """

    name = NAME
    keeps = ("/ostree",)
    checks = checks.CHECKS

    def __init__(self, root: str = "/") -> None:
        self.ostree = program.Ostree(root)

    def is_laid_out(self) -> bool:
        return False  # it needs no disk of its own

    def not_whole(self) -> typing.List[str]:
        return []  # what is not deployed takes no other release's place

    def running(self, entries: contract.Entries) -> typing.Optional[str]:
        if not self.ostree.is_booted():
            return None
        deployment = self.ostree.booted()
        if deployment is None:
            return ""
        return next((name for name, entry in sorted(entries.items()) if entry.get("root") == deployment.path), "")

    def root(self, entry: contract.Entry) -> typing.Optional[contract.Root]:
        found = next((one for one in self.ostree.deployments() if one.path == entry.get("root")), None)
        return found and root_of(self.ostree, found, entry.get("root_uuid", ""), entry["boot_uuid"])

    def next_root(self, entry: contract.Entry) -> contract.NextRoot:
        return nextroot.of(self.ostree, entry["root"])

    def is_complete(self, entry: contract.Entry) -> str:
        return prune.missing(self.ostree.root, entry)

    def verify(self, entry: contract.Entry) -> str:
        return self.is_complete(entry)  # reading all objects of the repository would tell nothing of this one alone

    def prune(self, boot: typing.Any) -> typing.List[contract.Step]:
        return prune.plan(self.ostree, boot)

    def forget(self, entry: contract.Entry) -> typing.List[contract.Step]:
        found = [one for one in self.ostree.deployments() if one.path == entry.get("root")]
        return [contract.Step(f"remove {one.path}", functools.partial(self.ostree.undeploy, one)) for one in found]

    def facts(self, boot: typing.Optional[typing.Any]) -> typing.Dict[str, typing.Any]:
        found = self.ostree.deployments()
        return {
            "booted": self.ostree.is_booted(),
            "version": self.ostree.version() if self.ostree.is_installed() else "",
            "deployments": [{"stateroot": one.stateroot, "commit": one.commit, "path": one.path} for one in found],
            "reclaimable_bytes": prune.reclaimable(self.ostree, boot) if boot is not None and found else 0,
        }


def root_of(ostree: program.Ostree, deployment: program.Deployment, root_uuid: str, boot_uuid: str) -> contract.Root:
    """Return a deployment as a Root.

    :param root_uuid: UUID of the file system that has /ostree.
    :param boot_uuid: UUID of the file system that has /boot.
    """
    var = f"/ostree/deploy/{deployment.stateroot}/var"
    return contract.Root(
        backend=NAME,
        path=deployment.path,
        var=var,
        kernel=deployment.kernel,
        initrd=deployment.initrd,
        devicetree=deployment.devicetree,
        root_uuid=root_uuid,
        boot_uuid=boot_uuid,
        arguments=[f"root=UUID={root_uuid}", "rw", f"ostree={deployment.link}"],
        pristine="/usr/etc",
        incumbent_at=SYSROOT,
        mounts=ostree.boot_mounts(),  # of the rest its initramfs takes care
        var_mount=f"{SYSROOT}{var} /var none bind,slave,shared 0 0",
        etc_merged=ostree.is_booted(),
    )
