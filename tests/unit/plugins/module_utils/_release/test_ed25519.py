# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our verifier against the vectors of RFC 8032, and against OpenSSL on odd keys and signatures."""

import random

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import ed25519
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ed25519 as theirs

# RFC 8032, section 7.1: seed, message; the signature that the RFC gives begins with.
VECTORS = [
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", "", "e5564300c360ac729086e2cc806e828a"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb", "72", "92a009a9f0d4cab8720e820b5f642540"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7", "af82", "6291d657deec24024827e69c3abe01a3"),
]
# Points of small order, in every encoding: 0, 1, -1, those of order 8, and y at and beyond the prime.
ODD_YS = [0, 1, ed25519.PRIME - 1, ed25519.PRIME, ed25519.PRIME + 1, 2**255 - 1]
ODD_POINTS = [(y | odd << 255).to_bytes(32, "little") for y in ODD_YS for odd in (0, 1)]


def openssl_says(raw_key, signature, data):
    try:
        theirs.Ed25519PublicKey.from_public_bytes(raw_key).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def made(seed, data):
    key = theirs.Ed25519PrivateKey.from_private_bytes(seed)
    return key.public_key().public_bytes_raw(), key.sign(data)


@pytest.mark.parametrize("seed, message, begins", VECTORS)
def test_vectors_of_the_rfc(seed, message, begins):
    raw, signature = made(bytes.fromhex(seed), bytes.fromhex(message))
    assert signature.hex().startswith(begins)
    assert ed25519.matches(raw, signature, bytes.fromhex(message))


def odd_signatures(signature):
    r, s = signature[:32], signature[32:]
    number = int.from_bytes(s, "little")
    for bit in (0, 7, 100, 254, 255):
        yield (int.from_bytes(r, "little") ^ 1 << bit).to_bytes(32, "little") + s
        yield r + (number ^ 1 << bit).to_bytes(32, "little")
    for other in (0, 1, ed25519.ORDER - 1, ed25519.ORDER, ed25519.ORDER + number, ed25519.ORDER - number, 2**256 - 1):
        yield r + other.to_bytes(32, "little")
    for point in ODD_POINTS:
        yield point + s
        yield point + bytes(32)
    yield s + r


def test_the_same_as_openssl_on_odd_signatures():
    numbers = random.Random(8032)
    for size in (0, 1, 63, 64, 65, 1000):
        data = bytes(numbers.getrandbits(8) for _each in range(size))
        raw, signature = made(bytes(numbers.getrandbits(8) for _each in range(32)), data)
        assert ed25519.matches(raw, signature, data)
        assert not ed25519.matches(raw, signature, data + b"x")
        for odd in odd_signatures(signature):
            assert ed25519.matches(raw, odd, data) == openssl_says(raw, odd, data), odd.hex()


def test_never_more_than_openssl_on_odd_keys():
    _raw, signature = made(bytes(32), b"data")
    for key in ODD_POINTS:
        for odd in [signature, key + bytes(32), bytes(64), *(point + bytes(32) for point in ODD_POINTS)]:
            assert openssl_says(key, odd, b"data") or not ed25519.matches(key, odd, b"data")


@pytest.mark.parametrize(
    "key, signature", [(b"", bytes(64)), (bytes(32), b""), (bytes(33), bytes(64)), (bytes(32), bytes(65))]
)
def test_other_lengths_match_nothing(key, signature):
    assert not ed25519.matches(key, signature, b"")
