# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every state that the environment block can be in, decided by real GRUB."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import kernel
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import env, grub, grubcfg, method, script
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record

from tests.grub.machine import CONFIG, SHOW_BOOT, UUID, Machine

CASES = yaml.safe_load(Path(__file__).with_name("cases.yml").read_text())


def entry(name: str) -> dict[str, str]:
    return {
        "id": name,
        "title": f"Debian ({name})",
        "kernel": "/boot/ostree/vmlinuz",
        "initrd": "/boot/ostree/initramfs.img",
        "options": "root=UUID=0 rw console=ttyS0",
        "boot_uuid": UUID,
    }


ENTRIES = [entry("debian-13-1"), entry("debian-13-2")]


def saved(variables: dict[str, str]) -> bytes:
    """GRUB's own block, in which more may stand than in ours: paths through submenus, titles."""
    lines = "".join(f"{name}={value}\n" for name, value in variables.items())
    return (env.HEADER + lines.encode()).ljust(env.SIZE, b"#")


SAYS_ITS_NAME = """menuentry '%(name)s' --id '%(name)s' --unrestricted {
  echo "chosen=[%(name)s] left=[$osm_tries]"
  reboot
}
"""


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_decision(case: dict, tmp_path: Path) -> None:
    finalized = "finalized" in case
    files = {
        "osmigrate.cfg": grub.render_menu(
            ENTRIES,
            package=not finalized,
            block_uuid=case.get("searched", ""),
            block_path="boot/grub/osmigrate.env",
        ).encode(),
        "custom.cfg": grub.with_block(case.get("custom", "")).encode(),
    }
    if finalized:
        fallback = next(entry for entry in ENTRIES if entry["id"] == case["finalized"])
        files["grub.cfg"] = (SHOW_BOOT + grubcfg.render(CONFIG.format(before="", after=""), fallback)).encode()
    if "last" in case:
        own = CONFIG.format(before=case.get("before", ""), after="")
        files["grub.cfg"] = (SHOW_BOOT + own + case["last"]).encode()
    if isinstance(case["block"], dict):
        files["osmigrate.env"] = env.render(case["block"])
    elif case["block"] is not None:
        files["osmigrate.env"] = case["block"].encode()
    if "next_entry" in case:
        files["grubenv"] = env.render({"next_entry": case["next_entry"]})
    if "grubenv" in case:
        files["grubenv"] = saved(case["grubenv"])
    for name, length in case.get("cut", {}).items():
        files[name] = files[name][:length]
    after = "".join(SAYS_ITS_NAME % {"name": name} for name in case.get("after", []))
    machine = Machine(tmp_path, files, case.get("before", ""), case.get("writable", True), after=after)
    assert [machine.boot() for _boot in case["boots"]] == [tuple(boot) for boot in case["boots"]]


NOT_LOADABLE = {
    "kernel gone": {},
    "kernel is garbage": {"kernel": b"garbage" * 100},
}


@pytest.mark.parametrize("files", NOT_LOADABLE.values(), ids=NOT_LOADABLE)
@pytest.mark.parametrize(
    ("block", "boots"),
    [
        ({"osm_default": "package", "osm_trial": "r-1", "osm_tries": "x"}, [("reboot", ""), ("package", "0")]),
        ({"osm_default": "r-1", "osm_trial": "", "osm_tries": ""}, [("package", "")]),
    ],
    ids=["on trial", "the default"],
)
def test_what_cannot_be_loaded_never_waits_for_a_person(tmp_path: Path, files, block, boots) -> None:
    """GRUB stays at its menu for ever when the chosen entry fails: on trial it has to reboot, else to take another."""
    broken = {**entry("r-1"), "kernel": "/boot/grub/kernel", "initrd": "/boot/grub/initrd", "boot_uuid": UUID}
    files = {
        **files,
        "initrd": b"initrd",
        "osmigrate.cfg": grub.render_menu([broken]).encode(),
        "custom.cfg": grub.with_block("").encode(),
        "osmigrate.env": env.render(block),
    }
    machine = Machine(tmp_path, files, loads=True)
    assert [machine.boot() for _boot in boots] == boots


NOBODY_THERE = {
    "the trial has a password to enter": ("set superusers=root", "x", "reboot"),
    "the way home waits for a key": ("timeout=-1", "0", "package"),
    "the default waits for a key after a trial was called off": ("timeout=-1", "", "package"),
}


@pytest.mark.parametrize("case", NOBODY_THERE.values(), ids=NOBODY_THERE)
def test_no_trial_waits_for_what_an_administrator_would_type(tmp_path: Path, case) -> None:
    before, tries, booted = case
    files = {
        "osmigrate.cfg": grub.render_menu([{**entry("r-1"), "boot_uuid": UUID}]).encode(),
        "custom.cfg": grub.with_block("").encode(),
        "osmigrate.env": env.render({"osm_default": "package", "osm_trial": "r-1", "osm_tries": tries}),
    }
    assert Machine(tmp_path, files, before, loads=True).boot()[0] == booted


def slot(name: str, partuuid: str) -> dict[str, str]:
    """An entry as the backend slots makes it: what it boots is told by the partition, its kernel lies in /boot."""
    words = [*kernel.arguments(f"PARTUUID={partuuid}", "ext4"), "systemd.machine_id=0", "console=ttyS0"]
    paths = {part: f"/osmigrate/slots/{partuuid}/{file}" for part, file in kernel.NAMES.items()}
    return {"id": name, "title": name, "options": " ".join(words), "boot_uuid": UUID, "backend": "slots", **paths}


def test_two_slots_each_with_its_own_root_kernel_and_initramfs(tmp_path: Path) -> None:
    """One on trial, counted, then the other: by what GRUB hands to the kernel, as the images may be twins."""
    slots = {"d-1": "0badcafe-02", "d-2": "0badcafe-03"}
    entries = [slot(name, partuuid) for name, partuuid in slots.items()]
    shows = """function linux { echo "kernel=[$1] root=[$2] $3 $4 $5"; }
function initrd { echo "initrd=[$1]"; echo "boots=[$osm_choice] left=[$osm_tries]"; reboot; }
"""
    files = armed(**{"osmigrate.cfg": grub.render_menu(entries).encode()})
    files["osmigrate.env"] = env.render({"osm_default": "d-1", "osm_trial": "d-2", "osm_tries": "x"})
    machine = Machine(tmp_path, files, shows)
    for name, left in (("d-2", "0"), ("d-1", "0")):
        said = machine.said()
        place = f"/osmigrate/slots/{slots[name]}"
        found = f"root=[root=PARTUUID={slots[name]}]rorootfstype=ext4rootflags=noload"
        assert f"kernel=[{place}/vmlinuz]{found}" in said
        assert f"initrd=[{place}/initramfs.img]" in said and f"boots=[{name}]left=[{left}]" in said


ARMED = {"osm_default": "package", "osm_trial": "debian-13-1", "osm_tries": "x"}


def armed(**more: bytes) -> dict[str, bytes]:
    return {
        "osmigrate.cfg": grub.render_menu(ENTRIES).encode(),
        "custom.cfg": grub.with_block("").encode(),
        "osmigrate.env": env.render(ARMED),
        **more,
    }


def test_a_reset_at_the_menu_spends_no_try(tmp_path: Path) -> None:
    machine = Machine(tmp_path, armed(), "timeout=3")
    machine.cut(b"automatically in")
    assert [machine.boot(), machine.boot()] == [("debian-13-1 on trial", "0"), ("package", "0")]


# What GRUB does with the trial's kernel, then what the console shows last: GRUB, too, goes on where no kernel starts.
AFTER_THE_COUNT = {
    "reset while the kernel is loaded": ("echo loading; sleep 60", b"loading", ""),
    "the kernel is loaded, and started next": ("echo loading", b"Falling back", "yes"),
}


@pytest.mark.parametrize("case", AFTER_THE_COUNT.values(), ids=AFTER_THE_COUNT)
def test_a_try_that_was_spent_says_whether_the_candidate_was_started(tmp_path: Path, case) -> None:
    loading, shown, started = case
    does = f"function linux {{ {loading}; }}\nfunction initrd {{ echo loaded; }}"
    machine = Machine(tmp_path, armed(**{"osmigrate.env": env.render({**ARMED, "osm_started": ""})}), does)
    machine.cut(shown)
    assert machine.block() == {**ARMED, "osm_tries": "0", "osm_started": started}


def test_a_try_that_was_spent_says_that_the_candidate_was_not_loaded(tmp_path: Path) -> None:
    broken = {**entry("debian-13-1"), "kernel": "/boot/grub/kernel"}
    files = armed(**{"osmigrate.cfg": grub.render_menu([broken]).encode()})
    machine = Machine(tmp_path, {**files, "osmigrate.env": env.render({**ARMED, "osm_started": ""})}, loads=True)
    assert machine.boot()[0] == "reboot"
    assert machine.block() == {**ARMED, "osm_tries": "0", "osm_started": "no"}


# Of the matrix of faults (tests/faults/cells.yml): files of the loader, as the trial's boot finds them.
BROKEN = {
    "environment block torn": ({"osmigrate.env": 512}, "never_started", "reset or a power cut"),
    "environment block too large": ({"osmigrate.env": 2048}, "never_started", "could not count the try"),
    "environment block garbage": ({"osmigrate.env": 0}, "fell_back", "could not use its environment block"),
    "custom.cfg gone": ({"custom.cfg": 0}, "never_started", "could not count the try or read its menu"),
    "custom.cfg half written": ({"custom.cfg": 150}, "never_started", "could not count the try or read its menu"),
    "osmigrate.cfg half written": (
        {"osmigrate.cfg": 1500},
        "never_started",
        "could not count the try or read its menu",
    ),
}


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_the_verdict_on_a_boot_with_broken_files_of_the_loader(tmp_path: Path, case) -> None:
    sizes, verdict, reason = case
    files = armed(**{"osmigrate.env": env.render({**ARMED, "osm_started": ""})})
    for name, size in sizes.items():
        files[name] = files[name][:size].ljust(size, b"\0")
    machine = Machine(tmp_path, files)
    machine.boot()
    trial = {
        "entry": "debian-13-1",
        "incumbent": "package",
        "armed_boot_id": "a",
        "armed_at": 1,
        "tries": 1,
        "method": method.FIRMWARE,
    }
    block = machine.block(max(sizes.get("osmigrate.env", env.SIZE), 1))
    found = record.judge({**record.empty(), "trial": trial}, block, "package", "b")
    assert machine.boot()[0] == "package"
    assert found.verdict == verdict
    assert reason in found.reason


def test_the_prefix_of_grub_is_not_where_grub_cfg_lies(tmp_path: Path) -> None:
    early = "set root=hd0,msdos1\nset prefix=(memdisk)/boot/grub\nconfigfile (hd0,msdos1)/boot/grub/grub.cfg\n"
    debian = "if [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; fi\n"
    machine = Machine(tmp_path, armed(), after=debian, early=early)
    assert [machine.boot(), machine.boot()] == [("debian-13-1 on trial", "0"), ("package", "0")]


OTHER = b"set timeout=0\nmenuentry 'other' { echo 'chosen=[other] left=[]'; reboot; }\n"
LEAVES = {
    "it leaves for another menu": ("if [ -f $prefix/other.cfg ]; then configfile $prefix/other.cfg; fi", "other"),
    "a return in it ends nothing": ("if [ -f $prefix/other.cfg ]; then return; fi", "debian-13-1 on trial"),
}


@pytest.mark.parametrize("case", LEAVES.values(), ids=LEAVES)
def test_what_grub_cfg_has_before_it_reads_custom_cfg(tmp_path: Path, case) -> None:
    before, booted = case
    machine = Machine(tmp_path, armed(**{"other.cfg": OTHER}), before)
    assert machine.boot()[0] == booted
    assert bool(script.leads_away(CONFIG.format(before=before, after=""))) == (booted == "other")


def test_a_default_that_cannot_be_loaded_leaves_it_to_grub_cfg(tmp_path: Path) -> None:
    """Its own default is not its first entry, which may be anything: an installer, a memory test."""
    broken = {**entry("r-1"), "kernel": "/boot/grub/kernel"}
    files = armed(**{"osmigrate.cfg": grub.render_menu([broken]).encode()})
    files["osmigrate.env"] = env.render({"osm_default": "r-1", "osm_trial": "", "osm_tries": ""})
    machine = Machine(tmp_path, files, "default=1", loads=True, after=SAYS_ITS_NAME % {"name": "wanted"})
    assert machine.boot() == ("wanted", "")
