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
      - Path or C(http)/C(https) URL of the manifest, or of a channel, C(NAME.CHANNEL.channel), which says what manifest
        is meant now. A channel has to be signed by O(trusted_keys), and must not have expired.
      - Its signature is read from the same place with C(.sig) appended.
      - For a server that asks for a password, put it into the netrc file of the controller.
    type: str
    required: true
  trusted_keys:
    description:
      - Ed25519 public keys, each as PEM text, as a path to a PEM file, or as a mapping with C(key), which is one of
        both, and C(names), a list of the names of the releases that it may sign.
      - One PEM text or file may hold several keys.
    type: list
    elements: raw
    default: []
  require_signature:
    description:
      - Refuse a manifest that has no signature.
      - When V(false), a signature that is there is still verified, unless O(trusted_keys) is empty.
    type: bool
    default: true
  signatures_required:
    description: How many different keys of O(trusted_keys) must have signed.
    type: int
    default: 1
  release_id:
    description: Id that the release must have, such as C(debian-13-13.1). Whatever else is read is refused.
    type: str
    default: ""
  digest:
    description: SHA-256 digest that the file of the manifest must have, as C(sha256sum) prints it.
    type: str
    default: ""
  max_age:
    description: How long ago it may have been created at most, in seconds or such as V(30d); V(0) for no limit.
    type: str
    default: "0"
  revoked:
    description:
      - What must not be used any more, whoever signed it; each is the id of a release, a commit, or the SHA-256
        fingerprint of a key.
    type: list
    elements: str
    default: []
  allow_http:
    description:
      - Take an unsigned manifest over plain http, and do not warn of a signed one.
      - Whoever is on the way can withhold a signed release or send an older one, and can send anything unsigned.
        O(digest) rules both out.
    type: bool
    default: false
  check_payload:
    description:
      - Ask the server of each payload from here whether it has the release.
      - For controllers that can reach it. Each node asks it in any case before anything is fetched.
    type: bool
    default: false
  memory:
    description:
      - Path of a file on the controller that keeps the newest state of each channel that was seen. A channel that is
        older than that is refused. In check mode nothing is kept.
      - Without it, an older channel is taken until it expires.
    type: path
  timeout:
    description: After how many seconds a fetch ends, whatever the server does, when O(manifest) is a URL.
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
    expires:
      description: Until when it may be used.
      returned: if the manifest has it
      type: str
    serial:
      description: Its place among the releases of its name.
      returned: if the manifest has it
      type: int
    minimum_from:
      description: Versions of the same name, one of which must run before this one. Empty means any.
      type: list
      elements: str
    payloads:
      description: What to fetch, by kind. A release has one kind at least; a node takes what it is moved by.
      type: dict
    commits:
      description: What the release is pinned to, by kind of payload. Another digest is another build.
      type: dict
      sample: {"ostree": "1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014"}
    schema:
      description: Version of the schema.
      type: int
      sample: 1
payload:
  description: The text that is signed, JSON with the manifest and the digest of its file.
  returned: success
  type: str
digest:
  description: SHA-256 digest of the manifest's file.
  returned: success
  type: str
signatures:
  description: The signatures in base64, empty when there is none.
  returned: success
  type: list
  elements: str
signed_by:
  description: SHA-256 fingerprints of the trusted keys whose signatures count, empty when none was verified.
  returned: success
  type: list
  elements: str
signatures_required:
  description: How many keys had to sign.
  returned: success
  type: int
trusted_keys:
  description: The trusted keys that are not revoked, for M(osmigrate.fleet.ostree_candidate).
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The key as PEM text.
      type: str
    names:
      description: Names of the releases that it may sign; empty for all.
      type: list
      elements: str
channel:
  description: What the channel says, empty where O(manifest) is no channel.
  returned: success
  type: dict
  sample: {"name": "debian-13", "channel": "stable", "serial": 7, "created": "2026-11-21T00:00:00Z",
           "expires": "2026-12-21T00:00:00Z", "release": "debian-13-13.2", "manifest": "debian-13-13.2/release.yml",
           "sha256": "0e5064e75e316f2173b34d9cbd3fa1c4a1a1ea1d1e4d7a2f6f4f5a2ec3c1b111", "floor": "13.1",
           "blocked": ["debian-13-13.1"]}
plain_http:
  description: Whether the manifest came over plain http, without anything that rules out an older one.
  returned: success
  type: bool
"""

import base64
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree import repository
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import fetch as image
from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    channel,
    channels,
    fetch,
    policy,
    reader,
    revoked,
    schema,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._release.signature import TrustedKey

# How the server of a payload is asked for it, by its kind.
LOOKS = {"ostree": repository.look, "slots": image.look}


def read(params: typing.Dict[str, typing.Any], now: float, check_mode: bool = False) -> typing.Dict[str, typing.Any]:
    """Read and verify a manifest: the module's result.

    :param params: dict, the module's parameters.
    :param now: seconds of the epoch.
    :param check_mode: bool, remember nothing.
    :raises FleetError: it is refused.
    """
    try:
        max_age = read_seconds(params["max_age"])
    except ValueError as error:
        raise FleetError(f"osmigrate_release_max_age {error}", todo="Correct it, then run the same command again")
    wish = policy.Wish(params["release_id"], params["digest"], max_age, revoked.read(params["revoked"]))
    given = reader.trusted_keys(params["trusted_keys"])
    keys = [one for one in given if one.key.fingerprint not in wish.revoked]
    pointed = memory = None
    if channel.is_pointer(params["manifest"]):
        see_that_one_signature_counts(params)
        memory = channels.Memory(params["memory"] or "")
        pointed = channels.read(params["manifest"], params["timeout"], keys, params["signatures_required"], now)
        memory.check(pointed, params["manifest"])
        params = dict(params, manifest=channel.manifest_location(params["manifest"], pointed.pointer))
    found = verified(params, keys, len(given) - len(keys))
    policy.examine(found.name, found.release, found.digest, found.signed_by, wish, now)
    if pointed:
        required = params["signatures_required"]
        channel.see_that_it_is_meant(
            pointed.pointer, pointed.name, found.release, found.digest, found.signed_by, required
        )
        if memory is not None and not check_mode:
            memory.keep(pointed)
    plain = fetch.is_plain(params["manifest"]) and not wish.digest and not pointed
    if plain and not found.signed_by and not params["allow_http"]:
        raise FleetError(
            f"{found.name} came over plain http and nobody vouches for it",
            todo="Sign it, serve it over https, give its digest in osmigrate_release_digest, or set "
            "osmigrate_allow_http=true",
        )
    for kind, payload in sorted(found.release["payloads"].items()) if params["check_payload"] else ():
        try:
            LOOKS[kind](payload, params["timeout"], "Nothing was changed")
        except FleetError as error:
            others = "osmigrate_check_payload=false leaves this to the nodes, where they alone reach that server"
            raise FleetError(error.problem, error.left, "; ".join(filter(None, (error.todo, others))))
    return {
        "release": dict(found.release, id=schema.entry_id(found.release), commits=schema.commits(found.release)),
        "payload": found.payload,
        "digest": found.digest,
        "signatures": [base64.b64encode(raw).decode("ascii") for _keyid, raw in found.signatures],
        "signed_by": found.signed_by,
        "signatures_required": params["signatures_required"],
        "trusted_keys": [{"key": one.key.pem, "names": list(one.names)} for one in keys],
        "channel": pointed.pointer._asdict() if pointed else {},
        "plain_http": plain and not params["allow_http"],
    }


def see_that_one_signature_counts(params: typing.Dict[str, typing.Any]) -> None:
    """Refuse a number of signatures by which anything would count as signed.

    :param params: dict, the module's parameters.
    """
    if params["signatures_required"] < 1:
        raise FleetError(
            f"osmigrate_signatures_required is {params['signatures_required']}, so anything would count as signed",
            todo="Give a number from 1 on; osmigrate_require_signature=false is for unsigned releases",
        )


def verified(params: typing.Dict[str, typing.Any], keys: typing.List[TrustedKey], revoked_keys: int) -> reader.Release:
    """Read a manifest, signed if it has to be, or if it is and somebody is trusted.

    :param keys: list of TrustedKey.
    :param revoked_keys: int, how many more were given and are revoked.
    :returns: reader.Release.
    """
    location, required = params["manifest"], params["signatures_required"]
    name = reader.name_of(location)
    see_that_one_signature_counts(params)
    if params["require_signature"] and not keys:
        raise FleetError(
            f"{name} cannot be verified, because "
            + ("every trusted key is revoked" if revoked_keys else "no trusted key was given"),
            todo="Give the public key of those who make the release in osmigrate_trusted_keys",
        )
    return reader.read(location, params["timeout"], keys, required, params["require_signature"])


def main() -> None:
    module = FleetModule(
        argument_spec={
            "manifest": {"type": "str", "required": True},
            "trusted_keys": {"type": "list", "elements": "raw", "default": [], "no_log": False},
            "require_signature": {"type": "bool", "default": True},
            "signatures_required": {"type": "int", "default": 1},
            "release_id": {"type": "str", "default": ""},
            "digest": {"type": "str", "default": ""},
            "max_age": {"type": "str", "default": "0"},
            "revoked": {"type": "list", "elements": "str", "default": []},
            "allow_http": {"type": "bool", "default": False},
            "check_payload": {"type": "bool", "default": False},
            "memory": {"type": "path"},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    with failing(module):
        result = read(module.params, time.time(), module.check_mode)
    if result["plain_http"]:
        module.warn(
            f"{reader.name_of(module.params['manifest'])} came over plain http: whoever is on the way can withhold a "
            "release or send an older one. Serve it over https, give osmigrate_release_digest, or set "
            "osmigrate_allow_http=true."
        )
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
