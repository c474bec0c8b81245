# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two signed releases of the target OS, built by release_build: Debian 13, and the same with one package more."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from . import cache, host, kubebin, rootfs
from .cache import Log
from .config import GUEST_GATEWAY, RELEASES_PORT, Paths

ROOT = Path(__file__).resolve().parents[2]
NAME = "debian-13"
VERSIONS = ("13.1", "13.2")
# What the second release has more than the first.
MONTHLY = "jq"
# 2026-11-01: what two builds of one day and another shall not differ by.
EPOCH = 1793491200
GPG_USER = "osmigrate lab <lab@example.invalid>"
RECIPE = ROOT / "tests/lab/files/release.yml"
# What decides how a release is built.
BUILDER = ("plugins/module_utils/_build", "plugins/module_utils/_backends/slots", "roles/build", "recipes")


def build(paths: Paths, log: Log) -> Path:
    """Directory with `repo`, the archive repository, VERSION/release.yml and .sig, and `trusted.pem`."""
    keyring = rootfs.target_keyring(paths, log)
    kubelet = kubebin.build(paths, log) / "kubelet"
    inputs: dict[str, cache.Input] = {
        "kubelet": kubebin.identity(kubelet.parent),
        "lab": Path(__file__),
        "recipe": RECIPE,
        "port": str(RELEASES_PORT),
        **{part: ROOT / part for part in BUILDER},
    }

    def make(part: Path) -> None:
        log("releases: " + " and ".join(VERSIONS) + " by release_build; 4 minutes, 2 where packages are there already")
        part.mkdir()
        work = paths.cache / "release-work"
        work.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="gpg") as scratch:
            keys = _keys(Path(scratch), part)
            try:
                for number, version in enumerate(VERSIONS):
                    recipe = _recipe(work, version, keyring, kubelet)
                    _release_build(part, work, recipe, version, number + 1, {**keys, "gpg_homedir": scratch})
                    host.run(host.as_root(["mv", part / f"{NAME}-{version}", part / version]))
            finally:
                host.run(["gpgconf", "--homedir", scratch, "--kill", "all"])
        _forget(work)

    return cache.artifact(paths, "releases", inputs, make, log)


def manifest(directory: Path, version: str) -> dict[str, Any]:
    """Return the manifest of a release that build() made."""
    document: dict[str, Any] = yaml.safe_load((directory / version / "release.yml").read_text())
    return document


def _keys(scratch: Path, part: Path) -> dict[str, Any]:
    """Make what signs: an ed25519 key for manifests, a GPG key for commits. They protect nothing but this lab."""
    key = scratch / "release.pem"
    host.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key])
    key.chmod(0o600)
    host.run(["openssl", "pkey", "-in", key, "-pubout", "-out", part / "trusted.pem"])
    # gpg-agent's socket needs a short path.
    gpg = ["gpg", "--homedir", scratch, "--batch", "--quiet"]
    host.run([*gpg, "--passphrase", "", "--quick-gen-key", GPG_USER, "rsa3072", "sign", "never"])
    public = host.run([*gpg, "--armor", "--export", GPG_USER]).stdout
    return {"key": str(key), "gpg_sign": GPG_USER, "gpg_keys": [public]}


def _recipe(work: Path, version: str, keyring: Path, kubelet: Path) -> Path:
    """Write the recipe of a version, where its lock stays as long as nobody asks for other packages."""
    packages: dict[str, Any] = {"keyring": str(keyring)}
    if version != VERSIONS[0]:
        packages["install"] = [MONTHLY]
    document = {
        "schema": 1,
        "extends": str(RECIPE),
        "packages": packages,
        "files": [{"path": "/usr/bin/kubelet", "source": str(kubelet), "mode": "0755"}],
    }
    path = work / f"{version}.yml"
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def _release_build(part: Path, work: Path, recipe: Path, version: str, serial: int, keys: dict[str, Any]) -> None:
    """Build one release as its users do, from the working tree."""
    variables = {
        "recipe": str(recipe),
        "version": version,
        "serial": serial,
        "url": f"http://{GUEST_GATEWAY}:{RELEASES_PORT}",
        "destination": str(part),
        "work": str(work),
        "epoch": EPOCH,
        # The lab boots them itself, and nobody reviews them.
        "boot": False,
        "slots": True,
        "review": "",
        **keys,
    }
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch, "ansible_collections", "osmigrate")
        place.mkdir(parents=True)
        (place / "fleet").symlink_to(ROOT)
        extra = Path(scratch, "variables.yml")
        extra.write_text(yaml.safe_dump({f"osmigrate_build_{name}": value for name, value in variables.items()}))
        playbook = [sys.executable, "-m", "ansible", "playbook", "osmigrate.fleet.release_build", "-e", f"@{extra}"]
        # Root leaves no files of its own in the working tree.
        environment = [f"ANSIBLE_COLLECTIONS_PATH={scratch}", "PYTHONDONTWRITEBYTECODE=1"]
        host.run(host.as_root(["env", *environment, *playbook]))


def _forget(work: Path) -> None:
    """Leave the packages and the tree made of them, which took longest."""
    for path in work.iterdir():
        if path.is_dir() and not path.name.startswith("base-") and path.suffix != ".lock":
            host.remove(path)
