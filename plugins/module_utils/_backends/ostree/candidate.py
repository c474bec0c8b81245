# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The candidate of the ostree backend: from a verified manifest to a deployment that lies there and can be booted.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import os
import shutil
import tempfile
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import (
    backend,
    program,
    prune,
    repository,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl

LOOK_SECONDS = 30
LEFT = "The node serves on as it did, and nothing was changed"


class Candidate(contract.Candidate):
    """One release on one node.

    :param release: dict, a validated manifest.
    :param ostree: Ostree.
    :param boot: BootControl.
    :param stateroot: str.
    :param timeout: int seconds that fetching may take.
    :param etc_conflicts: str, one of etc_merge.POLICIES.
    """

    def __init__(
        self,
        release: contract.Release,
        ostree: program.Ostree,
        boot: BootControl,
        stateroot: str,
        timeout: int,
        etc_conflicts: str = "keep",
    ) -> None:
        self.release = release
        self.payload = release["payloads"]["ostree"]
        self.source = program.Source(*[self.payload[part] for part in ("url", "ref", "commit", "size")])
        self.name = schema.entry_id(release)
        self.remote = program.REMOTES + release["name"]
        self.ostree = ostree
        self.boot = boot
        self.stateroot = stateroot
        self.timeout = timeout
        self.etc_conflicts = etc_conflicts

    def deployment(self) -> typing.Optional[program.Deployment]:
        """Return the Deployment of the pinned commit, or None."""
        return next(iter(self._deployments()), None)

    def _deployments(self) -> typing.List[program.Deployment]:
        """Return all of the pinned commit, the newest first; there are several where /etc was being merged anew."""
        wanted = (self.stateroot, self.payload["commit"])
        return [one for one in self.ostree.deployments() if (one.stateroot, one.commit) == wanted]

    def plan(self) -> typing.List[contract.Step]:
        """Decide what is missing until the candidate lies there.

        :returns: list of Step, in order.
        :raises FleetError: the node's repository belongs to another tool.
        """
        steps, payload = [], self.payload
        self._refuse_another_build()
        # Before anything is removed: the deployment of a default that the record does not know looks superseded.
        self.boot.check_default([self.name] + list(self.boot.state["entries"]))
        if not self.ostree.has_repository():
            steps.append(contract.Step("create the OSTree repository", self.ostree.initialize))
        elif not self.ostree.bootloader_is_ours() and self.ostree.is_unused():
            steps.append(
                contract.Step("finish the OSTree repository, which nothing is deployed from", self.ostree.initialize)
            )
        elif not self.ostree.bootloader_is_ours():
            raise FleetError(
                "The OSTree repository of this node is managed by another tool: sysroot.bootloader is not 'none'",
                todo="Run 'ostree config set sysroot.bootloader none' if this collection shall own the boot menu",
            )
        if self.stateroot not in self.ostree.stateroots():
            name = self.stateroot
            steps.append(contract.Step(f"create the stateroot {name}", lambda: self.ostree.create_stateroot(name)))
        steps += prune.plan(self.ostree, self.boot)
        deployed = self.deployment()
        spare = prune.superseded(self.ostree, self.boot)
        if deployed is None:
            repository.look(payload, LOOK_SECONDS, LEFT)
            steps += [self._removal(deployment) for deployment in spare]
            steps.append(
                contract.Step(
                    f"pull commit {payload['commit'][:12]} of {payload['ref']} from {payload['url']}", self._pull
                )
            )
            if self.ostree.commits():
                steps.append(contract.Step("verify what it shares with other releases", self._verify))
            steps.append(contract.Step(f"deploy {self.name}", self._deploy))
            return steps + self._unfollowing()
        if deployed in spare and self._mark(deployed) != self.ostree.merged(deployed):
            steps.append(contract.Step(f"deploy {self.name} anew, with /etc as it is now", self._deploy))
            return steps + self._unfollowing()
        if not self.ostree.is_linked(deployed):
            # The link is made last, so what comes before it may have been interrupted, too.
            complete = functools.partial(self._complete, deployed, self._mark(deployed))
            steps.append(contract.Step(f"link {deployed.link}", lambda: complete(self.merge(deployed))))
        steps += [self._removal(one) for one in self._deployments() if one in spare and one != deployed]
        return steps + self._unfollowing()

    def _refuse_another_build(self) -> None:
        """Refuse what was published anew under an id that this node has: an entry is its commit."""
        commit = self.boot.state["entries"].get(self.name, {}).get("commit")
        if commit not in (None, self.payload["commit"]):
            raise FleetError(
                f"Release {self.name} is commit {self.payload['commit']} now, and lies on this node as commit {commit}",
                LEFT,
                "Give what was built anew another version, or remove what lies here with ostree_candidate and "
                "state=absent first",
            )

    def _unfollowing(self) -> typing.List[contract.Step]:
        """Decide what is to be removed of what OSTree's own tools would follow: interrupted runs leave it, and 0.1 did.

        :returns: list of Step, as plan.
        """
        if not (self.ostree.has_repository() and self.ostree.bootloader_is_ours()):
            return []
        steps = [
            contract.Step(
                f"take the branch out of the origin of {one.path}", functools.partial(self.ostree.unfollow, one)
            )
            for one in self.ostree.followers()
        ]
        # That of this release goes when it is deployed.
        return steps + [
            contract.Step(f"remove the remote {name}", functools.partial(self.ostree.forget_remote, name))
            for name in self.ostree.remotes()
        ]

    def merge(
        self, deployed: typing.Optional[program.Deployment], pulled: bool = True
    ) -> typing.List[etc_merge.Record]:
        """Find out what OSTree's merge makes, or has made, of /etc.

        :param deployed: Deployment of the pinned commit, or None.
        :param pulled: bool, whether the commit lies in the node's repository. If not, only its /etc is fetched.
        :returns: list of etc_merge.Record; empty where nothing is merged.
        """
        base = self.ostree.merge_base(self.stateroot)
        if base is None or base == deployed:
            return []
        directory = tempfile.mkdtemp(prefix="osmigrate-")
        try:
            default = os.path.join(directory, "etc")
            if deployed is not None:
                default = self.ostree.etc(deployed)[0]
            elif pulled:
                self.ostree.check_out_etc(self.payload["commit"], default)
            else:
                program.fetch_etc(self.source, default, self.timeout)
            old, here = self.ostree.etc(base)
            return etc_merge.compare(*[etc_merge.scan(root) for root in (old, here, default)])
        finally:
            shutil.rmtree(directory)

    def _mark(self, deployed: typing.Optional[program.Deployment]) -> str:
        """Return in hex digits what /etc is made of now: what is merged, if anything is, after which trials."""
        base = self.ostree.merge_base(self.stateroot)
        traces = record.traces(self.boot.state, self.name)
        if base is None or base == deployed:
            return traces
        default, here = [etc_merge.scan(root) for root in self.ostree.etc(base)]
        return etc_merge.mark(default, here, self.etc_conflicts) + traces

    def rehearse_merge(self) -> typing.List[etc_merge.Record]:
        """Say without a trace on the node what would become of /etc, as merge does.

        :raises FleetError: it would be refused.
        """
        records = self.merge(None, pulled=False)
        etc_merge.examine(records, self.etc_conflicts, "Nothing was changed")
        return records

    def plan_removal(self) -> typing.List[contract.Step]:
        """Decide what is to be removed so that nothing of the release is left.

        :returns: list of Step, as plan.
        """
        self.boot.check_default(self.boot.state["entries"])
        entry = self.boot.state["entries"].get(self.name, {})
        return [
            self._removal(one)
            for one in self.ostree.deployments()
            if one == self.deployment() or one.path == entry.get("root")
        ]

    def check(self, deployment: program.Deployment) -> typing.Dict[str, str]:
        """Read kernel and initramfs back from /boot and compare them with the deployed tree.

        :returns: their digests, as "digests" of a boot entry.
        :raises FleetError: they differ or are missing.
        """
        tree = os.path.join(deployment.path, "usr/lib/modules")
        digests = {}
        left = "The candidate is not in the boot menu; the node serves on as it did"
        for part, written, name in (
            ("kernel", deployment.kernel, "vmlinuz"),
            ("initrd", deployment.initrd, "initramfs.img"),
        ):
            sources = {kernel: os.path.join(tree, kernel, name) for kernel in sorted(os.listdir(tree))}
            wanted = {kernel: _storage.digest(path) for kernel, path in sources.items() if os.path.exists(path)}
            if not wanted:
                raise FleetError(
                    f"Release {self.name} has no {name} in /usr/lib/modules/<kernel>, so it cannot be booted",
                    left,
                    "Build it with one and publish it under another version",
                )
            digests[part] = _storage.digest(written)
            taken = [kernel for kernel, found in wanted.items() if found == digests[part]]
            if not taken:
                raise FleetError(
                    f"{written} differs from what release {self.name} holds",
                    left,
                    "Look at the file system of /boot, remove the candidate with state=absent and stage it again",
                )
            named = self.release.get("os", {}).get("kernel")
            if named and named not in taken:
                raise FleetError(
                    f"The manifest of {self.name} names kernel {named}, and ostree boots {' or '.join(taken)} of those "
                    f"in it ({', '.join(sorted(sources))})",
                    left,
                    "Build it with that kernel alone, or correct os.kernel, and publish it under another version",
                )
        return digests

    def root(self) -> typing.Optional[contract.Root]:
        """Return the Root of the pinned commit, None while it is not deployed."""
        deployed = self.deployment()
        root = SYSROOT if self.ostree.is_booted() else "/"
        return deployed and backend.root_of(
            self.ostree, deployed, _storage.filesystem(root).uuid, _storage.filesystem("/boot").uuid
        )

    def digests(self) -> typing.Dict[str, str]:
        deployment = self.deployment()
        if deployment is None:
            raise FleetError(f"{self.name} is not deployed on this node", LEFT, "Stage the release first")
        return self.check(deployment)

    def commit(self) -> str:
        return self.payload["commit"]

    def _pull(self) -> None:
        self.ostree.pull(self.remote, self.source, self.payload["gpg_keys"], self.timeout)

    def _verify(self) -> None:
        """See that no object of the commit has rotten, which lay here before it was pulled; those are fetched again."""
        commit = self.payload["commit"]
        if not self.ostree.discard_rotten(commit, self.timeout):
            return
        self._pull()
        if self.ostree.discard_rotten(commit, self.timeout):
            raise FleetError(
                f"Objects of commit {commit[:12]} are not what their names say, after they were fetched once more, too",
                "The node serves on as it did; the candidate is not complete and cannot be booted",
                "Look at the disk and the memory of the node",
            )

    def _deploy(self) -> None:
        before = self._deployments()
        # First: what changes while it is merged is merged the next time.
        mark, merge = self._mark(None), self.merge(None)
        etc_merge.examine(merge, self.etc_conflicts, "The release was fetched, and the node serves on as it did")
        # The menu first: an entry must not outlive what it boots. What lies here keeps the commit until it lies twice.
        self.boot.forget(self._names(before))
        self.ostree.deploy(self.stateroot, self.payload["commit"])
        deployment = self.deployment()
        if deployment is None or deployment in before:
            raise FleetError(
                f"ostree deployed commit {self.payload['commit'][:12]}, and it is not among the deployments",
                "It is not in the boot menu; the node serves on as it did",
                "Look at 'ostree admin status' on the node, then run the same command again",
            )
        self._complete(deployment, mark, merge)
        for one in before:
            self.ostree.undeploy(one)
        self.ostree.forget_remote(self.remote)

    def _complete(self, deployment: program.Deployment, mark: str, merge: typing.List[etc_merge.Record]) -> None:
        if self.etc_conflicts == "take":
            default, merged = self.ostree.etc(deployment)
            etc_merge.take_defaults(default, merged, merge)
        if mark:
            self.ostree.note_merged(deployment, mark)
        self.ostree.link(deployment)

    def _removal(self, deployment: program.Deployment) -> contract.Step:
        names = self._names([deployment])

        def remove() -> None:
            # The menu first: an entry must not outlive what it boots.
            self.boot.forget(names)
            self.ostree.undeploy(deployment)

        return contract.Step(f"remove {', '.join(names) or deployment.path}", remove)

    def _names(self, deployments: typing.Sequence[program.Deployment]) -> typing.List[str]:
        """Return the ids of the entries that boot one of these."""
        paths = [one.path for one in deployments]
        return [name for name, entry in sorted(self.boot.state["entries"].items()) if entry["root"] in paths]
