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
  - osmigrate.fleet.signer
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
    description:
      - Path of the manifest. The signature is written to the same path with C(.sig) appended.
      - Required unless O(key_only=true).
    type: path
  key_only:
    description: Only see that O(private_key) can sign, which is better known before a release is built; sign nothing.
    type: bool
    default: false
  policy:
    description:
      - Path of a policy file that says which changes need an approval. With it, a release that was not reviewed, or
        that has changes that need more approvals than they have, is not signed.
      - It goes with O(report).
    type: path
  report:
    description:
      - Path of C(difference.json) of M(osmigrate.fleet.release_difference), whose new release has to be the commit of
        the manifest. Its approvals lie beside it.
      - Where the manifest has an image for slots, the report has to have been made with that image.
    type: path
  previous:
    description:
      - Path or URL of the manifest of the release before. With it, the report has to compare with that one's commit.
    type: str
seealso:
  - module: osmigrate.fleet.release_approve
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
  returned: unless O(key_only=true)
  type: str
  sample: build/debian-13-13.1/release.yml.sig
envelope:
  description: The content of the file of signatures.
  returned: unless O(key_only=true)
  type: str
to_be_signed:
  description: Base64 of the bytes that are signed.
  returned: unless O(key_only=true)
  type: str
digest:
  description: SHA-256 digest of the manifest's file, for C(osmigrate_release_digest).
  returned: unless O(key_only=true)
  type: str
signed_by:
  description: SHA-256 fingerprints of the keys whose signatures are in the file, as it says itself.
  returned: unless O(key_only=true)
  type: list
  elements: str
needs:
  description:
    - What of O(report) needs an approval by O(policy), and who has given it; empty without them. Each one is as
      RV(osmigrate.fleet.release_approve#module:needs) has it.
  returned: unless O(key_only=true)
  type: list
  elements: dict
public_key:
  description: The public half of the key as PEM text, to be given to C(trusted_keys); empty where none was given.
  returned: success
  type: str
"""

import base64
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, reader, schema, signing
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import approval

TIMEOUT = 30


def commit_of(release: typing.Any) -> typing.Any:
    """Return the commit of a release, as str; that is what a report is about.

    :raises FleetError: it has none.
    """
    if "ostree" not in release["payloads"]:
        raise FleetError(
            f"Release {schema.entry_id(release)} has no payload ostree, and a report compares commits",
            "Nothing was signed",
            "Sign it without a policy, or give it that payload, too",
        )
    return release["payloads"]["ostree"]["commit"]


def see_that_the_review_is_whole(params: dict) -> None:
    """Refuse a policy without a report, and what goes with them alone.

    Not left to the module's specification: what refuses arguments there shows them, the password of a URL too.

    :param params: dict, the module's parameters.
    """
    if bool(params["policy"]) != bool(params["report"]) or (params["previous"] and not params["report"]):
        raise FleetError(
            "A review is a policy and a report of what differs, and one of the two was not given",
            "Nothing was signed",
            "Give policy and report, and previous if you want, or none of the three",
        )


def see_that_it_was_reviewed(params: dict, read: typing.Any) -> typing.Any:
    """Return what needed an approval, as the module documents needs.

    :param params: dict, the module's parameters.
    :param read: reader.Release to be signed.
    :raises FleetError: the release was not reviewed, or has too few approvals.
    """
    if not params["policy"]:
        return []
    reviewed = approval.read(params["report"], approval.load_policy(params["policy"]))
    previous = params["previous"]
    if previous:
        before = reader.unsigned(reader.read_manifest(previous, TIMEOUT), reader.name_of(previous))
        previous = commit_of(before.release)
    commit_of(read.release)
    pinned = schema.commits(read.release)
    approval.see_that_it_is_approved(reviewed, pinned, previous, read.name, params["report"])
    return reviewed.describe()


def look(params: dict) -> typing.Any:
    """See that a key can sign: the module's result for that alone.

    :param params: dict, the module's parameters.
    :raises FleetError: it cannot, or there is none.
    """
    if not params["private_key"]:
        raise FleetError(
            "key_only was given without a private_key", "Nothing was signed", "Give the key that is to be looked at"
        )
    key, _make = signing.signer(params, b"")
    return {"changed": False, "actions": [], "public_key": key.pem if key else ""}


def sign(params: dict, check_mode: bool) -> typing.Any:
    """Sign the manifest unless it is signed: the module's result.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    """
    location = params["manifest"]
    read = reader.unsigned(reader.read_manifest(location, TIMEOUT), reader.name_of(location))
    needs = see_that_it_was_reviewed(params, read)
    data = envelope.signed_bytes(read.payload)
    key, make = signing.signer(params, data)
    path = reader.signature_location(location)
    before = reader.read_present(location, TIMEOUT)
    after = signing.added(before, read.payload, data, key, make)
    actions = []
    if key and after != before:
        actions.append(f"sign {schema.entry_id(read.release)} with key {key.fingerprint[:16]}")
        if after is not None and not check_mode:
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
        "needs": needs,
        "public_key": key.pem if key else "",
        "diff": {"before_header": path, "after_header": path, "before": texts[0], "after": texts[1]},
    }


def main() -> None:
    module = FleetModule(
        argument_spec={
            "manifest": {"type": "path"},
            "key_only": {"type": "bool", "default": False},
            "policy": {"type": "path"},
            "report": {"type": "path"},
            "previous": {"type": "str"},
            **signing.OPTIONS,
        },
        mutually_exclusive=signing.EXCLUSIVE,
        required_together=signing.TOGETHER,
        required_if=[("key_only", False, ["manifest"])],
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    with failing(module):
        see_that_the_review_is_whole(module.params)
        result = look(module.params) if module.params["key_only"] else sign(module.params, module.check_mode)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
