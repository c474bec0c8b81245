# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is signed, and the file that holds it; texts from outside that are none of it."""

import base64
import json
import os
import time

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import envelope

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "..", "fixtures", "release")
with open(os.path.join(FIXTURES, "release.yml"), "rb") as stream:
    SOURCE = stream.read()
DOCUMENT = yaml.safe_load(SOURCE)
PAYLOAD = envelope.payload_of(DOCUMENT, SOURCE)
KEYID = "ab" * 32
ENVELOPE = envelope.Envelope(PAYLOAD, [(KEYID, bytes(range(64)))])
TEXT = envelope.render(ENVELOPE)


def test_there_and_back():
    assert envelope.parse(TEXT, "R") == ENVELOPE
    assert envelope.read_payload(PAYLOAD, "R") == (DOCUMENT, envelope.digest(SOURCE))


def test_what_is_signed_says_what_it_is():
    assert envelope.signed_bytes("{}") == b"DSSEv1 47 application/vnd.osmigrate.fleet.release.v1+json 2 {}"


def changed(**how):
    document = json.loads(TEXT)
    document.update(how)
    return json.dumps(document)


SIGNATURE = json.loads(TEXT)["signatures"][0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (base64.b64encode(bytes(64)).decode() + "\n", "is signed in the form of osmigrate.fleet before 1.0"),
        ("hello", "is not proper JSON"),
        ("[" * 100000, "is not proper JSON: it is nested too deeply"),
        ('{"payload": 1, "payload": 2}', "is not proper JSON: a key is there twice"),
        ('{"payload": %s}' % ("9" * 100000), "is not proper JSON: a number is too long"),
        ('{"payload": NaN}', "is not proper JSON: NaN is no number"),
        ("[]", "has a damaged signature file"),
        ("{}", "has a damaged signature file"),
        ("null", "has a damaged signature file"),
        (changed(more=1), "has a damaged signature file"),
        (changed(payload="é"), "has a damaged signature file"),
        (changed(payload=7), "has a damaged signature file"),
        (changed(payload=base64.b64encode(b"\xff").decode()), "has a damaged signature file"),
        (changed(payloadType="application/vnd.in-toto+json"), "has a signature over .*in-toto"),
        (changed(signatures=[]), "has 0 signatures, and there must be 1 to 16"),
        (changed(signatures=[SIGNATURE] * 17), "has 17 signatures"),
        (changed(signatures=7), "has a damaged signature file"),
        (changed(signatures=["x"]), "has a damaged signature file"),
        (changed(signatures=[{"keyid": "x", "sig": SIGNATURE["sig"]}]), "has a damaged signature file"),
        (changed(signatures=[{"keyid": KEYID, "sig": "aGVsbG8="}]), "has a damaged signature file"),
    ],
)
def test_parse_fail(text, says):
    began = time.monotonic()
    with pytest.raises(FleetError, match=says):
        envelope.parse(text, "Release manifest r.yml")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("payload", "says"),
    [
        ("", "is not proper JSON"),
        ("[]", "has a signature over something else than a manifest and its digest"),
        (json.dumps(DOCUMENT), "has a signature over something else"),
        (json.dumps({"manifest": DOCUMENT, "sha256": "x"}), "has a signature over something else"),
        (json.dumps({"manifest": [], "sha256": KEYID}), "document: must be a mapping, not a list"),
        (PAYLOAD.replace(":650000000", ":NaN"), "NaN is no number"),
        (PAYLOAD.replace(":650000000", ":650000000.0"), "payloads.ostree.size: must be a whole number"),
        (PAYLOAD.replace('"name":', '"name":"x","name":'), "a key is there twice"),
    ],
)
def test_read_payload_fail(payload, says):
    with pytest.raises(FleetError, match=says):
        envelope.read_payload(payload, "Release manifest r.yml")
