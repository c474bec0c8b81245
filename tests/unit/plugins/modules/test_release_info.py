# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""release_info and release_sign with real keys, files and a real web server; texts are in fixtures/release."""

import base64
import hashlib
import http.server
import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import admission, fetch, keyring, reader, schema
from ansible_collections.osmigrate.fleet.plugins.modules import release_info, release_sign

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "release")
COLLECTIONS = os.path.abspath(schema.__file__).split("/ansible_collections/")[0]


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as stream:
        return stream.read()


TEXT = fixture("release.yml")
NOW = schema.time_of("2026-12-01T00:00:00Z")
TEXTS = yaml.safe_load(fixture("texts.yml"))
DIGEST = hashlib.sha256(TEXT.encode("utf-8")).hexdigest()
COMMIT = yaml.safe_load(TEXT)["payloads"]["ostree"]["commit"]


class Publisher:
    """A directory with a release, its signature and the key pair of those who made it."""

    def __init__(self, directory):
        self.directory = directory
        self.key = self.new_key("key")
        self.public = self.public_half("key")
        self.manifest = str(directory / "release.yml")
        self.signature = self.manifest + ".sig"
        self.publish(TEXT)
        self.sign()

    def new_key(self, name, *options):
        path = str(self.directory / (name + ".pem"))
        subprocess.run(("openssl", "genpkey", "-algorithm", "ed25519", "-out", path) + options, check=True)
        return path

    def public_half(self, name):
        path = str(self.directory / (name + ".pub"))
        key = str(self.directory / (name + ".pem"))
        subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-out", path], check=True)
        return path

    def publish(self, text):
        with open(self.manifest, "w", encoding="utf-8") as stream:
            stream.write(text)

    def sign(self, **changes):
        arguments = {"manifest": self.manifest, "private_key": self.key, "check_mode": False}
        arguments.update({"passphrase": None, "signature": None, "public_key": None, "policy": None}, **changes)
        return release_sign.sign(arguments, arguments["check_mode"])

    def read(self, **changes):
        now = changes.pop("now", NOW)
        arguments = {
            "manifest": self.manifest,
            "trusted_keys": [self.public],
            "require_signature": True,
            "signatures_required": 1,
            "release_id": "",
            "digest": "",
            "max_age": 0,
            "revoked": [],
            "allow_http": False,
            "check_payload": False,
            "memory": None,
            "timeout": 5,
        }
        return release_info.read(dict(arguments, **changes), now)

    def refusal(self, **changes):
        with pytest.raises(FleetError) as caught:
            self.read(**changes)
        assert caught.value.left == "Nothing was changed"
        assert caught.value.todo
        return str(caught.value)


@pytest.fixture(name="publisher")
def fixture_publisher(tmp_path):
    return Publisher(tmp_path)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves a directory, and some paths badly."""

    root = None

    def translate_path(self, path):
        return str(self.root / path.split("?")[0].lstrip("/"))

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        if self.path.startswith("/broken"):
            self.send_error(500)
        elif self.path.startswith("/slow"):
            time.sleep(3)
        elif self.path.startswith("/cut"):
            self.send_response(200)
            self.send_header("Content-Length", str(len(TEXT)))
            self.end_headers()
            self.wfile.write(TEXT[:-20].encode("utf-8"))
        elif self.path.startswith("/large"):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"#" * (fetch.LARGEST + 1))
        else:
            super().do_GET()


@pytest.fixture(name="url")
def fixture_url(publisher):
    handler = type("BoundHandler", (Handler,), {"root": publisher.directory})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_read_file(publisher):
    result = publisher.read()
    release = yaml.safe_load(TEXT)
    commits = {"ostree": release["payloads"]["ostree"]["commit"]}
    assert result["release"] == dict(release, id="debian-13-13.1", commits=commits)
    assert json.loads(result["payload"]) == {"manifest": yaml.safe_load(TEXT), "sha256": result["digest"]}
    assert len(base64.b64decode(result["signatures"][0])) == 64
    assert [len(one) for one in result["signed_by"]] == [64]
    printed = subprocess.run(["sha256sum", publisher.manifest], check=True, stdout=subprocess.PIPE).stdout
    assert result["digest"] == printed.decode("ascii").split()[0]
    with open(publisher.public, encoding="ascii") as stream:
        assert result["trusted_keys"] == [{"key": stream.read(), "names": []}]


def on_the_node(result, monkeypatch, tmp_path, **changes):
    """What the node makes of what the controller hands to it; its own keyring is a directory of the test's."""
    monkeypatch.setattr(keyring.agree, "__defaults__", (str(tmp_path / "trusted.d"),))
    given = {part: result[part] for part in ("signatures", "trusted_keys", "signatures_required")}
    given.update({"manifest": result["payload"], "require_signature": True}, **changes)
    return admission.verified(given)


def test_what_is_handed_to_the_node_verifies_there(publisher, monkeypatch, tmp_path):
    result = publisher.read()
    release, signed_by = on_the_node(result, monkeypatch, tmp_path)
    commits = {"ostree": release["payloads"]["ostree"]["commit"]}
    assert dict(release, id="debian-13-13.1", commits=commits) == result["release"]
    assert signed_by == result["signed_by"]
    for wrong in (
        {"manifest": result["payload"].replace("13.1", "13.2")},
        {"manifest": result["payload"] + " "},
        {"signatures": []},
        {"trusted_keys": []},
        {"trusted_keys": [{"key": result["trusted_keys"][0]["key"], "names": ["el-10"]}]},
        {"signatures_required": 2},
    ):
        with pytest.raises(FleetError):
            on_the_node(result, monkeypatch, tmp_path, **wrong)


@pytest.mark.skipif(os.geteuid() != 0, reason="the keyring belongs to root")
def test_the_keyring_of_a_node_has_to_agree(publisher, monkeypatch, tmp_path):
    result = publisher.read()
    ring = tmp_path / "trusted.d"
    ring.mkdir(mode=0o755)
    with pytest.raises(FleetError, match="this node trusts only nobody"):
        on_the_node(result, monkeypatch, tmp_path)
    publisher.new_key("other")
    with open(publisher.public_half("other")) as other:
        (ring / "other.pub").write_text(other.read())
    with pytest.raises(FleetError, match="this node trusts only [0-9a-f]{16} "):
        on_the_node(result, monkeypatch, tmp_path)
    # Neither does the controller's leave to use what is unsigned count.
    with pytest.raises(FleetError, match="is signed by nobody, and this node trusts only"):
        on_the_node(result, monkeypatch, tmp_path, require_signature=False, signatures=[])
    with open(publisher.public) as ours:
        (ring / "ours.pub").write_text(ours.read())
    assert on_the_node(result, monkeypatch, tmp_path)[1] == result["signed_by"]
    for path in (ring / "ours.pub", ring):
        mode = path.stat().st_mode
        path.chmod(0o777)
        with pytest.raises(FleetError, match=f"{path} on this node can be written by others than root"):
            on_the_node(result, monkeypatch, tmp_path)
        path.chmod(mode)


def test_read_url(publisher, url):
    here = dict(publisher.read(), plain_http=True)
    assert publisher.read(manifest=url + "release.yml") == here
    assert publisher.read(manifest=url + "release.yml?from=here") == here
    for said in ({"allow_http": True}, {"digest": DIGEST}):
        assert not publisher.read(manifest=url + "release.yml", **said)["plain_http"]


def test_unsigned_over_plain_http_fail(publisher, url):
    os.unlink(publisher.signature)
    given = {"manifest": url + "release.yml", "require_signature": False}
    assert "came over plain http and nobody vouches for it. " in publisher.refusal(**given)
    for said in ({"allow_http": True}, {"digest": DIGEST}):
        assert publisher.read(**given, **said)["release"]["id"] == "debian-13-13.1"


@pytest.mark.parametrize("text", [TEXT + "# a comment\n", TEXT.replace("13.1", "13.2"), "a: &a [*a]", "[" * 20000])
def test_what_is_not_what_was_signed_is_never_parsed_fail(publisher, text, monkeypatch):
    publisher.publish(text)
    monkeypatch.setattr(reader, "parse", None)
    assert publisher.refusal().startswith(
        f"Release manifest {publisher.manifest} is not what its signature covers, which is debian-13-13.1 of 2026-11-21"
    )


def test_keys_as_text_as_path_and_twice(publisher):
    publisher.new_key("other")
    with open(publisher.public_half("other"), encoding="ascii") as stream:
        other = stream.read()
    result = publisher.read(trusted_keys=[other, publisher.public, publisher.public])
    assert len(result["trusted_keys"]) == 2
    assert result["signed_by"] == publisher.read()["signed_by"]


def test_unsigned_is_read_when_no_signature_is_required(publisher):
    os.unlink(publisher.signature)
    result = publisher.read(require_signature=False)
    assert (result["signatures"], result["signed_by"]) == ([], [])
    assert publisher.read(require_signature=False, trusted_keys=[])["release"]["id"] == "debian-13-13.1"


def test_no_signature_fail(publisher):
    os.unlink(publisher.signature)
    assert publisher.refusal() == (
        f"Release manifest {publisher.manifest} has no signature beside it ({publisher.manifest}.sig). Nothing was "
        "changed. Sign it with osmigrate.fleet.release_sign, or set osmigrate_require_signature=false to use it "
        "unsigned."
    )


def test_empty_signature_fail(publisher):
    open(publisher.signature, "wb").close()
    assert "has no signature beside it" in publisher.refusal()


def test_no_trusted_key_fail(publisher):
    assert publisher.refusal(trusted_keys=[]) == (
        f"Release manifest {publisher.manifest} cannot be verified, because no trusted key was given. Nothing was "
        "changed. Give the public key of those who make the release in osmigrate_trusted_keys."
    )


@pytest.mark.parametrize("required", [True, False])
def test_signed_by_somebody_else_fail(publisher, required):
    publisher.new_key("other")
    says = publisher.refusal(trusted_keys=[publisher.public_half("other")], require_signature=required)
    assert says.startswith(f"Release manifest {publisher.manifest} is not signed by any trusted key (tried ")


def test_signature_damaged_fail(publisher):
    with open(publisher.signature, "wb") as stream:
        stream.write(b"\xff\xfe")
    assert "is not proper JSON" in publisher.refusal()


def test_signature_of_before_1_0_fail(publisher):
    with open(publisher.signature, "wb") as stream:
        stream.write(base64.b64encode(bytes(64)) + b"\n")
    assert publisher.refusal() == (
        f"Release manifest {publisher.manifest} is signed in the form of osmigrate.fleet before 1.0, which is not "
        "accepted any more. Nothing was changed. Do not use it before those who made it have signed it again with "
        "release_sign."
    )


def test_signature_of_an_older_release_fail(publisher):
    """A mirror pairs a release that it has with the signature of another."""
    with open(publisher.signature, "rb") as stream:
        older = stream.read()
    publisher.publish(TEXT.replace("13.1", "13.2"))
    publisher.sign()
    assert publisher.read()["release"]["id"] == "debian-13-13.2"
    with open(publisher.signature, "wb") as stream:
        stream.write(older)
    assert "is not what its signature covers, which is debian-13-13.1" in publisher.refusal()


# what the operator says, when, and the refusal
WISHES = [
    ({"release_id": "debian-13-13.2"}, "is debian-13-13.1, and osmigrate_release_id asks for debian-13-13.2. "),
    ({"digest": "ab" * 32}, f"has the digest {DIGEST}, and osmigrate_release_digest asks for {'ab' * 32}. "),
    ({"digest": "13.1"}, "osmigrate_release_digest is no SHA-256 digest"),
    ({"now": "2026-11-19T00:00:00Z"}, "was created at 2026-11-21T00:00:00Z, which lies in the future. "),
    ({"max_age": 86400}, "was created at 2026-11-21T00:00:00Z, and osmigrate_release_max_age allows nothing from "
     "before 2026-11-30T00:00:00Z. "),
    ({"max_age": "a week"}, "osmigrate_release_max_age is a week, and has to be whole seconds or a length such as "),
    ({"expires": "2026-11-30T00:00:00Z"}, "(debian-13-13.1) has expired at 2026-11-30T00:00:00Z. "),
    ({"revoked": ["debian-13-13.1"]}, "Release debian-13-13.1 is revoked by osmigrate_revoked. "),
    ({"revoked": ["debian-13"]}, "debian-13-13.1 may be meant by debian-13, as osmigrate_revoked has it, "),
    ({"revoked": [COMMIT.upper()]}, f"which has its commit {COMMIT[:12]}. "),
    ({"revoked": ["0123456789abcdef"]}, "0123456789abcdef in osmigrate_revoked is neither the id of a release nor "),
    ({"revoked": ["debian 13"]}, "debian 13 in osmigrate_revoked is neither the id of a release nor "),
    ({"revoked": [""]}, "An empty text in osmigrate_revoked is neither the id of a release nor "),
    ({"signatures_required": 0}, "osmigrate_signatures_required is 0, so anything would count as signed. "),
    ({"signatures_required": 2}, "is signed by 1 of the 2 trusted keys that osmigrate_signatures_required asks for "),
]  # fmt: skip


@pytest.mark.parametrize(("wish", "says"), WISHES, ids=[str(wish)[:50] for wish, _says in WISHES])
def test_not_what_the_operator_means_fail(publisher, wish, says):
    wish = dict(wish)
    if "expires" in wish:
        publisher.publish(TEXT + f'expires: "{wish.pop("expires")}"\n')
        publisher.sign()
    if "now" in wish:
        wish["now"] = schema.time_of(wish["now"])
    assert says in publisher.refusal(**wish)


@pytest.mark.parametrize(
    "wish",
    [
        {"release_id": "debian-13-13.1"},
        {"digest": DIGEST},
        {"digest": "sha256:" + DIGEST.upper()},
        {"max_age": 20 * 86400},
        {"max_age": "20d"},
        {"revoked": ["debian-13-13.0", "ab" * 32]},
        {"now": schema.time_of("2026-11-20T06:00:00Z")},
    ],
)
def test_what_the_operator_means(publisher, wish):
    assert publisher.read(**wish)["release"]["id"] == "debian-13-13.1"


def test_a_revoked_key_does_not_count(publisher):
    publisher.new_key("other")
    other = publisher.public_half("other")
    first = publisher.read()["signed_by"][0]
    assert "because every trusted key is revoked" in publisher.refusal(revoked=[first])
    assert "is not signed by any trusted key (tried " in publisher.refusal(
        revoked=[first], trusted_keys=[publisher.public, other]
    )
    publisher.sign(private_key=str(publisher.directory / "other.pem"))
    result = publisher.read(revoked=[first], trusted_keys=[publisher.public, other])
    assert len(result["signed_by"]) == len(result["trusted_keys"]) == 1 and first not in result["signed_by"]
    assert len(publisher.read(signatures_required=2, trusted_keys=[publisher.public, other])["signed_by"]) == 2


def test_keys_are_bound_to_names(publisher):
    assert publisher.read(trusted_keys=[{"key": publisher.public, "names": ["el-10", "debian-13"]}])["signed_by"]
    says = publisher.refusal(trusted_keys=[{"key": publisher.public, "names": ["el-10"]}])
    assert "which may not sign releases called debian-13" in says


@pytest.mark.parametrize("key", [{}, {"key": 7}, {"key": "x", "name": "y"}, {"key": "x", "names": "debian-13"}, [], 7])
def test_trusted_keys_of_another_shape_fail(publisher, key):
    assert publisher.refusal(trusted_keys=[key]).startswith(
        "Trusted key 1 is neither a path or PEM text, nor a mapping of key and names. "
    )


def test_key_file_missing_fail(publisher):
    says = publisher.refusal(trusted_keys=["/nonexistent.pub"])
    assert says.startswith("Trusted key /nonexistent.pub does not exist. ")


def test_key_is_not_ed25519_fail(publisher, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", str(tmp_path / "rsa.pem"), "1024"], check=True, stderr=subprocess.PIPE)
    path = publisher.public_half("rsa")
    assert publisher.refusal(trusted_keys=[path]).startswith(f"Trusted key {path} is not an ed25519 key. ")


@pytest.mark.parametrize("case", TEXTS, ids=[case["name"] for case in TEXTS])
def test_text_fail(publisher, case):
    os.unlink(publisher.signature)
    publisher.publish(case["text"])
    assert publisher.refusal(require_signature=False).startswith(
        f"Release manifest {publisher.manifest} {case['says']}"
    )


def test_not_utf8_fail(publisher):
    with open(publisher.manifest, "wb") as stream:
        stream.write(b"name: \xff\n")
    os.unlink(publisher.signature)
    assert "is not proper YAML: 'utf-8' codec can't decode" in publisher.refusal(require_signature=False)


@pytest.mark.parametrize(
    "text", ["[" * 200000, "{a: " * 50000, "- " * 100000, "[1," * 80000, "- 1\n" * 60000, "a: [" + "x, " * 80000]
)
def test_yaml_that_would_take_long_fail(publisher, text):
    os.unlink(publisher.signature)
    publisher.publish(text)
    began = time.monotonic()
    assert "is not proper YAML: " in publisher.refusal(require_signature=False)
    assert time.monotonic() - began < 5


def test_file_missing_fail(publisher):
    assert publisher.refusal(manifest="/nonexistent/release.yml", require_signature=False, trusted_keys=[]) == (
        "Release manifest /nonexistent/release.yml does not exist. Nothing was changed. "
        "Check the path or URL of the manifest."
    )


def test_file_is_a_directory_fail(publisher):
    says = publisher.refusal(manifest=str(publisher.directory), trusted_keys=[], require_signature=False)
    assert says.startswith(f"Release manifest {publisher.directory} cannot be read: Is a directory. ")


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_url_unreachable_fail(publisher):
    location = f"http://127.0.0.1:{closed_port()}/release.yml"
    assert publisher.refusal(manifest=location) == (
        f"Release manifest {location} cannot be fetched: Connection refused. Nothing was changed. "
        "Check the URL and the server, then try again."
    )


def test_url_host_unknown_fail(publisher):
    assert "cannot be fetched: " in publisher.refusal(manifest="http://release.invalid/release.yml")


def test_url_not_found_fail(publisher, url):
    assert "nothing.yml does not exist. " in publisher.refusal(manifest=url + "nothing.yml")


def test_url_signature_not_found_fail(publisher, url):
    os.unlink(publisher.signature)
    assert "release.yml has no signature beside it" in publisher.refusal(manifest=url + "release.yml")


def test_url_server_error_fail(publisher, url):
    says = publisher.refusal(manifest=url + "broken.yml")
    assert "broken.yml cannot be fetched: the server answered 500 Internal Server Error. " in says


def test_url_timeout_fail(publisher, url):
    assert "slow.yml cannot be fetched: " in publisher.refusal(manifest=url + "slow.yml", timeout=1)


def test_url_cut_off_fail(publisher, url):
    says = publisher.refusal(manifest=url + "cut.yml")
    assert f"cut.yml was cut off after {len(TEXT) - 20} of {len(TEXT)} bytes. " in says


def test_url_too_large_fail(publisher, url):
    assert "large.yml is larger than 262144 bytes. " in publisher.refusal(manifest=url + "large.yml")


@pytest.mark.parametrize("location", ["ftp://images.example/release.yml", "file:///etc/passwd", "s3://bucket/r.yml"])
def test_url_scheme_fail(publisher, location):
    assert publisher.refusal(manifest=location) == (
        f"Release manifest {location} cannot be fetched. Nothing was changed. Give a path or a URL of http or https."
    )


def test_url_port_fail(publisher):
    assert "cannot be fetched: " in publisher.refusal(manifest="http://127.0.0.1:port/release.yml")


def test_url_with_password_fail(publisher):
    says = publisher.refusal(manifest="https://me:secret@images.example/release.yml")
    assert says.startswith("The URL of release manifest https://images.example/release.yml holds a user name or ")
    assert "secret" not in says


def test_sign_twice_changes_once(publisher):
    os.unlink(publisher.signature)
    first = publisher.sign()
    assert first["changed"]
    assert first["actions"] == [f"sign debian-13-13.1 with key {first['signed_by'][0][:16]}"]
    assert first["diff"]["before"] == ""
    assert first["diff"]["after"] == first["envelope"]
    assert stat.S_IMODE(os.stat(publisher.signature).st_mode) == 0o644
    second = publisher.sign()
    assert (second["changed"], second["actions"]) == (False, [])
    assert second["diff"]["before"] == second["diff"]["after"] == first["diff"]["after"]
    assert publisher.read(trusted_keys=[first["public_key"]])["signed_by"] == first["signed_by"]


def test_sign_in_check_mode_writes_nothing(publisher):
    os.unlink(publisher.signature)
    foretold = publisher.sign(check_mode=True)
    assert not os.path.exists(publisher.signature)
    assert publisher.sign() == foretold


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff", base64.b64encode(bytes(64))])
def test_sign_replaces_a_signature_that_does_not_verify(publisher, content):
    with open(publisher.signature, "wb") as stream:
        stream.write(content)
    assert publisher.sign()["changed"]
    assert publisher.read()["signed_by"]


def test_sign_again_after_any_change(publisher):
    for text in (TEXT.replace("13.1", "13.2"), "# only a comment\n" + TEXT):
        publisher.publish(text)
        assert publisher.sign()["changed"]
        assert len(publisher.sign()["signed_by"]) == 1


def test_another_key_adds_its_signature(publisher):
    first = publisher.sign()["signed_by"]
    second = publisher.sign(private_key=publisher.new_key("other"))
    assert second["changed"] and len(second["signed_by"]) == 2 and second["signed_by"][0] == first[0]
    assert not publisher.sign()["changed"]
    publisher.publish("# only a comment\n" + TEXT)
    assert publisher.sign()["signed_by"] == first


def test_a_signature_that_was_made_elsewhere(publisher):
    os.unlink(publisher.signature)
    asked = publisher.sign(private_key=None)
    assert not asked["changed"] and not os.path.exists(publisher.signature)
    data = publisher.directory / "data"
    data.write_bytes(base64.b64decode(asked["to_be_signed"]))
    raw = subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-inkey", publisher.key, "-rawin", "-in", str(data)],
        check=True,
        stdout=subprocess.PIPE,
    ).stdout
    made = {"private_key": None, "public_key": publisher.public}
    for wrong in (bytes(64), raw[:63]):
        with pytest.raises(FleetError, match="The given signature does not verify with key "):
            publisher.sign(signature=base64.b64encode(wrong).decode(), **made)
    assert publisher.sign(signature=base64.b64encode(raw).decode(), **made)["changed"]
    assert publisher.read()["signed_by"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_sign_with_a_key_that_others_may_use_fail(publisher, mode):
    os.chmod(publisher.key, mode)
    assert f"key.pem may be read or written by others than its owner (mode {mode:04o}). Nothing was signed. " in (
        sign_refusal(publisher)
    )


def test_sign_with_a_passphrase(publisher):
    path = publisher.new_key("locked", "-aes-256-cbc", "-pass", "pass:correct horse")
    assert publisher.sign(private_key=path, passphrase="correct horse")["changed"]


def sign_refusal(publisher, **changes):
    with open(publisher.signature, "rb") as stream:
        before = stream.read()
    with pytest.raises(FleetError) as caught:
        publisher.sign(**changes)
    with open(publisher.signature, "rb") as stream:
        assert stream.read() == before
    assert sorted(name for name in os.listdir(str(publisher.directory)) if name.startswith(".")) == []
    return str(caught.value)


def test_sign_with_a_passphrase_fail(publisher):
    path = publisher.new_key("locked", "-aes-256-cbc", "-pass", "pass:correct horse")
    assert "locked.pem is protected by a passphrase. " in sign_refusal(publisher, private_key=path)
    says = sign_refusal(publisher, private_key=path, passphrase="battery staple")
    assert "or the passphrase is wrong" in says and "battery" not in says
    assert "key.pem needs no passphrase. " in sign_refusal(publisher, passphrase="battery staple")


def test_sign_with_a_key_that_is_none_fail(publisher, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", str(tmp_path / "rsa.pem"), "1024"], check=True, stderr=subprocess.PIPE)
    path = str(tmp_path / "rsa.pem")
    assert "rsa.pem is not an ed25519 key. " in sign_refusal(publisher, private_key=path)
    assert "key.pub is not a PEM private key" in sign_refusal(publisher, private_key=publisher.public)
    assert "/nonexistent does not exist. " in sign_refusal(publisher, private_key="/nonexistent")


def test_a_key_is_looked_at_before_there_is_anything_to_sign(publisher):
    others = {"passphrase": None, "signature": None, "public_key": None}
    found = release_sign.look({"private_key": publisher.key, **others})
    assert found == {"changed": False, "actions": [], "public_key": publisher.sign()["public_key"]}
    with pytest.raises(FleetError, match="is not a PEM private key"):
        release_sign.look({"private_key": publisher.public, **others})
    with pytest.raises(FleetError, match="key_only was given without a private_key"):
        release_sign.look({"private_key": None, **others})


def test_sign_what_is_not_valid_fail(publisher):
    publisher.publish(TEXT.replace('"13.1"', "13.1"))
    assert "version: must be text, not a decimal number; put it in quotes" in sign_refusal(publisher)


def run_module(name, check=False, **arguments):
    """Run a module as a user does, through ansible."""
    environment = dict(
        os.environ,
        ANSIBLE_COLLECTIONS_PATH=COLLECTIONS,
        ANSIBLE_CALLBACK_RESULT_FORMAT="json",
        ANSIBLE_STDOUT_CALLBACK="ansible.builtin.minimal",
        ANSIBLE_NOCOLOR="1",
        ANSIBLE_LOCALHOST_WARNING="false",
    )
    done = subprocess.run(
        [os.path.join(os.path.dirname(sys.executable), "ansible"), "localhost", "-c", "local", "-i", "localhost,"]
        + ["-e", "ansible_python_interpreter=" + sys.executable, "-m", "osmigrate.fleet." + name]
        + ["-a", json.dumps(arguments)]
        + (["--check"] if check else []),
        env=environment,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out = done.stdout.decode("utf-8")
    assert " => " in out, out + done.stderr.decode("utf-8")
    return done.returncode, json.loads(out.split(" => ", 1)[1])


def test_modules_run(publisher):
    os.unlink(publisher.signature)
    sign = {"manifest": publisher.manifest, "private_key": publisher.key}
    read = {"manifest": publisher.manifest, "trusted_keys": [publisher.public]}
    assert run_module("release_sign", check=True, **sign)[1]["changed"]
    code, refused = run_module("release_info", **read)
    assert code != 0 and "has no signature beside it" in refused["msg"]
    assert run_module("release_sign", **sign)[1]["changed"]
    assert not run_module("release_sign", **sign)[1]["changed"]
    code, result = run_module("release_info", check=True, **read)
    assert code == 0 and not result["changed"]
    assert result["release"]["id"] == "debian-13-13.1"


COMMIT_FILE = b"what a commit is"
PAYLOAD = hashlib.sha256(COMMIT_FILE).hexdigest()
REPOSITORY = {"config": b"[core]\nmode=archive-z2\n", f"objects/{PAYLOAD[:2]}/{PAYLOAD[2:]}.commit": COMMIT_FILE}


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, ""),
        ({"config": None}, "The repository of the release \\(URL/config\\) does not exist"),
        ({"config": b"<!doctype html><title>Log in</title>"}, "URL/config.* an HTML page"),
        ({"config": b"<html><title>Index of /repo</title>"}, "URL/config.* a directory listing"),
        ({"config": b"hello"}, "URL/config is not the configuration of an OSTree repository"),
        ({list(REPOSITORY)[1]: None}, f"Commit {PAYLOAD[:12]} \\(URL/objects/.*\\) does not exist"),
        ({list(REPOSITORY)[1]: b"another"}, "URL/objects/.*.commit is not the commit that its name says"),
    ],
)
def test_the_payload_is_looked_at_before_any_node_is(publisher, url, changed, says):
    document = yaml.safe_load(TEXT)
    document["payloads"]["ostree"].update(url=f"{url}repo", commit=PAYLOAD)
    publisher.publish(yaml.safe_dump(document))
    publisher.sign()
    for name, content in {**REPOSITORY, **changed}.items():
        path = publisher.directory / "repo" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content)
    if not says:
        publisher.read(check_payload=True)
        return
    said = publisher.refusal(check_payload=True)
    assert re.search(says.replace("URL", re.escape(f"{url}repo")), said)
    assert "osmigrate_check_payload=false leaves this to the nodes" in said


def test_a_payload_that_nobody_serves_is_named(publisher):
    document = yaml.safe_load(TEXT)
    document["payloads"]["ostree"]["url"] = "http://127.0.0.1:9/repo"
    publisher.publish(yaml.safe_dump(document))
    publisher.sign()
    assert "127.0.0.1:9/repo/config" in publisher.refusal(check_payload=True)
