# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What releases cost to build, compare and publish: a table, and build/bench-releases.json. No machine boots.

The month is the one between a release of Debian 13 and its updates of today: its main suite alone, then all suites.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.bench.figures import ROOT, Cost, figure, keep, measure, table
from tests.lab import host, rootfs

DIRECTORY = ROOT / "build/bench-releases"
NAME = "debian-13"
REF = "debian/13/x86_64"
# What the issue of the project allows for the difference of two releases of 250 packages.
DIFFERENCE_SECONDS = 30
OLD, NEW = "13.1", "13.2"
# What debos does for such a recipe. Arguments: a directory, a keyring, a mirror, and packages.
_DEBOS = """
place=$1 keyring=$2 mirror=$3 tree=$1/tree
shift 3
debootstrap --variant=minbase --keyring="$keyring" trixie "$tree" "$mirror"
cp "$place/apt.conf" "$tree/etc/apt/apt.conf.d/99-this-machine"
export DEBIAN_FRONTEND=noninteractive
unshare --mount --pid --fork --kill-child sh -ec '
    mount -t proc proc "$1/proc"
    tree=$1
    shift
    chroot "$tree" apt-get --quiet --yes --no-install-recommends install "$@"
' sh "$tree" "$@"
rm -rf "$tree/dev" "$tree/proc" "$tree/run" "$tree/sys" "$tree/tmp" "$tree/var"
mv "$tree/etc" "$tree/usr/etc"
ostree init --repo="$place/repo" --mode=archive
ostree commit --repo="$place/repo" --branch=peer --tree=dir="$tree"
"""


def recipe(directory: Path, suites: int) -> None:
    """Write the recipe of a node with the first suites of those that come along, and without those it extends."""
    base, node = (
        yaml.safe_load((ROOT / f"recipes/{name}.yml").read_text(encoding="utf-8"))
        for name in ("debian-13", "debian-13-node")
    )
    base["packages"]["sources"] = base["packages"]["sources"][:suites]
    node["extends"] = "base.yml"
    directory.mkdir(parents=True, exist_ok=True)
    for name, document in (("base", base), ("node", node)):
        (directory / f"{name}.yml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def play(playbook: str, **variables: Any) -> Cost:
    """Run a playbook of the collection in DIRECTORY."""
    group = playbook.partition("_")[2]
    given = {f"osmigrate_{group}_{name}": value for name, value in variables.items()}
    if group == "publish":
        given["osmigrate_trusted_keys"] = ["release.pub"]
    extra = DIRECTORY / "variables.yml"
    extra.write_text(yaml.safe_dump(given), encoding="utf-8")
    argv = [sys.executable, "-m", "ansible", "playbook", f"osmigrate.fleet.{playbook}", "-e", f"@{extra}"]
    print(f"  {playbook} {variables.get('version', '')}", file=sys.stderr, flush=True)
    cost = measure(argv, {"PWD": str(DIRECTORY)})
    print(f"    {cost.wall:.0f} s, {cost.cpu:.0f} of CPU, {cost.memory:.0f} MiB", file=sys.stderr, flush=True)
    return cost


def build(version: str, public: str, **more: Any) -> Cost:
    """Build a release, without what looks at it and boots it."""
    wanted = {"recipe": "recipe/node.yml", "url": "http://images.example", "work": "work", "key": "release.pem"}
    return play("release_build", version=version, destination=public, boot=False, review="", **wanted, **more)


def commit(public: str, version: str) -> str:
    text = (DIRECTORY / public / f"{NAME}-{version}/release.yml").read_text(encoding="utf-8")
    return str(yaml.safe_load(text)["payloads"]["ostree"]["commit"])


def size(place: Path) -> int:
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())


def publish(version: str, deltas: bool = False) -> int:
    """Publish a release, and return by how many bytes what nodes may fetch has grown."""
    objects = DIRECTORY / "www/repo"
    before = size(objects) if objects.exists() else 0
    play("release_publish", manifest=f"public/{NAME}-{version}/release.yml", repository="public/repo", deltas=deltas)
    return size(objects) - before


def peer() -> Cost:
    """Make a commit of the same packages in one run, by the steps of debos: debootstrap, apt, ostree-commit.

    debos itself asks for other versions of systemd than a machine may have, so its steps are taken without it.
    """
    document = yaml.safe_load((DIRECTORY / "recipe/base.yml").read_text(encoding="utf-8"))
    node = yaml.safe_load((DIRECTORY / "recipe/node.yml").read_text(encoding="utf-8"))
    packages = [*document["packages"]["base"], *node["packages"]["base"]]
    place = DIRECTORY / "peer"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    (place / "apt.conf").write_text("".join(f"{option};\n" for option in host.apt_options()), encoding="utf-8")
    print("  the steps of debos", file=sys.stderr, flush=True)
    given = [place, str(rootfs.HOST_KEYRING), host.debian_mirror()[0], *packages]
    cost = measure(["/bin/sh", "-ec", _DEBOS, "sh", *given], {})
    print(f"    {cost.wall:.0f} s, {cost.cpu:.0f} of CPU", file=sys.stderr, flush=True)
    shutil.rmtree(place)
    return cost


def bench() -> list[dict[str, Any]]:
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    recipe(DIRECTORY / "recipe", 1)
    os.chdir(DIRECTORY)
    measure([shutil.which("openssl") or "openssl", "genpkey", "-algorithm", "ed25519", "-out", "release.pem"], {})
    Path("release.pem").chmod(0o600)
    measure([shutil.which("openssl") or "openssl", "pkey", "-in", "release.pem", "-pubout", "-out", "release.pub"], {})
    first = build(OLD, "public")
    second = build(OLD, "public")
    again = build(OLD, "again", locked=True)
    if commit("public", OLD) != commit("again", OLD):
        sys.exit("Two builds from one lock gave two commits, so there are no figures.")
    recipe(DIRECTORY / "recipe", 3)
    month = build(NEW, "public")
    other = peer()
    review = play(
        "release_review",
        repository="public/repo",
        old=commit("public", OLD),
        new=commit("public", NEW),
        packages="recipe/node.lock",
    )
    whole = publish(OLD)
    loose = publish(NEW)
    shutil.rmtree("www")
    publish(OLD)
    with_delta = publish(NEW, deltas=True) - loose
    return [
        figure("second build of a lock, CPU s", second.cpu, first.cpu, "the first", 0.2),
        figure("second build of a lock, s", second.wall, first.wall, "the first", 0.2),
        figure("the same, proved elsewhere, CPU s", again.cpu, first.cpu, "the first"),
        figure("monthly build with commit, CPU s", month.cpu, other.cpu, "the steps of debos", 0.5),
        figure("monthly build with commit, s", month.wall, other.wall, "the steps of debos", 0.5),
        figure("difference of a month, CPU s", review.cpu, DIFFERENCE_SECONDS, "seconds that are allowed", 1.0),
        figure("MB published for a month", loose / 1e6, whole / 1e6, "a whole release"),
        figure("MB of a static delta", with_delta / 1e6, whole / 1e6, "a whole release"),
    ]


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    DIRECTORY.mkdir(parents=True, exist_ok=True)
    found = bench()
    keep("bench-releases", found)
    print(table(found))


if __name__ == "__main__":
    main()
