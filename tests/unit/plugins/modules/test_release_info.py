# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""release_info and release_sign with real keys, files and a real web server; texts are in fixtures/release."""

import base64
import http.server
import json
import os
import socket
import stat
import subprocess
import sys
import threading
import time

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import schema, signature
from ansible_collections.osmigrate.fleet.plugins.modules import release_info, release_sign

FIXTURES = os.path.join(os.path.dirname(__file__), "..", "..", "fixtures", "release")
COLLECTIONS = os.path.abspath(schema.__file__).split("/ansible_collections/")[0]


def fixture(name):
    with open(os.path.join(FIXTURES, name), encoding="utf-8") as stream:
        return stream.read()


TEXT = fixture("release.yml")
TEXTS = yaml.safe_load(fixture("texts.yml"))


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
        arguments = {"location": self.manifest, "private_key_path": self.key, "passphrase": None, "check_mode": False}
        return release_sign.sign(**dict(arguments, **changes))

    def read(self, **changes):
        arguments = {
            "location": self.manifest,
            "trusted_keys": [self.public],
            "require_signature": True,
            "timeout": 5,
        }
        return release_info.read(**dict(arguments, **changes))

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
            self.wfile.write(b"#" * (1024 * 1024 + 1))
        else:
            super().do_GET()


@pytest.fixture(name="url")
def fixture_url(publisher):
    handler = type("BoundHandler", (Handler,), {"root": publisher.directory})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield "http://127.0.0.1:%d/" % server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_read_file(publisher):
    result = publisher.read()
    assert result["release"] == dict(yaml.safe_load(TEXT), id="debian-13-13.1")
    assert result["canonical"] == schema.canonical(yaml.safe_load(TEXT))
    assert len(base64.b64decode(result["signature"])) == 64
    assert len(result["signed_by"]) == 64
    with open(publisher.public, encoding="ascii") as stream:
        assert result["trusted_keys"] == [stream.read()]


def test_what_is_handed_to_the_node_verifies_there(publisher):
    result = publisher.read()
    assert result["signed_by"] == signature.verify(
        result["canonical"].encode("utf-8"), result["signature"], result["trusted_keys"]
    )
    assert dict(schema.parse_canonical(result["canonical"]), id="debian-13-13.1") == result["release"]


def test_read_url(publisher, url):
    assert publisher.read(location=url + "release.yml") == publisher.read()
    assert publisher.read(location=url + "release.yml?from=here") == publisher.read()


def test_formatting_comments_and_order_do_not_matter(publisher):
    document = yaml.safe_load(TEXT)
    publisher.publish("# made again\n" + yaml.safe_dump(dict(reversed(list(document.items()))), indent=8))
    assert publisher.read()["signed_by"]


def test_aliases_and_merge_keys_are_only_another_way_to_write_it(publisher):
    publisher.publish(TEXT.replace("os: {id: debian,", "os: {<<: {id: debian},"))
    assert publisher.read()["signed_by"]


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
    assert (result["signature"], result["signed_by"]) == ("", "")
    assert publisher.read(require_signature=False, trusted_keys=[])["release"]["id"] == "debian-13-13.1"


def test_no_signature_fail(publisher):
    os.unlink(publisher.signature)
    assert publisher.refusal() == (
        "Release manifest {0} has no signature beside it ({0}.sig). Nothing was changed. Sign it with "
        "osmigrate.fleet.release_sign, or set require_signature to false to use it unsigned."
    ).format(publisher.manifest)


def test_empty_signature_fail(publisher):
    open(publisher.signature, "wb").close()
    assert "has no signature beside it" in publisher.refusal()


def test_no_trusted_key_fail(publisher):
    assert publisher.refusal(trusted_keys=[]) == (
        "Release manifest %s cannot be verified, because no trusted key was given. Nothing was changed. "
        "Give the public key of those who make the release in trusted_keys." % publisher.manifest
    )


@pytest.mark.parametrize("required", [True, False])
def test_signed_by_somebody_else_fail(publisher, required):
    publisher.new_key("other")
    says = publisher.refusal(trusted_keys=[publisher.public_half("other")], require_signature=required)
    assert says.startswith(f"Release manifest {publisher.manifest} is not signed by any trusted key (tried ")


def test_changed_after_signing_fail(publisher):
    publisher.publish(TEXT.replace("13.1", "13.2"))
    assert "is not signed by any trusted key" in publisher.refusal()


def test_signature_damaged_fail(publisher):
    with open(publisher.signature, "wb") as stream:
        stream.write(b"\xff\xfe")
    assert "has a damaged signature: it is not 64 bytes in base64" in publisher.refusal()


def test_key_file_missing_fail(publisher):
    says = publisher.refusal(trusted_keys=["/nonexistent.pub"])
    assert says.startswith("Trusted key /nonexistent.pub does not exist. ")


def test_key_is_not_ed25519_fail(publisher, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", str(tmp_path / "rsa.pem"), "1024"], check=True, stderr=subprocess.PIPE)
    path = publisher.public_half("rsa")
    assert publisher.refusal(trusted_keys=[path]).startswith(f"Trusted key {path} is not an ed25519 key. ")


@pytest.mark.parametrize("case", TEXTS, ids=[case["name"] for case in TEXTS])
def test_text_fail(publisher, case):
    publisher.publish(case["text"])
    assert publisher.refusal().startswith(f"Release manifest {publisher.manifest} {case['says']}")


def test_not_utf8_fail(publisher):
    with open(publisher.manifest, "wb") as stream:
        stream.write(b"name: \xff\n")
    assert "is not proper YAML: 'utf-8' codec can't decode" in publisher.refusal()


def test_nested_without_end_fail(publisher):
    publisher.publish("[" * 20000)
    assert "is not proper YAML: " in publisher.refusal()


def test_file_missing_fail(publisher):
    assert publisher.refusal(location="/nonexistent/release.yml") == (
        "Release manifest /nonexistent/release.yml does not exist. Nothing was changed. "
        "Check the path or URL of the manifest."
    )


def test_file_is_a_directory_fail(publisher):
    says = publisher.refusal(location=str(publisher.directory))
    assert says.startswith(f"Release manifest {publisher.directory} cannot be read: Is a directory. ")


def closed_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def test_url_unreachable_fail(publisher):
    location = "http://127.0.0.1:%d/release.yml" % closed_port()
    assert publisher.refusal(location=location) == (
        "Release manifest %s cannot be fetched: Connection refused. Nothing was changed. "
        "Check the URL and the server, then try again." % location
    )


def test_url_host_unknown_fail(publisher):
    assert "cannot be fetched: " in publisher.refusal(location="http://release.invalid/release.yml")


def test_url_not_found_fail(publisher, url):
    assert "nothing.yml does not exist. " in publisher.refusal(location=url + "nothing.yml")


def test_url_signature_not_found_fail(publisher, url):
    os.unlink(publisher.signature)
    assert "release.yml has no signature beside it" in publisher.refusal(location=url + "release.yml")


def test_url_server_error_fail(publisher, url):
    says = publisher.refusal(location=url + "broken.yml")
    assert "broken.yml cannot be fetched: the server answered 500 Internal Server Error. " in says


def test_url_timeout_fail(publisher, url):
    assert "slow.yml cannot be fetched: " in publisher.refusal(location=url + "slow.yml", timeout=1)


def test_url_cut_off_fail(publisher, url):
    says = publisher.refusal(location=url + "cut.yml")
    assert "cut.yml was cut off after %d of %d bytes. " % (len(TEXT) - 20, len(TEXT)) in says


def test_url_too_large_fail(publisher, url):
    assert "large.yml is larger than 1048576 bytes. " in publisher.refusal(location=url + "large.yml")


@pytest.mark.parametrize("location", ["ftp://images.example/release.yml", "file:///etc/passwd", "s3://bucket/r.yml"])
def test_url_scheme_fail(publisher, location):
    assert publisher.refusal(location=location) == (
        f"Release manifest {location} cannot be fetched. Nothing was changed. Give a path or a URL of http or https."
    )


def test_url_port_fail(publisher):
    assert "cannot be fetched: " in publisher.refusal(location="http://127.0.0.1:port/release.yml")


def test_url_with_password_fail(publisher):
    says = publisher.refusal(location="https://me:secret@images.example/release.yml")
    assert says.startswith("The URL of release manifest https://images.example/release.yml holds a user name or ")
    assert "secret" not in says


def test_sign_twice_changes_once(publisher):
    os.unlink(publisher.signature)
    first = publisher.sign()
    assert first["changed"]
    assert first["actions"] == [f"sign debian-13-13.1 with key {first['signed_by'][:16]}"]
    assert first["diff"]["before"] == ""
    assert first["diff"]["after"] == first["signature"] + "\n"
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


def test_sign_again_after_a_change_or_with_another_key(publisher):
    publisher.publish(TEXT.replace("13.1", "13.2"))
    assert publisher.sign()["changed"]
    assert publisher.sign(private_key_path=publisher.new_key("other"))["changed"]
    publisher.publish("# only a comment\n" + TEXT.replace("13.1", "13.2"))
    assert not publisher.sign(private_key_path=str(publisher.directory / "other.pem"))["changed"]


def test_sign_with_a_passphrase(publisher):
    path = publisher.new_key("locked", "-aes-256-cbc", "-pass", "pass:correct horse")
    assert publisher.sign(private_key_path=path, passphrase="correct horse")["changed"]


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
    assert "locked.pem is protected by a passphrase. " in sign_refusal(publisher, private_key_path=path)
    says = sign_refusal(publisher, private_key_path=path, passphrase="battery staple")
    assert "or the passphrase is wrong" in says and "battery" not in says
    assert "key.pem needs no passphrase. " in sign_refusal(publisher, passphrase="battery staple")


def test_sign_with_a_key_that_is_none_fail(publisher, tmp_path):
    subprocess.run(["openssl", "genrsa", "-out", str(tmp_path / "rsa.pem"), "1024"], check=True, stderr=subprocess.PIPE)
    path = str(tmp_path / "rsa.pem")
    assert "rsa.pem is not an ed25519 key. " in sign_refusal(publisher, private_key_path=path)
    assert "key.pub is not a PEM private key" in sign_refusal(publisher, private_key_path=publisher.public)
    assert "/nonexistent does not exist. " in sign_refusal(publisher, private_key_path="/nonexistent")


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
