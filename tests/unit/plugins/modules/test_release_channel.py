# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Channels with real keys and files, from who signs them to who goes by them."""

import base64
import contextlib
import json
import os
import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import channel, envelope
from ansible_collections.osmigrate.fleet.plugins.modules import release_channel

from .test_release_info import COMMIT, DIGEST, NOW, TEXT, Publisher

DAY = 24 * 3600


class Channels(Publisher):
    """A publisher of releases who has channels, too."""

    def __init__(self, directory):
        super().__init__(directory)
        (directory / "debian-13-13.1").mkdir()
        for name in ("release.yml", "release.yml.sig"):
            (directory / "debian-13-13.1" / name).write_bytes((directory / name).read_bytes())
        self.path = str(directory / "debian-13.stable.channel")

    def point(self, now=NOW, check_mode=False, **changes):
        arguments = {
            "path": self.path,
            "manifest": self.manifest,
            "location": None,
            "expires_in": "30d",
            "created": None,
            "floor": "",
            "blocked": [],
            "renew": False,
            "private_key": self.key,
            "passphrase": None,
            "signature": None,
            "public_key": None,
        }
        return release_channel.point(dict(arguments, **changes), check_mode, now)

    def read(self, **changes):
        return super().read(**{"manifest": self.path, "memory": str(self.directory / "seen"), **changes})


@pytest.fixture(name="channels")
def fixture_channels(tmp_path):
    return Channels(tmp_path)


def test_a_channel_leads_to_the_release_that_it_names(channels):
    planned = channels.point(check_mode=True)
    assert planned["actions"][0] == (
        "let channel stable of debian-13 mean debian-13-13.1 until 2026-12-31T00:00:00Z, as number 1"
    )
    with pytest.raises(FleetError, match="does not exist"):
        channels.read()
    assert channels.point()["actions"] == planned["actions"]
    assert channels.point(now=NOW + DAY)["actions"] == []
    found = channels.read()
    assert (found["release"]["id"], found["digest"]) == ("debian-13-13.1", DIGEST)
    assert found["channel"]["serial"] == 1
    assert channels.read(memory=None)["channel"] == found["channel"]


REFUSED = {
    "has expired at 2026-12-31T00:00:00Z": ({}, {"now": NOW + 30 * DAY}),
    "was made at 2026-12-03T00:00:00Z, which lies in the future": ({"now": NOW + 2 * DAY}, {}),
    "is signed by 1 of the 2 trusted keys": ({}, {"signatures_required": 2}),
    "no trusted key was given": ({}, {"trusted_keys": []}),
    "osmigrate_signatures_required is 0": ({}, {"signatures_required": 0}),
    "asks for debian-13-13.2": ({}, {"release_id": "debian-13-13.2"}),
    "is revoked by osmigrate_revoked": ({}, {"revoked": ["debian-13-13.1"]}),
    "Release manifest": ({"location": "elsewhere/release.yml"}, {}),
}


@pytest.mark.parametrize("problem", REFUSED)
def test_a_channel_that_must_not_be_used_is_refused(channels, problem):
    pointed, read = REFUSED[problem]
    channels.point(**pointed)
    assert problem in channels.refusal(**read)
    assert not (channels.directory / "seen").exists()


def test_a_channel_that_was_rolled_back_is_refused(channels):
    channels.point()
    with open(channels.path, "rb") as stream:
        before = stream.read()
    channels.point(renew=True, now=NOW + 1)
    assert channels.read()["channel"]["serial"] == 2
    channels.read()
    with open(channels.path, "wb") as stream:
        stream.write(before)
    assert "was rolled back: it is number 1, and number 2, for debian-13-13.1, was seen before" in channels.refusal()
    channels.point(renew=True, now=NOW + 2)
    assert "is there twice as number 2" in channels.refusal()
    for damaged in ("[", "[]", "[" * 100_000):
        (channels.directory / "seen").write_text(damaged)
        assert "is damaged" in channels.refusal()


def resigned(channels, path, payload):
    """Sign any text as a channel."""
    data = envelope.signed_bytes(payload, channel.TYPE)
    (channels.directory / "data").write_bytes(data)
    argv = ["openssl", "pkeyutl", "-sign", "-inkey", channels.key, "-rawin", "-in", str(channels.directory / "data")]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(envelope.render(envelope.Envelope(payload, [("0" * 64, raw)]), channel.TYPE))


BAD = {
    "schema: 2 is not known here": {"schema": 2},
    "serial: must be between 1": {"serial": 0},
    'expires: "soon" is not a time': {"expires": "soon"},
    'floor: "-" is not a version': {"floor": "-"},
    'manifest: "../x" is neither': {"manifest": "../x"},
    "flor: unknown key (did you mean floor?)": {"flor": "1"},
    "names debian-13-13.1 with the digest 000000000000, and there is": {"sha256": "0" * 64},
    "names debian-13-13.9 with": {"release": "debian-13-13.9"},
    "allows no release before 13.2, and names debian-13-13.1": {"floor": "13.2"},
    "Release debian-13-13.1 is revoked by channel stable of debian-13, which has its commit": {"blocked": [COMMIT]},
    "Release debian-13-13.1 is revoked by channel stable of debian-13.": {"blocked": ["debian-13-13.1"]},
    "may be meant by debian-13, as channel stable of debian-13 has it": {"blocked": ["debian-13"]},
    "is channel canary of debian-13": {"channel": "canary"},
    "is channel stable of other": {"name": "other"},
}


@pytest.mark.parametrize("problem", BAD)
def test_what_is_signed_is_looked_at(channels, problem):
    channels.point()
    with open(channels.path, encoding="utf-8") as stream:
        said = json.loads(base64.b64decode(json.load(stream)["payload"]))
    resigned(channels, channels.path, json.dumps({**said, **BAD[problem]}))
    assert problem in channels.refusal()


def test_nobody_else_makes_a_channel(channels):
    channels.point(private_key=channels.new_key("other"))
    assert "is not signed by any trusted key" in channels.refusal()
    with open(channels.signature, encoding="utf-8") as stream:
        text = stream.read()
    with open(channels.path, "w", encoding="utf-8") as stream:
        stream.write(text)
    assert "instead of application/vnd.osmigrate.fleet.channel.v1+json" in channels.refusal()


def test_several_people_sign_one_channel(channels):
    channels.new_key("second")
    keys = {"trusted_keys": [channels.public, channels.public_half("second")], "signatures_required": 2}
    channels.point()
    assert "is signed by 1 of the 2" in channels.refusal(**keys)
    second = channels.point(now=NOW + DAY, private_key=str(channels.directory / "second.pem"))
    assert len(second["actions"]) == 1 and second["channel"]["serial"] == 1
    assert "Release manifest" in channels.refusal(**keys)  # it has one signature itself
    assert len(channels.point(now=NOW + DAY, blocked=["debian-13-13.0"])["signed_by"]) == 1


def test_several_people_renew_one_channel(channels):
    channels.new_key("second")
    second = {"private_key": str(channels.directory / "second.pem")}
    keys = {"trusted_keys": [channels.public, channels.public_half("second")], "signatures_required": 2}
    channels.point()
    for number, day in ((2, 20), (3, 40)):
        channels.point(renew=True, now=NOW + day * DAY)
        found = channels.point(renew=True, now=NOW + (day + 1) * DAY, **second)
        assert (found["channel"]["serial"], len(found["signed_by"]), len(found["actions"])) == (number, 2, 1)
        assert "Release manifest" in channels.refusal(now=NOW + (day + 2) * DAY, **keys)  # it has one signature itself
    late = channels.point(renew=True, now=NOW + 41 * DAY)
    assert (late["channel"]["serial"], len(late["signed_by"])) == (4, 1)
    found = channels.point(renew=True, now=NOW + 57 * DAY, **second)
    assert found["channel"]["serial"] == 5, "what soon expires is not renewed by one more signature"
    assert channels.point(renew=True, now=NOW + 58 * DAY, blocked=["debian-13-13.0"])["channel"]["serial"] == 6


@pytest.mark.parametrize(
    ("required", "blocked", "refused"),
    [
        (
            2,
            ["a" * 64],
            "which channel stable of debian-13 revokes all but 1, and osmigrate_signatures_required asks",
        ),
        (1, ["a" * 64, "b" * 64], "is signed by nobody but"),
        (1, ["a" * 64], ""),
        (2, ["c" * 64], ""),
    ],
)
def test_a_key_that_a_channel_revokes_counts_for_no_threshold(channels, required, blocked, refused):
    """A stolen key and one more are not two of three."""
    found = channel.Pointer(**{**channels.point()["channel"], "blocked": tuple(blocked)})
    release = {**channels.read()["release"]}
    signers = ["a" * 64, "b" * 64]
    with pytest.raises(FleetError, match=refused) if refused else contextlib.nullcontext():
        channel.see_that_it_is_meant(found, "The channel", release, DIGEST, signers, required)


def test_a_key_elsewhere_signs_the_same_bytes(channels):
    asked = channels.point(private_key=None)
    assert asked["actions"] == []
    again = channels.point(private_key=None, now=NOW + 60, created=asked["channel"]["created"])
    assert again["to_be_signed"] == asked["to_be_signed"]
    (channels.directory / "data").write_bytes(base64.b64decode(asked["to_be_signed"]))
    argv = ["openssl", "pkeyutl", "-sign", "-inkey", channels.key, "-rawin", "-in", str(channels.directory / "data")]
    raw = subprocess.run(argv, check=True, capture_output=True).stdout
    channels.point(
        private_key=None,
        now=NOW + 60,
        created=asked["channel"]["created"],
        signature=base64.b64encode(raw).decode(),
        public_key=channels.public,
    )
    assert channels.read()["channel"]["serial"] == 1


MODULE = "/usr/lib/softhsm/libsofthsm2.so"


@pytest.mark.skipif(
    not (shutil.which("pkcs11-tool") and os.path.exists(MODULE)), reason="softhsm2 and opensc are not installed"
)
def test_a_key_in_a_token_signs(channels, monkeypatch):
    place = channels.directory
    (place / "tokens").mkdir()
    (place / "softhsm.conf").write_text(f"directories.tokendir = {place}/tokens\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(place / "softhsm.conf"))
    pins = ["--label", "t", "--pin", "1234", "--so-pin", "1234"]
    subprocess.run(["softhsm2-util", "--init-token", "--free", *pins], check=True)

    def token(*arguments):
        login = ["--module", MODULE, "--token-label", "t", "--login", "--pin", "1234", "--id", "01"]
        subprocess.run(["pkcs11-tool", *login, *arguments], check=True, cwd=place)

    token("--keypairgen", "--key-type", "EC:edwards25519")
    token("--read-object", "--type", "pubkey", "--output-file", "token.key")
    subprocess.run(
        ["openssl", "pkey", "-pubin", "-in", "token.key", "-pubout", "-out", "token.pub"], check=True, cwd=place
    )
    asked = channels.point(private_key=None)
    (place / "data").write_bytes(base64.b64decode(asked["to_be_signed"]))
    token("--sign", "--mechanism", "EDDSA", "--input-file", "data", "--output-file", "raw")
    signed = {
        "private_key": None,
        "created": asked["channel"]["created"],
        "signature": base64.b64encode((place / "raw").read_bytes()).decode(),
        "public_key": str(place / "token.pub"),
    }
    channels.point(**signed)
    keys = [channels.public, str(place / "token.pub")]
    assert channels.read(trusted_keys=keys)["channel"]["serial"] == 1


WRONG = {
    "A channel is called like": {"path": "/tmp/stable.yml"},
    "expires_in is soon": {"expires_in": "soon"},
    "has expired at": {"expires_in": "0"},
    "created is not a time": {"created": "now"},
    "allows no release before 13.2": {"floor": "13.2"},
    "names a release of another name": {"path": "/tmp/other.stable.channel"},
    "manifest: ": {"location": "/etc/passwd"},
    "in osmigrate_revoked is neither": {"blocked": ["?"]},
}


@pytest.mark.parametrize("problem", WRONG)
def test_what_nobody_could_use_is_not_signed(channels, problem):
    with pytest.raises(FleetError) as caught:
        channels.point(**WRONG[problem])
    assert problem in str(caught.value)


def test_the_manifest_beside_it_is_the_one_that_was_signed(channels):
    channels.point()
    place = channels.directory / "debian-13-13.1" / "release.yml"
    place.write_text(TEXT + "# later\n")
    assert "is not what its signature covers" in channels.refusal()
