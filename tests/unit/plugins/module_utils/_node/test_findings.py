# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import copy

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract, registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import findings

MB = 1000000
WANTED = {
    "name": "debian-13",
    "version": "13.2",
    "architecture": "x86_64",
    "os_id": "debian",
    "backend": "ostree",
    "commit": "c" * 64,
    "size": 650 * MB,
    "boot_size": 60 * MB,
    "minimum_from": [],
    "serial": 0,
    "allow_downgrade": False,
    "plain_http": False,
    "deadman_seconds": 900,
    "deadman_most": 3600,
    "reboot_method": "firmware",
    "firmware_within": 30 * 86400,
}
ROOT = {
    "device": "/dev/vda3",
    "uuid": "1-2",
    "twins": [],
    "fstype": "ext4",
    "layers": ["part", "disk"],
    "size_bytes": 6000 * MB,
    "free_bytes": 3000 * MB,
    "root_bytes": 3300 * MB,
    "free_files": 300000,
    "pool_free_bytes": None,
    "pool_problem": "",
    "kept_free_bytes": 500 * MB,
    "read_only": False,
}
SLOT = {"state": "unknown", "release": "", "image": "", "size_bytes": 2000 * MB, "in_use": ""}
NODE = {
    "slots": {
        "problem": "",
        "running": "ROOT-A",
        "slots": {"ROOT-A": {**SLOT, "state": "running", "in_use": "ROOT-A is what runs"}, "ROOT-B": SLOT},
        "not_good": [],
    },
    "os": {
        "id": "debian",
        "id_like": "",
        "version_id": "12",
        "pretty_name": "Debian GNU/Linux 12 (bookworm)",
        "image_id": "",
        "image_version": "",
        "family": "debian",
    },
    "packages": {"databases": ["dpkg"], "problem": ""},
    "entry": "",
    "firmware_due": None,
    "newest": {},
    "boots": [{"root": 6, "whole": 40}],
    "kernel_arguments": {"unknown": [], "network_root": []},
    "systemd": True,
    "architecture": "x86_64",
    "machine_id": "0123456789abcdef" * 2,
    "secure_boot": False,
    "selinux": "disabled",
    "selinux_unlabelled": [],
    "cgroup": 2,
    "root": ROOT,
    "boot": {**ROOT, "separate": False, "loader": ""},
    "esp": {"uuid": "0531-0000", "twins": []},
    "usr": {"separate": False},
    "kexec_on_reboot_by": "",
    "kexec_problem": "",
    "kexec_doubt": "",
    "boot_tier": {"name": "block", "evidence": ["/boot is ext4 on /dev/vda3 (part, disk)"]},
    "grub": {
        "directory": "/boot/grub",
        "family": "grub",
        "missing_tools": [],
        "problem": "",
        "not_loader": "",
        "custom_problem": "",
        "next_entry": "",
        "next_entry_stuck": "",
        "signed_only": False,
        "late_default": False,
        "elsewhere": "",
        "environment_problem": "",
        "default_problem": "",
        "default_unnamed": "",
        "stale_entries": [],
        "pending": [],
    },
    "ostree": {"booted": False, "version": "2022.7", "deployments": [], "reclaimable_bytes": 0},
    "kubelet": {
        "active": True,
        "version": "v1.36.3",
        "volume_plugin_dir": "/var/lib/kubelet/volumeplugins",
        "cgroup_driver": "systemd",
        "endpoint": "unix:///run/containerd/containerd.sock",
    },
    "container_runtime": {"name": "containerd", "version": "1.6.20", "cgroup_driver": "systemd"},
    "network": {"renderers": ["systemd-networkd"], "lost": [], "undeclared": [], "kernel_names": []},
}
SEPARATE_BOOT = {"boot.separate": True, "boot.device": "/dev/vda1", "boot.free_bytes": 140 * MB}
DEPLOYED = {"ostree.deployments": [{"stateroot": "debian", "commit": WANTED["commit"], "path": "/x"}]}

# key: (what is still fine, what is found); each a change of NODE, and of WANTED under "wanted".
SLOTS = {"wanted.backend": "slots"}
HELD = {"slots.slots.ROOT-B.state": "good", "slots.slots.ROOT-B.image": "c" * 64}
CASES = {
    "distribution": (
        [{"os.id": "rocky", "os.family": "el"}, {"os.family": "", "ostree.booted": True}],
        [{"os.id": "arch", "os.family": ""}, {"os.id": "", "os.pretty_name": "", "os.family": ""}],
    ),
    "package-database": (
        [{"packages.problem": "It is", "ostree.booted": True}, {"packages.problem": "It is", "entry": "debian-13-1"}],
        [{"packages.problem": "Neither"}, {"packages.problem": "Neither", "entry": "package"}],
    ),
    "package-databases": (
        [{"packages.databases": ["rpm"]}, {"packages.databases": ["dpkg", "rpm"], "ostree.booted": True}],
        [{"packages.databases": ["dpkg", "rpm"]}, {"packages.databases": ["dpkg", "rpm"], "os.family": "el"}],
    ),
    "systemd": ([], [{"systemd": False}]),
    "architecture": (
        [{"wanted.architecture": "amd64"}, {"architecture": "aarch64", "wanted.architecture": "arm64"}],
        [{"wanted.architecture": "aarch64"}, {"architecture": "i686"}],
    ),
    "other-distribution": (
        [
            {"wanted.os_id": "rocky"},
            {"wanted.os_id": "rocky", "entry": "package"},
            {"entry": "debian-13-13.1"},
            {"entry": "debian-12-12.9"},
            {"wanted.os_id": "", "entry": "debian-12-12.9"},
            {"os.id": "acme", "entry": "debian-13-13.1"},
            {"os.id": "", "entry": "rocky-9-9.4"},
        ],
        [
            {"wanted.os_id": "rocky", "entry": "debian-12-12.9"},
            {"os.id": "rocky", "os.pretty_name": "", "entry": "rocky-9-9.4"},
            {"wanted.os_id": "rocky", "ostree.booted": True},
        ],
    ),
    "downgrade": (
        [
            {"newest": {"debian-13": {"version": "13.2"}}},
            {"newest": {"debian-13": {"version": "13.10", "serial": 4}}, "wanted.serial": 5},
            {"newest": {"debian-12": {"version": "13.9"}}},
            {"newest": {"debian-13": {"version": "13.9"}}, "wanted.allow_downgrade": True},
        ],
        [
            {"newest": {"debian-13": {"version": "13.10"}}},
            {"newest": {"debian-13": {"version": "13.1", "serial": 6}}, "wanted.serial": 5},
            {"newest": {"debian-13": {"version": "13.10", "serial": 4}}},
        ],
    ),
    "plain-http": ([{}], [{"wanted.plain_http": True}]),
    "minimum-from": (
        [
            {"wanted.minimum_from": ["13.0", "13.1"], "entry": "debian-13-13.1"},
            {"wanted.minimum_from": ["13.1"], "os.image_id": "debian-13", "os.image_version": "13.1"},
        ],
        [
            {"wanted.minimum_from": ["13.1"]},
            {"wanted.minimum_from": ["13.1"], "entry": "debian-13-13.0"},
            {"wanted.minimum_from": ["13.1"], "entry": "other-13.1"},
            {"wanted.minimum_from": ["13.1"], "os.image_id": "other", "os.image_version": "13.1"},
        ],
    ),
    "boot-loader": ([], [{"grub.problem": "There is no grub.cfg in /boot/grub or /boot/grub2"}]),
    "boot-loader-started": (
        [{"grub.not_loader": "It is", "ostree.booted": True}, {"grub.not_loader": "It is", "entry": "package"}],
        [{"grub.not_loader": "The firmware says that systemd-boot 252 started this system"}],
    ),
    "read-only": (
        [{"root.read_only": True, "ostree.booted": True}],
        [{"root.read_only": True}, {"boot.read_only": True}, {"boot.read_only": True, "root.read_only": True}],
    ),
    "boot-loader-default": ([], [{"grub.late_default": True}]),
    "boot-loader-signatures": ([], [{"grub.signed_only": True}]),
    "boot-loader-directory": ([], [{"grub.elsewhere": "There is /boot/grub2/grub.cfg, too"}]),
    "boot-loader-custom": ([], [{"grub.custom_problem": "/boot/grub/custom.cfg ends before its last line"}]),
    "boot-loader-next-entry": (
        [{"grub.next_entry": "0"}, {"grub.next_entry_stuck": "has 512 bytes instead of 1024"}],
        [
            {"grub.next_entry": "0", "boot_tier.name": "esp-block"},
            {"grub.next_entry": "0", "boot_tier.name": "kexec"},
            {"grub.next_entry": "0", "grub.next_entry_stuck": "has holes"},
        ],
    ),
    "boot-loader-environment": ([], [{"grub.environment_problem": "/boot/grub2/grubenv has 512 bytes"}]),
    "boot-loader-home": (
        [{"grub.default_problem": "x has no root=", "ostree.booted": True}],
        [{"grub.default_problem": "x has no root="}],
    ),
    "boot-loader-unnamed": ([], [{"grub.default_unnamed": "gone"}]),
    "boot-loader-stale": ([], [{"grub.stale_entries": ["a", "b"]}]),
    "boot-loader-pending": ([], [{"grub.pending": ["quiet"]}]),
    "boot-loader-tools": ([], [{"grub.missing_tools": ["grub-script-check"]}]),
    "secure-boot": ([], [{"secure_boot": True}]),
    "boot-filesystem": (
        [{"boot.fstype": "xfs"}, {"boot.fstype": "btrfs"}],
        [{"boot.fstype": "vfat"}, {"boot.fstype": "f2fs"}],
    ),
    "boot-storage": (
        [{"boot.layers": ["disk"]}, {"boot.layers": ["lvm", "part", "disk"]}, {"boot.layers": ["raid1", "part"]}],
        [{"boot.layers": ["crypt", "part"]}, {"boot.layers": ["mpath"]}, {"boot.layers": ["part", "several devices"]}],
    ),
    "boot-control": (
        [{"boot_tier.name": "esp-block"}, {"boot_tier.name": "kexec"}],
        [{"boot_tier.name": "", "boot_tier.evidence": ["/boot is btrfs", "No EFI system partition is mounted"]}],
    ),
    "reboot-method": (
        [
            {"wanted.reboot_method": "kexec"},
            {"kexec_problem": "x"},
            {"wanted.reboot_method": "auto", "kexec_problem": "x"},
        ],
        [{"wanted.reboot_method": "kexec", "kexec_problem": "there is no kexec program"}],
    ),
    "reboot-firmware": (
        [
            {"kexec_doubt": "x"},
            {"wanted.reboot_method": "auto"},
            {"wanted.reboot_method": "auto", "kexec_doubt": "x", "boot_tier.name": "kexec"},
        ],
        [
            {"wanted.reboot_method": "auto", "kexec_problem": "x"},
            {"wanted.reboot_method": "auto", "kexec_doubt": "the driver nvidia is loaded"},
        ],
    ),
    "firmware-overdue": (
        [
            {"firmware_due": {"entry": "d-1", "seconds": 29 * 86400}},
            {"firmware_due": {"entry": "d-1", "seconds": 99 * 86400}, "wanted.firmware_within": 0},
            # Nothing else could start its trials.
            {"firmware_due": {"entry": "d-1", "seconds": 31 * 86400}, "boot_tier.name": "kexec"},
        ],
        [{"firmware_due": {"entry": "d-1", "seconds": 31 * 86400}}],
    ),
    "boot-tier": (
        [{"boot_tier.name": ""}],
        [{"boot_tier.name": "esp-block"}, {"boot_tier.name": "kexec"}],
    ),
    "kexec-on-reboot": ([], [{"kexec_on_reboot_by": "/etc/default/kexec.d/mine"}]),
    "root-filesystem": (
        [{"root.fstype": "xfs"}, {"root.fstype": "btrfs"}],
        [{"root.fstype": "zfs"}, {"root.fstype": "f2fs"}],
    ),
    "root-storage": (
        [{"root.layers": []}, {"root.layers": ["lvm", "part"]}, {"root.layers": ["lvm", "raid1", "part"]}],
        [{"root.layers": ["several devices", "part"]}, {"root.layers": ["lvm", "snapshot", "part"]}],
    ),
    "root-opened": (
        [{"root.layers": ["lvm", "part"]}, {"root.layers": ["raid1"], "entry": "debian-13-13.1"}],
        [
            {"root.layers": [layer, "part"], "root.pool_free_bytes": 20000000000}
            for layer in ("raid1", "raid10", "thin pool", "RAID of LVM", "bcache", "VDO", "mpath", "crypt")
        ],
    ),
    "root-pool-health": ([], [{"root.pool_problem": "has failed"}]),
    "root-pool-unknown": (
        [{"root.layers": ["lvm"]}],
        [{"root.layers": ["lvm", "thin pool", "part"], "entry": "debian-13-13.1"}],
    ),
    "root-uuid": ([], [{"root.uuid": ""}, {"root.twins": ["/dev/mapper/vg-before (snapshot)"]}]),
    "boot-uuid": (
        [{"boot.twins": ["/dev/vdb1"]}],
        [{**SEPARATE_BOOT, "boot.twins": ["/dev/vdb1"]}, {**SEPARATE_BOOT, "boot.uuid": ""}],
    ),
    "esp-uuid": (
        [{"esp.twins": ["/dev/vdb1"]}],
        [{"esp.twins": ["/dev/vdb1"], "boot_tier.name": "esp-block"}],
    ),
    "trial-deadman": (
        [{"boots": []}, {"boots": [{"root": 20, "whole": 1799}]}],
        [
            {"boots": [{"root": 20, "whole": 1800}, {"root": 6, "whole": 40}]},
            {"boots": [{"root": 20, "whole": 450}], "wanted.deadman_most": 0},
        ],
    ),
    "trial-seconds": (
        [
            {"boots": []},
            {"boots": [{"root": 20, "whole": 45}]},
            {"boots": [{"root": 20, "whole": 400}], "wanted.deadman_most": 600},
        ],
        [{"boots": [{"root": 20, "whole": 46}, {"root": 6, "whole": 40}]}],
    ),
    "trial-initramfs": ([{"boots": []}], [{"boots": [{"root": 42, "whole": 100}, {"root": 6, "whole": 40}]}]),
    "root-pool": (
        [{"root.pool_free_bytes": 20000000000}, {"root.pool_free_bytes": 1, **DEPLOYED}],
        [{"root.pool_free_bytes": 400000000}, {"root.pool_free_bytes": 0}],
    ),
    "root-inodes": (
        [{"root.free_files": None}, {"root.free_files": 60000}, {"root.free_files": 1, **DEPLOYED}],
        [{"root.free_files": 30000}, {"root.free_files": 0}],
    ),
    "usr-separate": ([], [{"usr.separate": True}]),
    "root-space": (
        [
            {"root.free_bytes": 1270 * MB},
            {"root.free_bytes": 1150 * MB, **SEPARATE_BOOT},
            {"root.free_bytes": 1 * MB, **DEPLOYED},
        ],
        [
            {"root.root_bytes": 1270 * MB - 1},
            {"root.kept_free_bytes": 2600 * MB},
            {"root.free_bytes": 1270 * MB - 1},
            {"root.free_bytes": 1150 * MB - 1, **SEPARATE_BOOT},
        ],
    ),
    "boot-space": (
        [
            SEPARATE_BOOT,
            {"boot.free_bytes": 1},
            {**SEPARATE_BOOT, "boot.free_bytes": 1, **DEPLOYED},
            {**SEPARATE_BOOT, "boot.free_bytes": 80 * MB, "ostree.reclaimable_bytes": 60 * MB},
        ],
        [{**SEPARATE_BOOT, "boot.free_bytes": 140 * MB - 1}],
    ),
    "slots-layout": ([SLOTS], [{**SLOTS, "slots.problem": "This node has no partition ROOT-B"}]),
    "slots-room": (
        [{**SLOTS, "slots.slots.ROOT-B.size_bytes": 650 * MB}, {**SLOTS, **HELD, "slots.slots.ROOT-B.size_bytes": 1}],
        [{**SLOTS, "slots.slots.ROOT-B.size_bytes": 650 * MB - 1}],
    ),
    "slots-in-use": (
        [{**SLOTS, **HELD, "slots.slots.ROOT-B.in_use": "ROOT-B is mounted"}],
        [{**SLOTS, "slots.slots.ROOT-B.in_use": "ROOT-B (/dev/vda4) is mounted at /mnt"}],
    ),
    "slots-boot-space": (
        [{**SLOTS, "boot.free_bytes": 80 * MB}, {**SLOTS, **HELD, "boot.free_bytes": 1}],
        [{**SLOTS, "boot.free_bytes": 80 * MB - 1}],
    ),
    "slots-not-good": ([SLOTS], [{**SLOTS, "slots.not_good": ["ROOT-B"]}]),
    "ostree-tool": ([], [{"ostree.version": ""}]),
    "machine-id": (
        [],
        [{"machine_id": ""}, {"machine_id": "uninitialized"}, {"machine_id": "0" * 32}, {"machine_id": "A" * 32}],
    ),
    "network-renderer": (
        [
            {"network.renderers": ["ifupdown"]},
            {"network.renderers": ["netplan"]},
            {"network.renderers": ["systemd-networkd", "NetworkManager"]},
            {"network.renderers": ["ifcfg"]},
        ],
        [
            {"network.renderers": []},
            {"network.renderers": ["dhcpcd"]},
            {"network.renderers": ["wicked"]},
            {"network.renderers": ["systemd-networkd", "connman"]},
        ],
    ),
    "root-network": ([], [{"kernel_arguments.network_root": ["netroot", "rd.iscsi.firmware"]}]),
    "kernel-arguments": ([], [{"kernel_arguments.unknown": ["strange"] * 7}]),
    "network-lost": ([], [{"network.lost": ["/etc/network/interfaces: post-up /opt/x of iface eth0"]}]),
    "network-undeclared": ([], [{"network.undeclared": ["The address 10.0.0.9/32 of eth0"] * 7}]),
    "network-names": ([{"network.kernel_names": ["eth0"]}], [{"network.kernel_names": ["eth0", "eth1"]}]),
    "cgroup-version": ([], [{"cgroup": 1}]),
    "selinux": (
        [{"selinux": "permissive"}, {"selinux": "enforcing", "ostree.booted": True}],
        [{"selinux": "enforcing"}],
    ),
    "selinux-labels": ([], [{"selinux_unlabelled": ["/boot", "/home"]}]),
    "cgroup-driver": (
        [{"kubelet.cgroup_driver": ""}, {"container_runtime.cgroup_driver": ""}],
        [{"kubelet.cgroup_driver": "cgroupfs"}, {"container_runtime.cgroup_driver": "cgroupfs"}],
    ),
    "volume-plugin-dir": (
        [{"kubelet.volume_plugin_dir": "/usrlocal/x"}],
        [{"kubelet.volume_plugin_dir": "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/"}],
    ),
    "container-runtime": (
        [{"container_runtime.name": ""}],
        [{"container_runtime.name": "crio"}, {"container_runtime.name": "docker", "kubelet.endpoint": ""}],
    ),
    "kubelet": ([], [{"kubelet.active": False}]),
}


def examine(change, accepted=()):
    everything = {**copy.deepcopy(NODE), "wanted": copy.deepcopy(WANTED)}
    for path, value in change.items():
        *parents, last = path.split(".")
        place = everything
        for parent in parents:
            place = place[parent]
        place[last] = value
    return findings.examine(everything, everything.pop("wanted"), list(accepted), registry.backends())


def test_every_check_has_its_cases():
    assert {check.key for check in findings.of_nodes(registry.backends())} == set(CASES)


def test_nothing_is_found_on_a_good_node():
    assert examine({}) == []


@pytest.mark.parametrize(("key", "change"), [(key, change) for key, (good, _bad) in CASES.items() for change in good])
def test_good(key, change):
    assert key not in [found["key"] for found in examine(change)]


@pytest.mark.parametrize(("key", "change"), [(key, change) for key, (_good, bad) in CASES.items() for change in bad])
def test_fail(key, change):
    (found,) = (found for found in examine(change) if found["key"] == key)
    assert found["detail"][0].isupper() or found["detail"].startswith("/")
    assert not found["detail"].endswith(".") and not found["remedy"].endswith(".")
    assert found["severity"] in findings.SEVERITIES


def test_a_backend_that_nobody_knows_is_refused():
    with pytest.raises(FleetError) as caught:
        examine({"wanted.backend": "tape"})
    assert caught.value.problem == "This version cannot write a release by the backend tape"
    assert caught.value.todo.startswith("Set osmigrate_backend to one of ostree")


def test_what_one_backend_asks_for_does_not_stop_another():
    class Other(contract.Backend):
        name = "other"

    node = {**copy.deepcopy(NODE), "ostree": {**NODE["ostree"], "version": ""}}
    keys = [found["key"] for found in findings.examine(node, {**WANTED, "backend": "other"}, [], [Other()])]
    assert "ostree-tool" not in keys


def test_the_worst_comes_first():
    found = examine({"kubelet.active": False, "systemd": False, "kubelet.volume_plugin_dir": "/usr/x"})
    assert [item["severity"] for item in found] == ["inhibitor", "high", "medium"]
    assert findings.inhibitors(found) == ["systemd"]


def test_an_accepted_finding_stays_in_the_list_and_stops_nobody():
    found = examine({"root.layers": ["raid1", "part"]}, ["root-opened"])
    assert [item["accepted"] for item in found] == [True]
    assert findings.inhibitors(found) == []


def test_accept_fail_where_the_node_would_not_come_back():
    with pytest.raises(FleetError, match="boot-filesystem cannot be accepted"):
        examine({}, ["boot-filesystem"])


def test_accept_fail_on_a_key_that_does_not_exist():
    with pytest.raises(FleetError, match="no finding called volume-plugins-dir.*Correct it to volume-plugin-dir"):
        examine({}, ["volume-plugins-dir"])


STOPPING = [
    {"key": "root-space", "detail": "The root has 1 MB free, and 9 MB are needed", "remedy": "Free the space"},
    {"key": "secure-boot", "detail": "The firmware would only start kernels that it trusts", "remedy": "Turn it off"},
    {"key": "kubelet", "detail": "The kubelet of the node is not active", "remedy": "Look why"},
]


def test_one_message_names_everything_that_stops_the_node():
    assert str(
        findings.refusal("The node cannot be moved to debian-13 13.1", STOPPING, ["root-space", "secure-boot"])
    ) == (
        "The node cannot be moved to debian-13 13.1: The root has 1 MB free, and 9 MB are needed (root-space); "
        "The firmware would only start kernels that it trusts (secure-boot). Nothing was changed. "
        "For root-space: Free the space. For secure-boot: Turn it off."
    )
