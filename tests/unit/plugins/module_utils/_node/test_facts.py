# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import facts as nodefacts

UNITS = """\
MainPID=412
Id=containerd.service
ActiveState=active

MainPID=0
Id=NetworkManager.service
ActiveState=inactive
"""


def tree(root, files):
    for path, content in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    return str(root)


def test_parse_units():
    assert nodefacts.parse_units(UNITS) == {
        "containerd": {"active": True, "pid": 412},
        "NetworkManager": {"active": False, "pid": 0},
    }


@pytest.mark.parametrize(
    ("files", "active", "found"),
    [
        ({"etc/systemd/network/10-lan.network": ""}, ["systemd-networkd"], ["systemd-networkd"]),
        ({"run/systemd/network/10-lan.network": ""}, ["systemd-networkd"], ["systemd-networkd"]),
        ({"etc/systemd/network/10-lan.network": ""}, [], []),
        ({"etc/systemd/network/10-lan.link": ""}, ["systemd-networkd"], []),
        (
            {"etc/netplan/50-cloud-init.yaml": "", "run/systemd/network/10-netplan.network": ""},
            ["systemd-networkd"],
            ["netplan"],
        ),
        ({}, ["NetworkManager"], ["NetworkManager"]),
        ({"etc/network/interfaces": "auto lo\niface lo inet loopback\n"}, ["networking"], []),
        ({"etc/network/interfaces.d/ens3": "  iface ens3 inet dhcp\n"}, ["networking"], ["ifupdown"]),
        ({"etc/network/interfaces": "iface ens3 inet dhcp\n"}, [], []),
        ({}, ["dhcpcd"], ["dhcpcd"]),
        ({}, ["wicked"], ["wicked"]),
        ({"etc/sysconfig/network-scripts/ifcfg-eth0": ""}, ["network"], ["ifcfg"]),
        ({"etc/sysconfig/network-scripts/ifcfg-eth0": ""}, ["NetworkManager"], ["NetworkManager"]),
        ({"etc/netplan/01.yaml": ""}, ["NetworkManager"], ["netplan"]),
        (
            {"etc/netplan/01.yaml": "", "etc/NetworkManager/system-connections/a": ""},
            ["NetworkManager"],
            ["netplan", "NetworkManager"],
        ),
    ],
)
def test_renderers(tmp_path, files, active, found):
    assert nodefacts.renderers(tree(tmp_path, files), active) == found


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["kubelet", "--config=/a"], "/a"),
        (["kubelet", "--config", "/a", "-v"], "/a"),
        (["kubelet", "--config-dir=/a"], ""),
    ],
)
def test_flag(arguments, value):
    assert nodefacts.flag(arguments, "--config") == value


@pytest.mark.parametrize(
    ("config", "value"),
    [
        ("kind: KubeletConfiguration\nvolumePluginDir: /var/lib/x # why\n", "/var/lib/x"),
        ('volumePluginDir: "/var/lib/x"\n', "/var/lib/x"),
        ('{"kind": "KubeletConfiguration",\n "volumePluginDir": "/var/lib/x"}\n', "/var/lib/x"),
        ('volumePluginDir: ""\n', nodefacts.VOLUME_PLUGIN_DIR),
        ("# volumePluginDir: /x\n", nodefacts.VOLUME_PLUGIN_DIR),
        ("", nodefacts.VOLUME_PLUGIN_DIR),
    ],
)
def test_volume_plugin_dir(config, value):
    assert nodefacts.volume_plugin_dir(config) == value


CRIO, CRI_DOCKERD = "unix:///var/run/crio/crio.sock", "unix:///run/cri-dockerd.sock"


@pytest.mark.parametrize(
    ("arguments", "config", "asked", "name"),
    [
        (["kubelet", f"--container-runtime-endpoint={CRIO}"], "", CRIO, "crio"),
        (["kubelet"], f"containerRuntimeEndpoint: {CRI_DOCKERD}\n", CRI_DOCKERD, "docker"),
        (["kubelet", "--container-runtime=docker"], "", nodefacts.DOCKERSHIM, "docker"),
        (["kubelet", "--container-runtime", "remote"], 'containerRuntimeEndpoint: ""\nkind: x\n', "", "containerd"),
    ],
)
def test_the_runtime_is_the_one_that_the_kubelet_speaks_to(arguments, config, asked, name):
    """Where docker runs, its containerd runs, too."""
    assert nodefacts.endpoint(arguments, config) == asked
    assert nodefacts.runtime_name(asked, ["containerd", "docker"]) == name
    assert nodefacts.runtime_name("", []) == ""


@pytest.mark.parametrize(
    ("config", "driver"),
    [
        ('[plugins."x".options]\n  SystemdCgroup = true\n', "systemd"),
        ("SystemdCgroup=false\n", "cgroupfs"),
        ("systemd_cgroup = true # as 1.2 had it\n", "systemd"),
        ("# SystemdCgroup = true\n", ""),
        ("", ""),
    ],
)
def test_who_makes_cgroups(config, driver):
    assert nodefacts.systemd_cgroup(config) == driver
    assert nodefacts.setting("cgroupDriver: cgroupfs # old\n", "cgroupDriver") == "cgroupfs"


def test_labels_matter_only_where_selinux_is_at_work(tmp_path):
    root = tree(tmp_path, {"boot/x": "", "home/x": ""})
    assert nodefacts.unlabelled(root) == []
    assert nodefacts.unlabelled(tree(tmp_path, {"sys/fs/selinux/enforce": "1"})) == ["/boot", "/home"]


def test_grub(tmp_path):
    assert "no grub.cfg" in nodefacts.grub_facts(str(tmp_path))["problem"]
    root = tree(tmp_path, {"boot/grub/grub.cfg": "source ${config_directory}/custom.cfg\n"})
    found = nodefacts.grub_facts(root)
    assert (found["family"], found["problem"]) == ("grub", "")


def test_grub_fail_where_custom_cfg_is_not_read(tmp_path):
    root = tree(tmp_path, {"boot/grub2/grub.cfg": "blscfg\n"})
    assert "does not source custom.cfg" in nodefacts.grub_facts(root)["problem"]


TWO = {"boot/grub/grub.cfg": "source $prefix/custom.cfg\n", "boot/grub2/grub.cfg": "source $prefix/custom.cfg\n"}
STUB = "search.fs_uuid 1-2 root hd0,gpt2\nset prefix=($root)'/grub2'\nconfigfile $prefix/grub.cfg\n"


def test_grub_may_read_another_directory(tmp_path):
    assert "boot/grub2/grub.cfg, too" in nodefacts.grub_facts(tree(tmp_path, TWO))["elsewhere"]
    root = tree(tmp_path, {"sys/firmware/efi/x": "", "boot/efi/EFI/debian/grub.cfg": STUB})
    assert nodefacts.grub_facts(root)["elsewhere"].endswith("sends GRUB to /grub2 of the file system 1-2")


def test_grub_reads_where_the_efi_system_partition_sends_it(tmp_path, monkeypatch):
    root = tree(tmp_path, {**TWO, "sys/firmware/efi/x": "", "boot/efi/EFI/debian/grub.cfg": STUB})
    monkeypatch.setattr(nodefacts._storage, "filesystem", lambda path: nodefacts._storage.Filesystem(
        "/boot", "/dev/vda1", "1-2", "ext4", ["part"], 0, 0))  # fmt: skip
    monkeypatch.setattr(nodefacts._storage, "grub_path", lambda path: "/grub2")
    assert nodefacts.grub_facts(root)["elsewhere"] == ""


def test_one_directory_by_two_names_is_no_other(tmp_path):
    root = tree(tmp_path, {"boot/grub/grub.cfg": "source $prefix/custom.cfg\n"})
    (tmp_path / "boot/grub2").symlink_to("grub")
    assert nodefacts.grub_facts(root)["elsewhere"] == ""


def test_everything_of_this_machine():
    facts = nodefacts.gather()
    assert facts["kernel"] and facts["architecture"]
    assert facts["root"]["free_bytes"] > 0


KERNEL = "5.14.0-427.el9.x86_64"
ROOTS = "root=UUID=9 ro crashkernel=1G-4G:192M"
EL9 = {
    "boot/grub2/grub.cfg": 'set default="${saved_entry}"\nblscfg\nsource ${config_directory}/custom.cfg\n',
    "boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=m-1\ntuned_params=skew_tick=1\n".ljust(1024, "#"),
    "boot/loader/entries/m-1.conf": f"linux /vmlinuz-{KERNEL}\ninitrd /i\noptions {ROOTS} $tuned_params\n",
    f"boot/vmlinuz-{KERNEL}": "",
    "boot/i": "",
    "proc/cmdline": f"BOOT_IMAGE=(hd0,gpt2)/vmlinuz-{KERNEL} {ROOTS} skew_tick=1\n",
}
BROKEN = "# GRUB Environment Block\nsaved_entry=m-1\n"
HALF_EL = {
    "whole": ({}, {}),
    "the kernel of the default is gone": (
        {f"boot/vmlinuz-{KERNEL}": None},
        {"stale_entries": ["m-1"], "default_problem": f"m-1 names /vmlinuz-{KERNEL}, and that is not there"},
    ),
    "a stale entry beside it": (
        {"boot/loader/entries/m-0.conf": "linux /gone\noptions root=UUID=9\n"},
        {"stale_entries": ["m-0"]},
    ),
    "a saved entry that is gone": (
        {"boot/grub2/grubenv": BROKEN.replace("m-1", "m-7").ljust(1024, "#"), "proc/cmdline": ROOTS},
        {"default_unnamed": "m-7"},
    ),
    "a block of 60 bytes": (
        {"boot/grub2/grubenv": BROKEN, "proc/cmdline": ROOTS},
        {"environment_problem": f"{{root}}/boot/grub2/grubenv has {len(BROKEN)} bytes instead of 1024"},
    ),
    "a block that is none": (
        {"boot/grub2/grubenv": "\0" * 1024, "proc/cmdline": ROOTS},
        {"environment_problem": "{root}/boot/grub2/grubenv is unusable: its header is not GRUB's"},
    ),
    "arguments that wait for a reboot": (
        {"proc/cmdline": f"BOOT_IMAGE=/vmlinuz-{KERNEL} {ROOTS} skew_tick=1 quiet single"},
        {"pending": ["quiet"]},
    ),
    "nobody has set kernelopts": (
        {"boot/loader/entries/m-1.conf": f"linux /vmlinuz-{KERNEL}\ninitrd /i\noptions $kernelopts\n"},
        {"default_problem": "m-1 has no argument root=, for which grubenv or grub.cfg would have to care",
         "pending": ["crashkernel", "ro", "root", "skew_tick"]},
    ),
    "a grub.cfg without entries of its own": ({"boot/grub2/grub.cfg": "source $prefix/custom.cfg\n"}, {}),
}  # fmt: skip


DEBIAN = """\
set default="{default}"
menuentry 'Debian GNU/Linux' --class debian $menuentry_id_option 'gnulinux-simple-1' {{
  search --no-floppy --fs-uuid --set=root 1-2
  linux /boot/vmlinuz-6.1 root=UUID=1-2 ro
  initrd /boot/initrd.img-6.1
}}
submenu 'Advanced options' $menuentry_id_option 'gnulinux-advanced-1' {{
  menuentry 'Debian, with Linux 6.1' --id a {{ linux (hd0,gpt2)/boot/vmlinuz-6.1; initrd /@/boot/initrd.img-6.1; }}
  menuentry 'Debian, with Linux 5.10' --id b {{ linux /boot/vmlinuz-5.10 ro; initrd $early /boot/initrd.img-5.10; }}
}}
if [ "$grub_platform" = "efi" ]; then menuentry 'UEFI Firmware Settings' {{ fwsetup; }}; fi
source ${{config_directory}}/custom.cfg
"""


@pytest.mark.parametrize(
    ("default", "gone"),
    [
        ("0", ""),
        ("1>0", ""),
        ("gnulinux-advanced-1>a", ""),
        ("1>1", "/boot/vmlinuz-5.10 and /boot/initrd.img-5.10"),
        ("Advanced options>Debian, with Linux 5.10", "/boot/vmlinuz-5.10 and /boot/initrd.img-5.10"),
        ("UEFI Firmware Settings", ""),
        ("9", ""),
    ],
)
def test_the_default_of_a_menu_of_grub_cfg_is_held_against_what_is_there(tmp_path, default, gone):
    """Kernels were removed by hand, or installed while /boot was not mounted: there would be no way home."""
    files = {"boot/grub/grub.cfg": DEBIAN.format(default=default), "boot/vmlinuz-6.1": "", "boot/initrd.img-6.1": ""}
    problem = nodefacts.grub_facts(tree(tmp_path, files))["default_problem"]
    assert problem == (f"of grub.cfg names {gone}, and that is not there" if gone else "")


@pytest.mark.parametrize(
    ("saved", "config", "asked"),
    [
        ("saved_entry=1", 'if [ "${prev_saved_entry}" ]; then x; fi', ""),
        ("next_entry=2", "", "2"),
        ("prev_saved_entry=1", 'if [ "${prev_saved_entry}" ]; then x; fi', "1"),
        ("prev_saved_entry=1", "", ""),
    ],
)
def test_what_the_next_boot_alone_is_to_boot(tmp_path, saved, config, asked):
    block = f"# GRUB Environment Block\n{saved}\n".ljust(1024, "#")
    files = {"boot/grub/grub.cfg": f"{config}\nsource $prefix/custom.cfg\n", "boot/grub/grubenv": block}
    assert nodefacts.grub_facts(tree(tmp_path, files))["next_entry"] == asked


@pytest.mark.parametrize("case", HALF_EL.values(), ids=HALF_EL)
def test_what_an_el_node_boots_by_itself(tmp_path, case):
    files, found = case
    root = tree(tmp_path, {name: text for name, text in {**EL9, **files}.items() if text is not None})
    facts = nodefacts.grub_facts(root)
    clear = {
        "environment_problem": "",
        "default_problem": "",
        "default_unnamed": "",
        "stale_entries": [],
        "pending": [],
    }
    told = {key: value.format(root=root) if isinstance(value, str) else value for key, value in found.items()}
    assert {key: facts[key] for key in clear} == {**clear, **told}
