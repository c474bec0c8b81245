# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release manifest on the controller: read it from a file or URL, verify it; the keys to sign it with.

This module util is PRIVATE to the collection. Python versions supported: >=3.6. It needs PyYAML and cryptography;
modules call need_libraries with MISSING before anything else here.
"""

import os
import re
import stat
import tempfile
import traceback
import typing
from urllib.parse import urlsplit, urlunsplit

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import (
    envelope,
    fetch,
    schema,
    signature as signatures,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

MISSING: typing.List[typing.Tuple[str, str]] = []  # (library, traceback) of each one that cannot be imported
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

DEEPEST = 10
# A manifest has about a hundred; what people write at home may list hundreds of files.
MOST_EVENTS, MOST_OF_OURS = 2000, 50000


class Release(typing.NamedTuple):
    """What was read of a release, and who signed it.

    name: for the beginning of a sentence. payload: the text that is signed. digest: of release.yml.
    signed_by: fingerprints of the trusted keys whose signatures count, empty where none were asked for.
    """

    name: str
    release: dict
    payload: str
    digest: str
    signatures: typing.List[typing.Tuple[str, bytes]]
    signed_by: typing.List[str]


def read(location: str, timeout: int, keys: typing.List[signatures.TrustedKey], required: int, signed: bool) -> Release:
    """Read a release. Where it is signed, its bytes are verified, and what parses them never sees others.

    :param location: path or URL of its manifest.
    :param timeout: seconds after which each fetch ends.
    :param keys: those that may sign; if there are none, nothing is verified.
    :param required: how many have to.
    :param signed: whether to refuse a release that has no signature.
    :raises FleetError: it is not there, not what was signed, or not valid.
    """
    name = name_of(location)
    content = read_manifest(location, timeout)
    beside = read_envelope(location, timeout) if keys else None
    if beside is None and signed:
        raise FleetError(
            f"{name} has no signature beside it ({fetch.shown(signature_location(location))})",
            todo="Sign it with osmigrate.fleet.release_sign, or set osmigrate_require_signature=false to use it "
            "unsigned",
        )
    if beside is None:
        return unsigned(content, name)
    data = envelope.signed_bytes(beside.payload)
    raw = [one for _keyid, one in beside.signatures]
    signers = signatures.count(data, raw, keys, required, name, matches)
    release, digest = envelope.read_payload(beside.payload, name)
    signed_by = signatures.allowed(signers, required, release["name"], name)
    if envelope.digest(content) != digest:
        raise FleetError(
            f"{name} is not what its signature covers, which is {schema.entry_id(release)} of {release['created']}",
            todo="Do not use it; get the release again from those who made it",
        )
    return Release(name, release, beside.payload, digest, beside.signatures, signed_by)


def unsigned(content: bytes, name: str) -> Release:
    """Read the bytes of a manifest, whoever wrote it.

    :param name: names the manifest, at the beginning of a sentence.
    :raises FleetError: they are not YAML or not valid.
    """
    document = parse(content, name)
    payload = envelope.payload_of(document, content)
    return Release(name, schema.validate(document, name), payload, envelope.digest(content), [], [])


def name_of(location: str) -> str:
    """Return what a manifest is called at the beginning of a sentence."""
    return f"Release manifest {fetch.shown(location)}"


def read_manifest(location: str, timeout: int) -> bytes:
    """Return the bytes of a manifest."""
    name = name_of(location)
    content = fetch.read(location, name, timeout)
    if content is None:
        raise FleetError(f"{name} does not exist", todo="Check the path or URL of the manifest")
    if not content.strip():
        raise FleetError(f"{name} is empty", todo="Check the path or URL of the manifest")
    return content


def read_envelope(location: str, timeout: int) -> typing.Optional[envelope.Envelope]:
    """Return what is signed beside a manifest, None when there is nothing."""
    beside = signature_location(location)
    content = fetch.read(beside, f"Release signature {fetch.shown(beside)}", timeout)
    if content is None or not content.strip():
        return None
    return envelope.parse(content.decode("utf-8", "replace"), name_of(location))


def read_present(location: str, timeout: int) -> typing.Optional[envelope.Envelope]:
    """Return what is signed beside a manifest, None also when that is damaged: it is about to be signed anew."""
    try:
        return read_envelope(location, timeout)
    except FleetError:
        return None


def signature_location(location: str) -> str:
    """Return where the signature of a manifest lies."""
    if not fetch.is_url(location):
        return location + ".sig"
    parts = urlsplit(location)
    return urlunsplit(parts._replace(path=parts.path + ".sig"))


def trusted_keys(given: typing.Iterable[typing.Any]) -> typing.List[signatures.TrustedKey]:
    """Read public keys.

    :param given: PEM texts or paths of files of them, or dicts with such a key, and with names.
    :raises FleetError: one cannot be read or is no ed25519 public key.
    """
    found = []
    for number, item in enumerate(given, 1):
        name = f"Trusted key {number}"
        if not isinstance(item, dict):
            item = {"key": item}
        names = item.get("names", [])
        if set(item) - {"key", "names"} or not isinstance(item.get("key"), str) or not _are_names(names):
            raise FleetError(
                f"{name} is neither a path or PEM text, nor a mapping of key and names",
                todo="Correct it in osmigrate_trusted_keys; names is a list of names of releases, such as debian-13",
            )
        text = item["key"]
        if "-----BEGIN" not in text:
            name = f"Trusted key {text}"
            content = fetch.read_file(text, name)
            if content is None:
                raise FleetError(f"{name} does not exist", todo="Check the paths in osmigrate_trusted_keys")
            text = content.decode("utf-8", "replace")
        for key in signatures.public_keys(text, name):
            one = signatures.TrustedKey(key, tuple(names))
            found += [] if one in found else [one]
    return found


def _are_names(names: typing.Any) -> typing.Any:
    return isinstance(names, list) and all(isinstance(one, str) and re.match(schema.NAME + r"\Z", one) for one in names)


def matches(key: signatures.PublicKey, signature: bytes, data: bytes) -> bool:
    """Whether a key made a signature, by the cryptography library."""
    try:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def load_private_key(path: str, passphrase: typing.Optional[typing.Any] = None) -> typing.Any:
    """Read an ed25519 private key.

    :param path: str, a PEM file.
    :param passphrase: str or None
    :returns: Ed25519PrivateKey
    :raises FleetError: it cannot be read, needs another passphrase, or is no such key.
    """
    name = f"Private key {path}"
    todo = "Make one with 'openssl genpkey -algorithm ed25519'"
    content = fetch.read_file(path, name)
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
    mode = stat.S_IMODE(os.stat(os.path.expanduser(path)).st_mode)
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise FleetError(
            f"{name} may be read or written by others than its owner (mode {mode:04o})",
            "Nothing was signed",
            "Find out who has read it, and make a new key if somebody may have; else 'chmod 600' it",
        )
    return key


def public_half(private_key: typing.Any) -> typing.Any:
    """The public key of a private key.

    :param private_key: Ed25519PrivateKey
    :returns: PublicKey
    """
    public = private_key.public_key()
    return signatures.public_key(public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw))


def write(path: str, text: str) -> None:
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


def parse(content: bytes, name: str, todo: str = "Correct it and sign it again", most: int = MOST_EVENTS) -> typing.Any:
    """Read YAML that is plain data: no aliases, no tags, no merge keys, no key twice, not deep and not long.

    :param name: names the thing, at the beginning of a sentence.
    :param todo: the next step to name in the error.
    :param most: how many events of YAML it may have.
    :raises FleetError: it is something else.
    """

    class Loader(yaml.SafeLoader):
        def construct_mapping(self, node: typing.Any, deep: bool = False) -> typing.Any:
            seen = set()
            for key_node, _value in node.value:
                if isinstance(key_node, yaml.ScalarNode):
                    if key_node.value in seen:
                        raise yaml.constructor.ConstructorError(
                            problem=f"the key {key_node.value} is there twice", problem_mark=key_node.start_mark
                        )
                    seen.add(key_node.value)
            return super().construct_mapping(node, deep)

    try:
        text = content.decode("utf-8")
        _see_that_it_is_plain(text, most)
        return yaml.load(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise FleetError(
            f"{name} is not proper YAML: {where}{printable(error.problem or error.context, 200)}", todo=todo
        )
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FleetError(f"{name} is not proper YAML: {printable(error, 200)}", todo=todo)


def dump(document: typing.Any) -> str:
    """Return plain data as YAML, in its own order."""
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=1000)


def lines(content: bytes) -> typing.Dict[str, int]:
    """Say on which line each key and each item of YAML stands that parse has taken.

    :returns: path as messages have it, such as files[2].mode, to its number from 1.
    """
    found: typing.Dict[str, int] = {}
    waiting = [("", yaml.compose(content.decode("utf-8"), Loader=yaml.SafeLoader))]
    while waiting:
        path, node = waiting.pop()
        parts: typing.List[typing.Tuple[str, typing.Any, typing.Any]] = []
        if isinstance(node, yaml.MappingNode):
            before = path + "." if path else ""
            parts = [(before + str(key.value), key, value) for key, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            parts = [(f"{path}[{index}]", value, value) for index, value in enumerate(node.value)]
        for name, marked, value in parts:
            found[name] = marked.start_mark.line + 1
            waiting.append((name, value))
    return found


def _see_that_it_is_plain(text: str, most: int) -> None:
    """Look at the events of YAML, before anything is made of them."""
    depth = 0
    for number, event in enumerate(yaml.parse(text, Loader=yaml.SafeLoader)):
        problem = ""
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem = "anchors and aliases are not allowed"
        elif isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0]:
            problem = "merge keys are not allowed"
        elif isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            problem = "it is nested too deeply"
        elif number > most:
            problem = "it has too many parts"
        if problem:
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=typing.cast(typing.Any, event.start_mark))
