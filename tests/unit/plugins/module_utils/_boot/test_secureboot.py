# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kernels are EFI programs of a few bytes here, signed by the real openssl; shim itself is not asked."""

import struct
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import secureboot

from tests.trees import write_tree

ATTRIBUTES = struct.pack("<I", 6)
EFIVARS = "sys/firmware/efi/efivars/"


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True)


def authority(directory, name, above=None):
    """Make a key and a certificate of its own, or one that `above` issued; return the paths of both."""
    directory.mkdir(exist_ok=True)
    key, cert = directory / f"{name}.key", directory / f"{name}.pem"
    subject = ["-newkey", "rsa:2048", "-nodes", "-keyout", key, "-subj", f"/O=Test/CN={name}"]
    if above is None:
        openssl("req", "-x509", *subject, "-out", cert)
    else:
        request = directory / f"{name}.csr"
        openssl("req", "-new", *subject, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", above[1], "-CAkey", above[0], "-CAcreateserial", "-out", cert)
    return key, cert


def der(cert):
    path = cert.with_suffix(".der")
    openssl("x509", "-in", cert, "-outform", "DER", "-out", path)
    return path.read_bytes()


def program(signature=b""):
    """Return an EFI program: headers, some code, and the table of signatures last."""
    header = bytearray(0x200)
    header[:2] = b"MZ"
    struct.pack_into("<I", header, 0x3C, 0x80)
    header[0x80:0x84] = b"PE\0\0"
    struct.pack_into("<H", header, 0x98, 0x20B)
    code = bytes(header) + b"code of the kernel".ljust(64, b"\0")
    if not signature:
        return code
    table = struct.pack("<IHH", 8 + len(signature), 0x200, 2) + signature
    table += b"\0" * (-len(table) % 8)
    made = bytearray(code + table)
    struct.pack_into("<II", made, 0x98 + 112 + 32, len(code), len(table))
    return bytes(made)


def signed(directory, by, beside=None):
    text, out = directory / "text", directory / "signature"
    text.write_bytes(b"what is signed")
    more = ["-certfile", beside[1]] if beside else []
    openssl("smime", "-sign", "-binary", "-in", text, "-signer", by[1], "-inkey", by[0], "-outform", "DER", "-out", out,
            *more)  # fmt: skip
    return program(out.read_bytes())


def listed(kind, *entries):
    """Return EFI signature lists, one for each entry, as their sizes differ."""
    lists = [kind + struct.pack("<III", 28 + 16 + len(data), 0, 16 + len(data)) + bytes(16) + data for data in entries]
    return b"".join(lists)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    vendor, other = authority(directory, "Vendor CA"), authority(directory, "Other CA")
    return directory, vendor, other, authority(directory, "Signer", vendor)


def machine(directory, secure=1, verifies=True, db=b"", mok=b""):
    files = {f"{EFIVARS}{secureboot.SECURE_BOOT}": ATTRIBUTES + bytes([secure])}
    files[f"{EFIVARS}{secureboot.LISTS[0]}"] = ATTRIBUTES + db
    files[f"{EFIVARS}{secureboot.LISTS[1]}"] = ATTRIBUTES + mok
    if not verifies:
        files[f"{EFIVARS}{secureboot.VERIFIES_NOTHING}"] = ATTRIBUTES + b"\1"
    return str(write_tree(directory, files))


def refusal(directory, kernel, **how):
    path = directory / "vmlinuz"
    root = machine(directory, **how)
    path.write_bytes(kernel)
    return secureboot.refusal(str(path), root)


def test_what_the_vendor_of_shim_issued_is_started(tmp_path, made):
    directory, vendor, _other, signer = made
    kernel = signed(directory, signer)
    mok = listed(secureboot.X509, der(vendor[1]))
    assert refusal(tmp_path, kernel, mok=mok) == ""
    assert refusal(tmp_path, kernel, db=mok) == ""
    assert refusal(tmp_path, kernel, mok=listed(secureboot.X509, der(signer[1]))) == ""


def test_an_issuer_in_between_comes_with_the_signature(tmp_path, made):
    directory, vendor, _other, signer = made
    below = authority(tmp_path / "keys", "Below", signer)
    mok = listed(secureboot.X509, der(vendor[1]))
    assert refusal(tmp_path, signed(directory, below, beside=signer), mok=mok) == ""
    assert "Signer issued" in refusal(tmp_path, signed(directory, below), mok=mok)


def test_what_another_distribution_signed_is_refused_by_name(tmp_path, made):
    directory, _vendor, other, signer = made
    said = refusal(tmp_path, signed(directory, signer), mok=listed(secureboot.X509, der(other[1])))
    assert said == "it is signed by what Vendor CA issued, which neither the firmware nor shim trusts"


def test_what_nobody_signed_is_refused_unless_its_digest_was_enrolled(tmp_path, made):
    assert refusal(tmp_path, program()) == "it is not signed"
    digest = bytes.fromhex(secureboot.image(program()).digest)
    assert refusal(tmp_path, program(), mok=listed(secureboot.SHA256, bytes(32), digest)) == ""
    assert "no EFI program" in refusal(tmp_path, b"\x1f\x8b compressed")


def test_a_signature_does_not_change_the_digest(made):
    assert secureboot.image(signed(made[0], made[3])).digest == secureboot.image(program()).digest


@pytest.mark.parametrize("how", [{"secure": 0}, {"verifies": False}])
def test_where_nothing_is_verified_nothing_is_refused(tmp_path, how):
    assert refusal(tmp_path, program(), **how) == ""
    assert not secureboot.is_on(str(tmp_path / "nowhere"))


@pytest.mark.parametrize("data", [b"", b"MZ", b"MZ" + b"\xff" * 100, program()[:0x99], b"\x30\x80", b"\x30\x84\xff"])
def test_rubbish_is_no_program_and_no_certificate(data):
    assert secureboot.image(data) is None or secureboot.image(data).signatures == []
    assert secureboot.certificate(data) is None
    assert secureboot.signers(data) == []
    assert list(secureboot.signatures(data * 5)) == []
