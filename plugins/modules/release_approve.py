#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Approve what differs between two releases."""

DOCUMENTATION = r"""
module: release_approve
short_description: Approve what differs between two releases
version_added: 1.0.0
description:
  - Says what of a report of M(osmigrate.fleet.release_difference) needs an approval by a policy, and who has given it.
  - With the key of an approver, adds that one's approval. It is a signature over the digest of the report and the ids
    of both releases, and lies beside the report in a DSSE envelope, C(difference.json.sig).
  - Any change of the report, and any other release, needs new approvals.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.signer
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: posix
requirements:
  - PyYAML
  - cryptography
options:
  report:
    description: Path of C(difference.json).
    type: path
    required: true
  policy:
    description: Path of the policy file, which names the approvers and their keys.
    type: path
    required: true
seealso:
  - module: osmigrate.fleet.release_difference
  - module: osmigrate.fleet.release_sign
"""

EXAMPLES = r"""
- name: Say what needs an approval
  osmigrate.fleet.release_approve:
    report: review/debian-13-13.2/difference.json
    policy: review-policy.yml
  delegate_to: localhost

- name: Approve it
  osmigrate.fleet.release_approve:
    report: review/debian-13-13.2/difference.json
    policy: review-policy.yml
    private_key: ~/.config/osmigrate/alice.pem
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["approve the way from 8c3b1bf6f2a5 to 0c9d6c1b1d4a as alice"]
approved:
  description: Whether nothing needs an approval any more.
  returned: success
  type: bool
lacking:
  description: A sentence for each rule that still asks for approvals.
  returned: success
  type: list
  elements: str
  sample: ["unit-removed (2 of alice, bob): chrony.service is removed, approved by alice"]
needs:
  description: What needs an approval, and who has given it.
  returned: success
  type: list
  elements: dict
  contains:
    when:
      description: Kind of change.
      type: str
      sample: set-id-file
    changes:
      description: A sentence for each change.
      type: list
      elements: str
      sample: ["/usr/bin/su is set-id, and is new or was something else"]
    by:
      description: Approvers of whom it needs the approval.
      type: list
      elements: str
      sample: [alice, bob]
    approvals:
      description: How many of them have to approve.
      type: int
      sample: 1
    approved_by:
      description: Who of them has.
      type: list
      elements: str
      sample: [alice]
    approved:
      description: Whether that is enough.
      type: bool
digest:
  description: SHA-256 digest of the report.
  returned: success
  type: str
signature_path:
  description: Path of the approvals.
  returned: success
  type: str
  sample: review/debian-13-13.2/difference.json.sig
to_be_signed:
  description: Base64 of the bytes that an approver signs.
  returned: success
  type: str
"""

import base64
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, reader, signing
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import approval


def approve(params: dict, check_mode: bool) -> typing.Any:
    """Add an approval if a key is given and its owner has not approved yet: the module's result.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    """
    path = params["report"]
    rules = approval.load_policy(params["policy"])
    reviewed = approval.read(path, rules)
    data = envelope.signed_bytes(reviewed.payload, approval.TYPE)
    key, make = signing.signer(params, data)
    after = signing.added(reviewed.present, reviewed.payload, data, key, make)
    actions = []
    if key:
        names = [name for name, keys in rules.approvers.items() if key in keys]
        if not names:
            raise FleetError(
                f"Key {key.fingerprint[:16]} is that of no approver of policy {params['policy']}",
                "Nothing was approved",
                "Let an approver do it, or add the public half of the key to the policy",
            )
        if names[0] not in reviewed.approvers:
            old, new = (reviewed.difference[side]["id"][:12] for side in ("old", "new"))
            actions.append(f"approve the way from {old} to {new} as {names[0]}")
            reviewed = reviewed._replace(approvers=sorted([*reviewed.approvers, names[0]]))
            if after is not None and not check_mode:
                reader.write(approval.signatures_path(path), envelope.render(after, approval.TYPE))
    return {
        "changed": bool(actions),
        "actions": actions,
        "approved": not reviewed.lacking(),
        "lacking": reviewed.lacking_texts(),
        "needs": reviewed.describe(),
        "digest": reviewed.digest,
        "signature_path": approval.signatures_path(path),
        "to_be_signed": base64.b64encode(data).decode("ascii"),
    }


def main() -> None:
    module = FleetModule(
        argument_spec={
            "report": {"type": "path", "required": True},
            "policy": {"type": "path", "required": True},
            **signing.OPTIONS,
        },
        mutually_exclusive=signing.EXCLUSIVE,
        required_together=signing.TOGETHER,
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    with failing(module):
        result = approve(module.params, module.check_mode)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
