# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signatures with real keys: what openssl says on the node and what cryptography says on the controller."""

import base64
import os
import subprocess
import tempfile

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _command
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import ed25519, reader, signature as signatures

TEXT = '{"name":"debian-13"}'
DATA = TEXT.encode("utf-8")
# The order of the group of ed25519: S and S + L are equal to a verifier that does not look.
ORDER = 2**252 + 27742317777372353535851937790883648493

# What the openssl of Debian 11 says; it has no -rawin.
OPENSSL_1_1_1 = """#!/bin/sh
[ "$1" != version ] || { echo 'OpenSSL 1.1.1w  11 Sep 2023'; exit 0; }
echo 'pkeyutl: Option unknown option -rawin' >&2
echo 'pkeyutl: Use -help for summary.' >&2
exit 1
"""

# Passes everything to the real one, after it has written down who may read the files.
WATCHER = """#!/bin/sh
cd "$TMPDIR" && stat -c '%%a %%F' osmigrate-* osmigrate-*/* >%s
exec /usr/bin/openssl "$@"
"""


def openssl(*arguments):
    return subprocess.run(("openssl",) + arguments, check=True, stdout=subprocess.PIPE).stdout


class Pair:
    """A key pair made by openssl."""

    def __init__(self, directory, name, algorithm="ed25519"):
        self.path = str(directory / (name + ".pem"))
        self.directory = directory
        openssl("genpkey", "-algorithm", algorithm, "-out", self.path)
        self.public = openssl("pkey", "-in", self.path, "-pubout").decode("ascii")

    def sign_with_openssl(self, data):
        source, target = self.directory / "data", self.directory / "signature"
        source.write_bytes(data)
        openssl("pkeyutl", "-sign", "-inkey", self.path, "-rawin", "-in", str(source), "-out", str(target))
        return base64.b64encode(target.read_bytes()).decode("ascii")

    def sign_with_cryptography(self, data):
        return base64.b64encode(reader.load_private_key(self.path).sign(data)).decode("ascii")


@pytest.fixture(name="ours", scope="module")
def fixture_ours(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("ours"), "ours")


@pytest.fixture(name="other", scope="module")
def fixture_other(tmp_path_factory):
    return Pair(tmp_path_factory.mktemp("other"), "other")


def verify(data, signature, publics, matches=signatures.matches_on_node):
    keys, raw = signatures.trusted_keys(publics), [signatures.decode(signature)]
    return signatures.allowed(signatures.count(data, raw, keys, 1, "The release", matches), 1, "d", "The release")[0]


def without_openssl(key, signature, data):
    return ed25519.matches(key.raw, signature, data)


SIGNERS = [Pair.sign_with_openssl, Pair.sign_with_cryptography]
MATCHERS = [signatures.matches_on_node, without_openssl, reader.matches]


@pytest.mark.parametrize("sign", SIGNERS)
@pytest.mark.parametrize("matches", MATCHERS)
def test_both_ways_agree(ours, other, sign, matches):
    signature = sign(ours, DATA)
    fingerprint = verify(DATA, signature, [ours.public], matches)
    der = openssl("pkey", "-in", ours.path, "-pubout", "-outform", "DER")
    assert (
        fingerprint
        == subprocess.run(["sha256sum"], input=der, check=True, stdout=subprocess.PIPE)
        .stdout.decode("ascii")
        .split()[0]
    )
    assert verify(DATA, signature, [other.public, ours.public], matches) == fingerprint
    assert verify(DATA, signature, [other.public + ours.public], matches) == fingerprint


def with_bit(raw, position):
    return bytes(bytearray(raw[:position])) + bytes(bytearray([raw[position] ^ 1])) + raw[position + 1 :]


def encoded(raw):
    return base64.b64encode(raw).decode("ascii")


@pytest.mark.parametrize("sign", SIGNERS)
@pytest.mark.parametrize("matches", MATCHERS)
def test_both_ways_refuse_what_does_not_match_fail(ours, other, sign, matches):
    good = base64.b64decode(sign(ours, DATA))
    beyond = (int.from_bytes(good[32:], "little") + ORDER).to_bytes(32, "little")
    for data, raw, public in [
        (DATA, good, other.public),
        (DATA + b" ", good, ours.public),
        (with_bit(DATA, 3), good, ours.public),
        (DATA, with_bit(good, 0), ours.public),
        (DATA, with_bit(good, 40), ours.public),
        (DATA, good[:32] + beyond, ours.public),
        (DATA, bytes(64), ours.public),
        (DATA, b"\xff" * 64, ours.public),
    ]:
        with pytest.raises(FleetError) as caught:
            verify(data, encoded(raw), [public], matches)
        assert "is not signed by any trusted key (tried " in caught.value.problem
        assert caught.value.left == "Nothing was changed"


@pytest.mark.parametrize("matches", MATCHERS)
@pytest.mark.parametrize("signature", ["", "hello", "aGVsbG8=", "é", encoded(bytes(65)), encoded(bytes(63))])
def test_both_ways_refuse_what_is_no_signature_fail(ours, matches, signature):
    with pytest.raises(FleetError, match="has a damaged signature: it is not 64 bytes in base64"):
        verify(DATA, signature, [ours.public], matches)


def test_openssl_leaves_no_file_and_nobody_else_can_read_them(ours, tmp_path, monkeypatch):
    scratch, programs, seen = tmp_path / "scratch", tmp_path / "programs", tmp_path / "seen"
    scratch.mkdir()
    programs.mkdir()
    (programs / "openssl").write_text(WATCHER % seen)
    (programs / "openssl").chmod(0o755)
    monkeypatch.setenv("TMPDIR", str(scratch))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(_command, "SEARCH_PATH", f"{programs}:{_command.SEARCH_PATH}")
    verify(DATA, ours.sign_with_openssl(DATA), [ours.public])
    with pytest.raises(FleetError):
        verify(b"", ours.sign_with_openssl(DATA), [ours.public])
    assert sorted(set(seen.read_text().splitlines())) == ["600 regular empty file", "600 regular file", "700 directory"]
    assert os.listdir(str(scratch)) == []


@pytest.mark.parametrize("program", [None, OPENSSL_1_1_1, "#!/bin/sh\nkill -9 $$\n"])
def test_an_openssl_that_cannot_tell_is_done_without(ours, tmp_path, monkeypatch, program):
    signature = ours.sign_with_openssl(DATA)
    if program:
        (tmp_path / "openssl").write_text(program)
        (tmp_path / "openssl").chmod(0o755)
    monkeypatch.setattr(_command, "SEARCH_PATH", str(tmp_path))
    assert verify(DATA, signature, [ours.public])
    with pytest.raises(FleetError, match="is not signed by any trusted key"):
        verify(DATA + b" ", signature, [ours.public])


def test_no_key_fail():
    with pytest.raises(FleetError, match="There is no trusted key"):
        verify(DATA, encoded(bytes(64)), [])


@pytest.mark.parametrize("algorithm", ["x25519", "ed448", "RSA"])
def test_key_of_another_kind_fail(tmp_path, algorithm):
    with pytest.raises(FleetError, match="^Trusted key 1 is not an ed25519 key"):
        verify(DATA, encoded(bytes(64)), [Pair(tmp_path, "key", algorithm).public])


def test_key_that_is_private_fail(ours):
    with open(ours.path, encoding="ascii") as stream:
        private = stream.read()
    with pytest.raises(FleetError) as caught:
        verify(DATA, encoded(bytes(64)), [ours.public, private])
    assert caught.value.problem == "Trusted key 2 holds a private key instead of a public key"
    assert private.splitlines()[1] not in str(caught.value)


@pytest.mark.parametrize(
    "text, says",
    [
        ("", "holds no PEM public key"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "holds no PEM public key"),
        ("-----BEGIN PUBLIC KEY-----\nMCow", "holds no PEM public key"),
        ("-----BEGIN PUBLIC KEY-----\n!!!!\n-----END PUBLIC KEY-----", "holds a damaged PEM block"),
        ("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----", "is not an ed25519 key"),
        ("-----BEGIN CERTIFICATE-----\nMCow\n-----END CERTIFICATE-----", "holds a certificate instead"),
    ],
)
def test_key_damaged_fail(text, says):
    with pytest.raises(FleetError) as caught:
        signatures.public_keys(text, "Trusted key k.pem")
    assert caught.value.problem.startswith("Trusted key k.pem " + says)


def test_two_of_three_keys(ours, other, tmp_path):
    third = Pair(tmp_path, "third")
    keys = signatures.trusted_keys([ours.public, other.public, third.public])
    raw = [signatures.decode(pair.sign_with_openssl(DATA)) for pair in (ours, third)]

    def count(required, signed=raw):
        return signatures.count(DATA, signed, keys, required, "The release", signatures.matches_on_node)

    assert len(count(2)) == 2
    with pytest.raises(FleetError, match="is signed by 2 of the 3 trusted keys that osmigrate_signatures_required"):
        count(3)
    # The same key twice is one key.
    with pytest.raises(FleetError, match="is signed by 1 of the 2 trusted keys"):
        count(2, [raw[0], raw[0]])
    keys = keys + keys
    with pytest.raises(FleetError, match="is signed by 1 of the 2 trusted keys"):
        count(2, [raw[0]])


def test_a_key_signs_only_for_its_names(ours, other):
    keys = signatures.trusted_keys([{"key": ours.public, "names": ["debian-13"]}, {"key": other.public, "names": []}])
    mine = keys[0].key.fingerprint
    assert signatures.allowed(keys[:1], 1, "debian-13", "The release") == [mine]
    assert len(signatures.allowed(keys, 1, "el-10", "The release")) == 1
    with pytest.raises(FleetError, match=f"is signed by {mine[:16]}, which may not sign releases called el-10"):
        signatures.allowed(keys[:1], 1, "el-10", "The release")
    with pytest.raises(FleetError, match="is signed by 1 of the 2 trusted keys"):
        signatures.allowed(keys, 2, "el-10", "The release")
