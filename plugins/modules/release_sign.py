#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sign a release manifest."""

DOCUMENTATION = r"""
module: release_sign
short_description: Sign a release manifest
version_added: 0.1.0
description:
  - Validates a release manifest and writes a detached ed25519 signature beside it.
  - The signature covers the manifest's canonical form, so comments and formatting may change afterwards.
  - A signature that already verifies with the key is left alone.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    support: full
    platforms: posix
requirements:
  - PyYAML
  - cryptography
options:
  manifest:
    description: Path of the manifest. The signature is written to the same path with C(.sig) appended.
    type: path
    required: true
  private_key:
    description: Path of a PEM file with the ed25519 private key.
    type: path
    required: true
  passphrase:
    description: Passphrase of the private key, if it has one.
    type: str
seealso:
  - module: osmigrate.fleet.release_info
"""

EXAMPLES = r"""
- name: Sign the release
  osmigrate.fleet.release_sign:
    manifest: build/debian-13-13.1/release.yml
    private_key: ~/.config/osmigrate/release.pem
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["sign debian-13-13.1 with key 0e5064e75e316f21"]
signature_path:
  description: Path of the signature.
  returned: success
  type: str
  sample: build/debian-13-13.1/release.yml.sig
signature:
  description: The signature in base64.
  returned: success
  type: str
signed_by:
  description: SHA-256 fingerprint of the key.
  returned: success
  type: str
public_key:
  description: The public half of the key as PEM text, to be given to C(trusted_keys).
  returned: success
  type: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader, schema


def is_signed(manifest, signature, key):
    """Whether this signature over the manifest was made with the key."""
    try:
        reader.verify(manifest, signature, [key])
    except FleetError:
        return False
    return True


def sign(location, private_key_path, passphrase, check_mode):
    """Sign the manifest unless it is signed: the module's result."""
    private_key = reader.load_private_key(private_key_path, passphrase)
    public_key = reader.public_half(private_key)
    manifest = reader.load(location)
    path = reader.signature_location(location)
    before = reader.load_signature(location)
    after = before
    actions = []
    if not is_signed(manifest, before, public_key):
        after = reader.sign(manifest, private_key)
        actions.append(f"sign {schema.entry_id(manifest.release)} with key {public_key.fingerprint[:16]}")
        if not check_mode:
            reader.write(path, after + "\n")
    return {
        "changed": bool(actions),
        "actions": actions,
        "signature_path": path,
        "signature": after,
        "signed_by": public_key.fingerprint,
        "public_key": public_key.pem,
        "diff": {
            "before_header": path,
            "after_header": path,
            "before": before + "\n" if before else "",
            "after": after + "\n",
        },
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "manifest": {"type": "path", "required": True},
            "private_key": {"type": "path", "required": True, "no_log": False},
            "passphrase": {"type": "str", "no_log": True},
        },
        supports_check_mode=True,
    )
    for library, error in reader.MISSING:
        module.fail_json(msg=missing_required_lib(library), exception=error)
    params = module.params
    with failing(module):
        result = sign(params["manifest"], params["private_key"], params["passphrase"], module.check_mode)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
