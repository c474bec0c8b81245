# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real GRUB makes of the menu is tested in tests/grub."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub, grubfiles
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

from tests.trees import write_tree

ENTRY = {"id": "d-1", "title": "D", "kernel": "/k", "initrd": "/i", "options": "root=UUID=1 a=b", "boot_uuid": "1-2"}


@pytest.mark.parametrize("text", ["", "set timeout=9\n", "set timeout=9", "menuentry 'mine' {\n}\n"])
def test_the_administrators_lines_stay_and_ours_are_there_once(text):
    once = grub.with_block(text)
    assert once.startswith(text)
    assert grub.with_block(once) == once
    assert once.count(grub.BLOCK_BEGIN) == 1
    assert grub.without_block(once).rstrip("\n") == text.rstrip("\n")


@pytest.mark.parametrize("mine", ["menuentry 'late' {\n}\n", "set a=b", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_administrators_lines_behind_a_block_whose_end_is_lost_stay(mine, end):
    """Whoever edits the file may remove a line that he does not know, or have an editor that ends lines otherwise."""
    text = ("set timeout=9\n" + grub.managed_block().replace(grub.BLOCK_END + "\n", "") + mine).replace("\n", end)
    kept = grub.without_block(text)
    assert kept.replace(end, "\n").rstrip("\n") == ("set timeout=9\n" + mine).rstrip("\n")
    assert grub.with_block(text).count(grub.BLOCK_BEGIN) == 1


def test_a_block_whose_lines_end_as_on_windows_is_still_ours():
    text = grub.with_block("set timeout=9\n").replace("\n", "\r\n")
    assert grub.with_block(text).count(grub.BLOCK_BEGIN) == 1
    assert grub.without_block(text) == "set timeout=9\r\n"


def test_a_dollar_in_an_argument_stays_a_dollar():
    menu = grub.render_menu([{**ENTRY, "options": "root=UUID=1 memmap=1M$0x1"}])
    assert "'memmap=1M$0x1'" in menu


def test_only_a_boot_that_was_counted_gets_the_arguments_that_bring_it_home():
    menu = grub.render_menu([{**ENTRY, "trial_initrd": "/boot/osmigrate/trial.img"}])
    on_trial, default = menu.split('-a "$osm_trial" = "d-1" ]; then')[1].split("\nelse\n")[:2]
    for word in ("panic=30", "rd.shell=0", "rd.emergency=reboot", "systemd.crash_reboot=1", "systemd.watchdog_sec=120"):
        assert f" {word}" in on_trial
        assert word not in default
    assert "'/boot/osmigrate/trial.img'" in on_trial
    assert "trial.img" not in default


def test_a_block_on_another_file_system_is_searched_for():
    menu = grub.render_menu([ENTRY], block_uuid="0531-0000", block_path="EFI/osmigrate/osmigrate.env")
    assert "search --no-floppy --fs-uuid --set=osm_state 0531-0000\n" in menu
    assert "load_env -f ($osm_state)/EFI/osmigrate/osmigrate.env osm_default" in menu
    assert "save_env -f ($osm_state)/EFI/osmigrate/osmigrate.env osm_tries;" in menu
    assert "$prefix" not in menu


@pytest.mark.parametrize("field", ["title", "kernel", "initrd", "options", "id"])
def test_render_menu_fail_on_a_quote(field):
    with pytest.raises(FleetError, match="cannot hold"):
        grub.render_menu([{**ENTRY, field: "it's"}])


def test_arguments_that_would_be_cut_off_are_refused():
    bare = "BOOT_IMAGE=/k  osmigrate.entry=d-1 " + grub.trial_arguments(None)
    longest = "x" * (grub.COMMAND_LINE_MAX - len(bare))
    grub.check_length({**ENTRY, "options": longest})
    for options in (longest + "x", longest[1:] + '"'):
        with pytest.raises(FleetError, match="take 2048 bytes with those of a trial"):
            grub.check_length({**ENTRY, "options": options})


def test_find(tmp_path):
    directory = tmp_path / "boot/grub2"
    directory.mkdir(parents=True)
    (directory / "grub.cfg").write_text("source $prefix/custom.cfg\n")
    found = grubfiles.find(str(tmp_path))
    assert found.menu == str(directory / "osmigrate.cfg")
    assert found.check_tool == "grub2-script-check"


STUB = "search.fs_uuid 1-2 root hd0,gpt2\nset prefix=($root)'/grub2'\nconfigfile $prefix/grub.cfg\n"
MENU = "blscfg\nsource ${config_directory}/custom.cfg\n"
ON_ESP = {
    "EL 8": ({"boot/efi/EFI/centos/grub.cfg": MENU, "boot/grub2/grubenv": ""}, "boot/efi/EFI/centos"),
    "a grub.cfg that GRUB never reads": (
        {"boot/efi/EFI/centos/grub.cfg": MENU, "boot/grub2/grub.cfg": MENU},
        "boot/efi/EFI/centos",
    ),
    "a copy for the fallback": (
        {"boot/efi/EFI/BOOT/grub.cfg": MENU, "boot/efi/EFI/openEuler/grub.cfg": MENU, "boot/grub2/x": ""},
        "boot/efi/EFI/openEuler",
    ),
    "EL 9": ({"boot/efi/EFI/rocky/grub.cfg": STUB, "boot/grub2/grub.cfg": MENU}, "boot/grub2"),
}


@pytest.mark.parametrize("case", ON_ESP.values(), ids=ON_ESP)
def test_find_where_el_has_it_with_uefi(tmp_path, case):
    files, directory = case
    write_tree(tmp_path, {**files, "sys/firmware/efi/": ""})
    found = grubfiles.find(str(tmp_path))
    assert (found.directory, found.check_tool) == (str(tmp_path / directory), "grub2-script-check")


def test_an_efi_system_partition_means_nothing_to_bios(tmp_path):
    write_tree(tmp_path, {"boot/efi/EFI/centos/grub.cfg": MENU, "boot/grub2/grub.cfg": MENU})
    assert grubfiles.find(str(tmp_path)).directory == str(tmp_path / "boot/grub2")


def test_find_fail_without_grub(tmp_path):
    with pytest.raises(FleetError, match="no grub.cfg"):
        grubfiles.find(str(tmp_path))


def test_find_fail_where_custom_cfg_is_not_sourced(tmp_path):
    (tmp_path / "boot/grub").mkdir(parents=True)
    (tmp_path / "boot/grub/grub.cfg").write_text("menuentry x {\n}\n")
    with pytest.raises(FleetError, match="does not source custom.cfg"):
        grubfiles.find(str(tmp_path))


def test_parse_command_line():
    assert grub.parse_command_line("ro quiet console=tty0 a=b=c\n") == [
        ("ro", None),
        ("quiet", None),
        ("console", "tty0"),
        ("a", "b=c"),
    ]


def test_a_device_tree_is_loaded_with_its_release():
    menu = grub.render_menu([{**ENTRY, "devicetree": "/ostree/d/devicetree-6.1"}])
    assert menu.count("if devicetree '/ostree/d/devicetree-6.1'; then") == 2  # on trial, and as the default
    assert "  devicetree '/ostree/d/devicetree-6.1'" in grub.boot_lines(
        {**ENTRY, "devicetree": "/ostree/d/devicetree-6.1"}
    )
    assert "devicetree" not in grub.render_menu([ENTRY])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Débian GNU/Linux 13 (Ärger)", "Debian GNU/Linux 13 (Arger)"),
        ("Mike's \\ OS\t1", "Mike s OS 1"),
        ("银河麒麟 V10", "V10"),
        ("银河麒麟", ""),
    ],
)
def test_a_title_keeps_its_letters_without_their_marks(text, shown):
    assert grub.shown_title(text) == shown
