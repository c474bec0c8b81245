#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Say which release a channel means, and sign that."""

DOCUMENTATION = r"""
module: release_channel
short_description: Say which release a channel means, and sign that
version_added: 1.0.0
description:
  - Writes a channel, a small signed file that names one release by its id and the digest of its manifest, and expires.
    C(osmigrate_release) may be its path or URL.
  - A channel that says the same already keeps its number and its time, and gets the signature of the key if that is
    missing. So several people can sign it one after the other. With O(renew), or with another release, it gets the next
    number, and only the new signature.
  - With O(renew) and O(private_key), one that others have made anew already is signed, and no other one is made. It
    counts as that as long as the key has not signed it and it is good for at least half of O(expires_in).
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
    support: partial
    details:
      - With O(renew) each run of a key makes a new one.
  platform:
    support: full
    platforms: posix
requirements:
  - PyYAML
  - cryptography
options:
  path:
    description:
      - Path of the channel, called C(NAME.CHANNEL.channel), such as C(debian-13.stable.channel).
      - Where several have to sign, make it at another place than the one that is served, and publish it with
        M(osmigrate.fleet.release_publish).
    type: path
    required: true
  manifest:
    description: Path of the manifest of the release that the channel means.
    type: path
    required: true
  location:
    description:
      - Where the manifest is to be found, as URL or as path below the directory of the channel.
      - Left out, it is C(ID/release.yml), as M(osmigrate.fleet.release_publish) puts it there.
    type: str
  expires_in:
    description:
      - How long it is good for, in seconds or such as V(30d). Sign it anew well before that, or nobody can use it.
    type: str
    default: 30d
  created:
    description:
      - Time at which it is made, such as V(2026-11-21T00:00:00Z); left out, now.
      - To have it signed elsewhere, give the one that the run before returned in RV(channel), so that RV(to_be_signed)
        is the same.
    type: str
  floor:
    description: Version before which no release of the name may be used any more.
    type: str
    default: ""
  blocked:
    description:
      - What must not be used any more; each is the id of a release, a commit, or the SHA-256 fingerprint of a key.
    type: list
    elements: str
    default: []
  renew:
    description: Make a new one, with the next number and a new time, also where the channel says the same already.
    type: bool
    default: false
seealso:
  - module: osmigrate.fleet.release_sign
  - module: osmigrate.fleet.release_publish
"""

EXAMPLES = r"""
- name: Let the channel stable mean the new release
  osmigrate.fleet.release_channel:
    path: build/debian-13.stable.channel
    manifest: build/debian-13-13.2/release.yml
    private_key: ~/.config/osmigrate/release.pem
    floor: "13.1"
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["let channel stable of debian-13 mean debian-13-13.2 until 2026-12-21T00:00:00Z, as number 7"]
channel:
  description: What the channel says.
  returned: success
  type: dict
  sample: {"name": "debian-13", "channel": "stable", "serial": 7, "created": "2026-11-21T00:00:00Z",
           "expires": "2026-12-21T00:00:00Z", "release": "debian-13-13.2", "manifest": "debian-13-13.2/release.yml",
           "sha256": "0e5064e75e316f2173b34d9cbd3fa1c4a1a1ea1d1e4d7a2f6f4f5a2ec3c1b111", "floor": "13.1", "blocked": []}
signed_by:
  description: SHA-256 fingerprints of the keys whose signatures are in the file, as it says itself.
  returned: success
  type: list
  elements: str
to_be_signed:
  description: Base64 of the bytes that are signed.
  returned: success
  type: str
"""

import base64
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._duration import read_seconds
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    channel,
    channels,
    envelope,
    reader,
    revoked,
    schema,
    signing,
)

TIMEOUT = 30


def wanted(
    params: typing.Dict[str, typing.Any], now: float, before: typing.Optional[channel.Pointer], is_others: bool
) -> channel.Pointer:
    """Return the channel.Pointer that the parameters ask for: the one before, where that says the same.

    :param params: dict, the module's parameters.
    :param now: seconds of the epoch.
    :param before: channel.Pointer or None.
    :param is_others: whether others have signed the one before, and the key has not.
    """
    name, word = channel.names_of(params["path"])
    found = reader.unsigned(reader.read_manifest(params["manifest"], TIMEOUT), reader.name_of(params["manifest"]))
    release = schema.entry_id(found.release)
    try:
        seconds = read_seconds(params["expires_in"])
    except ValueError as error:
        raise FleetError(f"expires_in {error}", "Nothing was signed", "Correct it, then run the same command again")
    try:
        begin = schema.time_of(params["created"]) if params["created"] else now
    except ValueError:
        raise FleetError(
            "created is not a time in UTC like 2026-11-21T00:00:00Z",
            "Nothing was signed",
            "Correct it, or leave it out",
        )
    pointer = channel.Pointer(
        name,
        word,
        before.serial + 1 if before else 1,
        time.strftime(schema.DATE, time.gmtime(begin)),
        time.strftime(schema.DATE, time.gmtime(begin + seconds)),
        release,
        params["location"] or f"{release}/release.yml",
        found.digest,
        params["floor"],
        tuple(sorted(revoked.read(params["blocked"]))),
    )
    if before and before.says() == pointer.says():
        is_new = is_others and not params["created"] and schema.time_of(before.expires) - now >= seconds / 2
        pointer = before if is_new or not params["renew"] else pointer
    # Read as those who use it will read it.
    title = channels.name_of(params["path"])
    channel.read_payload(channel.payload_of(pointer), params["path"], title)
    channel.examine(pointer, title, now)
    channel.see_that_it_is_meant(pointer, title, found.release, found.digest, [])
    return pointer


def waits_for_the_key(params: typing.Dict[str, typing.Any], present: typing.Optional[envelope.Envelope]) -> bool:
    """Whether others have signed what is there, and the key of a file has not.

    :param params: dict, the module's parameters.
    :param present: what is there.
    """
    if not present or not params["private_key"]:
        return False
    data = envelope.signed_bytes(present.payload, channel.TYPE)
    key, _make = signing.signer(params, data)
    return key is not None and not any(reader.matches(key, raw, data) for _keyid, raw in present.signatures)


def point(params: typing.Dict[str, typing.Any], check_mode: bool, now: float) -> typing.Dict[str, typing.Any]:
    """Make and sign the channel unless it is: the module's result.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    :param now: seconds of the epoch.
    """
    path = params["path"]
    present = channels.read_signed(path, TIMEOUT)
    before = channel.read_payload(present.payload, path, channels.name_of(path)) if present else None
    pointer = wanted(params, now, before, waits_for_the_key(params, present))
    payload = channel.payload_of(pointer)
    data = envelope.signed_bytes(payload, channel.TYPE)
    key, make = signing.signer(params, data)
    after = signing.added(present, payload, data, key, make)
    actions = []
    if key and after != present:
        if pointer != before:
            actions.append(
                f"let {pointer.title()} mean {pointer.release} until {pointer.expires}, as number {pointer.serial}"
            )
        actions.append(f"sign {pointer.title()} with key {key.fingerprint[:16]}")
        if after is not None and not check_mode:
            reader.write(path, envelope.render(after, channel.TYPE))
    texts = ["" if one is None else envelope.render(one, channel.TYPE) for one in (present, after)]
    return {
        "changed": bool(actions),
        "actions": actions,
        "channel": pointer._asdict(),
        "signed_by": [keyid for keyid, _raw in after.signatures] if after else [],
        "to_be_signed": base64.b64encode(data).decode("ascii"),
        "diff": {"before": texts[0], "after": texts[1], "before_header": path, "after_header": path},
    }


def main() -> None:
    module = FleetModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "manifest": {"type": "path", "required": True},
            "location": {"type": "str"},
            "expires_in": {"type": "str", "default": "30d"},
            "created": {"type": "str"},
            "floor": {"type": "str", "default": ""},
            "blocked": {"type": "list", "elements": "str", "default": []},
            "renew": {"type": "bool", "default": False},
            **signing.OPTIONS,
        },
        mutually_exclusive=signing.EXCLUSIVE,
        required_together=signing.TOGETHER,
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    with failing(module):
        result = point(module.params, module.check_mode, time.time())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
