# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether an ed25519 signature matches (RFC 8032, section 5.1.7), for nodes whose openssl cannot tell. Pure.

It only ever sees public data, so it does not hide how long it takes: some ten milliseconds.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import typing

# A point (x, y) of the curve as (X, Y, Z, T): x = X/Z, y = Y/Z, x * y = T/Z.
Point = typing.Tuple[int, int, int, int]

PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, PRIME - 2, PRIME) % PRIME
_ROOT_OF_MINUS_ONE = pow(2, (PRIME - 1) // 4, PRIME)
_NEUTRAL = (0, 1, 1, 0)


def matches(raw_key: bytes, signature: bytes, data: bytes) -> bool:
    """Say whether a key made a signature, as OpenSSL says it: S below the order, R compared as bytes.

    :param raw_key: 32 bytes. A key that is no point of the curve, or not in its shortest form, matches nothing.
    :param signature: 64 bytes, R and S.
    """
    if len(raw_key) != 32 or len(signature) != 64:
        return False
    key = _decoded(raw_key)
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + raw_key + data).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    return _encoded(_two_products(scalar, _BASE, challenge, _negative(key))) == signature[:32]


def _add(one: Point, other: Point) -> Point:
    """Their sum; right for equal points, too (section 5.1.4)."""
    x1, y1, z1, t1 = one
    x2, y2, z2, t2 = other
    a = (y1 - x1) * (y2 - x2) % PRIME
    b = (y1 + x1) * (y2 + x2) % PRIME
    c = 2 * t1 * t2 * _D % PRIME
    d = 2 * z1 * z2 % PRIME
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % PRIME, g * h % PRIME, f * g % PRIME, e * h % PRIME)


def _negative(point: Point) -> Point:
    x, y, z, t = point
    return (-x % PRIME, y, z, -t % PRIME)


def _two_products(m: int, one: Point, n: int, other: Point) -> Point:
    """m * one + n * other, both bits at a time, so that the doublings are done once."""
    table = [_NEUTRAL, one, other, _add(one, other)]
    total = _NEUTRAL
    for bit in range(max(m.bit_length(), n.bit_length()) - 1, -1, -1):
        total = _add(total, total)
        which = (m >> bit & 1) + 2 * (n >> bit & 1)
        if which:
            total = _add(total, table[which])
    return total


def _encoded(point: Point) -> bytes:
    x, y, z, _t = point
    inverse = pow(z, PRIME - 2, PRIME)
    return (y * inverse % PRIME | (x * inverse % PRIME & 1) << 255).to_bytes(32, "little")


def _decoded(raw: bytes) -> typing.Optional[Point]:
    """The point that 32 bytes are, or None (section 5.1.3)."""
    number = int.from_bytes(raw, "little")
    y, odd = number & (1 << 255) - 1, number >> 255
    if y >= PRIME:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, PRIME - 2, PRIME) % PRIME
    x = pow(square, (PRIME + 3) // 8, PRIME)
    if (x * x - square) % PRIME:
        x = x * _ROOT_OF_MINUS_ONE % PRIME
    if (x * x - square) % PRIME or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = PRIME - x
    return (x, y, 1, x * y % PRIME)


# Section 5.1: its y is 4/5, its x is even.
_BASE = typing.cast(Point, _decoded((4 * pow(5, PRIME - 2, PRIME) % PRIME).to_bytes(32, "little")))
