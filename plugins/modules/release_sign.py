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
  - Validates a release manifest and writes a file with ed25519 signatures beside it, a DSSE envelope.
  - The signatures cover the exact bytes of the manifest, so a change of a comment needs a new one, too.
  - Another key adds its signature to those that are there. One that already verifies with the key is left alone.
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
    description:
      - Path of a PEM file with the ed25519 private key. Nobody but its owner may be able to read it.
      - Without it, and without O(signature), nothing is written; RV(to_be_signed) is what another tool has to sign.
    type: path
  passphrase:
    description: Passphrase of the private key, if it has one.
    type: str
  signature:
    description: Base64 of a raw ed25519 signature over RV(to_be_signed), made elsewhere, by a hardware token say.
    type: str
  public_key:
    description: Ed25519 public key that O(signature) verifies with, as PEM text or as a path to a PEM file.
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
envelope:
  description: The content of the file of signatures.
  returned: success
  type: str
to_be_signed:
  description: Base64 of the bytes that are signed.
  returned: success
  type: str
digest:
  description: SHA-256 digest of the manifest's file, for C(osmigrate_release_digest).
  returned: success
  type: str
signed_by:
  description: SHA-256 fingerprints of the keys whose signatures are in the file, as it says itself.
  returned: success
  type: list
  elements: str
public_key:
  description: The public half of the key as PEM text, to be given to C(trusted_keys); empty where none was given.
  returned: success
  type: str
"""

import base64

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, reader, schema

TIMEOUT = 30


def signer(params, data):
    """Return who signs and how.

    :param params: dict, the module's parameters.
    :param data: bytes to be signed.
    :returns: (PublicKey, callable without arguments that returns the signature), or (None, None).
    :raises FleetError: the key cannot be used, or the given signature is none of it.
    """
    if params["private_key"]:
        private_key = reader.load_private_key(params["private_key"], params["passphrase"])
        return reader.public_half(private_key), lambda: private_key.sign(data)
    if not params["signature"]:
        return None, None
    (key,) = [one.key for one in reader.trusted_keys([params["public_key"]])][:1]
    try:
        raw = base64.b64decode(params["signature"].encode("ascii"), validate=True)
    except ValueError:
        raw = b""
    if len(raw) != 64 or not reader.matches(key, raw, data):
        raise FleetError(
            f"The given signature does not verify with key {key.fingerprint[:16]}",
            todo="Sign exactly the bytes of to_be_signed, as raw ed25519 (no prehash)",
        )
    return key, lambda: raw


def sign(params, check_mode):
    """Sign the manifest unless it is signed: the module's result.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    """
    location = params["manifest"]
    read = reader.unsigned(reader.read_manifest(location, TIMEOUT), reader.name_of(location))
    data = envelope.signed_bytes(read.payload)
    key, make = signer(params, data)
    path = reader.signature_location(location)
    before = reader.read_present(location, TIMEOUT)
    others = before.signatures if before is not None and before.payload == read.payload else []
    after, actions = before, []
    if key and not any(reader.matches(key, raw, data) for _keyid, raw in others):
        kept = [one for one in others if one[0] != key.fingerprint]
        after = envelope.Envelope(read.payload, kept + [(key.fingerprint, make())])
        actions.append(f"sign {schema.entry_id(read.release)} with key {key.fingerprint[:16]}")
        if not check_mode:
            reader.write(path, envelope.render(after))
    texts = ["" if one is None else envelope.render(one) for one in (before, after)]
    return {
        "changed": bool(actions),
        "actions": actions,
        "signature_path": path,
        "envelope": texts[1],
        "to_be_signed": base64.b64encode(data).decode("ascii"),
        "digest": read.digest,
        "signed_by": [keyid for keyid, _raw in after.signatures] if after else [],
        "public_key": key.pem if key else "",
        "diff": {"before_header": path, "after_header": path, "before": texts[0], "after": texts[1]},
    }


def main():
    module = AnsibleModule(
        argument_spec={
            "manifest": {"type": "path", "required": True},
            "private_key": {"type": "path", "no_log": False},
            "passphrase": {"type": "str", "no_log": True},
            "signature": {"type": "str"},
            "public_key": {"type": "str"},
        },
        mutually_exclusive=[("private_key", "signature")],
        required_together=[("signature", "public_key")],
        supports_check_mode=True,
    )
    for library, error in reader.MISSING:
        module.fail_json(msg=missing_required_lib(library), exception=error)
    with failing(module):
        result = sign(module.params, module.check_mode)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
