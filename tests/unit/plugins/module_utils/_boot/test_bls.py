# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What EL's and Debian's menus boot by themselves; that GRUB decides so too is seen in tests/grub."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import bls
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.grub import parse_command_line

from tests.trees import write_tree

M = "0123456789abcdef0123456789abcdef"
EL9 = """\
load_env -f ${config_directory}/grubenv
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
   set next_entry=
   save_env next_entry
   set boot_once=true
else
   set default="${saved_entry}"
fi
insmod blscfg
blscfg
if [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; fi
"""
EL8 = EL9.replace(
    "insmod blscfg", 'if [ -z "${kernelopts}" ]; then\n  set kernelopts="root=UUID=8 ro "\nfi\ninsmod blscfg'
)
EL7 = """\
if [ "${next_entry}" ] ; then
   set default="${next_entry}"
else
   set default="${saved_entry}"
fi
menuentry 'CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)' --class centos $menuentry_id_option 'gnulinux-a' {
  linux16 /vmlinuz-3.10.0-1160.el7.x86_64 root=UUID=7 ro
}
"""
KERNELS = ["5.14.0-70.13.1.el9_0.x86_64", "5.14.0-427.el9.x86_64", "5.14.0-70.el9.x86_64"]


def entry(version: str, options: str = "root=UUID=9 ro $tuned_params") -> str:
    return (
        f"title Rocky Linux ({version}) 9.4\nversion {version}\nlinux /vmlinuz-{version}\n"
        f"initrd /initramfs-{version}.img $tuned_initrd\noptions {options}\ngrub_users $grub_users\n"
    )


def node(directory, options="root=UUID=9 ro $tuned_params", kernels=(), gone=()):
    files = {}
    for version in [*KERNELS, *kernels]:
        files[f"/boot/loader/entries/{M}-{version}.conf"] = entry(version, options)
        files.update({f"/boot/vmlinuz-{version}": "", f"/boot/initramfs-{version}.img": ""})
    files[f"/boot/loader/entries/{M}-0-rescue.conf"] = (
        "title Rescue\nlinux /vmlinuz-0-rescue\ninitrd /initramfs-0-rescue.img\n"
    )
    return str(write_tree(directory, {name: text for name, text in files.items() if name not in gone}))


def test_the_newest_kernel_comes_first_and_the_rescue_entry_last(tmp_path):
    entries = bls.read(node(tmp_path, kernels=["5.14.0-427.1.1.el9.x86_64"]))
    assert [one.version for one in entries] == [
        "5.14.0-427.1.1.el9.x86_64", "5.14.0-427.el9.x86_64", "5.14.0-70.13.1.el9_0.x86_64", "5.14.0-70.el9.x86_64", "",
    ]  # fmt: skip
    assert entries[-1].id == f"{M}-0-rescue"
    assert entries[0].initrds == ["/initramfs-5.14.0-427.1.1.el9.x86_64.img"]


@pytest.mark.parametrize(
    ("saved", "version"),
    [
        ("", KERNELS[1]),
        ("1", KERNELS[0]),
        ("9", KERNELS[1]),
        (f"{M}-{KERNELS[2]}", KERNELS[2]),
        (f"Rocky Linux ({KERNELS[0]}) 9.4", KERNELS[0]),
        (f"{M}-5.14.0-1.el9", KERNELS[1]),
    ],
)
def test_the_saved_entry_is_an_id_a_title_or_a_number(tmp_path, saved, version):
    entries = bls.read(node(tmp_path))
    name = bls.default_name(EL9, {"saved_entry": saved})
    assert bls.default(entries, name).version == version
    assert bls.is_named(EL9, entries, name) == (saved != f"{M}-5.14.0-1.el9")


def test_without_entries_nothing_is_the_default(tmp_path):
    assert bls.default(bls.read(str(tmp_path)), "x") is None and bls.default([], "1") is None


@pytest.mark.parametrize(
    ("config", "options", "grubenv", "boots"),
    [
        (EL9, "root=UUID=9 ro $tuned_params", {"tuned_params": "skew_tick=1"}, "root=UUID=9 ro skew_tick=1"),
        (EL9, "root=UUID=9 ro ${tuned_params}", {}, "root=UUID=9 ro"),
        (EL8, "$kernelopts $tuned_params", {"kernelopts": "root=UUID=1 ro"}, "root=UUID=1 ro"),
        (EL8, "$kernelopts", {}, "root=UUID=8 ro"),
        (EL9, "$kernelopts", {}, ""),
    ],
)
def test_variables_are_those_of_grubenv_or_of_grub_cfg(config, options, grubenv, boots):
    assert bls.expanded(options, {**bls.shared_options(config), **grubenv}) == boots


def test_an_entry_without_options_has_the_shared_ones():
    assert bls.parse("x.conf", "linux /vmlinuz\n").options == "$kernelopts"


def test_el_7_has_its_entries_in_grub_cfg():
    saved = {"saved_entry": "CentOS Linux (3.10.0-1160.el7.x86_64) 7 (Core)"}
    assert not bls.uses(EL7) and bls.uses(EL8)
    assert bls.is_named(EL7, [], bls.default_name(EL7, saved))
    assert bls.is_named(EL7, [], "gnulinux-a") and bls.is_named(EL7, [], "gnulinux-advanced>gnulinux-a")
    assert not bls.is_named(EL7, [], bls.default_name(EL7, {"saved_entry": "gone"}))


ODD_MENU = r"""
menuentry 'Debian, with Bob'\''s kernel' --id a { true; }
menuentry 'Rescue "x"' --id 'r "x"' { true; }
menuentry "Say \"hi\" for \$5" { true; }
menuentry My\ System --unrestricted --id=foo { true; }
menuentry --class debian --users '' 'Options first' --id last { true; }
menuentry 'A > B' { true; }
"""


@pytest.mark.parametrize(
    ("name", "place"),
    [("1-a-kernel", 1), ("0x2", 2), ("03", 3), ("9", 0), ("010", 0), (" 1", 1), ("foo", 3), ("-1", 0)],
)
def test_a_default_that_begins_with_a_number_is_that_number(name, place):
    """Seen with GRUB 2.06 (tests/grub)."""
    items = bls.menu(ODD_MENU)
    assert bls.default_item(items, name) is items[place]
    assert bls.is_named(ODD_MENU, [], name) == (name != "-1")
    assert not bls.is_named(ODD_MENU, [bls.parse("1-a.conf", "")], "1-another")


@pytest.mark.parametrize(
    "name",
    ["Debian, with Bob's kernel", 'Rescue "x"', 'r "x"', 'Say "hi" for $5', "My System", "foo", "Options first", "last",
     "A >> B", "Debian, with Bob's kernel>A >> B"],
)  # fmt: skip
def test_an_entry_is_called_as_grub_takes_its_words(name):
    assert bls.is_named(ODD_MENU, [], name)


@pytest.mark.parametrize("name", ["--class", "--unrestricted", "debian", "", "B"])
def test_what_is_no_title_and_no_id_names_no_entry(name):
    assert name not in bls.names(ODD_MENU)


STARTED = {
    "Debian": ("/boot/vmlinuz-6.1 root=UUID=1", "6.1", "vmlinuz-6.1", "initrd.img-6.1"),
    "/boot of its own": ("/vmlinuz-6.1 root=UUID=1", "6.1", "vmlinuz-6.1", "initrd.img-6.1"),
    "EL": (f"(hd0,gpt2)/vmlinuz-{KERNELS[0]}", KERNELS[0], f"vmlinuz-{KERNELS[0]}", f"initramfs-{KERNELS[0]}.img"),
    "a subvolume": ("/@/boot/vmlinuz-6.1", "6.1", "vmlinuz-6.1", "initrd.img-6.1"),
    "a kernel with a name of its own": ("/kernel-mine", "6.1", "kernel-mine", "mine.img"),
    "no BOOT_IMAGE": ("", "6.1", "vmlinuz-6.1", "initrd.img-6.1"),
}


@pytest.mark.parametrize("case", STARTED.values(), ids=STARTED)
def test_what_runs_is_found_by_whatever_name(tmp_path, case):
    image, release, kernel, initrd = case
    root = node(tmp_path)
    own = {"/boot/loader/entries/mine.conf": "linux /kernel-mine\ninitrd /mine.img\noptions root=UUID=1\n"}
    files = ["vmlinuz-6.1", "initrd.img-6.1", "kernel-mine", "mine.img"]
    write_tree(tmp_path, {**own, **{f"/boot/{name}": "" for name in files}})
    found = bls.started(parse_command_line(f"BOOT_IMAGE={image}" if image else "quiet"), release, root)
    assert found == (f"/boot/{kernel}", f"/boot/{initrd}")


def test_what_is_gone_is_not_named(tmp_path):
    assert bls.started([("BOOT_IMAGE", "/vmlinuz-1")], "1", str(tmp_path)) == ("", "")
    root = node(tmp_path / "r", gone=[f"/boot/initramfs-{KERNELS[1]}.img"])
    assert [one.version for one in bls.read(root) if bls.missing(root, one)] == [KERNELS[1], ""]


def test_only_names_of_pending_arguments_are_told():
    here = parse_command_line("BOOT_IMAGE=/vmlinuz root=UUID=1 ro secret=a quiet single")
    assert bls.pending("root=UUID=1 ro secret=b audit=1", here) == ["audit", "quiet", "secret"]
