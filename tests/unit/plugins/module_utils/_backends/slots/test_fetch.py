# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that want to know who asks, and those that send elsewhere: real TLS, by certificates that openssl makes."""

import hashlib
import shutil
import ssl
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import fetch, index as block_index
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    """An authority with a server and a client, and another authority."""
    if not shutil.which("openssl"):
        pytest.skip("needs openssl")
    place = tmp_path_factory.mktemp("pki")

    def make(name, *signed):
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key"]
        argv = ["openssl", "req", "-x509", *key, "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2", *signed]
        subprocess.run(argv, check=True, cwd=place, stderr=subprocess.DEVNULL)

    by = ["-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "basicConstraints=critical,CA:FALSE"]
    make("ca")
    make("other")
    try:
        make("server", *by, "-addext", "subjectAltName=IP:127.0.0.1")
        make("client", *by)
    except subprocess.CalledProcessError:
        pytest.skip("needs openssl 3")
    return place


@pytest.fixture
def published(faults):
    builder = block_index.Builder()
    stored = b"".join(builder.add(letter * block_index.BLOCK) for letter in (b"a", b"b", b"c"))
    faults.files = {"/image.gz": stored, "/image.index": block_index.render(builder.index())}
    return builder.index()


@pytest.fixture
def https(certificates, faults, published, serving):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(faults, context) as address:
        yield address


def access_of(certificates, ca="ca", client="client"):
    names = [f"{ca}.pem", f"{client}.pem", f"{client}.key"]
    return fetch.Access(*[str(certificates / name) if name[0] != "." else "" for name in names])


def second_block(url, index, access):
    server = fetch.Server(access, 60, sleep=lambda seconds: None)
    blocks = fetch.Blocks(server, url + "/image.gz", index, block_index.ranges(index, [1]), whole=False)
    try:
        return blocks.block(1)
    finally:
        blocks.close()


def test_both_show_who_they_are(https, published, certificates, faults):
    access = access_of(certificates)
    assert second_block(https, published, access) == b"b" * block_index.BLOCK
    digest = hashlib.sha256(faults.files["/image.index"]).hexdigest()
    server = fetch.Server(access, 60)
    assert fetch.read_index(server, https + "/image.index", digest, published.image) == published


@pytest.mark.parametrize("given", [{"ca": "other"}, {"ca": ""}, {"client": ""}])
def test_who_is_not_trusted_is_not_asked_again_fail(https, published, certificates, faults, given):
    with pytest.raises(FleetError) as caught:
        second_block(https, published, access_of(certificates, **given))
    assert "cannot be fetched: " in caught.value.problem and "client_certificate" in caught.value.todo
    assert faults.asked == []


@pytest.mark.parametrize("client", ["nothing", "ca"])
def test_files_that_are_no_certificates_fail(certificates, client):
    access = access_of(certificates, client=client)._replace(key=str(certificates / "other.key"))
    with pytest.raises(FleetError, match="certificates for the image's server cannot be used"):
        fetch.Server(access, 60)


def test_a_redirect_is_followed_with_the_range(url, published, faults):
    faults.moved = {"/image.gz": "/elsewhere.gz"}
    faults.files["/elsewhere.gz"] = faults.files.pop("/image.gz")
    assert second_block(url, published, fetch.Access()) == b"b" * block_index.BLOCK
    assert [path for path, wanted in faults.asked if wanted] == ["/image.gz", "/elsewhere.gz"]


def test_a_redirect_to_where_everybody_reads_fail(https, published, certificates, faults):
    faults.moved = {"/image.gz": "http://127.0.0.1:9/image.gz"}
    with pytest.raises(FleetError, match="redirects from https to what is not"):
        second_block(https, published, access_of(certificates))


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirect_to_what_is_no_server_fail(url, published, faults, target):
    faults.moved = {"/image.gz": target}
    with pytest.raises(FleetError, match="cannot be fetched: "):
        second_block(url, published, fetch.Access())


def test_there_is_an_end(url, published, faults):
    now = [0.0]
    faults.status = [503] * 9
    server = fetch.Server(
        fetch.Access(), 5, clock=lambda: now[0], sleep=lambda seconds: now.__setitem__(0, now[0] + seconds)
    )
    blocks = fetch.Blocks(server, url + "/image.gz", published, block_index.ranges(published, [1]), whole=False)
    with pytest.raises(FleetError, match="was not fetched within 5 seconds"):
        blocks.block(1)


def of_index(server, url, index):
    fetch.read_index(server, url + "/image.index", "00", index.image)


def of_parts(server, url, index):
    fetch.Blocks(server, url + "/image.gz", index, block_index.ranges(index, [1]), whole=False).block(1)


def of_whole(server, url, index):
    fetch.Blocks(server, url + "/image.gz", index, [], whole=True).block(2)


def of_whole_that_goes_on(server, url, index):
    """What lies before the byte where the last connection was cut off is read once more, and counts for nothing."""
    blocks = fetch.Blocks(server, url + "/image.gz", index, [], whole=True)
    blocks._next, blocks._at = 2, index.lengths[0] + index.lengths[1]
    blocks.block(2)


@pytest.mark.parametrize("read", [of_index, of_parts, of_whole, of_whole_that_goes_on])
def test_a_server_that_sends_a_byte_now_and_then_is_given_up_fail(url, published, faults, read):
    faults.every = 0.03  # more than that for all bytes of any file
    with pytest.raises(FleetError, match="was not fetched within 0 seconds"):
        read(fetch.Server(fetch.Access(), 0.4), url, published)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({}, ""),
        ({"/image.index": None}, "/image.index cannot be fetched: the server answered 404"),
        ({"/image.index": b"another"}, "is not the index that the manifest names"),
        ({"/image.gz": None}, "/image.gz cannot be fetched: the server answered 404"),
        ({"/image.gz": b"<html>Log in</html>" * 9}, "/image.gz is not the image of the release"),
    ],
)
def test_a_look_finds_what_is_not_published(url, published, faults, change, says):
    index = hashlib.sha256(faults.files["/image.index"]).hexdigest()
    payload = {
        "url": url + "/image.gz",
        "index": url + "/image.index",
        "index_sha256": index,
        "sha256": published.image,
    }
    faults.files = {name: data for name, data in {**faults.files, **change}.items() if data is not None}
    if not says:
        fetch.look(payload, 5, "Nothing was changed")
        return
    with pytest.raises(FleetError, match=says) as caught:
        fetch.look(payload, 5, "Nothing was changed")
    assert caught.value.left == "Nothing was changed"
