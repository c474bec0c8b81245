# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which kernel arguments of the incumbent the candidate keeps. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import fnmatch
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grub

OF_TRIALS = {word.partition("=")[0] for word in grub.TRIAL_ARGUMENTS.split()}
IS_TRIAL = ("osmigrate.trial", "1")
# What describes the machine or its tuning stays; what names a root, an initramfs step or one boot does not.
# A kernel command line, as grub.parse_command_line reads it.
Words = typing.Sequence[typing.Tuple[str, typing.Optional[str]]]

CARRIED = tuple(
    # Console and messages.
    "console earlyprintk earlycon consoleblank keep_bootcon no_console_suspend fbcon video printk.* netconsole "
    # Crash dumps.
    "crashkernel crash_kexec_post_notifiers panic oops panic_on_warn unknown_nmi_panic softlockup_panic "
    "hung_task_panic nmi_watchdog nowatchdog nosoftlockup fadump kgdboc "
    "softlockup_all_cpu_backtrace hardlockup_* watchdog_thresh log_buf_len sysrq_always_enabled "
    # Huge pages and memory.
    "hugepages hugepagesz default_hugepagesz hugetlb_cma hugetlb_free_vmemmap transparent_hugepage cma memmap mem "
    "transparent_hugepage_shmem transparent_hugepage_tmpfs thp_anon thp_shmem kernelcore movablecore movable_node "
    "hugepage_alloc_threads memhp_default_state numa numa_balancing swiotlb psi page_owner stack_guard_gap "
    "coherent_pool vmalloc memory_corruption_check* "
    # Isolated processors, and how they sleep.
    "isolcpus nohz nohz_full rcu_nocbs rcu_nocb_poll kthread_cpus irqaffinity managed_irq skew_tick nosmt maxcpus "
    "systemd.cpu_affinity threadirqs preempt "
    "nr_cpus possible_cpus intel_idle.* processor.* cpuidle.* cpufreq.* intel_pstate amd_pstate idle max_cstate "
    "clocksource tsc hpet nohpet no_timer_check highres "
    # Hardware.
    "pci pcie_aspm pcie_ports nvme_core.* iommu iommu.* intel_iommu amd_iommu intremap nox2apic x2apic_phys acpi "
    "acpi_* noapic noxsave efi noefi add_efi_memmap reboot elevator mce raid lapic nolapic noapictimer nohlt "
    "noirqbalance irqpoll irqfixup pcie_acs_override iomem nopat xen_* multipath nomodeset "
    "nousb nohibernate clearcpuid dis_ucode_ldr edac_report tboot "
    # Mitigations and hardening (CIS, KSPP).
    "mitigations spectre_v2 spectre_v2_user spec_store_bypass_disable spec_rstack_overflow l1tf l1d_flush mds "
    "tsx tsx_async_abort srbds mmio_stale_data retbleed gather_data_sampling reg_file_data_sampling "
    "indirect_target_selection its vmscape spectre_bhi split_lock_detect nosgx "
    "tsa pti nopti kpti nospectre_v1 nospectre_v2 nospec_store_bypass_disable noibrs noibpb ssbd ibt cfi kaslr nokaslr "
    "init_on_alloc init_on_free page_poison slab_nomerge slab_merge slub_debug slab_debug hardened_usercopy "
    "randomize_kstack_offset vsyscall vdso32 debugfs lockdown fips extra_latent_entropy norandmaps "
    "kexec_load_disabled kasan integrity_audit rodata strict_devmem "
    "audit audit_backlog_limit apparmor security lsm ima_policy ima_appraise ima_hash ima_template evm "
    "module_blacklist initcall_blacklist "
    # Control groups.
    "systemd.unified_cgroup_hierarchy cgroup_enable cgroup_disable cgroup_memory cgroup_no_v1 swapaccount "
    # Names of devices, the network, and who configures them.
    "net.ifnames net.naming-scheme biosdevname ifname ip cloud-init network-config ds "
    # What opens the root, and the drivers that its initramfs loads or leaves alone.
    "rootflags rootwait rootdelay rd.auto rd.luks.* rd.lvm.* rd.md.* rd.dm rd.dm.* rd.multipath rd.driver.*".split()
)
# A root that the network brings: nothing here makes the candidate's initramfs find it.
NETWORK_ROOT = (
    "netroot nbdroot nfsroot iscsi_initiator ISCSI_AUTO iscsi_auto rd.iscsi.* rd.nvmf.* rd.fcoe fcoe rd.neednet"
).split()
NETWORK_ROOT_VALUES = (
    "iscsi:", "nfs:", "nfs4:", "cifs:", "fcoe:", "nbd:", "aoe:", "dhcp",
    "/dev/nfs", "/dev/nbd", "/dev/rbd", "http", "live:http",
)  # fmt: skip
NO = ("0", "no", "off")
# GRUB sets quotes of its own, and half of a pair would swallow the arguments of a trial.
QUOTES = "'\""
QUOTED = "it has quotes, which the boot menu does not pass on"
# The kernel takes these quotes away.
WHOLE = re.compile(r"""^"([^\s"']*)"$|^([^\s"'=]+=)"([^\s"']*)"$""")
FOR_INIT = "it is for the first process, to which the boot menu passes nothing on"
# What sets up the node rather than one boot, and is not ours to judge: nobody knows it, as far as a finding goes.
TOLD = ("systemd.mask", "systemd.wants", "systemd.setenv", "systemd.set_credential*", "systemd.default_*", "rd.znet")
# Which of them mean something only together, in their order.
FAMILIES = ({"hugepagesz", "hugepages"},)
# Of the dotted names those that steer one program; all others are parameters of modules, and of the machine.
STEERING = ("rd.*", "systemd.*", "osmigrate.*", "ostree.*", "fsck.*", "luks.*", "plymouth.*", "cloud-init.*", "mount.*")
# What does not come along, and why; with a value only that one.
DROPPED = [
    (pattern, reason)
    for reason, patterns in (
        (
            "the candidate's entry has its own",
            "BOOT_IMAGE root rootfstype ro rw initrd init ostree ostree.* systemd.machine_id "
            "systemd.gpt_auto osmigrate.* mount.* usr usrfstype usrflags",
        ),
        (
            "releases have the second version of cgroups",
            "systemd.unified_cgroup_hierarchy=0 systemd.unified_cgroup_hierarchy=no "
            "systemd.unified_cgroup_hierarchy=false systemd.unified_cgroup_hierarchy=off "
            "systemd.legacy_systemd_cgroup_controller SYSTEMD_CGROUP_ENABLE_LEGACY_FORCE",
        ),
        (
            "only about what is shown while booting",
            "quiet splash rhgb loglevel ignore_loglevel vt.* plymouth.* vga",
        ),
        ("no swap, so no hibernation", "resume resume_offset noresume noswap"),
        (
            "for the initramfs of the incumbent, or one boot",
            "rd.* nameserver lang LANG KEYTABLE keymap TERM BOOT_IF BOOTIF fastboot boot single emergency "
            "rescue 1 3 5 autoinstall ---",
        ),
        ("for one boot, or the service manager of the incumbent", "systemd.* fsck.* luks.* cloud-init.*"),
        ("SELinux is not carried", "selinux enforcing autorelabel"),
        ("only kernels of EL 7 and 8 know it", "crashkernel=auto"),
    )
    for pattern in patterns.split()
]  # fmt: skip


def without_trial(arguments: Words) -> Words:
    """Return arguments without what makes a trial; what was confirmed in its boot has that behind the node's own."""
    if IS_TRIAL not in arguments:
        return arguments
    begins = arguments.index(IS_TRIAL)
    return list(arguments[:begins]) + [one for one in arguments[begins:] if one[0] not in OF_TRIALS]


def _first_process(arguments: Words) -> int:
    """Return where those of the kernel end: at a lone --."""
    return arguments.index(("--", None)) if ("--", None) in arguments else len(arguments)


def words(arguments: Words) -> typing.List[str]:
    """Return arguments as words; left out is what comes after a lone --, for the first process, and what makes a trial.

    Quotes around what needs none are gone, as they are for the kernel. GRUB has written a backslash before each
    backslash, and would again: with each move there were twice as many.

    :param arguments: list of (name, value or None).
    """
    told = _as_words(without_trial(arguments[: _first_process(arguments)]))
    return [WHOLE.sub(r"\1\2\3", word.replace("\\\\", "\\")) for word in told]


def _as_words(arguments: Words) -> typing.List[str]:
    return [name if value is None else f"{name}={value}" for name, value in arguments]


def shown(word: str) -> str:
    """Return the name of an argument; its value may hold anything, secrets too."""
    return re.split(r"[=\s]", word.lstrip(QUOTES))[0]


def _is(name: str, patterns: typing.Iterable[str]) -> bool:
    """Say whether a name is one of those; to the kernel - and _ in it are the same."""
    return any(fnmatch.fnmatchcase(name.replace("-", "_"), known.replace("-", "_")) for known in patterns)


def is_carried(word: str) -> bool:
    """Say whether an argument describes the machine or its tuning."""
    name = word.partition("=")[0]
    if set(word) & set(QUOTES):
        return False
    if any(word == pattern for pattern, _reason in DROPPED if "=" in pattern):
        return False
    if _is(name, CARRIED):
        return True
    return "." in name and not _is(name, STEERING + ("vt.*",))


def reason(word: str) -> str:
    """Say why an argument is not carried; "" for one that is, or that nobody knows."""
    if is_carried(word) or _is(shown(word), TOLD):
        return ""
    for pattern, why in DROPPED:
        if _is(word if "=" in pattern else shown(word), [pattern]):
            return why
    return QUOTED if set(word) & set(QUOTES) else ""


def _name(word: str) -> str:
    return word.partition("=")[0].replace("-", "_")


def _replaced(extra: typing.Iterable[str]) -> typing.Set[str]:
    """Return the names of which the operator's arguments replace all."""
    names = {_name(word) for word in extra}
    return names.union(*(family for family in FAMILIES if family & names))


def carried(arguments: Words, extra: typing.Iterable[str]) -> typing.List[str]:
    """Choose the candidate's arguments.

    :param arguments: list of (name, value or None) of the running kernel.
    :param extra: list of str, arguments that the operator adds; one replaces all carried ones of its name, and
        of its family.
    :returns: list of str, in the incumbent's order, the operator's last.
    """
    replaced = _replaced(extra)
    kept: typing.List[str] = []
    for word in words(arguments):
        # A word may say something else the second time, as hugepages= does after another hugepagesz=.
        if _name(word) not in replaced and word != (kept or [""])[-1] and is_carried(word):
            kept.append(word)
    return kept + list(extra)


def network_root(arguments: Words) -> typing.List[str]:
    """Return the names of arguments by which the running system has its root from the network, as list of str.

    :param arguments: list of (name, value or None).
    """
    return [
        name
        for name, value in arguments
        if (_is(name, NETWORK_ROOT) and value not in NO)
        or (name == "root" and (value or "").startswith(NETWORK_ROOT_VALUES))
    ]


def unknown(arguments: Words) -> typing.List[str]:
    """Return the names of arguments that the node may need and does not keep, as sorted list of str.

    That is what nobody knows, and what no boot menu can pass on.

    :param arguments: list of (name, value or None).
    """
    return sorted({shown(word) for word, why in explain(arguments, []) if why in ("", QUOTED, FOR_INIT)})


def explain(arguments: Words, extra: typing.Iterable[str]) -> typing.List[typing.Tuple[str, str]]:
    """Say what is not carried, and why.

    :param arguments, extra: as carried takes them.
    :returns: list of (word, reason); the reason of what nobody knows is "".
    """
    kept = carried(arguments, extra)
    replaced = _replaced(extra)
    gone = [word for word in words(arguments) if word not in kept]
    told = [(word, "the operator replaces it" if _name(word) in replaced else reason(word)) for word in gone]
    return told + [(word, FOR_INIT) for word in _as_words(arguments[_first_process(arguments) + 1 :])]
