# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages are resolved and kept by real apt, from a small signed repository."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._build import lock, locking
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.unit.plugins.module_utils._build import building

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="a tree has files of several owners"),
    pytest.mark.skipif(not all(map(shutil.which, ("apt-get", "dpkg-deb", "gpg"))), reason="no Debian, or no gpg"),
]
RECIPE = """\
schema: 1
name: debian-13
ref: debian/13/x86_64
base: {{directory: root}}
packages:
  architecture: amd64
  sources: [{{uri: "copy:{0}/mirror", suite: ./, keyring: keyring.gpg}}]
  install:
    - agent
{1}"""


YEARS_AGO = ("--faked-system-time", "20200101T000000")


def run(*argv: "str | Path", **options) -> None:
    subprocess.run(argv, check=True, capture_output=True, **options)


def package(mirror: Path, name: str, version: str, depends: str = "") -> None:
    """Make a package with one file."""
    root = mirror.parent / "package"
    shutil.rmtree(root, ignore_errors=True)
    (root / "DEBIAN").mkdir(parents=True)
    fields = {"Package": name, "Version": version, "Architecture": "all", "Maintainer": "a <a@example.invalid>"}
    fields |= {"Installed-Size": "3", "Description": "of a test"} | ({"Depends": depends} if depends else {})
    (root / "DEBIAN" / "control").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))
    run("dpkg-deb", "--root-owner-group", "--build", root, mirror / f"{name}_{version.replace(':', '%3a')}_all.deb")


@pytest.fixture(name="home", scope="module")
def fixture_home(tmp_path_factory):
    """Keys of gpg, one of them expired, in a home with a short path for its agent."""
    home = tmp_path_factory.mktemp("gpg")
    for name in ("ours", "other", "expired"):
        made = ["--quick-gen-key", f"{name} <{name}@example.invalid>", "ed25519", "sign"]
        then = (*YEARS_AGO, "--batch", "--passphrase", "", *made, "1y") if name == "expired" else ()
        run("gpg", "--homedir", home, *(then or ("--batch", "--passphrase", "", *made)))
    yield home
    run("gpgconf", "--homedir", home, "--kill", "all")


def publish(mirror: Path, home: Path, key: str = "ours") -> None:
    """Write the index of a repository and sign it."""
    index = ""
    for path in sorted(mirror.glob("*.deb")):
        fields = subprocess.run(["dpkg-deb", "--field", path], check=True, capture_output=True, text=True).stdout
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        index += f"{fields}Filename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {digest}\n\n"
    (mirror / "Packages").write_text(index)
    digest = hashlib.sha256(index.encode()).hexdigest()
    release = f"Date: Mon, 01 Dec 2025 00:00:00 UTC\nSHA256:\n {digest} {len(index)} Packages\n"
    (mirror / "InRelease").unlink(missing_ok=True)
    words = ["--batch", "--local-user", f"{key}@example.invalid", "--clear-sign", "--output", mirror / "InRelease"]
    run("gpg", "--homedir", home, *(YEARS_AGO if key == "expired" else ()), *words, input=release.encode())
    with open(mirror.parent / "keyring.gpg", "wb") as stream:
        names = ("ours@example.invalid", "expired@example.invalid")
        subprocess.run(["gpg", "--homedir", home, "--export", *names], check=True, stdout=stream)


@pytest.fixture(name="place")
def fixture_place(tmp_path, home):
    """Directory with a recipe and a repository of two packages."""
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    package(mirror, "agent", "1:1.0", "library")
    package(mirror, "library", "2.0")
    publish(mirror, home)
    building.prepare(tmp_path, RECIPE.format(tmp_path, ""))
    return tmp_path


def refused(place: Path, **options: bool) -> str:
    with pytest.raises(FleetError) as raised:
        building.lock(place / "mine.yml", place / "work", **options)
    assert not (place / "mine.lock.part").exists()
    return raised.value.problem


def test_what_a_package_needs_is_kept_with_it(place):
    found = building.lock(place / "mine.yml", place / "work")
    assert [(one.name, one.version, one.stage) for one in found.lock.packages] == [
        ("agent", "1:1.0", "packages"),
        ("library", "2.0", "packages"),
    ]
    assert locking.changes(found) == ["add agent 1:1.0", "add library 2.0"]
    assert lock.read(str(place / "mine.lock")) == found.lock
    index = (place / "mine.lock" / lock.INDEX).read_text()
    assert "Filename: ./agent_1%3a1.0_all.deb\n" in index


def test_a_lock_stays_until_it_is_told_to_go(place, home):
    building.lock(place / "mine.yml", place / "work")
    package(place / "mirror", "library", "2.1")
    publish(place / "mirror", home)
    assert not building.lock(place / "mine.yml", place / "work").is_new
    found = building.lock(place / "mine.yml", place / "work", update=True)
    assert locking.changes(found) == ["change library from 2.0 to 2.1"]


def test_what_the_base_has_is_not_installed_again(place):
    fields = {"Package": "library", "Status": "install ok installed", "Version": "2.0", "Architecture": "all"}
    fields |= {"Maintainer": "a", "Description": "b"}
    text = "".join(f"{key}: {value}\n" for key, value in fields.items())
    (place / "root/var/lib/dpkg/status").write_text(text)
    assert [one.name for one in building.lock(place / "mine.yml", place / "work").lock.packages] == ["agent"]


def test_a_package_that_does_not_exist_is_named_with_its_line(place):
    (place / "mine.yml").write_text(RECIPE.format(place, "    - agnet\n"))
    assert refused(place) == "Stage lock: mine.yml line 10: package agnet is in none of packages.sources"


def test_a_pin_that_no_source_has_is_refused(place):
    (place / "mine.yml").write_text(RECIPE.format(place, "  pins: {agent: '1:2*'}\n"))
    assert refused(place) == "Package agent is pinned to 1:2*, and the sources have 1:1.0"


def test_a_pin_of_what_nothing_installs_is_refused(place):
    text = RECIPE.format(place, "  pins: {agnet: '1:1*'}\n")
    (place / "mine.yml").write_text(text)
    assert refused(place) == "Stage lock: mine.yml line 10: package agnet is pinned, and nothing installs it"
    (place / "root/var/lib/dpkg/status").write_text("Package: agnet\nStatus: install ok installed\nVersion: 1:1\n")
    assert building.lock(place / "mine.yml", place / "work").is_new


def test_an_older_version_can_be_pinned(place, home):
    package(place / "mirror", "library", "3.0")
    publish(place / "mirror", home)
    (place / "mine.yml").write_text(RECIPE.format(place, "  pins: {library: '2.*'}\n"))
    found = building.lock(place / "mine.yml", place / "work").lock.packages
    assert {one.name: one.version for one in found}["library"] == "2.0"


def test_a_key_that_is_another_one_or_not_there(place, home):
    publish(place / "mirror", home, "other")
    assert "NO_PUBKEY" in refused(place)
    publish(place / "mirror", home, "expired")
    assert "EXPKEYSIG" in refused(place)
    (place / "keyring.gpg").unlink()
    assert refused(place) == f"Keyring {place}/keyring.gpg of source copy:{place}/mirror does not exist"


def test_a_mirror_that_changed_is_no_release_of_today(place):
    (place / "mirror" / "library_2.0_all.deb").write_bytes(b"another")
    said = refused(place)
    assert said.startswith("Stage lock: fetching packages failed with code 100: E: ")


def test_a_package_file_that_was_changed_is_found(place):
    building.lock(place / "mine.yml", place / "work")
    path = place / "mine.lock" / "library_2.0_all.deb"
    path.write_bytes(path.read_bytes() + b"x")
    assert refused(place) == f"Package library 2.0 ({path}) is not the one of the lock: its digest differs"
    path.unlink()
    assert refused(place) == f"Package library 2.0 ({path}) is not there"


def test_newer_and_exactly_these_exclude_each_other(place):
    assert refused(place, update=True, frozen=True).startswith("To take newer packages and to take exactly the lock")
