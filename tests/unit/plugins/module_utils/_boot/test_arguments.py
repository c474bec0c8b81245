# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import arguments, grub

HARDENING = "audit_backlog_limit=8192 fips=1 vsyscall=none module_blacklist=nouveau init_on_alloc=1 lockdown=integrity"

CASES = {
    "the machine's arguments stay, the root's go": (
        "BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet console=tty0 console=ttyS0,115200 crashkernel=256M",
        [],
        ["console=tty0", "console=ttyS0,115200", "crashkernel=256M"],
    ),
    "the operator replaces all of a name": ("console=tty0 console=ttyS0", ["console=hvc0"], ["console=hvc0"]),
    "a trial's arguments are never inherited": (
        "osmigrate.entry=d-1 osmigrate.trial=1 panic=30 oops=panic ostree=/x mitigations=off",
        [],
        ["mitigations=off"],
    ),
    "the node's own stay, and those of its trial go": (
        "panic=10 softlockup_panic=0 osmigrate.entry=d-1 " + grub.trial_arguments(None),
        [],
        ["panic=10", "softlockup_panic=0"],
    ),
    "a screen that hangs without it": ("nomodeset split_lock_detect=off", [], ["nomodeset", "split_lock_detect=off"]),
    "dotted families": (
        "nvme_core.io_timeout=255 rd.lvm.lv=a/b rd.break",
        [],
        ["nvme_core.io_timeout=255", "rd.lvm.lv=a/b"],
    ),
    "drivers that the initramfs loads or leaves alone": (
        "rd.driver.blacklist=nouveau rd.driver.pre=vfio-pci rd.udev.debug", [],
        ["rd.driver.blacklist=nouveau", "rd.driver.pre=vfio-pci"],
    ),
    "a root that is put together by itself": (
        "rd.auto=1 rd.multipath=default rd.dm.uuid=1-2 rd.md.uuid=3", [],
        ["rd.auto=1", "rd.multipath=default", "rd.dm.uuid=1-2", "rd.md.uuid=3"],
    ),
    "an interface that gets its name here, and its address": (
        "ifname=uplink:52:54:00:aa:00:01 ip=uplink:dhcp nameserver=10.0.0.1", [],
        ["ifname=uplink:52:54:00:aa:00:01", "ip=uplink:dhcp"],
    ),
    "parameters of modules": (
        "kvm.nx_huge_pages=off systemd.debug_shell plymouth.enable=0 -- kvm.a=1",
        [],
        ["kvm.nx_huge_pages=off"],
    ),
    "backslashes, which GRUB doubles for the kernel": (
        "nosmt vfio-pci.ids=a\\\\b\\\\\\\\c", [], ["nosmt", "vfio-pci.ids=a\\b\\\\c"],
    ),
    "a /usr of the incumbent's own would lie over the release's": (
        "mount.usr=UUID=3 mount.usrfstype=xfs mount.usrflags=ro usr=UUID=3 usrflags=ro nosmt", [], ["nosmt"],
    ),
    "mitigations and hardware, as administrators switch them": (
        "noibrs noibpb nospec_store_bypass_disable nousb clearcpuid=514 coherent_pool=2M rodata=on", [],
        ["noibrs", "noibpb", "nospec_store_bypass_disable", "nousb", "clearcpuid=514", "coherent_pool=2M", "rodata=on"],
    ),
    "what newer kernels do not know": ("crashkernel=auto crashkernel=256M", [], ["crashkernel=256M"]),
    "nothing twice": ("nosmt nosmt", [], ["nosmt"]),
    "two sizes of huge pages with one count": (
        "hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=4 default_hugepagesz=1G",
        [],
        ["hugepagesz=1G", "hugepages=4", "hugepagesz=2M", "hugepages=4", "default_hugepagesz=1G"],
    ),
    "the first console once more, as the last one that counts": (
        "console=tty0 console=ttyS0 console=tty0", [], ["console=tty0", "console=ttyS0", "console=tty0"],
    ),
    "hardening": (
        HARDENING,
        [],
        HARDENING.split(),
    ),
    "a dash is an underscore to the kernel": (
        "module-blacklist=a rcu-nocbs=2-23 nvme-core.io_timeout=30 init-on-alloc=0", ["init_on_alloc=1"],
        ["module-blacklist=a", "rcu-nocbs=2-23", "nvme-core.io_timeout=30", "init_on_alloc=1"],
    ),
    "what is separated by tabs": ("nosmt\tiommu=pt  \t audit=1\n", [], ["nosmt", "iommu=pt", "audit=1"]),
    "crash kernels of several ranges": (
        "crashkernel=1G-4G:192M,4G-64G:256M crashkernel=128M,low", [],
        ["crashkernel=1G-4G:192M,4G-64G:256M", "crashkernel=128M,low"],
    ),
    "isolation that systemd does": (
        "isolcpus=managed_irq,domain,2-23 systemd.cpu_affinity=0,1 threadirqs preempt=full", [],
        ["isolcpus=managed_irq,domain,2-23", "systemd.cpu_affinity=0,1", "threadirqs", "preempt=full"],
    ),
    "huge pages of each node": (
        "hugepagesz=1G hugepages=0:4,1:4 hugepagesz=2M hugepages=0:4,1:4", [],
        ["hugepagesz=1G", "hugepages=0:4,1:4", "hugepagesz=2M", "hugepages=0:4,1:4"],
    ),
    "the operator's huge pages, which count in the order of size and number": (
        "default_hugepagesz=1G hugepagesz=1G hugepages=4 hugepagesz=2M hugepages=512", ["hugepagesz=2M", "hugepages=8"],
        ["default_hugepagesz=1G", "hugepagesz=2M", "hugepages=8"],
    ),
    "the operator's number alone": ("hugepagesz=2M hugepages=512 nosmt", ["hugepages=8"], ["nosmt", "hugepages=8"]),
    "quotes that the kernel takes away": (
        'isolcpus="2-7" "rcu_nocbs=2-7" "nosmt" "quiet" vfio.ids=""', [],
        ["isolcpus=2-7", "rcu_nocbs=2-7", "nosmt", "vfio.ids="],
    ),
    "disks that take long": ("rootdelay=300 rootwait rootfstype=ext4", [], ["rootdelay=300", "rootwait"]),
    "a value that is taken back": ("audit=1 audit=0 audit=1", [], ["audit=1", "audit=0", "audit=1"]),
    "devices for virtual machines": (
        "vfio-pci.ids=10de:1eb8,10de:1eb9 intel_iommu=on iommu=pt pci=realloc pci=nocrs", [],
        ["vfio-pci.ids=10de:1eb8,10de:1eb9", "intel_iommu=on", "iommu=pt", "pci=realloc", "pci=nocrs"],
    ),
    "what is for the first process": ("nosmt -- single nosmt", [], ["nosmt"]),
    "cloud agents": ("cloud-init=disabled ds=nocloud", [], ["cloud-init=disabled", "ds=nocloud"]),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_carried(case):
    line, extra, expected = case
    assert arguments.carried(grub.parse_command_line(line), extra) == expected


def test_every_argument_that_is_not_carried_has_a_reason_or_is_named():
    line = "root=UUID=1 ro hugepages=4 console=tty0 loglevel=3 strange=1"
    assert arguments.explain(grub.parse_command_line(line), ["console=hvc0"]) == [
        ("root=UUID=1", "the candidate's entry has its own"),
        ("ro", "the candidate's entry has its own"),
        ("console=tty0", "the operator replaces it"),
        ("loglevel=3", "only about what is shown while booting"),
        ("strange=1", ""),
    ]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (
            "root=UUID=1 ip=ibft netroot=iscsi:@10.0.0.1::3260::iqn rd.iscsi.firmware=1",
            ["netroot", "rd.iscsi.firmware"],
        ),
        ("root=/dev/nfs nfsroot=10.0.0.1:/r", ["root", "nfsroot"]),
        ("root=nbd:10.0.0.1:r", ["root"]),
        ("root=/dev/sda1 ip=dhcp", []),
        ("root=/dev/sda1 rd.neednet=0 rd.iscsi.firmware=0 rd.nvmf.nonbft=0", []),
        ("root=dhcp", ["root"]),
        ("root=/dev/nbd0p1", ["root"]),
    ],
)
def test_a_root_that_the_network_brings(line, names):
    assert arguments.network_root(grub.parse_command_line(line)) == names


def test_what_nobody_knows_is_named_without_its_value():
    line = "root=UUID=1 quiet strange=secret-1 other nosmt strange=secret-2"
    assert arguments.unknown(grub.parse_command_line(line)) == ["other", "strange"]


def test_what_the_node_set_up_itself_and_nobody_can_pass_on_is_named_too():
    line = (
        '"dyndbg=file x/* +p secret" isolcpus="2-7" systemd.mask=a.service systemd.setenv=A=secret systemd.debug_shell '
        'rd.znet=qeth systemd.log_target="a b" -- "strange secret" splash'
    )
    found = grub.parse_command_line(line)
    assert arguments.unknown(found) == ["dyndbg", "rd.znet", "splash", "strange", "systemd.mask", "systemd.setenv"]
    assert arguments.explain(grub.parse_command_line("quiet -- a=1"), [])[1:] == [("a=1", arguments.FOR_INIT)]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ('dyndbg.a="file x +p" nosmt', 'dyndbg.a="file x +p"'),
        ('"dyndbg.a=file x +p" nosmt', '"dyndbg.a=file x +p"'),
        ('nosmt dyndbg.a="file x', 'dyndbg.a="file x'),
        ("foo.x='a nosmt", "foo.x='a"),
    ],
)
def test_an_argument_fail_whose_quotes_would_swallow_others(line, word):
    found = grub.parse_command_line(line)
    assert arguments.carried(found, []) == ["nosmt"]
    assert arguments.explain(found, []) == [(word, "it has quotes, which the boot menu does not pass on")]


@pytest.mark.parametrize("value", ["0", "no", "false", "off"])
def test_the_first_version_of_cgroups_is_not_asked_for(value):
    word = f"systemd.unified_cgroup_hierarchy={value}"
    assert not arguments.is_carried(word)
    assert arguments.reason(word) == "releases have the second version of cgroups"
    assert arguments.is_carried("systemd.unified_cgroup_hierarchy=1")
