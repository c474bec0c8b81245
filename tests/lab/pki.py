# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cluster's certificates and keys."""

from __future__ import annotations

import datetime
import ipaddress
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .config import GUEST_GATEWAY, Paths

# A guest's clock may be behind (a machine resumed from a snapshot), so certificates begin in the past.
_BEGINS_BEFORE = datetime.timedelta(days=7)
_LIFETIME = datetime.timedelta(days=3650)

_SERVICE_NETWORK_FIRST = "10.96.0.1"
_API_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
_API_ADDRESSES = ("127.0.0.1", GUEST_GATEWAY, _SERVICE_NETWORK_FIRST)

# Client certificates of the control plane: file name -> user, group.
_CLIENTS = {
    "admin": ("lab-admin", "system:masters"),
    "controller-manager": ("system:kube-controller-manager", None),
    "scheduler": ("system:kube-scheduler", None),
    "apiserver-kubelet-client": ("lab-apiserver-kubelet-client", "system:masters"),
}


class Pair(NamedTuple):
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Pki:
    """All certificates in one directory; each is made when it is first asked for and kept."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def ca(self) -> Pair:
        pair = self._files("ca")
        if not _complete(pair):
            key = ec.generate_private_key(ec.SECP256R1())
            builder = _builder("lab-ca", None, key.public_key(), "lab-ca")
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            builder = builder.add_extension(_usage(sign_certificates=True), critical=True)
            _save(pair, builder.sign(key, hashes.SHA256()), key)
        return pair

    @property
    def api_server(self) -> Pair:
        return self._issue("apiserver", "kube-apiserver", None, _names(_API_NAMES, _API_ADDRESSES))

    @property
    def service_account(self) -> Path:
        """The key that signs service account tokens (who verifies them can take the public part out of it)."""
        path = self.directory / "service-account.key"
        if not path.exists():
            _write(path, _key_pem(ec.generate_private_key(ec.SECP256R1())))
        return path

    def client(self, name: str) -> Pair:
        """The client certificate of one part of the control plane, see _CLIENTS."""
        user, group = _CLIENTS[name]
        return self._issue(name, user, group)

    def node_client(self, name: str) -> Pair:
        """The client certificate of a kubelet, with the user and group that the Node authorizer expects."""
        return self._issue(f"{name}-client", f"system:node:{name}", "system:nodes")

    def node_serving(self, name: str, address: str) -> Pair:
        """What a kubelet shows to the API server, which finds it by this address."""
        return self._issue(f"{name}-{address}", f"system:node:{name}", "system:nodes", _names([name], [address]))

    def _issue(
        self, file: str, user: str, group: str | None, serves: x509.SubjectAlternativeName | None = None
    ) -> Pair:
        """A certificate for a server if it is told what the server is called, else for a client."""
        pair = self._files(file)
        if _complete(pair):
            return pair
        issuer = x509.load_pem_x509_certificate(self.ca.certificate.read_bytes())
        issuer_key = serialization.load_pem_private_key(self.ca.key.read_bytes(), None)
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(user, group, key.public_key(), "lab-ca")
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(sign_certificates=False), critical=True)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH if serves else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
        builder = builder.add_extension(authority, critical=False)
        if serves:
            builder = builder.add_extension(serves, critical=False)
        _save(pair, builder.sign(issuer_key, hashes.SHA256()), key)
        return pair

    def _files(self, name: str) -> Pair:
        return Pair(self.directory / f"{name}.crt", self.directory / f"{name}.key")


def cluster_pki(paths: Paths) -> Pki:
    """The certificates of the lab's cluster."""
    return Pki(paths.run / "control-plane" / "pki")


def _names(names: Iterable[str], addresses: Iterable[str]) -> x509.SubjectAlternativeName:
    ips = [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    return x509.SubjectAlternativeName([*(x509.DNSName(name) for name in names), *ips])


def _builder(user: str, group: str | None, public_key, issuer: str) -> x509.CertificateBuilder:
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        subject.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name(subject))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEGINS_BEFORE)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(sign_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=sign_certificates,
        crl_sign=sign_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key) -> bytes:
    # Kubernetes takes the public part out of a private key only in this format.
    form = serialization.PrivateFormat.TraditionalOpenSSL
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def _complete(pair: Pair) -> bool:
    # The certificate is written last.
    return pair.certificate.exists()


def _save(pair: Pair, certificate: x509.Certificate, key) -> None:
    _write(pair.key, _key_pem(key))
    _write(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    part.rename(path)
