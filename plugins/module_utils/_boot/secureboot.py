# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether firmware and shim of this machine would start a kernel. Reads; verifies no signature.

That is left to shim, which does it before anything of the kernel runs: a trial that it refuses is one that GRUB could
not load. Here it is told while the node still serves, by the names in certificates.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import hashlib
import os
import struct
import typing
import uuid

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import loader
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import read_bytes

GLOBAL, SECURITY, SHIM = (
    "8be4df61-93ca-11d2-aa0d-00e098032b8c",
    "d719b2cb-3d3a-4596-a3bc-dad00e67656f",
    "605dab50-e046-4300-abb6-3dd810dd8b23",
)
# Of shim, when its owner has told it to verify nothing.
VERIFIES_NOTHING = f"MokSBStateRT-{SHIM}"
SECURE_BOOT = f"SecureBoot-{GLOBAL}"
# What the firmware trusts; what shim does, its vendor's certificate and those that were enrolled; more of these.
LISTS = (f"db-{SECURITY}", f"MokListRT-{SHIM}", *(f"MokListRT{number}-{SHIM}" for number in range(1, 9)))
X509, SHA256 = (
    uuid.UUID("a5c059a1-94e4-4aa7-87b5-ab155c2bf072").bytes_le,
    uuid.UUID("c1c41626-504c-4092-aca9-41f936934328").bytes_le,
)
PKCS7 = 2
CHAIN_MAX = 8
SEQUENCE, CONSTRUCTED_0 = 0x30, 0xA0

Node = typing.Tuple[int, bytes, bytes]  # tag, content, the whole


class Certificate(typing.NamedTuple):
    serial: bytes
    issuer: bytes
    subject: bytes


class Trusted(typing.NamedTuple):
    certificates: typing.List[Certificate]
    hashes: typing.Set[str]


def is_on(root: str = "/") -> bool:
    """Say whether this machine starts only kernels that it trusts."""
    return _variable(root, SECURE_BOOT) == b"\1" and _variable(root, VERIFIES_NOTHING) != b"\1"


def _variable(root: str, name: str) -> bytes:
    return read_bytes(os.path.join(root, loader.EFI_VARIABLES, name))[4:]


def trusted(root: str = "/") -> Trusted:
    """Return what firmware and shim trust, as far as they show it to a running system."""
    certificates: typing.List[Certificate] = []
    hashes: typing.Set[str] = set()
    for name in LISTS:
        for kind, data in signatures(_variable(root, name)):
            if kind == SHA256:
                hashes.add(data.hex())
            elif kind == X509:
                found = certificate(data)
                certificates += [found] if found else []
    return Trusted(certificates, hashes)


def signatures(data: bytes) -> typing.Iterator[typing.Tuple[bytes, bytes]]:
    """Take EFI_SIGNATURE_LISTs apart, as (type, what is trusted)."""
    at = 0
    while at + 28 <= len(data):
        size, header, each = struct.unpack_from("<III", data, at + 16)
        if size < 28 or each <= 16 or at + size > len(data):
            return
        for start in range(at + 28 + header, at + size - each + 1, each):
            yield data[at : at + 16], data[start + 16 : start + each]
        at += size


def nodes(data: bytes) -> typing.List[Node]:
    """Take one level of DER apart; what is malformed ends it."""
    found, at = [], 0
    while at + 2 <= len(data):
        tag, length, body = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, body = int.from_bytes(data[body : body + count], "big"), body + count
        if body + length > len(data):
            break
        found.append((tag, data[body : body + length], data[at : body + length]))
        at = body + length
    return found


def certificate(data: bytes) -> typing.Optional[Certificate]:
    """Read who a certificate is and who issued it; None for what is none."""
    try:
        parts = nodes(nodes(nodes(data)[0][1])[0][1])
        parts = parts[1:] if parts[0][0] == CONSTRUCTED_0 else parts
        return Certificate(parts[0][1], parts[2][2], parts[4][2])
    except IndexError:
        return None


class Signer(typing.NamedTuple):
    issuer: bytes
    serial: bytes
    beside: typing.List[Certificate]


def signers(pkcs7: bytes) -> typing.List[Signer]:
    """Read who signed, out of PKCS #7 signed data, with the certificates that it brings."""
    try:
        parts = nodes(nodes(nodes(nodes(pkcs7)[0][1])[1][1])[0][1])
        brought = [certificate(one[2]) for part in parts if part[0] == CONSTRUCTED_0 for one in nodes(part[1])]
        found = []
        for _tag, info, _whole in nodes(parts[-1][1]):
            issuer, serial = nodes(nodes(info)[1][1])[:2]
            found.append(Signer(issuer[2], serial[1], [one for one in brought if one]))
        return found
    except (IndexError, ValueError):
        return []


class Image(typing.NamedTuple):
    """What of an EFI program matters for trust: its digest without signatures, and those."""

    digest: str
    signatures: typing.List[bytes]


def image(data: bytes) -> typing.Optional[Image]:
    """Take an EFI program apart, None for what is none."""
    try:
        (header,) = struct.unpack_from("<I", data, 0x3C)
        if data[:2] != b"MZ" or data[header : header + 4] != b"PE\0\0":
            return None
        optional = header + 24
        (magic,) = struct.unpack_from("<H", data, optional)
        entry = optional + (112 if magic == 0x20B else 96) + 4 * 8
        table, size = struct.unpack_from("<II", data, entry)
    except struct.error:
        return None
    ends = table or len(data)
    said = data[: optional + 64] + data[optional + 68 : entry] + data[entry + 8 : ends]
    said += b"\0" * (-ends % 8)
    found, at = [], table
    while table and at + 8 <= min(table + size, len(data)):
        length, _revision, kind = struct.unpack_from("<IHH", data, at)
        if length < 8:
            break
        if kind == PKCS7:
            found.append(data[at + 8 : at + length])
        at += -(-length // 8) * 8
    return Image(hashlib.sha256(said).hexdigest(), found)


def is_trusted(signer: Signer, known: typing.Sequence[Certificate]) -> bool:
    """Say whether a chain of names leads from who signed to what is trusted."""
    issuer = signer.issuer
    for _step in range(CHAIN_MAX):
        if any(one.subject == issuer or (one.issuer, one.serial) == (issuer, signer.serial) for one in known):
            return True
        above = next((one for one in signer.beside if one.subject == issuer and one.issuer != issuer), None)
        if above is None:
            return False
        issuer = above.issuer
    return False


def refusal(kernel: str, root: str = "/") -> str:
    """Say why this machine would not start a kernel, "" if nothing speaks against it.

    :param kernel: its path.
    """
    if not is_on(root):
        return ""
    program, known = image(read_bytes(kernel)), trusted(root)
    if program is None:
        return "it is no EFI program, so nobody can have signed it"
    if program.digest in known.hashes:
        return ""
    found = [signer for signature in program.signatures for signer in signers(signature)]
    if not found:
        return "it is not signed"
    if any(is_trusted(signer, known.certificates) for signer in found):
        return ""
    names = sorted({name(signer.issuer) for signer in found})
    return f"it is signed by what {' and '.join(names)} issued, which neither the firmware nor shim trusts"


def name(issuer: bytes) -> str:
    """Return the last text in a distinguished name, which is its common name, for people."""
    texts = []
    for _tag, pair, _whole in (one for part in nodes(nodes(issuer)[0][1]) for one in nodes(part[1])):
        texts += [content for tag, content, _all in nodes(pair) if tag in (0x0C, 0x13, 0x14, 0x16)]
    return texts[-1].decode("utf-8", "replace") if texts else "somebody without a name"
