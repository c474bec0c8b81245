#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: ostree_candidate
short_description: Bring an OSTree release onto a node, beside what runs
version_added: 0.1.0
description:
  - Verifies the release manifest on the node, sets up an OSTree repository and stateroot if there is none (also on a
    package-managed root), fetches the commit that the manifest pins, and deploys it.
  - The node serves on as it did. Neither the boot menu nor what a plain reboot boots is changed.
  - What was fetched is kept when a run is interrupted, and the next run goes on from there.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.candidate
  - osmigrate.fleet.fence
  - osmigrate.fleet.release
attributes:
  check_mode:
    support: full
    details:
      - Where C(/etc) would be merged, the release's C(/usr/etc) is fetched into a temporary directory to tell how.
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.boot_trial
  - module: osmigrate.fleet.release_info
"""

EXAMPLES = r"""
- name: Read the release manifest
  osmigrate.fleet.release_info:
    manifest: https://images.example/debian-13/release.yml
    trusted_keys: [/etc/osmigrate/trusted.pem]
  delegate_to: localhost
  register: manifest

- name: Fetch and deploy the release beside what runs
  osmigrate.fleet.ostree_candidate:
    manifest: "{{ manifest.payload }}"
    signatures: "{{ manifest.signatures }}"
    trusted_keys: "{{ manifest.trusted_keys }}"
  register: candidate
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
entry:
  description: The boot entry of the candidate for M(osmigrate.fleet.boot_trial), empty while it is not deployed.
  returned: success
  type: dict
root:
  description:
    - Where the candidate lies on the node, and how it will see itself, for M(osmigrate.fleet.node_carry), whose option
      O(osmigrate.fleet.node_carry#module:root) has the keys. Empty while it is not deployed.
  returned: success
  type: dict
deployment:
  description: Path of the deployment, empty while it is not deployed.
  returned: success
  type: str
  sample: /ostree/deploy/debian/deploy/4c1f.0
stateroot:
  description: Name of the stateroot, which is that of the deployment that runs, else the operating system's id.
  returned: success
  type: str
  sample: debian
etc:
  description: What becomes of files of C(/etc) that the node or the release changed, where OSTree merges C(/etc).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, or a directory with all that is in it.
      type: str
      sample: /etc/ssh/sshd_config
    outcome:
      description:
        - V(taken) for the release's new default; V(kept) and V(removed) for what is so on the node, while the default
          is what it was; V(conflict) if both changed it, for which O(etc_conflicts) counts.
        - V(carried) for tables of users and groups, which stay and are completed by M(osmigrate.fleet.node_carry).
        - V(lost) for a directory whose mode or owner was changed on the node; OSTree does not keep that.
      type: str
    detail:
      description: Who did what.
      type: str
etc_report:
  description: The same as sentences.
  returned: success
  type: list
  elements: str
  sample: ["conflict /etc/ssh/sshd_config: changed here, and changed by the release"]
boot_bytes:
  description: Size of kernel and initramfs in C(/boot), read back and compared, in bytes.
  returned: success
  type: int
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.candidate import Candidate
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import staging
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl


def bring(params: typing.Dict[str, typing.Any], check_mode: bool) -> typing.Dict[str, typing.Any]:
    """Bring the node to the state that params name.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    :returns: dict, the module's result.
    """

    def candidate_of(release: contract.Release, boot: BootControl) -> Candidate:
        ostree = Ostree()
        stateroot = ostree.stateroot_for(release["os"]["id"])
        return Candidate(release, ostree, boot, stateroot, params["timeout"], params["etc_conflicts"])

    candidate, result = staging.bring(params, check_mode, candidate_of)
    result.update(stateroot=candidate.stateroot, deployment="", boot_bytes=0, **etc_merge.results([]))
    if params["state"] == "absent":
        return result
    deployment = candidate.deployment()
    if deployment is not None:
        result["deployment"] = deployment.path
        result["boot_bytes"] = sum(os.path.getsize(path) for path in (deployment.kernel, deployment.initrd))
    merge = candidate.merge(deployment) if deployment is not None else candidate.rehearse_merge()
    return {**result, **etc_merge.results(merge)}


def main() -> None:
    module = FleetModule(argument_spec={**staging.ARGUMENT_SPEC}, supports_check_mode=True)
    staging.work(module, bring)


if __name__ == "__main__":
    main()
