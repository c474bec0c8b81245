#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: slot_candidate
short_description: Bring the image of a release into the root partition that does not run
version_added: 1.0.0
description:
  - Verifies the release manifest on the node, marks the slot not good, fetches only blocks that neither slot has,
    writes only those that differ, reads the whole image back and compares it, and only then marks the slot good.
  - Then it shows the slot as it will see itself once it runs, with a layer of its own for C(/etc), into which
    M(osmigrate.fleet.node_carry) carries what is the node's. Where a slot runs, what differs there from its release is
    put into that layer, file by file.
  - The node serves on as it did. Neither the boot menu nor what a plain reboot boots is changed, but for entries that
    boot the slot which is written; those are removed first, and one that is needed is refused.
  - What was written is kept when a run is interrupted, and the next run goes on from there.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.candidate
  - osmigrate.fleet.fence
  - osmigrate.fleet.release
attributes:
  check_mode:
    support: full
    details:
      - What becomes of C(/etc) is told once the image lies in the slot, as its own C(/etc) is in there.
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  slot:
    description: The slot to write, where none of them runs. Otherwise it is the one that does not run.
    type: str
    choices: [ROOT-A, ROOT-B]
  pace:
    description:
      - How much is written at most, in MiB a second; four times as much is read. It is less while others wait for the
        disk. V(0) is as fast as it goes.
    type: int
    default: 25
  ranges:
    description: Fetch parts of the image. Without, it is fetched whole, from a server that does not know ranges.
    type: bool
    default: true
  ca:
    description: Path on the node of the PEM file with the authorities that vouch for the server; the system's if unset.
    type: path
  client_certificate:
    description: Path on the node of the PEM file by which the node shows the server who it is.
    type: path
  client_key:
    description: Path on the node of the private key of O(client_certificate), unless that file holds it.
    type: path
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.boot_trial
  - module: osmigrate.fleet.slot_info
  - module: osmigrate.fleet.slot_image
  - module: osmigrate.fleet.release_info
"""

EXAMPLES = r"""
- name: Read the release manifest
  osmigrate.fleet.release_info:
    manifest: https://images.example/debian-13/release.yml
    trusted_keys: [/etc/osmigrate/trusted.pem]
  delegate_to: localhost
  register: manifest

- name: Write the release into the other slot
  osmigrate.fleet.slot_candidate:
    manifest: "{{ manifest.payload }}"
    signatures: "{{ manifest.signatures }}"
    trusted_keys: "{{ manifest.trusted_keys }}"
    ca: /etc/osmigrate/images-ca.pem
    client_certificate: /etc/osmigrate/node.pem
  register: candidate
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [write debian-13-13.1 into ROOT-B, copy kernel and initramfs of ROOT-B to /boot/osmigrate/slots]
entry:
  description: The boot entry of the candidate for M(osmigrate.fleet.boot_trial), empty while it is not there whole.
  returned: success
  type: dict
root:
  description:
    - Where the candidate is shown on the node, and how it will see itself, for M(osmigrate.fleet.node_carry), whose
      option O(osmigrate.fleet.node_carry#module:root) has the keys. Empty while it is not there whole.
  returned: success
  type: dict
slot:
  description: The slot that holds the release, or would.
  returned: success
  type: str
  sample: ROOT-B
partuuid:
  description: By which that slot is booted.
  returned: success
  type: str
etc:
  description:
    - What becomes of files of C(/etc) that the node or the release changed, where a slot runs; see
      RV(osmigrate.fleet.ostree_candidate#module:etc).
    - The mode and owner of a directory are kept as those of files are, so nothing is V(lost).
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, or a directory with all that is in it.
      type: str
      sample: /etc/ssh/sshd_config
    outcome:
      description: One of V(taken), V(kept), V(removed), V(conflict) and V(carried).
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
written:
  description:
    - What it took, in bytes; empty where nothing was written. Of the image, C(kept) lay there already, C(copied) came
      from either slot and C(empty) are zeros.
    - C(fetched) came over the network in C(requests) requests, packed, without the index. C(written) went into the
      slot.
  returned: success
  type: dict
  sample: {"kept": 0, "copied": 475873280, "empty": 775856128, "fetched": 2200000, "written": 390152192, "requests": 9}
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.candidate import Candidate, Wish
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.fetch import Access
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import etc_merge
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import staging
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl


def bring(params: typing.Dict[str, typing.Any], check_mode: bool) -> typing.Dict[str, typing.Any]:
    """Bring the release into a slot.

    :param params: the module's parameters.
    :param check_mode: only say what would be done.
    :returns: the module's result.
    """

    def candidate_of(release: contract.Release, boot: BootControl) -> Candidate:
        access = Access(*[params[name] or "" for name in ("ca", "client_certificate", "client_key")])
        pace, ranges, conflicts = params["pace"] << 20, params["ranges"], params["etc_conflicts"]
        wish = Wish(params["slot"] or "", access, params["timeout"], pace, ranges, conflicts)
        return Candidate(release, layout.read(), boot, wish)

    candidate, result = staging.bring(params, check_mode, candidate_of)
    result["slot"] = candidate.slot_name
    result["partuuid"] = candidate.slot.partuuid
    result["written"] = dict(candidate.written._asdict()) if candidate.written else {}
    return {**result, **etc_merge.results(candidate.merge() if params["state"] == "present" else [])}


def main() -> None:
    module = FleetModule(
        argument_spec={
            "slot": {"type": "str", "choices": list(layout.SLOTS)},
            "pace": {"type": "int", "default": 25},
            "ranges": {"type": "bool", "default": True},
            "ca": {"type": "path"},
            "client_certificate": {"type": "path"},
            "client_key": {"type": "path", "no_log": False},
            **staging.ARGUMENT_SPEC,
        },
        supports_check_mode=True,
    )
    staging.work(module, bring)


if __name__ == "__main__":
    main()
