# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""GRUB's scripts, in the forms in which administrators and tools write them."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import script

ENDS = {
    "set a=b\nif [ x = x ]; then return; fi\n": True,
    "return": True,
    "function mine {\n  return\n}\nmenuentry 'x' {\n  true\n}\n": False,
    "function mine { return; }\n": False,
    "# return\nset returned=1\n": False,
    "": False,
    "configfile /boot/grub/other.cfg\n": True,
    "menuentry 'other' { configfile /boot/grub/other.cfg; }\n": False,
    'submenu "more" {\n  menuentry "a; return" {\n    exit\n  }\n}\n': False,
    'set color="#fff"; exit\n': True,
    "if keystatus --shift; then\n  set timeout=-1\nelse\n  halt\nfi\n": True,
    "echo return\n": False,
    "echo 'never\nreturn'\n": False,
    "echo \\\nreturn\n": False,
    "set path=${prefix}/x; set superusers=root\n": False,
    "linux /vmlinuz; initrd /initrd; boot\n": True,
    "legacy_configfile (hd0,1)/boot/grub/menu.lst\n": True,
    "if [ $grub_platform = efi ]; then\r\n  fwsetup\r\nfi\r\n": True,
    "menuentry 'firmware' { fwsetup; }\n": False,
    "if [ x ]; then\n  fwsetup --is-supported\n  if [ \"$?\" = 0 ]; then menuentry 'x' { fwsetup; }; fi\nfi\n": False,
}


@pytest.mark.parametrize("text", ENDS)
def test_what_ends_custom_cfg_before_ours_is_seen(text: str) -> None:
    assert script.ends_early(text) == ENDS[text]


SOURCES = {
    "if [ -f  ${config_directory}/custom.cfg ]; then\n  source ${config_directory}/custom.cfg\nfi\n": True,
    'elif [ -z "${config_directory}" -a -f  $prefix/custom.cfg ]; then\n  source $prefix/custom.cfg\nfi\n': True,
    '. "$prefix/custom.cfg"\n': True,
    "# source $prefix/custom.cfg\n": False,
    "echo custom.cfg\n": False,
    "menuentry 'custom' { source $prefix/custom.cfg; }\n": False,
    "source $prefix/user.cfg\n": False,
    "source $prefix/my-custom.cfg\n": False,
    "source\n": False,
}


@pytest.mark.parametrize("text", SOURCES)
def test_whether_custom_cfg_is_read(text: str) -> None:
    assert script.sources_custom(text) == SOURCES[text]


READ = "source $prefix/custom.cfg\n"
AWAY = {
    "if [ -f $prefix/mine.cfg ]; then configfile $prefix/mine.cfg; fi\n" + READ: "configfile",
    READ + "configfile $prefix/mine.cfg\n": "",
    "return\n" + READ: "",
    "menuentry 'x' { configfile $prefix/mine.cfg; }\n" + READ: "",
    "fwsetup --is-supported\n" + READ: "",
    "if keystatus --alt; then exit; fi\n" + READ: "exit",
}


@pytest.mark.parametrize("text", AWAY)
def test_what_leaves_grub_elsewhere_before_ours_is_read(text: str) -> None:
    assert script.leads_away(text) == AWAY[text]


LATE = {
    "set default=0\n" + READ: False,
    READ + "set default=2\n": True,
    READ + 'default="gnulinux-advanced>1"\n': True,
    READ + "menuentry 'x' { set default=2; }\n": False,
    READ + "# set default=2\nset default_title=x\n": False,
    "set default=2\n": False,
    READ + "if [ x ]; then set 'default=2'; fi\n": True,
}


@pytest.mark.parametrize("text", LATE)
def test_a_default_after_ours_is_seen(text: str) -> None:
    assert script.default_after_custom(text) == LATE[text]


SIGNED = {
    "set check_signatures=enforce\nexport check_signatures\n": True,
    "if [ x ]; then set \"check_signatures\"='enforce'; fi\n": True,
    "set check_signatures=no\n": False,
    "# set check_signatures=enforce\n": False,
    "": False,
}


@pytest.mark.parametrize("text", SIGNED)
def test_whether_grub_reads_only_what_is_signed(text: str) -> None:
    assert script.reads_signed_only(text) == SIGNED[text]


STUBS = {
    "search.fs_uuid 1-2 root hd0,gpt2\nset prefix=($root)'/boot/grub'\nconfigfile $prefix/grub.cfg\n": (
        script.Stub("1-2", "/boot/grub")
    ),
    "search --no-floppy --fs-uuid --set=dev 1-2\nset prefix=($dev)/grub2\nconfigfile $prefix/grub.cfg\n": (
        script.Stub("1-2", "/grub2")
    ),
    "search.fs_uuid 1-2 root\nset prefix=($root)'/@/boot/grub/'\n": script.Stub("1-2", "/@/boot/grub"),
    "search --fs-uuid 1-2 --set=root\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n": (
        script.Stub("1-2", "/boot/grub")
    ),
    "search --set=root --hint hd0,gpt2 -u 1-2 --hint-efi=hd0,gpt2\nset prefix=($root)/boot/grub\n": (
        script.Stub("1-2", "/boot/grub")
    ),
    "set timeout=5\nmenuentry 'x' { true; }\n": None,
    "": None,
}


@pytest.mark.parametrize("text", STUBS)
def test_where_the_efi_system_partition_sends_grub(text: str) -> None:
    assert script.parse_stub(text) == STUBS[text]
