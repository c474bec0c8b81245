# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release manifest on the controller: read it from a file or URL, verify it, sign it.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML and cryptography;
modules look at MISSING before they call anything here.
"""

import base64
import os
import re
import tempfile
import traceback
import typing
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit, urlunsplit

from ansible.module_utils.urls import ConnectionError as UrlsError
from ansible.module_utils.urls import open_url
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import signature as signatures

MISSING = []  # (library, traceback) of each one that cannot be imported
try:
    import yaml
except ImportError:
    MISSING.append(("PyYAML", traceback.format_exc()))
try:
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
except ImportError:
    MISSING.append(("cryptography", traceback.format_exc()))

LARGEST = 1024 * 1024  # bytes; a manifest has about a thousand, and ten thousand with GPG keys


class Manifest(typing.NamedTuple):
    name: str
    release: dict
    canonical: str


def load(location, timeout=30):
    """Read and validate a manifest.

    :param location: str, a path or an http(s) URL.
    :param timeout: int, seconds to wait for the server.
    :returns: Manifest(name, release, canonical); the name is for the beginning of a sentence.
    :raises FleetError: it is not there, not YAML or not valid.
    """
    name = f"Release manifest {_without_credentials(location)}"
    content = _read(location, name, timeout)
    if content is None:
        raise FleetError(f"{name} does not exist", todo="Check the path or URL of the manifest")
    document = _parse(content, name)
    return Manifest(name, schema.validate(document, name), schema.canonical(document))


def load_signature(location, timeout=30):
    """Read the signature that lies beside a manifest.

    :param location: str, path or URL of the manifest.
    :param timeout: int, seconds to wait for the server.
    :returns: str, base64 as it should be; empty when there is none.
    :raises FleetError: it may be there and cannot be read.
    """
    beside = signature_location(location)
    content = _read(beside, f"Release signature {_without_credentials(beside)}", timeout)
    return "".join((content or b"").decode("utf-8", "replace").split())


def signature_location(location):
    """Where the signature of a manifest lies.

    :param location: str, path or URL of the manifest.
    :returns: str
    """
    if not _is_url(location):
        return location + ".sig"
    parts = urlsplit(location)
    return urlunsplit(parts._replace(path=parts.path + ".sig"))


def trusted_keys(given):
    """Read public keys.

    :param given: list of str, PEM texts or paths to files of them.
    :returns: list of PublicKey, each key once.
    :raises FleetError: one cannot be read or is no ed25519 public key.
    """
    keys = {}
    for number, text in enumerate(given, 1):
        name = "Trusted key %d" % number
        if "-----BEGIN" not in text:
            name = f"Trusted key {text}"
            content = _read_file(text, name)
            if content is None:
                raise FleetError(f"{name} does not exist", todo="Check the paths in trusted_keys")
            text = content.decode("utf-8", "replace")
        keys.update((key.fingerprint, key) for key in signatures.public_keys(text, name))
    return list(keys.values())


def verify(manifest, signature, keys):
    """Verify a signature over a manifest.

    :param manifest: Manifest
    :param signature: str, base64.
    :param keys: list of PublicKey; one has to match.
    :returns: str, the fingerprint of the key that matched.
    :raises FleetError: none matches, or the signature is damaged.
    """
    raw = signatures.decode(signature, manifest.name)
    for key in keys:
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(raw, manifest.canonical.encode("utf-8"))
        except InvalidSignature:
            continue
        return key.fingerprint
    raise signatures.mismatch(manifest.name, keys)


def load_private_key(path, passphrase=None):
    """Read an ed25519 private key.

    :param path: str, a PEM file.
    :param passphrase: str or None
    :returns: Ed25519PrivateKey
    :raises FleetError: it cannot be read, needs another passphrase, or is no such key.
    """
    name = f"Private key {path}"
    todo = "Make one with 'openssl genpkey -algorithm ed25519'"
    content = _read_file(path, name)
    if content is None:
        raise FleetError(f"{name} does not exist", todo=todo)
    try:
        key = serialization.load_pem_private_key(content, passphrase.encode("utf-8") if passphrase else None)
    except TypeError:
        problem = "needs no passphrase" if passphrase else "is protected by a passphrase"
        raise FleetError(f"{name} {problem}", todo="Give a passphrase only for a key that has one")
    except (ValueError, UnsupportedAlgorithm):
        # What the library says is long and depends on its version.
        raise FleetError(f"{name} is not a PEM private key, or the passphrase is wrong", todo=todo)
    if not isinstance(key, Ed25519PrivateKey):
        raise FleetError(f"{name} is not an ed25519 key", todo=todo)
    return key


def public_half(private_key):
    """The public key of a private key.

    :param private_key: Ed25519PrivateKey
    :returns: PublicKey
    """
    public = private_key.public_key()
    return signatures.public_key(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def sign(manifest, private_key):
    """Sign the canonical form of a manifest.

    :param manifest: Manifest
    :param private_key: Ed25519PrivateKey
    :returns: str, base64.
    """
    return base64.b64encode(private_key.sign(manifest.canonical.encode("utf-8"))).decode("ascii")


def write(path, text):
    """Write a public file, whole or not at all.

    :param path: str
    :param text: str
    :raises FleetError: it cannot be written; what was there is still there.
    """
    temporary = None
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=".osmigrate-", dir=os.path.dirname(path) or ".")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(text.encode("utf-8"))
            os.fchmod(stream.fileno(), 0o644)
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
        raise FleetError(f"{path} cannot be written: {error.strerror}", todo="Make its directory writable")


def _is_url(location):
    return "://" in location


def _without_credentials(location):
    return re.sub("://[^/]*@", "://", location)


def _read(location, name, timeout):
    """The content as bytes, or None when there is no such thing."""
    content = _read_url(location, name, timeout) if _is_url(location) else _read_file(location, name)
    if content is not None and len(content) > LARGEST:
        raise FleetError("%s is larger than %d bytes" % (name, LARGEST), todo="Check the path or URL")
    return content


def _read_file(path, name):
    try:
        with open(os.path.expanduser(path), "rb") as stream:
            return stream.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise FleetError(f"{name} cannot be read: {reason}", todo="Give the path of a file that you may read")


def _read_url(url, name, timeout):
    todo = "Check the URL and the server, then try again"
    if url.split("://")[0].lower() not in ("http", "https"):
        raise FleetError(f"{name} cannot be fetched", todo="Give a path or a URL of http or https")
    if _without_credentials(url) != url:
        raise FleetError(
            f"The URL of {name[0].lower()}{name[1:]} holds a user name or password",
            todo="Put them into the netrc file of the controller",
        )
    try:
        response = open_url(url, timeout=timeout, decompress=False)
        content = response.read(LARGEST + 1)
        promised = int(response.headers.get("Content-Length") or len(content))
    except HTTPError as error:
        if error.code in (404, 410):
            return None
        raise FleetError(
            "%s cannot be fetched: the server answered %d %s" % (name, error.code, error.reason), todo=todo
        )
    except (OSError, HTTPException, ValueError, UrlsError) as error:
        reason = error.reason if isinstance(error, URLError) else error
        reason = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        raise FleetError(f"{name} cannot be fetched: {reason}", todo=todo)
    if len(content) < promised:
        raise FleetError("%s was cut off after %d of %d bytes" % (name, len(content), promised), todo=todo)
    return content


def _parse(content, name):
    """YAML without the freedom to give a key twice."""

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node, deep=False):
            seen = set()
            for key_node, _value in node.value:
                if isinstance(key_node, yaml.ScalarNode):
                    if key_node.value in seen:
                        raise yaml.constructor.ConstructorError(
                            problem=f"the key {key_node.value} is there twice", problem_mark=key_node.start_mark
                        )
                    seen.add(key_node.value)
            return super().construct_mapping(node, deep)

    todo = "Correct it and sign it again"
    try:
        return yaml.load(content.decode("utf-8"), Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = "line %d: " % (mark.line + 1) if mark else ""
        raise FleetError(f"{name} is not proper YAML: {where}{error.problem or error.context}", todo=todo)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FleetError(f"{name} is not proper YAML: {str(error).splitlines()[0]}", todo=todo)
