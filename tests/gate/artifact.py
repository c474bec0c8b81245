# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts beside the collection's tarball what lets others verify it.

- bom.json: CycloneDX, the collection and the Python packages of its execution environment, with their digests
- provenance.json: an in-toto statement in SLSA's shape: the commit, the tools, the digests of what went in
- SHA256SUMS, and SHA256SUMS.sig where a key is given: Ed25519, PEM, made by `openssl genpkey -algorithm ed25519`

Usage: artifact.py <directory with the tarball> [<private key>]
"""

from __future__ import annotations

import hashlib
import json
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
LOCK = "constraints/image.txt"
# What decides what is in the tarball and in the image, beside the commit.
INPUTS = ("galaxy.yml", "meta/ee-requirements.txt", "execution-environment.yml", LOCK)
TOOLS = ("ansible-core", "cyclonedx-bom")


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def output(*argv: str) -> str:
    return subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def bill(galaxy: dict[str, Any], tarball: Path) -> dict[str, Any]:
    """Return the bill of materials: what cyclonedx-py reads from the lock, below the collection."""
    options = ["--output-reproducible", "--output-format", "JSON", "--spec-version", "1.6"]
    made = json.loads(output(sys.executable, "-m", "cyclonedx_py", "requirements", *options, LOCK))
    name = f"{galaxy['namespace']}.{galaxy['name']}"
    made["metadata"]["component"] = {
        "type": "library",
        "bom-ref": name,
        "name": name,
        "version": galaxy["version"],
        "licenses": [{"license": {"id": "GPL-3.0-or-later"}}],
        "hashes": [{"alg": "SHA-256", "content": sha256(tarball)}],
        "externalReferences": [{"type": "vcs", "url": galaxy["repository"]}],
    }
    needed = [one["bom-ref"] for one in made.get("components", [])]
    others = [one for one in made.get("dependencies", []) if one["ref"] != name]
    made["dependencies"] = [{"ref": name, "dependsOn": needed}, *others]
    return made


def provenance(galaxy: dict[str, Any], subjects: list[Path]) -> dict[str, Any]:
    changed = output("git", "status", "--porcelain", "--untracked-files=no")
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": path.name, "digest": {"sha256": sha256(path)}} for path in subjects],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": f"{galaxy['repository']}/blob/main/Makefile#artifact",
                "externalParameters": {"version": galaxy["version"], "uncommitted_changes": bool(changed)},
                "resolvedDependencies": [
                    {"uri": "git+" + galaxy["repository"], "digest": {"gitCommit": output("git", "rev-parse", "HEAD")}},
                    *({"uri": name, "digest": {"sha256": sha256(ROOT / name)}} for name in INPUTS),
                ],
            },
            "runDetails": {
                "builder": {
                    "id": f"{galaxy['repository']}/blob/main/tests/gate/artifact.py",
                    "version": {"python": platform.python_version(), **{name: version(name) for name in TOOLS}},
                }
            },
        },
    }


def main(build: Path, key: str) -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text())
    tarball = build / f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz"
    bom, made, sums = build / "bom.json", build / "provenance.json", build / "SHA256SUMS"
    bom.write_text(json.dumps(bill(galaxy, tarball), indent=2, sort_keys=True) + "\n")
    made.write_text(json.dumps(provenance(galaxy, [tarball, bom]), indent=2, sort_keys=True) + "\n")
    sums.write_text("".join(f"{sha256(path)}  {path.name}\n" for path in (tarball, bom, made)))
    written = [tarball, bom, made, sums]
    signature = build / "SHA256SUMS.sig"
    signature.unlink(missing_ok=True)
    if key:
        output("openssl", "pkeyutl", "-sign", "-inkey", key, "-rawin", "-in", str(sums), "-out", str(signature))
        written.append(signature)
    for path in written:
        print(path)
    if not key:
        print("Not signed: no key was given. What is published needs one: make artifact SIGNING_KEY=<private key>")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "")
