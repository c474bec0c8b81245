# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What speaks against moving a node: one small check per reason, over what facts.py gathered. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.

A check is a function ``(node, wanted) -> str``: what was found, as a sentence without its full stop, "" where all is
well. ``wanted`` is the release that the node shall be moved to, as node_preflight documents its options. The key of a
check is its name, and stays what it is once released: operators accept findings by it.
"""

import difflib
import re
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import contract
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import timing
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import PACKAGE, SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.tables import UNDERSTOOD
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import carried
from ansible_collections.osmigrate.fleet.plugins.module_utils._release import order

ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
# What GRUB reads, and what the initramfs of a release mounts unasked. Only what was seen to boot is let through
# (docs/design.md, "Tiers").
FILE_SYSTEMS = ("ext2", "ext3", "ext4", "xfs", "btrfs")
LAYERS = ("part", "disk", "loop", "lvm")
RAID = ("raid0", "raid1", "raid4", "raid5", "raid6", "raid10", "linear")
# What an initramfs opens only if it was built with the tools for it.
OPENED = RAID + ("thin pool", "mpath", "crypt")
Facts = typing.Dict[str, typing.Any]  # those of a node, or what a release wants, as node_preflight has them
Find = typing.Callable[[Facts, Facts], str]
SHOWN = 5  # of many things that one finding is about


CHECKS: typing.List[contract.Check] = []  # those of no backend


def _check(
    severity: str, title: str, remedy: str, acceptable: typing.Optional[bool] = None
) -> typing.Callable[[Find], Find]:
    """Register a check.

    :param acceptable: bool, whether an operator may accept it; None: whatever is no inhibitor.
    """

    def register(find: Find) -> Find:
        may = severity != "inhibitor" if acceptable is None else acceptable
        CHECKS.append(contract.Check(find.__name__.replace("_", "-"), severity, may, title, remedy, find))
        return find

    return register


def examine(node: Facts, wanted: Facts, accepted: typing.List[str], backends: contract.Backends) -> typing.List[Facts]:
    """Look for everything that speaks against the move.

    :param node: dict, the facts.
    :param wanted: dict, the release.
    :param accepted: list of str, keys of findings that the operator accepts.
    :param backends: contract.Backends; the release is written by the one that it names.
    :returns: list of dicts with key, severity, title, detail, remedy, acceptable and accepted; the worst first.
    :raises FleetError: a key is not known, or names a finding that nobody may accept; the backend is not known.
    """
    _examine_keys(accepted, backends)
    backend = contract.named(backends, wanted["backend"])
    if backend is None:
        raise FleetError(
            f"This version cannot write a release by the backend {wanted['backend']}",
            todo=f"Set osmigrate_backend to one of {', '.join(one.name for one in backends)}, or update the collection",
        )
    found = [(check, check.find(node, wanted)) for check in CHECKS + list(backend.checks)]
    findings = [carried.finding(check, detail, accepted) for check, detail in found if detail]
    return sorted(findings, key=lambda finding: (-SEVERITIES.index(finding["severity"]), finding["key"]))


def of_nodes(backends: contract.Backends) -> typing.List[contract.Check]:
    """Return the checks of all nodes and those of some backends, as list of contract.Check."""
    return CHECKS + [check for backend in backends for check in backend.checks]


def inhibitors(findings: typing.Iterable[Facts]) -> typing.List[str]:
    """Return the keys of the findings that stop the node."""
    return [found["key"] for found in findings if found["severity"] == "inhibitor" and not found["accepted"]]


def _examine_keys(accepted: typing.List[str], backends: contract.Backends) -> None:
    known = {check.key: check for check in of_nodes(backends) + carried.CHECKS + carried.OF_PROGRAMS}
    for key in accepted:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            raise FleetError(
                f"There is no finding called {key}",
                todo=f"Correct it to {close[0]}" if close else "Take the key from an earlier preflight",
            )
        if not known[key].acceptable:
            raise FleetError(
                f"The finding {key} cannot be accepted: the node would not come back", todo=known[key].remedy
            )


def _runs_release(node: Facts) -> bool:
    """Say whether the node runs a release already, and not what packages made of it."""
    return node["ostree"]["booted"] or node["entry"] not in ("", PACKAGE)


@_check(
    "inhibitor",
    "Unknown operating system",
    "Exclude the node; what is made of dpkg's packages can be moved, and what is made of rpm's with EL's places",
)
def distribution(node: Facts, wanted: Facts) -> str:
    if _runs_release(node) or node["os"]["family"]:
        return ""
    return "The node runs %s" % (node["os"]["pretty_name"] or node["os"]["id"] or "an unknown system")


@_check(
    "inhibitor",
    "Nobody can tell what an administrator changed",
    "Let the database be made anew ('rpm --rebuilddb'), or put back a copy (Debian keeps them in /var/backups); where "
    "rpm itself is missing, install it ('dnf install rpm')",
)
def package_database(node: Facts, wanted: Facts) -> str:
    # A release has its packages' files where no administrator could have changed them.
    return "" if _runs_release(node) else node["packages"]["problem"]


@_check(
    "medium",
    "Both dpkg and rpm say what the node is made of",
    "See whose packages the system is made of; if it is the other one's, remove the database of the first, and correct "
    "ID and ID_LIKE in os-release",
)
def package_databases(node: Facts, wanted: Facts) -> str:
    names = node["packages"]["databases"]
    if len(names) < 2 or _runs_release(node):
        return ""
    taken = "rpm" if node["os"]["family"] == "el" else "dpkg"
    return f"There is a database of {' and one of '.join(names)}, and that of {taken} is taken"


@_check("inhibitor", "No systemd", "Only nodes whose first process is systemd can be moved")
def systemd(node: Facts, wanted: Facts) -> str:
    return "" if node["systemd"] else "The first process of the node is not systemd"


@_check("inhibitor", "Another architecture", "Take a release for the node's architecture")
def architecture(node: Facts, wanted: Facts) -> str:
    if ARCHITECTURES.get(wanted["architecture"], wanted["architecture"]) == node["architecture"]:
        return ""
    return f"The release is for {wanted['architecture']}, the node is {node['architecture']}"


@_check("inhibitor", "An earlier release has to come first", "Move the node to one of those versions first")
def minimum_from(node: Facts, wanted: Facts) -> str:
    allowed = wanted["minimum_from"]
    running = [node["entry"]]
    if node["os"]["image_id"] == wanted["name"]:
        running.append(f"{wanted['name']}-{node['os']['image_version']}")
    if not allowed or any(f"{wanted['name']}-{version}" in running for version in allowed):
        return ""
    return "Version {} of {} can only follow {}, and the node runs {}".format(
        wanted["version"],
        wanted["name"],
        " or ".join(allowed),
        node["entry"] or node["os"]["pretty_name"],
    )


@_check(
    "inhibitor",
    "An older release than the node has run",
    "See that the server does not send an old release; if it is meant, set osmigrate_allow_downgrade=true, or go back "
    "with the playbook rollback",
    acceptable=True,
)
def downgrade(node: Facts, wanted: Facts) -> str:
    newest = node["newest"].get(wanted["name"])
    if newest is None or wanted["allow_downgrade"] or not order.is_older(wanted, newest):
        return ""
    return "Release {}-{} is older than {}-{}, which was confirmed on this node".format(
        wanted["name"], _numbered(wanted), wanted["name"], _numbered(newest)
    )


def _numbered(release: Facts) -> str:
    serial = release.get("serial")
    return f"{release['version']} (serial {serial})" if serial else release["version"]


@_check(
    "medium",
    "The manifest came over plain http",
    "Serve it over https, give its digest in osmigrate_release_digest, or set osmigrate_allow_http=true",
)
def plain_http(node: Facts, wanted: Facts) -> str:
    return "Whoever is on the way can withhold a release or send an older one" if wanted["plain_http"] else ""


@_check("inhibitor", "No usable GRUB", "Let grub.cfg be made by grub-mkconfig with its 41_custom script")
def boot_loader(node: Facts, wanted: Facts) -> str:
    return node["grub"]["problem"]


@_check("inhibitor", "A GRUB tool is missing", "Install the package with GRUB's common tools (grub-common)")
def boot_loader_tools(node: Facts, wanted: Facts) -> str:
    missing = node["grub"]["missing_tools"]
    return f"The node has no {' and no '.join(missing)}" if missing else ""


@_check(
    "inhibitor",
    "GRUB did not start this system",
    "Boot the node by GRUB, whose grub.cfg is there, and run the same command again; or exclude the node",
)
def boot_loader_started(node: Facts, wanted: Facts) -> str:
    # A release that runs was started by a menu of ours.
    return "" if node["ostree"]["booted"] or node["entry"] else node["grub"]["not_loader"]


@_check(
    "inhibitor",
    "custom.cfg keeps the boot menu from being read",
    "Correct custom.cfg in GRUB's directory until grub-script-check accepts it and nothing in it returns early",
)
def boot_loader_custom(node: Facts, wanted: Facts) -> str:
    return node["grub"]["custom_problem"]


@_check(
    "inhibitor",
    "grub.cfg sets its default after custom.cfg",
    "Let the script of grub.d that does it run before 41_custom, and make grub.cfg anew",
    acceptable=True,
)
def boot_loader_default(node: Facts, wanted: Facts) -> str:
    return "What it sets there wins over the trial, which would never start" if node["grub"]["late_default"] else ""


@_check(
    "inhibitor",
    "GRUB may read another grub.cfg",
    "Remove the grub.cfg that GRUB does not read, or install GRUB anew (grub-install) from the system that runs",
    acceptable=True,
)
def boot_loader_directory(node: Facts, wanted: Facts) -> str:
    return node["grub"]["elsewhere"]


@_check(
    "inhibitor",
    "A pending grub-reboot that GRUB cannot clear",
    "Run grub-editenv unset next_entry on the grubenv of the node, and do not use grub-reboot there",
)
def boot_loader_next_entry(node: Facts, wanted: Facts) -> str:
    # Where the block does not lie beside grub.cfg, GRUB cannot write there, and would boot that entry for ever.
    next_entry, stuck = node["grub"]["next_entry"], node["grub"]["next_entry_stuck"]
    if not next_entry or (node["boot_tier"]["name"] in ("", "block") and not stuck):
        return ""
    because = f", because the file {stuck}" if stuck else ""
    return f"The grubenv of the node asks for one boot of {next_entry}, and GRUB cannot write there{because}"


@_check(
    "medium",
    "GRUB's own environment block is broken",
    "Make it anew (grub-editenv FILE create, on EL grub2-editenv), and set again what grub.cfg takes from it: "
    "saved_entry, and kernelopts on EL 8",
)
def boot_loader_environment(node: Facts, wanted: Facts) -> str:
    return node["grub"]["environment_problem"]


@_check(
    "inhibitor",
    "What the node boots by itself cannot be booted",
    "Let the default be an entry that is whole ('grubby --set-default', 'grub2-set-default'), with root= among its "
    "arguments, and see that a plain reboot works; only then is there a way back",
    acceptable=True,
)
def boot_loader_home(node: Facts, wanted: Facts) -> str:
    problem = node["grub"]["default_problem"]
    return f"The default entry {problem}" if problem and not _runs_release(node) else ""


@_check(
    "medium",
    "The default of grub.cfg names no entry",
    "Name one that is there (grub-set-default, on EL 'grubby --set-default'), or leave it: GRUB takes the first",
)
def boot_loader_unnamed(node: Facts, wanted: Facts) -> str:
    name = node["grub"]["default_unnamed"]
    return f"No entry of the menu is called {name!r}, so GRUB boots the first one" if name else ""


@_check(
    "low",
    "Boot entries whose kernel is gone",
    "Remove their files in /boot/loader/entries, or install those kernels again",
)
def boot_loader_stale(node: Facts, wanted: Facts) -> str:
    names = node["grub"]["stale_entries"]
    return f"In /boot/loader/entries: {_some(names, ', ')}" if names else ""


@_check(
    "low",
    "The next boot of the node would have other kernel arguments than this one",
    "The release gets those that the kernel has now; reboot the node first if it should get the others",
)
def boot_loader_pending(node: Facts, wanted: Facts) -> str:
    names = node["grub"]["pending"]
    return f"Its default entry differs in {_some(names, ', ')}" if names else ""


@_check(
    "info",
    "Secure Boot is on",
    "Nothing has to be done if the kernel of the release is signed by what shim or the firmware trusts; otherwise "
    "enrol that certificate ('mokutil --import')",
)
def secure_boot(node: Facts, wanted: Facts) -> str:
    said = "The kernel of the release is held against what this machine trusts when it is staged"
    return said if node["secure_boot"] else ""


@_check("inhibitor", "/boot lies on an unsupported file system", "Put /boot on ext4, XFS or btrfs")
def boot_filesystem(node: Facts, wanted: Facts) -> str:
    return "" if node["boot"]["fstype"] in FILE_SYSTEMS else f"/boot is {node['boot']['fstype']}"


@_check(
    "inhibitor",
    "/boot lies on unsupported storage",
    "Put /boot on a plain partition, a RAID of Linux or a logical volume",
)
def boot_storage(node: Facts, wanted: Facts) -> str:
    # GRUB reads a RAID, and writes to none: where the trial is counted then is for the tiers to say.
    return _layers(node["boot"], "/boot", LAYERS + RAID)


@_check(
    "inhibitor",
    "Nothing can count a trial",
    "Mount an EFI system partition on /boot/efi, install kexec-tools, or put /boot on a plain partition",
)
def boot_control(node: Facts, wanted: Facts) -> str:
    return "" if node["boot_tier"]["name"] else "; ".join(node["boot_tier"]["evidence"])


@_check(
    "info", "Trials are not counted beside grub.cfg", "Nothing has to be done; docs/design.md says what is different"
)
def boot_tier(node: Facts, wanted: Facts) -> str:
    tier = node["boot_tier"]
    return "; ".join(tier["evidence"]) if tier["name"] not in ("", "block") else ""


@_check(
    "high",
    "A trial has little time for what this node takes to boot",
    "Raise osmigrate_deadman_most, in a drill osmigrate_drill_deadman_seconds, to more than a boot and what comes "
    "after it take together",
)
def trial_deadman(node: Facts, wanted: Facts) -> str:
    longest, limit = max([boot["whole"] for boot in node["boots"]] or [0]), _deadman(node, wanted)
    # Half of it is for what comes after: Ready, health checks, probes.
    if not limit or 2 * longest < limit:
        return ""
    return "The last boots of the node took up to %d seconds, and a trial is ended after %d" % (longest, limit)


@_check(
    "info",
    "A trial gets more time than on other nodes",
    "Nothing has to be done; osmigrate_deadman_most is the limit",
)
def trial_seconds(node: Facts, wanted: Facts) -> str:
    seconds = _deadman(node, wanted)
    if seconds == wanted["deadman_seconds"]:
        return ""
    longest = max(boot["whole"] for boot in node["boots"])
    return "It gets %d seconds until it is confirmed; the last boots of the node took up to %d" % (seconds, longest)


def _deadman(node: Facts, wanted: Facts) -> int:
    return timing.trial_seconds(_boots(node), wanted["deadman_seconds"], wanted["deadman_most"])


def _boots(node: Facts) -> typing.List[timing.Boot]:
    return [timing.Boot(boot["root"], boot["whole"]) for boot in node["boots"]]


@_check(
    "info",
    "The initramfs of a trial gets more or less time than others",
    "Nothing has to be done; what the whole trial gets is the limit",
)
def trial_initramfs(node: Facts, wanted: Facts) -> str:
    boots = _boots(node)
    seconds = timing.initrd_seconds(boots, _deadman(node, wanted))
    if seconds == timing.SECONDS:
        return ""
    longest = max([boot.root for boot in boots] or [0])
    return "It gets %d seconds; the last boots of the node took up to %d until their root was there" % (
        seconds,
        longest,
    )


@_check("inhibitor", "Every reboot skips the boot loader", "Set LOAD_KEXEC=false in /etc/default/kexec")
def kexec_on_reboot(node: Facts, wanted: Facts) -> str:
    return "/etc/default/kexec has every reboot start the same system by kexec" if node["kexec_on_reboot"] else ""


@_check("inhibitor", "The root lies on an unsupported file system", "Only ext4, XFS and btrfs are supported yet")
def root_filesystem(node: Facts, wanted: Facts) -> str:
    return "" if node["root"]["fstype"] in FILE_SYSTEMS else f"The root is {node['root']['fstype']}"


@_check(
    "inhibitor",
    "The node cannot be written to",
    "See in the kernel's log why a file system was made read-only, and mount it writable ('mount -o remount,rw'), also "
    "in fstab; or exclude the node",
)
def read_only(node: Facts, wanted: Facts) -> str:
    # OSTree mounts its own root read-only, and what writes there knows.
    closed = [name for name, part in (("the root", "root"), ("/boot", "boot")) if node[part]["read_only"]]
    return f"Mounted read-only: {', '.join(closed)}" if closed and not node["ostree"]["booted"] else ""


@_check("inhibitor", "The root lies on unsupported storage", "Move the root to a partition, a RAID or a logical volume")
def root_storage(node: Facts, wanted: Facts) -> str:
    return _layers(node["root"], "The root", LAYERS + OPENED)


@_check(
    "inhibitor",
    "The release's initramfs has to open what the root lies on",
    "See that it can ('lsinitrd' of it names mdadm, thin_check, multipath, or cryptsetup and what opens the root "
    "without a person), then accept this finding: a trial that does not find its root comes home by itself",
    acceptable=True,
)
def root_opened(node: Facts, wanted: Facts) -> str:
    # Where a release runs, its initramfs has done it.
    named = [layer for layer in node["root"]["layers"] if layer in OPENED]
    return "" if not named or _runs_release(node) else f"The root lies on {node['root']['device']} ({', '.join(named)})"


def _layers(filesystem: Facts, name: str, known: typing.Container[str]) -> str:
    strange = [layer for layer in filesystem["layers"] if layer not in known]
    return f"{name} lies on {filesystem['device']} ({', '.join(strange)})" if strange else ""


TWINS = (
    "Remove a snapshot (lvremove), or wait until it is merged; give a copy a UUID of its own (tune2fs, xfs_admin), or "
    "detach it. The one that the node uses keeps its UUID, which its fstab and its boot menu name"
)


@_check("inhibitor", "The root cannot be told apart", TWINS)
def root_uuid(node: Facts, wanted: Facts) -> str:
    if not node["root"]["uuid"]:
        return f"The file system of {node['root']['device']} has no UUID"
    return _shared(node["root"], "root")


@_check("inhibitor", "/boot cannot be told apart", TWINS)
def boot_uuid(node: Facts, wanted: Facts) -> str:
    if not node["boot"]["separate"]:
        return ""
    if not node["boot"]["uuid"]:
        return f"The file system of {node['boot']['device']} has no UUID"
    return _shared(node["boot"], "/boot")


@_check("inhibitor", "The EFI system partition cannot be told apart", TWINS)
def esp_uuid(node: Facts, wanted: Facts) -> str:
    # Only where trials are counted there does it matter which of them GRUB finds.
    return _shared(node["esp"], "EFI system partition") if node["boot_tier"]["name"] == "esp-block" else ""


def _shared(filesystem: Facts, name: str) -> str:
    others = filesystem["twins"]
    return f"The UUID {filesystem['uuid']} of the {name} is also that of {_some(others, ', ')}" if others else ""


@_check(
    "inhibitor", "The root comes over the network", "Exclude the node; a root on iSCSI, NFS or NVMe over fabrics stays"
)
def root_network(node: Facts, wanted: Facts) -> str:
    names = node["kernel_arguments"]["network_root"]
    return (
        f"The kernel's arguments {_some(names, ', ')} say that the root is not on a disk of the node" if names else ""
    )


@_check(
    "medium",
    "Kernel arguments that nobody knows are not carried",
    "Add those that the node needs to osmigrate_kernel_arguments",
)
def kernel_arguments(node: Facts, wanted: Facts) -> str:
    names = node["kernel_arguments"]["unknown"]
    return f"The candidate does not get {_some(names, ', ')}" if names else ""


@_check("inhibitor", "/usr is a file system of its own", "Bring /usr onto the root, or exclude the node")
def usr_separate(node: Facts, wanted: Facts) -> str:
    return "/usr would hide the /usr of the release" if node["usr"]["separate"] else ""


@_check(
    "inhibitor", "The machine id is not valid", "Make one with systemd-machine-id-setup and let the node join again"
)
def machine_id(node: Facts, wanted: Facts) -> str:
    value = node["machine_id"]
    if re.match("[0-9a-f]{32}$", value) and value != "0" * 32:
        return ""
    return f"/etc/machine-id says {repr(str(value)) if value else 'nothing'}"


@_check("inhibitor", "The network is configured by a tool that cannot be carried", "Move it to systemd-networkd first")
def network_renderer(node: Facts, wanted: Facts) -> str:
    strange = [name for name in node["network"]["renderers"] if name not in UNDERSTOOD]
    if strange:
        return f"The network of the node is configured by {' and '.join(strange)}"
    return "" if node["network"]["renderers"] else "Nothing known configures the network of the node"


@_check(
    "inhibitor",
    "A part of the network's configuration cannot be carried",
    "Take it out, or put it where the release has a place for it (docs/carry-network.md); accept this finding if the "
    "node does without it, or if the release configures its network by the same tool",
    acceptable=True,
)
def network_lost(node: Facts, wanted: Facts) -> str:
    return _some(node["network"]["lost"])


@_check(
    "high",
    "The network has something that is in no file",
    "Nothing has to be done for what a program makes (keepalived, a CNI plugin); write the rest into a file",
)
def network_undeclared(node: Facts, wanted: Facts) -> str:
    return _some(node["network"]["undeclared"])


@_check(
    "high",
    "Several interfaces have names that the kernel gives in any order",
    "See that nothing on the node and in the cluster names them, or boot with names that do not change first",
)
def network_names(node: Facts, wanted: Facts) -> str:
    names = node["network"]["kernel_names"]
    return f"The interfaces {' and '.join(names)} may be called otherwise after the move" if len(names) > 1 else ""


def _some(sentences: typing.Sequence[str], between: str = "; ") -> str:
    """Name the first few of many things."""
    more = len(sentences) - SHOWN
    return between.join(list(sentences[:SHOWN]) + (["and %d more" % more] if more > 0 else []))


@_check(
    "high",
    "The node gets the second version of cgroups by the move",
    "See that what runs in its pods knows it: Java from 8u372, 11.0.16 or 15 on, Go programs with automaxprocs from "
    "1.5 on, cAdvisor from 0.43 on, and agents that read /sys/fs/cgroup. Older ones take the memory of the machine for "
    "theirs; give them their limits by options",
)
def cgroup_version(node: Facts, wanted: Facts) -> str:
    return "" if node["cgroup"] == 2 else "It has the first, and kubelet and pods find the second on the release"


@_check(
    "high",
    "Kubelet and containerd disagree on who makes cgroups",
    "Let both say systemd: cgroupDriver in kubelet's configuration, SystemdCgroup in that of containerd; drain the "
    "node and restart both",
)
def cgroup_driver(node: Facts, wanted: Facts) -> str:
    kubelet, runtime = node["kubelet"]["cgroup_driver"], node["container_runtime"]["cgroup_driver"]
    if not kubelet or not runtime or kubelet == runtime:
        return ""
    return f"The kubelet of the node is configured for {kubelet}, and containerd for {runtime}"


@_check(
    "high",
    "SELinux is enforcing",
    "Nothing has to be done for the move. After a way back let the labels be set of what was written meanwhile in "
    "directories that both systems use: 'restorecon -R /home /root /srv /opt /var/log'. The release enforces no policy "
    "of the node's",
)
def selinux(node: Facts, wanted: Facts) -> str:
    enforcing = node["selinux"] == "enforcing" and not _runs_release(node)
    said = "What the release writes into directories that both systems use has no label of this policy"
    return said if enforcing else ""


@_check(
    "medium",
    "SELinux has not labelled everything",
    "Let it, before the move ('restorecon -R -F' on what is named, or 'fixfiles -F onboot' and a reboot): the way back "
    "needs labels that are whole",
)
def selinux_labels(node: Facts, wanted: Facts) -> str:
    paths = node["selinux_unlabelled"]
    return f"Without a label: {_some(paths, ', ')}" if paths and not _runs_release(node) else ""


@_check(
    "high",
    "Kubelet keeps volume plugins below /usr",
    "Set volumePluginDir to /var/lib/kubelet/volumeplugins before the move, on the controller manager too",
)
def volume_plugin_dir(node: Facts, wanted: Facts) -> str:
    path = node["kubelet"]["volume_plugin_dir"]
    return f"{path} cannot be written after the move" if path.startswith("/usr/") else ""


@_check(
    "high",
    "Another container runtime than containerd",
    "Take a release that has the same one, and its images and state are used as they are. With one that has "
    "containerd, let the kubelet name its socket (--container-runtime-endpoint, in kubeadm-flags.env, and in the "
    "annotation kubeadm.alpha.kubernetes.io/cri-socket of the node): images are then fetched anew",
)
def container_runtime(node: Facts, wanted: Facts) -> str:
    name, endpoint = node["container_runtime"]["name"], node["kubelet"]["endpoint"]
    if name in ("", "containerd"):
        return ""
    return f"The kubelet of the node runs its pods by {name}" + (f" ({endpoint})" if endpoint else "")


@_check("medium", "No kubelet runs", "Look why; a node that does not serve now will not serve after the move")
def kubelet(node: Facts, wanted: Facts) -> str:
    return "" if node["kubelet"]["active"] else "The kubelet of the node is not active"
