#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read and verify a release manifest."""

DOCUMENTATION = r"""
module: release_info
short_description: Read and verify a release manifest
version_added: 0.1.0
description:
  - Reads a release manifest from a file or a URL, validates it and verifies its signature.
  - The result holds everything that a node needs to verify the same bytes again.
  - Runs on the controller, so delegate it to C(localhost) and run it once for all nodes.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    support: full
    platforms: posix
requirements:
  - PyYAML
  - cryptography
options:
  manifest:
    description:
      - Path or C(http)/C(https) URL of the manifest.
      - Its signature is read from the same place with C(.sig) appended.
      - For a server that asks for a password, put it into the netrc file of the controller.
    type: str
    required: true
  trusted_keys:
    description:
      - Ed25519 public keys, each as PEM text or as a path to a PEM file. One of them must have signed the manifest.
      - One PEM text or file may hold several keys.
    type: list
    elements: str
    default: []
  require_signature:
    description:
      - Refuse a manifest that has no signature.
      - When V(false), a signature that is there is still verified, unless O(trusted_keys) is empty.
    type: bool
    default: true
  timeout:
    description: How many seconds to wait for the server when O(manifest) is a URL.
    type: int
    default: 30
seealso:
  - module: osmigrate.fleet.release_sign
"""

EXAMPLES = r"""
- name: Read the release
  osmigrate.fleet.release_info:
    manifest: https://images.example/debian-13-13.1/release.yml
    trusted_keys:
      - /etc/osmigrate/release.pub
  delegate_to: localhost
  run_once: true
  register: release
"""

RETURN = r"""
release:
  description: The manifest, with defaults filled in.
  returned: success
  type: dict
  contains:
    id:
      description: The id of the release's boot entry, name and version joined by a dash.
      type: str
      sample: debian-13-13.1
    name:
      description: Name of the release.
      type: str
      sample: debian-13
    version:
      description: Version of the release.
      type: str
      sample: "13.1"
    created:
      description: When it was made.
      type: str
      sample: "2026-11-21T00:00:00Z"
    os:
      description: C(id), C(version_id), C(architecture) and C(kernel) of the operating system.
      type: dict
    minimum_from:
      description: Versions of the same name, one of which must run before this one. Empty means any.
      type: list
      elements: str
    payloads:
      description: What to fetch, by kind.
      type: dict
    schema:
      description: Version of the schema.
      type: int
      sample: 1
canonical:
  description: The canonical form of the manifest, the text that is signed.
  returned: success
  type: str
signature:
  description: The signature in base64, empty when there is none.
  returned: success
  type: str
signed_by:
  description: SHA-256 fingerprint of the key that made the signature, empty when none was verified.
  returned: success
  type: str
trusted_keys:
  description: The trusted keys as PEM texts.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader, schema


def read(location, trusted_keys, require_signature, timeout):
    """Read and verify a manifest: the module's result."""
    keys = reader.trusted_keys(trusted_keys)
    manifest = reader.load(location, timeout)
    signature = reader.load_signature(location, timeout)
    signed_by = ""
    if require_signature and not signature:
        raise FleetError(
            f"{manifest.name} has no signature beside it ({reader.signature_location(location)})",
            todo="Sign it with osmigrate.fleet.release_sign, or set require_signature to false to use it unsigned",
        )
    if require_signature and not keys:
        raise FleetError(
            f"{manifest.name} cannot be verified, because no trusted key was given",
            todo="Give the public key of those who make the release in trusted_keys",
        )
    if signature and keys:
        signed_by = reader.verify(manifest, signature, keys)
    return {
        "release": dict(manifest.release, id=schema.entry_id(manifest.release)),
        "canonical": manifest.canonical,
        "signature": signature,
        "signed_by": signed_by,
        "trusted_keys": [key.pem for key in keys],
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "manifest": {"type": "str", "required": True},
            "trusted_keys": {"type": "list", "elements": "str", "default": [], "no_log": False},
            "require_signature": {"type": "bool", "default": True},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    for library, error in reader.MISSING:
        module.fail_json(msg=missing_required_lib(library), exception=error)
    params = module.params
    with failing(module):
        result = read(params["manifest"], params["trusted_keys"], params["require_signature"], params["timeout"])
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
