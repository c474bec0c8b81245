# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two signed releases of the target OS: a Debian 13 tree as OSTree commits, and the same with changed packages."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import cache, host, kubebin, nodefiles, rootfs
from .cache import Log
from .config import GUEST_GATEWAY, RELEASES_PORT, Paths

NAME = "debian-13"
REF = "debian/13/x86_64"
TYPE = "application/vnd.osmigrate.fleet.release.v1+json"
VERSIONS = ("13.1", "13.2")
# What the second release has more than the first.
MONTHLY = "jq"
CREATED = "2026-11-01T00:00:00Z"
GPG_USER = "osmigrate lab <lab@example.invalid>"
# Where an OSTree root keeps what is not the image's.
LINKS = {
    "home": "var/home", "root": "var/roothome", "srv": "var/srv", "opt": "var/opt", "mnt": "var/mnt",
    "media": "var/media", "usr/local": "../var/usrlocal", "ostree": "sysroot/ostree",
}  # fmt: skip
# Each object costs an emulated processor 30 ms of the first move; an image that is never changed in place needs no
# package tools, and this one no hardware.
LEFT_OUT = """
usr/bin/apt* usr/bin/containerd-shim usr/bin/containerd-shim-runc-v1 usr/bin/ctr usr/bin/perl* usr/bin/sqv
usr/bin/grub-m* usr/bin/grub-fstest usr/bin/grub-render-label usr/lib/apt usr/lib/dracut usr/lib/udev/hwdb.*
usr/lib/cni/dhcp usr/lib/cni/*vlan usr/lib/cni/vrf usr/lib/cni/sbr usr/lib/cni/tuning usr/lib/cni/firewall
usr/lib/cni/ptp usr/lib/cni/host-device usr/lib/cni/bandwidth usr/lib/cni/static usr/lib/x86_64-linux-gnu/gconv
usr/lib/x86_64-linux-gnu/perl* usr/share/bash-completion usr/share/ca-certificates usr/share/fish usr/share/grub
usr/share/initramfs-tools usr/share/perl* usr/share/zoneinfo/A* usr/share/zoneinfo/Indian usr/share/zoneinfo/Pacific
usr/share/zsh usr/lib/modules/*/kernel/drivers/comedi usr/lib/modules/*/kernel/drivers/hid
usr/lib/modules/*/kernel/drivers/thermal usr/lib/modules/*/kernel/net/sched
"""
DPKG = "usr/lib/sysimage/dpkg"
SERVICES = ("systemd-networkd.service", "kubelet.service", "containerd.service", "ssh.service", "cron.service")


def build(paths: Paths, log: Log) -> Path:
    """Directory with `repo`, the archive repository, VERSION/release.yml and .sig, and `trusted.pem`."""
    tree = rootfs.target(paths, log)
    programs = kubebin.build(paths, log)
    inputs = {
        "tree": tree.name,
        "kubelet": kubebin.identity(programs),
        "recipe": Path(__file__),
        "unit": nodefiles.KUBELET_UNIT,
        "port": str(RELEASES_PORT),
    }

    def make(part: Path) -> None:
        log("releases: dracut, and one commit each for " + " and ".join(VERSIONS) + "; 2 minutes")
        part.mkdir()
        keys = Keys(part)
        host.run(["ostree", "init", f"--repo={part}/repo", "--mode=archive"])
        with tempfile.TemporaryDirectory(dir=paths.cache, prefix="releases-", suffix=".part") as scratch:
            try:
                for version, work in zip(VERSIONS, _trees(tree, Path(scratch), programs / "kubelet")):
                    _commit(part, version, work, keys)
            finally:
                for work in Path(scratch).iterdir():
                    host.remove(work)
        keys.close()

    return cache.artifact(paths, "releases", inputs, make, log)


def manifest(directory: Path, version: str) -> dict:
    """Return the manifest of a release that build() made."""
    return yaml.safe_load((directory / version / "release.yml").read_text())


class Keys:
    """What signs: an ed25519 key for manifests, a GPG key for commits. They protect nothing but this lab."""

    def __init__(self, directory: Path) -> None:
        self._key = Ed25519PrivateKey.generate()
        (directory / "trusted.pem").write_bytes(
            self._key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
        # gpg-agent's socket needs a short path.
        self._home = tempfile.TemporaryDirectory(prefix="gpg")
        self.gpg_home = self._home.name
        self._gpg("--passphrase", "", "--quick-gen-key", GPG_USER, "rsa3072", "sign", "never")
        self.gpg_public = self._gpg("--armor", "--export", GPG_USER)

    def sign(self, document: dict, text: str) -> str:
        """Return the signature file of a manifest: a DSSE envelope, as docs/design.md describes it."""
        signed = {"manifest": document, "sha256": hashlib.sha256(text.encode()).hexdigest()}
        payload = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        signature = self._key.sign(b"DSSEv1 %d %s %d %s" % (len(TYPE), TYPE.encode(), len(payload), payload))
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        keyid, sig = hashlib.sha256(public).hexdigest(), base64.b64encode(signature).decode()
        document = {"payloadType": TYPE, "payload": base64.b64encode(payload).decode()}
        return json.dumps({**document, "signatures": [{"keyid": keyid, "sig": sig}]}, indent=1) + "\n"

    def close(self) -> None:
        host.run(["gpgconf", "--homedir", self.gpg_home, "--kill", "all"])
        self._home.cleanup()

    def _gpg(self, *arguments: str) -> str:
        return host.run(["gpg", "--homedir", self.gpg_home, "--batch", "--quiet", *arguments]).stdout


def _root(*argv: str | Path) -> None:
    host.run(host.as_root(argv))


def _trees(tree: Path, scratch: Path, kubelet: Path) -> Iterator[Path]:
    """Make the content of each release in turn, as a package-managed tree laid out for OSTree."""
    base = scratch / "base"
    _root("cp", "--archive", "--reflink=auto", tree, base)
    _root("install", "--mode=755", kubelet, base / "usr/bin/kubelet")
    _write(base / "usr/lib/systemd/system/kubelet.service", nodefiles.KUBELET_UNIT)
    _root("systemctl", f"--root={base}", "enable", *SERVICES)
    (kernel,) = os.listdir(base / "usr/lib/modules")
    modules = Path("usr/lib/modules", kernel)
    _root("mv", base / f"boot/vmlinuz-{kernel}", base / modules / "vmlinuz")
    _root(
        "chroot",
        base,
        "dracut",
        "--quiet",
        "--force",
        "--no-hostonly",
        "--reproducible",
        "--add",
        "ostree",
        "--compress",
        "zstd -3 -T0",
        # The watchdog of QEMU's machines: a candidate that hangs in its initramfs is to be reset, too.
        "--add-drivers",
        "i6300esb",
        "--kver",
        kernel,
        f"/{modules}/initramfs.img",
    )
    for version in VERSIONS:
        if version != VERSIONS[0]:
            _install(base, MONTHLY)
        work = scratch / version
        _root("cp", "--archive", "--reflink=auto", base, work)
        _lay_out(work, version)
        yield work


def _install(tree: Path, package: str) -> None:
    settings = tree / "etc/apt/apt.conf.d/99lab"
    _write(settings, "".join(f"{option};\n" for option in host.apt_options()))
    _root("cp", "/etc/resolv.conf", tree / "etc/resolv.conf")
    for command in (["update"], ["install", "--yes", "--no-install-recommends", package]):
        _root("env", "DEBIAN_FRONTEND=noninteractive", "chroot", tree, "apt-get", "--quiet", *command)
    _root("rm", settings)


def _lay_out(work: Path, version: str) -> None:
    """Turn a package-managed tree into what OSTree deploys."""
    os_release = (work / "usr/lib/os-release").read_text()
    lines = [line for line in os_release.splitlines() if not line.startswith(("PRETTY_NAME=", "IMAGE_"))]
    pretty = next(line for line in os_release.splitlines() if line.startswith("PRETTY_NAME="))
    lines += [f'{pretty.rstrip(chr(34))} {version}"', f"IMAGE_ID={NAME}", f"IMAGE_VERSION={version}", ""]
    _write(work / "usr/lib/os-release", "\n".join(lines))

    _root("sh", "-c", f'cd "$1" && rm -rf {LEFT_OUT.replace(chr(10), " ")}', "sh", work)
    # The loader checks no dates: OSTree has none, so it would compile every module at every start.
    _root("chroot", work, "python3", "-m", "compileall", "-q", "-f", "--invalidation-mode=unchecked-hash", "/usr/lib")
    _root("mkdir", "-p", work / DPKG)
    _root("rm", "-r", work / DPKG)
    _root("mv", work / "var/lib/dpkg", work / DPKG)
    identity = ("machine-id", "hostname", "resolv.conf", "fstab")
    forget = 'cd "$1" && shift && rm -f etc/ssh/ssh_host_* initrd.img* vmlinuz* .dockerenv && cd etc && rm -f "$@"'
    _root("sh", "-c", forget, "sh", work, *identity)
    _write(work / "usr/lib/tmpfiles.d/osmigrate-var.conf", _tmpfiles(work))
    empty = "var boot run dev proc sys"
    _root("sh", "-c", f'cd "$1" && rm -rf {empty} tmp && mkdir {empty} sysroot && mkdir -m 1777 tmp', "sh", work)
    for link, goal in LINKS.items():
        _root("rm", "-rf", work / link)
        _root("ln", "-s", goal, work / link)
    # Empty: systemd takes the id from the kernel command line or makes one.
    _write(work / "etc/machine-id", "")
    _root("mv", work / "etc", work / "usr/etc")


def _tmpfiles(work: Path) -> str:
    """Say which directories of /var, which OSTree leaves empty, have to be there."""
    lines = ["d /var/home 0755 root root", "d /var/roothome 0700 root root", "d /var/srv 0755 root root",
             "d /var/mnt 0755 root root", "d /var/media 0755 root root", "d /var/usrlocal 0755 root root",
             f"L /var/lib/dpkg - - - - ../../{DPKG}"]  # fmt: skip
    listed = host.run(host.as_root(["find", work / "var", "-mindepth", "1", "-type", "d",
                                    "-printf", "%P %m %U %G\n"])).stdout  # fmt: skip
    for line in sorted(listed.splitlines()):
        path, mode, user, group = line.rsplit(" ", 3)
        lines.append(f"d /var/{path} {mode.zfill(4)} {user} {group}")
    return "\n".join([*lines, ""])


def _write(path: Path, content: str) -> None:
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(content)
        file.flush()
        _root("install", "-D", "--mode=644", file.name, path)


def _commit(part: Path, version: str, work: Path, keys: Keys) -> None:
    commit = host.run(host.as_root([
        "ostree", "commit", f"--repo={part}/repo", f"--branch={REF}", f"--tree=dir={work}", f"--timestamp={CREATED}",
        f"--subject={NAME} {version}", f"--add-metadata-string=version={version}",
        f"--gpg-sign={GPG_USER}", f"--gpg-homedir={keys.gpg_home}",
    ])).stdout.strip()  # fmt: skip
    (modules,) = (work / "usr/lib/modules").iterdir()
    document = {
        "schema": 1,
        "name": NAME,
        "version": version,
        "created": CREATED,
        "serial": VERSIONS.index(version) + 1,
        "os": {"id": "debian", "version_id": "13", "architecture": "x86_64", "kernel": modules.name},
        "minimum_from": [],
        "payloads": {
            "ostree": {
                "url": f"http://{GUEST_GATEWAY}:{RELEASES_PORT}/repo",
                "ref": REF,
                "commit": commit,
                "size": int(host.run(host.as_root(["du", "-sb", work])).stdout.split()[0]),
                "boot_size": sum((modules / name).stat().st_size for name in ("vmlinuz", "initramfs.img")),
                "gpg_keys": [keys.gpg_public],
            }
        },
    }
    directory = part / version
    directory.mkdir()
    text = yaml.safe_dump(document, sort_keys=False)
    (directory / "release.yml").write_text(text)
    (directory / "release.yml.sig").write_text(keys.sign(document, text))
