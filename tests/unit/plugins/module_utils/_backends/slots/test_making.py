# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slots made on real disks: loop devices, with the real sfdisk, partx, mkfs and LVM; the first partition stands for the
incumbent's, and has to be what it was, bit for bit."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import layout, making, table
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

MIB = 1 << 20
WANTED = table.Wanted(16 * MIB, 32 * MIB)
NEEDS = ("losetup", "sfdisk", "partx", "mkfs.ext4")
Disk = Callable[..., str]
pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not os.path.exists("/dev/loop-control") or not all(map(shutil.which, NEEDS)),
    reason=f"needs root, loop devices and {', '.join(NEEDS)}",
)


def say(*argv: object, text: str = "") -> str:
    done = subprocess.run(list(map(str, argv)), input=text, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip()


@pytest.fixture(name="disk")
def fixture_disk(tmp_path: Path) -> Iterator[Disk]:
    """Make a disk of 160 MiB with partitions as sfdisk takes them; small: as many MiB as it has when it gets them."""
    devices = []

    def make(script: str, small: int = 160) -> str:
        image = tmp_path / "image"
        image.touch()
        os.truncate(image, small * MIB)
        say("sfdisk", "--quiet", image, text=script)
        os.truncate(image, 160 * MIB)
        done = subprocess.run(
            ["losetup", "--find", "--show", image], check=False, stdout=subprocess.PIPE, encoding="ascii"
        )
        if done.returncode:
            pytest.skip("needs a free loop device")
        devices.append(done.stdout.strip())
        say("partx", "--add", devices[-1])
        with open(devices[-1] + "p1", "r+b") as first:
            first.write(os.urandom(MIB))
        return devices[-1]

    yield make
    for one in devices:
        subprocess.run(["partx", "--delete", one], check=False, stderr=subprocess.DEVNULL)
        say("losetup", "--detach", one)


@pytest.fixture(name="places")
def fixture_places(tmp_path: Path) -> Callable[[str], making.Places]:
    return lambda disk: making.Places(disk, str(tmp_path / "etc/slots.json"), str(tmp_path / "boot/table"))


def run(wanted: table.Wanted, places: making.Places) -> list[str]:
    steps = making.plan(wanted, places)
    for step in steps:
        step.do()
    return [step.action for step in steps]


def first_of(disk: str) -> tuple[str, bytes]:
    return say("sfdisk", "--dump", disk).split("\n\n")[1].splitlines()[0], Path(disk + "p1").read_bytes()


def held(disk: str) -> dict[str, layout.Partition]:
    """Return the partitions of a disk by their PARTLABEL, or number."""
    return {one.partlabel or one.device: one for one in layout.partitions() if one.device.startswith(disk + "p")}


GPT = 'label: gpt\nsize=16MiB, name="first"\n'


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_slots_beside_what_runs(disk: Disk, places: Callable[[str], making.Places], label: str) -> None:
    device = disk(f"label: {label}\nsize=16MiB\n")
    before, at = first_of(device), places(device)
    assert [one.split()[0] for one in run(WANTED, at)] == ["write", "make", "make"]
    assert first_of(device) == before
    named = json.loads(Path(at.file).read_text())
    listed = layout.partitions()
    made = {name: layout.found(listed, named[name])[0] for name in layout.REQUIRED}
    assert [made[name].size_bytes // MIB for name in layout.SLOTS] == [16, 16]
    assert made["PERSIST"].fstype == "ext4" and made["PERSIST"].size_bytes > 100 * MIB
    assert run(WANTED, at) == []


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_a_disk_that_was_made_larger_has_room(disk: Disk, places: Callable[[str], making.Places], label: str) -> None:
    device = disk(f"label: {label}\nsize=56MiB\n", small=64)
    before, at = first_of(device), places(device)
    run(WANTED, at)
    assert first_of(device) == before
    done = subprocess.run(["sfdisk", "--verify", device], check=True, capture_output=True, text=True)
    assert "not on the end" not in done.stderr
    named = json.loads(Path(at.file).read_text())
    assert layout.found(layout.partitions(), named["PERSIST"])[0].size_bytes > 60 * MIB


@pytest.mark.parametrize("label", ["gpt", "dos"])
def test_what_is_foretold_is_what_is_made(disk: Disk, places: Callable[[str], making.Places], label: str) -> None:
    device = disk(f"label: {label}\nsize=16MiB\n\n, 60MiB\n")
    boot, spare = (held(device)[f"{device}p{number}"].partuuid for number in (1, 2))
    at, wanted = places(device), table.Wanted(16 * MIB, 32 * MIB, spare)
    Path(at.file).parent.mkdir()
    Path(at.file).write_text(json.dumps({"BOOT": f"PARTUUID={boot}"}))
    before = say("sfdisk", "--dump", device), Path(at.file).read_text()
    told = making.foretell(wanted, at)
    assert (say("sfdisk", "--dump", device), Path(at.file).read_text()) == before and told.running == ""
    run(wanted, at)
    made = layout.assign(layout.partitions(), json.loads(Path(at.file).read_text()), "")
    seen = [{name: (one.partitions[name].device, one.slot(name).size_bytes) for name in layout.REQUIRED}
            for one in (told, made)]  # fmt: skip
    assert seen[0] == seen[1] and making.foretell(wanted, at) == made


def test_what_was_cut_off_is_gone_on_with(disk: Disk, places: Callable[[str], making.Places]) -> None:
    device = disk(GPT)
    at = places(device)
    file, make, _system = making.plan(WANTED, at)
    file.do()
    # The layout file names what is nowhere yet: the next run decides anew.
    steps = making.plan(WANTED, at)
    assert [step.action.split()[0] for step in steps] == ["write", "make", "make"]
    steps[0].do()
    steps[1].do()
    assert [step.action for step in making.plan(WANTED, at)] == ["make a file system on PERSIST"]
    with pytest.raises(FleetError, match="has changed since it was looked at"):
        make.do()
    run(WANTED, at)
    assert run(WANTED, at) == []


class Killed(BaseException):
    """As a process ends that gets SIGKILL: nobody handles it."""


CHANGES = ("partx", "mkfs.ext4", "sfdisk --quiet")


@pytest.mark.parametrize("at_change", range(6))
@pytest.mark.parametrize("label", ["gpt", "dos"])
@pytest.mark.parametrize("with_spare", [False, True])
def test_a_run_that_is_killed_anywhere_is_gone_on_with(
    disk: Disk,
    places: Callable[[str], making.Places],
    monkeypatch: pytest.MonkeyPatch,
    label: str,
    with_spare: bool,
    at_change: int,
) -> None:
    """Right before each command that changes something, so right after each, too; the kernel stays up meanwhile."""
    device = disk(f"label: {label}\nsize=16MiB\n" + ("size=140MiB\n" if with_spare else ""))
    at, before, done, real = places(device), first_of(device), [], making.run
    wanted = WANTED._replace(spare=held(device)[device + "p2"].partuuid) if with_spare else WANTED
    Path(at.file).parent.mkdir()
    Path(at.file).write_text(json.dumps({"BOOT": f"PARTUUID={held(device)[device + 'p1'].partuuid}"}))

    def until(argv: list[str], **more: object) -> object:
        if " ".join(argv).startswith(CHANGES):
            if len(done) == at_change:
                raise Killed
            done.append(argv)
        return real(argv, **more)

    with monkeypatch.context() as patch:
        patch.setattr(making, "run", until)
        try:
            run(wanted, at)
        except Killed:
            assert len(done) == at_change
    foretold = making.foretell(wanted, at)
    run(wanted, at)
    named = json.loads(Path(at.file).read_text())
    made = {name: layout.found(layout.partitions(), named[name]) for name in layout.REQUIRED}
    assert [len(one) for one in made.values()] == [1, 1, 1] and made["PERSIST"][0].fstype == "ext4"
    assert made["ROOT-A"][0].size_bytes == foretold.slot("ROOT-A").size_bytes == 16 * MIB
    assert first_of(device) == before and run(wanted, at) == []


def test_a_spare_that_the_kernel_was_told_to_forget_is_looked_into_fail(
    disk: Disk, places: Callable[[str], making.Places]
) -> None:
    device = disk(GPT + "size=140MiB\n")
    wanted = WANTED._replace(spare=held(device)[device + "p2"].partuuid)
    say("mkfs.ext4", "-q", device + "p2")
    say("partx", "--delete", "--nr", "2", device)
    with pytest.raises(FleetError, match=f"{device}p2 holds ext4, so it is not spare"):
        making.plan(wanted, places(device))


def test_what_lay_there_before_is_not_seen_again(disk: Disk, places: Callable[[str], making.Places]) -> None:
    device = disk(GPT + "size=120MiB\n")
    say("mkfs.ext4", "-q", device + "p2")
    spare = held(device)[device + "p2"].partuuid
    wanted = WANTED._replace(spare=spare)
    with pytest.raises(FleetError, match="p2 holds ext4, so it is not spare"):
        making.plan(wanted, places(device))
    say("partx", "--delete", "--nr", "2", device)
    say("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--delete", device, "2")
    run(WANTED, places(device))
    assert {name: one.fstype for name, one in held(device).items() if name != "first"} == {
        "ROOT-A": "",
        "ROOT-B": "",
        "PERSIST": "ext4",
    }


def test_a_spare_partition_is_used_up(disk: Disk, places: Callable[[str], making.Places]) -> None:
    device = disk(GPT + "size=140MiB\n")
    before = first_of(device)
    with pytest.raises(FleetError, match="has no room for two slots"):
        making.plan(WANTED, places(device))
    spare = held(device)[device + "p2"].partuuid
    actions = run(WANTED._replace(spare=spare), places(device))
    assert "instead of partition 2" in actions[1] and first_of(device) == before
    assert set(held(device)) == {"first", "ROOT-A", "ROOT-B", "PERSIST"}


@pytest.mark.parametrize("forgotten", [False, True])
def test_a_spare_partition_says_on_which_disk_it_is(
    disk: Disk, places: Callable[[str], making.Places], forgotten: bool
) -> None:
    """Nothing of the disk that / lies on is asked, so its kind does not matter."""
    device = disk(GPT + "size=140MiB\n")
    before = first_of(device)
    wanted = WANTED._replace(spare=held(device)[device + "p2"].partuuid.upper())
    if forgotten:
        say("partx", "--delete", "--nr", "2", device)
    actions = run(wanted, places("")._replace(disk=""))
    assert f"instead of partition 2 on {device}" in actions[1] and first_of(device) == before
    assert set(held(device)) == {"first", "ROOT-A", "ROOT-B", "PERSIST"}


def test_a_spare_partition_that_is_mounted_fail(
    disk: Disk, places: Callable[[str], making.Places], tmp_path: Path
) -> None:
    device = disk(GPT + "size=140MiB\n")
    say("mkfs.ext4", "-q", device + "p2")
    spare = held(device)[device + "p2"].partuuid
    (tmp_path / "mnt").mkdir()
    say("mount", device + "p2", tmp_path / "mnt")
    try:
        with pytest.raises(FleetError, match="is in use by .*/mnt, so it is not spare"):
            making.plan(WANTED._replace(spare=spare), places(device))
    finally:
        say("umount", tmp_path / "mnt")


def test_a_table_that_the_disk_did_not_take_is_what_it_was(
    disk: Disk, places: Callable[[str], making.Places], monkeypatch: pytest.MonkeyPatch
) -> None:
    device = disk(GPT)
    at, before = places(device), say("sfdisk", "--dump", device)
    monkeypatch.setattr(table, "changed", lambda *_given: "partition 2 is not there")
    with pytest.raises(FleetError, match="did not take the table with the slots: partition 2 is not there"):
        run(WANTED, at)
    assert say("sfdisk", "--dump", device) == before
    assert Path(at.saved).read_text().splitlines()[0] == "label: gpt"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        (GPT + 'size=16MiB, name="ROOT-A"\n', "has ROOT-A already, and not all of ROOT-A, ROOT-B, PERSIST"),
        (GPT + "size=140MiB\n", "no room for two slots of 16 MiB and PERSIST of 32 MiB"),
        ("label: dos\nsize=9MiB\nsize=9MiB\n", "its MBR has 2 numbers left"),
    ],
)
def test_a_disk_that_is_refused_stays_what_it_was_fail(
    disk: Disk, places: Callable[[str], making.Places], script: str, problem: str
) -> None:
    device = disk(script)
    before = say("sfdisk", "--dump", device)
    with pytest.raises(FleetError, match=problem):
        making.plan(WANTED, places(device))
    assert say("sfdisk", "--dump", device) == before and not os.path.exists(places(device).file)


@pytest.mark.skipif(not shutil.which("pvresize"), reason="LVM is not installed")
def test_the_end_of_a_volume_group(
    disk: Disk, places: Callable[[str], making.Places], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device mapper need not be there: LVM's own metadata says what volumes use."""
    device = disk(GPT + "size=140MiB, type=lvm\n")
    home = tmp_path / "lvm"
    home.mkdir()
    (home / "lvm.conf").write_text(
        f'devices {{ filter=["a|{device}p2|","r|.*|"] use_devicesfile=0 external_device_info_source="none" }}\n'
        "global { activation=0 } activation { udev_sync=0 udev_rules=0 }\n"
    )
    monkeypatch.setenv("LVM_SYSTEM_DIR", str(home))
    monkeypatch.setenv("LVM_SUPPRESS_FD_WARNINGS", "1")
    say("pvcreate", "--quiet", device + "p2")
    say("vgcreate", "--quiet", "node", device + "p2")
    say("lvcreate", "--quiet", "--activate=n", "--zero=n", "--wipesignatures=n", "--size=32M", "--name=root", "node")
    before = say("pvs", "--segments", "--noheadings", "--options=lv_name,pvseg_start,pvseg_size", device + "p2")
    actions = run(WANTED, places(device))
    assert "from the end of volume group node" in actions[1]
    after = say("pvs", "--segments", "--noheadings", "--options=lv_name,pvseg_start,pvseg_size", device + "p2")
    assert before.splitlines()[0] == after.splitlines()[0]
    assert held(device)["PERSIST"].fstype == "ext4"
    say("vgck", "node")


def test_what_pvs_says() -> None:
    def segment(name: str, start: int, size: int, kind: str, group: str = "vg") -> dict[str, str]:
        values = [name, group, str(MIB), str(4 * MIB), str(start), str(size), kind]
        keys = ["pv_name", "vg_name", "pe_start", "vg_extent_size", "pvseg_start", "pvseg_size", "segtype"]
        return dict(zip(keys, values))

    text = json.dumps(
        {
            "report": [
                {
                    "pvseg": [
                        segment("/dev/a", 0, 10, "linear"),
                        segment("/dev/a", 10, 5, "free"),
                        segment("/dev/a", 15, 2, "linear"),
                        segment("/dev/a", 17, 50, "free"),
                        segment("/dev/b", 0, 10, "free", ""),
                        segment("/dev/c", 0, 10, "free"),
                    ]
                }
            ]
        }
    )
    found = making.parse_volumes(text, {"/dev/a": "of a", "/dev/b": "of b"})
    assert found == [table.Volume("of a", "vg", (1 + 17 * 4 + 4) * MIB)]
