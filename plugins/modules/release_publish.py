#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Publish a signed release in a directory, or mirror one."""

DOCUMENTATION = r"""
module: release_publish
short_description: Publish a signed release in a directory, or mirror one
version_added: 1.0.0
description:
  - Brings a signed release into a directory that a web server shows, first its commit and its image, then its manifest,
    then the channels that name it, so that nothing is to be seen before it is whole. A run that was killed is gone on
    with.
  - Everything is verified on its way, manifest and channels by O(trusted_keys), the content by the commit, an image by
    the digests in the manifest.
  - From a URL it mirrors. Nodes fetch from the URL that the signed manifest names, so that has to lead to the mirror.
author:
  - osmigrate.fleet contributors (@osmigrate)
extends_documentation_fragment:
  - osmigrate.fleet.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    support: full
    platforms: linux
requirements:
  - ostree
  - PyYAML
  - cryptography
options:
  manifest:
    description:
      - Path or URL of the manifest of the release, with its signatures beside it, or of a channel that names it. A
        channel given here is published, too.
    type: str
    required: true
  repository:
    description:
      - Path or URL of the OSTree repository that has the commit of the release. An image for slots lies in C(slots)
        beside it.
      - Left out, both are where the manifest says.
    type: str
  destination:
    description:
      - Directory to publish in. It gets C(repo), C(slots), C(ID/release.yml), C(ID/release.yml.sig) and
        channels.
    type: path
    required: true
  channels:
    description: Paths or URLs of channels to publish after the release; each has to name a release that is there then.
    type: list
    elements: str
    default: []
  trusted_keys:
    description: Ed25519 public keys, as M(osmigrate.fleet.release_info) takes them.
    type: list
    elements: raw
    required: true
  signatures_required:
    description: How many different keys of O(trusted_keys) must have signed the release and each channel.
    type: int
    default: 1
  keep:
    description:
      - How many releases of each name stay in the directory at least, the newest ones; V(0) for all. What a channel
        names stays, too, and what has to run before one that stays (C(minimum_from)).
      - Objects that no release needs are removed with the others, also those of older commits of a branch, and so are
        files in C(slots) that no release names. With V(0), nothing is removed.
    type: int
    default: 0
  deltas:
    description:
      - Make static deltas from the release before and from what channels name, and keep those that are at least a fifth
        smaller than what nodes would fetch without them. That takes minutes of one core.
    type: bool
    default: false
  verify:
    description: Read the whole repository and all images at the end, and fail if anything in them is damaged.
    type: bool
    default: false
  timeout:
    description: After how many seconds the fetch of a manifest or channel ends, and that of an image that stands still.
    type: int
    default: 30
seealso:
  - module: osmigrate.fleet.release_sign
  - module: osmigrate.fleet.release_channel
"""

EXAMPLES = r"""
- name: Publish a release, let the channel stable mean it, and keep four
  osmigrate.fleet.release_publish:
    manifest: build/debian-13-13.2/release.yml
    repository: build/repo
    destination: /srv/www/images
    channels: [build/debian-13.stable.channel]
    trusted_keys: [release.pub]
    keep: 4
  delegate_to: localhost

- name: Mirror what the channel stable means
  osmigrate.fleet.release_publish:
    manifest: https://images.example/debian-13.stable.channel
    destination: /srv/www/images
    trusted_keys: [release.pub]
    verify: true
  delegate_to: localhost
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: ["fetch commit 8c3b1bf6f2a5 from build/repo", "publish debian-13-13.2"]
release_id:
  description: Id of the release.
  returned: success
  type: str
  sample: debian-13-13.2
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule, need_libraries
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    channel,
    channels,
    published,
    reader,
    schema,
)


def publish(params: typing.Dict[str, typing.Any], check_mode: bool, now: float) -> typing.Dict[str, typing.Any]:
    """Publish the release: the module's result.

    :param params: dict, the module's parameters.
    :param check_mode: bool, only say what would be done.
    :param now: seconds of the epoch.
    """
    place = published.Site(params["destination"])
    if check_mode:
        return carry_out(params, place, True, now)
    with place.alone():
        return carry_out(params, place, False, now)


def carry_out(
    params: typing.Dict[str, typing.Any], place: published.Site, check_mode: bool, now: float
) -> typing.Dict[str, typing.Any]:
    """As publish, with nobody else at work.

    :param place: published.Site
    """
    keys, required, timeout = (
        reader.trusted_keys(params["trusted_keys"]),
        params["signatures_required"],
        params["timeout"],
    )
    if required < 1:
        raise FleetError(f"signatures_required is {required}, so anything would count as signed", todo="Give 1 or more")
    if params["keep"] < 0:
        raise FleetError(f"keep is {params['keep']}", todo="Give how many releases stay, or 0 for all")
    locations, manifest = list(params["channels"]), params["manifest"]
    if channel.is_pointer(manifest):
        locations.insert(0, manifest)
    pointed = [channels.read(location, timeout, keys, required, now) for location in locations]
    if channel.is_pointer(manifest):
        manifest = channel.manifest_location(manifest, pointed[0].pointer)
    found = reader.read(manifest, timeout, keys, required, True)
    content = reader.read_manifest(manifest, timeout)
    if reader.unsigned(content, found.name).digest != found.digest:
        raise FleetError(f"{found.name} has changed while it was read", todo="Run the same command again")
    entry = schema.entry_id(found.release)
    for one in pointed:
        if one.pointer.release == entry:
            channel.see_that_it_is_meant(one.pointer, one.name, found.release, found.digest, found.signed_by, required)
    steps = place.plan(found, content, params["repository"] or "", params["deltas"], timeout)
    for one in pointed:
        steps += place.plan_channel(one, [entry])
    steps += place.plan_retention([found.release], [one.pointer for one in pointed], params["keep"])
    if not check_mode:
        for _sentence, step in steps:
            step()
        if params["verify"]:
            place.verify()
    return {"changed": bool(steps), "actions": [sentence for sentence, _step in steps], "release_id": entry}


def main() -> None:
    module = FleetModule(
        argument_spec={
            "manifest": {"type": "str", "required": True},
            "repository": {"type": "str"},
            "destination": {"type": "path", "required": True},
            "channels": {"type": "list", "elements": "str", "default": []},
            "trusted_keys": {"type": "list", "elements": "raw", "required": True, "no_log": False},
            "signatures_required": {"type": "int", "default": 1},
            "keep": {"type": "int", "default": 0},
            "deltas": {"type": "bool", "default": False},
            "verify": {"type": "bool", "default": False},
            "timeout": {"type": "int", "default": 30},
        },
        supports_check_mode=True,
    )
    need_libraries(module, reader.MISSING)
    with failing(module):
        result = publish(module.params, module.check_mode, time.time())
    module.exit_json(**result)


if __name__ == "__main__":
    main()
