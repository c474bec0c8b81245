# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a month costs a node with slots: bytes fetched and written, memory of the writer, and what those who share the
disk notice. A table, and build/bench-slots.json. No machine boots.

The month is that of bench-releases: from the main suite of Debian 13 to all suites of today, and once more with the
kernel of the main suite.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import fetch, stream
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.device import Device
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots.pace import Pace

from tests.bench import release_builds, stalls
from tests.bench.figures import ROOT, figure, keep, measure, table
from tests.lab.webserver import Handler

DIRECTORY = ROOT / "build/bench-slots"
BEFORE, AFTER, NO_KERNEL = "13.1", "13.2", "13.3"
KERNEL = "linux-image-cloud-amd64"
MEMORY_MB = 100
MIB = 1 << 20


class Counting(Handler):
    """As the lab's web server, without a word about each request."""

    def log_message(self, format: str, *_arguments: Any) -> None:
        pass


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Serve what was built, as a node fetches it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Counting, directory=str(DIRECTORY))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


def build() -> None:
    """Build the three releases, each as a commit and as an image, unless they are there."""
    release_builds.DIRECTORY = DIRECTORY
    recipe, lock = DIRECTORY / "recipe", DIRECTORY / "lock.json"
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    os.chdir(DIRECTORY)
    if not Path("release.pem").exists():
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", "release.pem"], check=True)
        Path("release.pem").chmod(0o600)
    if not described(BEFORE).exists():
        release_builds.recipe(recipe, 1)
        release_builds.build(BEFORE, "public", slots=True)
        shutil.copyfile(recipe / "node.lock/lock.json", lock)
    release_builds.recipe(recipe, 3)
    if not described(AFTER).exists():
        release_builds.build(AFTER, "public", slots=True)
    if not described(NO_KERNEL).exists():
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
        node = yaml.safe_load((recipe / "node.yml").read_text(encoding="utf-8"))
        node["packages"]["pins"] = {one["name"]: one["version"] for one in packages if one["name"] == KERNEL}
        (recipe / "node.yml").write_text(yaml.safe_dump(node, sort_keys=False), encoding="utf-8")
        release_builds.build(NO_KERNEL, "public", slots=True)


def described(version: str) -> Path:
    """Return where the manifest of a release is."""
    return DIRECTORY / f"public/{release_builds.NAME}-{version}/release.yml"


def manifest(version: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(described(version).read_text(encoding="utf-8"))
    return document["payloads"]


def image(version: str) -> Path:
    """Unpack the image of a release, once."""
    path = DIRECTORY / f"{version}.image"
    if not path.exists():
        packed = DIRECTORY / "public/slots" / Path(manifest(version)["slots"]["url"]).name
        with path.open("wb") as out:
            subprocess.run(["gzip", "--decompress", "--stdout", packed], check=True, stdout=out)
    return path


def write(slot: str, seed: str, version: str, url: str, rate: int, result: str) -> None:
    """Bring a release into what lies at a path, as slot_candidate does, and write down what it took."""
    payload = manifest(version)["slots"]
    place = f"{url}/public/slots/"
    server = fetch.Server(fetch.Access(), 3600)
    index_url = place + Path(payload["index"]).name
    index = fetch.read_index(server, index_url, payload["index_sha256"], payload["sha256"])
    target, other = Device("ROOT-B", slot, write=True), Device("ROOT-A", seed) if seed else None
    packed = place + Path(payload["url"]).name
    done = stream.bring(target, other, index, server, packed, False, Pace(rate), lambda _bytes: None)
    Path(result).write_text(json.dumps({**done._asdict(), "size": index.size}), encoding="utf-8")


def writer(slot: Path, seed: Path | None, version: str, url: str, rate: int = 0) -> list[str]:
    """Return the command that is write()."""
    told = [str(slot), str(seed or ""), version, url, str(rate), str(DIRECTORY / "written.json")]
    return [sys.executable, "-m", "tests.bench.slots", "--write", *told]


def month(version: str, url: str) -> tuple[dict[str, Any], float]:
    """Bring a release to a node both of whose slots hold the one before.

    :returns: what it took, with all bytes that the server sent as "sent"; MB of memory at the peak.
    """
    slot = DIRECTORY / "slot"
    shutil.copyfile(image(BEFORE), slot)
    with slot.open("r+b") as file:
        file.truncate(max(image(BEFORE).stat().st_size, image(version).stat().st_size))
    Handler.totals.update(requests=0, bytes=0)
    cost = measure(writer(slot, image(BEFORE), version, url), {"PWD": str(ROOT)})
    took = json.loads((DIRECTORY / "written.json").read_text(encoding="utf-8"))
    slot.unlink()
    return {**took, "sent": Handler.totals["bytes"]}, cost.memory * MIB / 1e6


def pulled(version: str) -> int:
    """Return how many bytes a node fetches by OSTree that has the release before: files of the repository."""
    client = DIRECTORY / "client"
    shutil.rmtree(client, ignore_errors=True)
    subprocess.run(["ostree", "init", f"--repo={client}", "--mode=archive"], check=True)
    sizes = []
    for one in (BEFORE, version):
        commit = manifest(one)["ostree"]["commit"]
        subprocess.run(["ostree", f"--repo={client}", "pull-local", "public/repo", commit], check=True, cwd=DIRECTORY)
        sizes.append(release_builds.size(client / "objects"))
    shutil.rmtree(client)
    return sizes[1] - sizes[0]


def bench() -> list[dict[str, Any]]:
    found = []
    with served() as url:
        for version, what in ((AFTER, "a month"), (NO_KERNEL, "a month without kernel")):
            took, memory = month(version, url)
            whole = (DIRECTORY / "public/slots" / Path(manifest(version)["slots"]["url"]).name).stat().st_size
            print(f"  {what}: {took}", file=sys.stderr, flush=True)
            bound = 0.1 if version == NO_KERNEL else None
            found += [
                figure(f"MB fetched for {what}", took["sent"] / 1e6, pulled(version) / 1e6, "ostree pull", 1.05),
                figure(f"MB fetched for {what}", took["sent"] / 1e6, whole / 1e6, "the image, packed", bound),
                figure(f"MB written for {what}", took["written"] / 1e6, took["size"] / 1e6, "dd of the image", 0.75),
                figure(f"MB of memory, {what}", memory, MEMORY_MB, "MB that are allowed", 1.0),
            ]
        found += stalls.bench(DIRECTORY, image(AFTER), functools.partial(writer, version=AFTER, url=url))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", nargs=6, help=argparse.SUPPRESS)
    parser.add_argument("--again", action="store_true", help="build anew what was built before")
    arguments = parser.parse_args()
    if arguments.write:
        slot, seed, version, url, rate, result = arguments.write
        write(slot, seed, version, url, int(rate), result)
        return
    if arguments.again:
        shutil.rmtree(DIRECTORY, ignore_errors=True)
    build()
    os.chdir(ROOT)
    found = bench()
    keep("bench-slots", found)
    print(table(found))


if __name__ == "__main__":
    main()
