# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tiers, on what nodes of the lab's flavours showed (fixtures/storage), and on storage that the lab has not."""

import json
import os
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import tier as boot_tier
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.tier import Block, Probe

STORAGE = Path(__file__).parents[3] / "fixtures/storage"
BESIDE_MENU = "/boot/grub/osmigrate.env"


def filesystem(recorded, place):
    """Return the Filesystem of a place as the recorded node shows it, None if nothing is mounted there."""
    mounted = _storage.parse_mountinfo("\n".join(recorded["mountinfo"]))
    mount = _storage.mount_of(place, mounted)
    if place in boot_tier.grubfiles.ESP_PLACES and mount.target != place:
        return None
    device, uuid, layers = _storage.parse_lsblk(json.dumps(recorded["lsblk"][mount.target]))
    return _storage.Filesystem(mount.target, device, uuid, mount.fstype, layers, 0, 0)


def block(recorded, path):
    answer = recorded["fiemap"].get(path)
    return boot_tier.parse_fiemap(bytes.fromhex(answer), 1024) if answer else None


@pytest.mark.parametrize("name", [path.stem for path in sorted(STORAGE.glob("*.json"))])
@pytest.mark.parametrize("kexec_problem", ["", "there is none"])
def test_recorded(name, kexec_problem):
    recorded = json.loads((STORAGE / (name + ".json")).read_text())
    found = Probe(
        filesystem(recorded, "/boot"), block(recorded, BESIDE_MENU), filesystem(recorded, "/boot/efi"), kexec_problem
    )
    tier = boot_tier.decide(found, BESIDE_MENU)
    expected = recorded["expected"]["without kexec" if kexec_problem else "with kexec"]
    assert {"name": tier.name, "evidence": tier.evidence, "block": tier.block, "uuid": tier.uuid} == expected


def at(fstype, *layers, target="/boot", uuid="1-2", journaled=False):
    return _storage.Filesystem(target, "/dev/x", uuid, fstype, list(layers), 0, 0, journaled)


ESP = at("vfat", "part", "disk", target="/boot/efi", uuid="0531-0000")
CASES = [
    (Probe(at("ext4", "part", "disk"), None, None, ""), "block"),
    (Probe(at("xfs", "disk"), None, ESP, ""), "block"),
    (Probe(at("ext4", "part", "disk", journaled=True), None, ESP, ""), "esp-block"),
    (Probe(at("ext4", "part", "disk", journaled=True), None, None, "no"), ""),
    (Probe(at("ext4", "thin pool", "lvm", "part"), None, None, ""), "kexec"),
    (Probe(at("ext4", "lvm", "part", "disk"), None, ESP, ""), "esp-block"),
    (Probe(at("ext4", "raid1", "part"), None, ESP, ""), "esp-block"),
    (Probe(at("xfs", "crypt", "part"), None, ESP, ""), "esp-block"),
    (Probe(at("f2fs", "part"), None, ESP, ""), "esp-block"),
    (Probe(at("zfs"), None, ESP, ""), "esp-block"),
    (Probe(at("btrfs", "part"), None, at("vfat", "raid1", "part", target="/efi"), ""), "kexec"),
    (Probe(at("btrfs", "part"), None, at("vfat", "part", target="/efi", uuid=""), ""), "kexec"),
    (Probe(at("btrfs", "part"), None, at("ext4", "part", target="/efi"), ""), "kexec"),
    (Probe(at("btrfs", "part"), None, None, "the kernel forbids it"), ""),
    (Probe(at("ext4"), None, None, "the kernel forbids it"), ""),
]


@pytest.mark.parametrize(("found", "name"), CASES)
def test_decide(found, name):
    tier = boot_tier.decide(found, BESIDE_MENU)
    assert tier.name == name
    assert bool(tier.block) == bool(name) and bool(tier.uuid) == (name == "esp-block")
    assert all(text[0] == "/" or text[0].isupper() for text in tier.evidence)
    assert not any(text.endswith(".") for text in tier.evidence)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (Block(1024, 1024, [0x1]), ""),
        (Block(1024, 1024, [0x1000, 0x1]), ""),
        (Block(1024, 0, None), ""),
        (Block(1024, 0, []), "has holes"),
        (Block(1024, 512, [0x1]), "has holes"),
        (Block(1024, 1024, [0x2001]), "is shared with another file"),
        (Block(1024, 1024, [0x801]), "is allocated, but not written"),
        (Block(1024, 1024, [0x301]), "lies inside an inode"),
        (Block(1024, 1024, [0x9]), "is compressed or encoded"),
        (Block(1024, 1024, [0x7]), "has no known place and has no place yet"),
    ],
)
def test_block_problem(block, problem):
    assert boot_tier.block_problem(block) == problem


def test_a_block_that_lies_badly_keeps_its_tier_and_is_made_anew():
    tier = boot_tier.decide(Probe(at("xfs", "part"), Block(1024, 1024, [0x2001]), None, "no"), BESIDE_MENU)
    assert tier.name == "block"
    assert tier.evidence[-1] == "The block that is there is shared with another file, so it is made anew"


def test_probe_block_of_real_files(tmp_path):
    written, sparse = tmp_path / "written", tmp_path / "sparse"
    written.write_bytes(b"#" * 1024)
    with sparse.open("wb") as file:
        file.truncate(1 << 20)
    os.sync()
    if boot_tier.probe_block(str(written)).flags is None:
        pytest.skip("the file system of this machine does not tell where files lie")
    assert boot_tier.probe_block(str(written)).mapped == 1024
    assert boot_tier.block_problem(boot_tier.probe_block(str(sparse))) == "has holes"
    assert boot_tier.probe_block(str(tmp_path / "missing")) is None


def test_a_tier_survives_its_record():
    tier = boot_tier.decide(CASES[2][0], BESIDE_MENU)
    assert boot_tier.recorded(json.loads(json.dumps(boot_tier.record(tier)))) == tier
    assert boot_tier.recorded(None) is None


@pytest.mark.parametrize(
    ("said", "locked"), [("[none] integrity confidentiality", False), ("none [integrity] confidentiality", True)]
)
def test_a_kernel_that_is_locked_down_starts_no_other(tmp_path, monkeypatch, said, locked):
    monkeypatch.setattr(boot_tier, "SEARCH_PATH", str(tmp_path))
    monkeypatch.setattr(boot_tier, "LOCKDOWN", str(tmp_path / "lockdown"))
    (tmp_path / "lockdown").write_text(said + "\n")
    (tmp_path / "kexec").write_text("")
    (tmp_path / "kexec").chmod(0o755)
    assert ("locked down (integrity)" in boot_tier.kexec_problem()) is locked
