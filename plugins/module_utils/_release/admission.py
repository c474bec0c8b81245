# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which releases a node takes: a module verifies the signed text itself, whatever the controller has made of it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope, keyring, signature

# As plugins/doc_fragments/release.py documents it.
ARGUMENT_SPEC: typing.Dict[str, typing.Dict[str, typing.Any]] = {
    "manifest": {"type": "str", "required": True},
    "signatures": {"type": "list", "elements": "str", "default": []},
    "trusted_keys": {"type": "list", "elements": "raw", "default": [], "no_log": False},
    "signatures_required": {"type": "int", "default": 1},
    "require_signature": {"type": "bool", "default": True},
}


def verified(params: typing.Dict[str, typing.Any]) -> typing.Tuple[typing.Dict[str, typing.Any], typing.List[str]]:
    """Verify the signed text, and only then read it.

    :param params: the module's parameters, with those of ARGUMENT_SPEC.
    :returns: (the manifest as schema.validate returns it, fingerprints of the keys whose signatures count).
    :raises FleetError: it is not signed by those who have to.
    """
    name, required = "The release", params["signatures_required"]
    signed_by: typing.List[str] = []
    asked = params["require_signature"] or (params["signatures"] and params["trusted_keys"])
    if asked:
        keys = signature.trusted_keys(params["trusted_keys"])
        data = envelope.signed_bytes(params["manifest"])
        raw = [signature.decode(one) for one in params["signatures"]]
        signers = signature.count(data, raw, keys, max(required, 1), name, signature.matches_on_node)
    release, _digest = envelope.read_payload(params["manifest"], name)
    if asked:
        signed_by = signature.allowed(signers, max(required, 1), release["name"], name)
    keyring.agree(signed_by, required)
    return release, signed_by
