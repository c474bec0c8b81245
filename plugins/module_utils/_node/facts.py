# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to know about a node before it is moved, read in one pass. Changes nothing.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import functools
import glob
import os
import platform
import re
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines, _osrelease, _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.ostree.program import Ostree
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.slots import persist
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import (
    arguments,
    bls,
    env,
    grub as grub_menu,
    grubcfg,
    grubfiles,
    kexec,
    loader,
    menu,
    script,
    secureboot,
    tier as boot_tier,
    timing,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import databases
from ansible_collections.osmigrate.fleet.plugins.module_utils._command import SEARCH_PATH, run
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SYSROOT
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import sources
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot as open_boot
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl

RUNTIMES = ("crio", "containerd", "docker")
NETWORKS = ("systemd-networkd", "NetworkManager", "networking", "network", "dhcpcd", "wicked", "connman")
UNITS = RUNTIMES + ("kubelet",) + NETWORKS
KUBELET_CONFIG = "/var/lib/kubelet/config.yaml"
CONTAINERD_CONFIG = "/etc/containerd/config.toml"
DOCKERSHIM = "unix:///var/run/dockershim.sock"
SELINUX_MODE = "sys/fs/selinux/enforce"
# Where files of ours come to lie, and what the way back needs: each has a label of its own in every policy.
LABELLED = ("/boot", "/etc", "/etc/systemd/system", "/usr/bin", "/var/lib", "/var/log", "/home")
VOLUME_PLUGIN_DIR = "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/"


def gather(root: str = "/") -> typing.Dict[str, typing.Any]:
    """Return the facts that node_info documents, as dict.

    :param root: str, where the node's files are visible; "/" but for tests.
    """
    has_systemd = os.path.isdir(os.path.join(root, "run/systemd/system"))
    services = _services(root)
    kubelet = _kubelet_facts(root, services["kubelet"])
    owners = renderers(root, active_services(services))
    release = _osrelease.read(functools.partial(_text, root))
    ostree = Ostree(root)
    boot = _control()
    running = grub_menu.parse_command_line(_text(root, "proc/cmdline"))
    return {
        "os": {
            **{
                name: release.get(name.upper(), "")
                for name in ("id", "id_like", "version_id", "pretty_name", "image_id", "image_version")
            },
            "family": databases.family(Tree(root)),
        },
        "packages": package_facts(root),
        "systemd": has_systemd,
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "hostname": platform.node(),
        "boot_id": _text(root, "proc/sys/kernel/random/boot_id").strip(),
        "machine_id": _text(root, "etc/machine-id").strip(),
        "entry": _entry(boot, running),
        "kernel_arguments": {"unknown": arguments.unknown(running), "network_root": arguments.network_root(running)},
        "newest": boot.newest() if boot is not None else {},
        "firmware_due": _firmware_due(boot),
        "boots": [{"root": int(boot.root), "whole": int(boot.whole)} for boot in timing.last_boots()],
        "firmware": "uefi" if os.path.isdir(os.path.join(root, grubfiles.UEFI)) else "bios",
        "secure_boot": secureboot.is_on(root),
        "selinux": {"1": "enforcing", "0": "permissive"}.get(_text(root, SELINUX_MODE).strip(), "disabled"),
        "selinux_unlabelled": unlabelled(root),
        "cgroup": 2 if os.path.exists(os.path.join(root, "sys/fs/cgroup/cgroup.controllers")) else 1,
        "grub": grub_facts(root),
        "boot_tier": tier_facts(root),
        "kexec_on_reboot": bool(kexec.on_reboot(root)),
        "kexec_on_reboot_by": kexec.on_reboot(root),
        "kexec_problem": boot_tier.kexec_problem(),
        "kexec_doubt": boot_tier.kexec_doubt(root),
        **{backend.name: backend.facts(boot) for backend in registry.backends(root)},
        "kubelet": kubelet,
        "container_runtime": _runtime_facts(root, kubelet["endpoint"], services),
        "network": dict(_network_facts(root, owners), renderers=owners),
        **_storage_facts(ostree),
    }


def package_facts(root: str) -> typing.Dict[str, typing.Any]:
    """Describe whose packages the node is made of: databases, and problem (why they cannot be read, "" if they can)."""
    tree = Tree(root)
    return {"databases": databases.held(tree), "problem": databases.problem(tree)}


def _services(root: str) -> typing.Dict[str, typing.Dict[str, typing.Any]]:
    """Return the services as parse_units does; without systemd none is active."""
    services = {name: {"active": False, "pid": 0} for name in UNITS}
    if os.path.isdir(os.path.join(root, "run/systemd/system")):
        argv = ["systemctl", "show", "--property=Id,ActiveState,MainPID"]
        services.update(parse_units(run(argv + [name + ".service" for name in UNITS]).stdout))
    return services


def active_services(
    services: typing.Optional[typing.Dict[str, typing.Dict[str, typing.Any]]] = None,
) -> typing.List[str]:
    """Return the names of those services that are at work."""
    services = services or _services("/")
    return [name for name in UNITS if services[name]["active"]]


def _network_facts(root: str, owners: typing.List[str]) -> typing.Dict[str, typing.Any]:
    return sources.summary(Tree(root), owners, state.parse(state.ask()))


def _storage_facts(ostree: Ostree) -> typing.Dict[str, typing.Any]:
    """Describe the file systems; root is the one that can be written, where what runs is a part of it or beside it."""
    root = _storage.filesystem(SYSROOT if ostree.is_booted() else persist.MOUNT if persist.is_root_of("/") else "/")
    boot, usr, var = (_storage.filesystem(path) for path in ("/boot", "/usr", "/var"))
    esp = boot_tier.find_esp()
    listed = _storage.with_uuids([root, boot] + ([esp] if esp else []))
    here = _storage.room(ostree.directory())
    pool = _storage.pool_below(ostree.directory()) if _storage.THIN in root.layers else _storage.UNSEEN
    return {
        "root": dict(
            _shown(root),
            twins=_storage.twins(listed, root),
            free_bytes=here.free_bytes,
            root_bytes=here.root_bytes,
            free_files=here.files,
            pool_free_bytes=pool.free_bytes,
            pool_problem=pool.problem,
            kept_free_bytes=ostree.minimum_free(here.size_bytes),
        ),
        "esp": {"uuid": esp.uuid if esp else "", "twins": _storage.twins(listed, esp) if esp else []},
        "boot": dict(
            _shown(boot),
            twins=_storage.twins(listed, boot),
            separate=boot.device != root.device,
            loader=_kind(os.path.join("/boot", "loader")),
        ),
        # Of a release it lies on what that is booted from, which may be another file system than the one to write to.
        "usr": {"separate": usr.device != _storage.filesystem("/").device},
        "var": {"separate": var.device != root.device},
    }


def _entry(boot: typing.Optional[BootControl], arguments: typing.Any) -> str:
    """Return the release that runs, by its root, and where that is not known by the kernel's arguments; "" for none."""
    running = boot.booted_entry() if boot is not None else ""
    claimed = dict(arguments).get("osmigrate.entry") or ""
    return running if running not in ("", grub_menu.PACKAGE) else claimed


def _control() -> typing.Optional[BootControl]:
    """Return the BootControl of the node, None where GRUB or the record cannot be read, which is told elsewhere."""
    try:
        return open_boot.control(check_mode=True)
    except FleetError:
        return None


def _firmware_due(boot: typing.Optional[BootControl]) -> typing.Optional[typing.Dict[str, typing.Any]]:
    """Return the default that kexec started and GRUB has not booted since, and the seconds since then."""
    due = boot.firmware_due() if boot is not None else None
    return due and {"entry": due["entry"], "seconds": max(0, int(time.time() - due["since"]))}


def _shown(filesystem: _storage.Filesystem) -> typing.Dict[str, typing.Any]:
    return {
        name: getattr(filesystem, name)
        for name in ("device", "uuid", "fstype", "layers", "size_bytes", "free_bytes", "read_only")
    }


def _kind(path: str) -> str:
    if os.path.islink(path):
        return "link"
    return "directory" if os.path.isdir(path) else ""


def parse_units(text: str) -> typing.Dict[str, typing.Dict[str, typing.Any]]:
    """Read the answer of systemctl show.

    :returns: dict of unit name without .service to {"active": bool, "pid": int}.
    """
    units = {}
    for block in text.strip().split("\n\n"):
        fields = dict(line.partition("=")[::2] for line in _lines.lines(block))
        name = fields.get("Id", "")
        if name.endswith(".service"):
            units[name[: -len(".service")]] = {
                "active": fields.get("ActiveState") == "active",
                "pid": int(fields.get("MainPID") or 0),
            }
    return units


def grub_facts(root: str) -> typing.Dict[str, typing.Any]:
    """Describe GRUB: directory, family, problem (why it cannot be used, empty if it can), the missing tools, and more.

    not_loader: why something else may have started this system; custom_problem: why the administrator's custom.cfg
    would keep ours from being read; signed_only: whether GRUB reads only what is signed; late_default: whether grub.cfg
    sets its default after that; next_entry: what grub-reboot asked for; next_entry_stuck: why GRUB could not clear it
    in its file; elsewhere: why GRUB may read another grub.cfg. Each is empty where all is well.
    """
    _started, not_loader = loader.started_by(
        grub_menu.parse_command_line(_text(root, "proc/cmdline")),
        _bytes(root, os.path.join(loader.EFI_VARIABLES, loader.LOADER_INFO)),
        _bytes(root, os.path.join(loader.EFI_VARIABLES, loader.STUB_INFO)),
    )
    facts: typing.Dict[str, typing.Any] = {"directory": "", "family": "", "missing_tools": [], "problem": ""}
    facts.update(not_loader=not_loader)
    facts.update(environment_problem="", default_problem="", default_unnamed="", stale_entries=[], pending=[])
    facts.update(custom_problem="", next_entry="", next_entry_stuck="", late_default=False, elsewhere="")
    facts.update(signed_only=False)
    try:
        grub = grubfiles.find(root)
    except FleetError as error:
        return dict(facts, problem=error.problem)
    facts.update(directory=grub.directory, family="grub2" if grub.check_tool.startswith("grub2") else "grub")
    if _has_program(grub.check_tool):
        facts["custom_problem"] = menu.custom_problem(grub)
    else:
        facts["missing_tools"] = [grub.check_tool]
    facts["signed_only"] = script.reads_signed_only(_text("", grub.config))
    facts["late_default"] = script.default_after_custom(_text("", grub.config))
    facts["elsewhere"] = reads_elsewhere(root, grub)
    path = os.path.join(grub.directory, "grubenv")
    saved, problem, unfit = env.read(path)
    if os.path.exists(path):
        facts["environment_problem"] = problem or (f"{path} {unfit}" if unfit else "")
    facts["next_entry"] = _asked_for_once(saved or {}, _text("", grub.config))
    facts.update(default_facts(root, _text("", grub.config), saved or {}))
    block = boot_tier.probe_block(path)
    return dict(facts, next_entry_stuck=unfit or (boot_tier.block_problem(block) if block else ""))


def _asked_for_once(saved: typing.Mapping[str, str], config: str) -> str:
    """Return the entry that the next boot alone is to boot, by today's grub-reboot or by that of old, "" for none."""
    # That of old changed the default and kept the one of before, which GRUB puts back and boots as a choice for once.
    of_old = saved.get("prev_saved_entry", "") if "prev_saved_entry" in config else ""
    return saved.get("next_entry", "") or of_old


def default_facts(root: str, config: str, saved: typing.Mapping[str, str]) -> typing.Dict[str, typing.Any]:
    """Describe what the package-managed system boots by itself, as far as files say it.

    :param config: str, its grub.cfg.
    :param saved: dict, what grubenv has.
    """
    if grubcfg.is_ours(config):
        return {}
    entries = bls.read(root) if bls.uses(config) else []
    name = bls.default_name(config, saved)
    found: typing.Dict[str, typing.Any] = {"stale_entries": [entry.id for entry in entries if bls.missing(root, entry)]}
    if not bls.is_named(config, entries, name):
        found["default_unnamed"] = name
    chosen = bls.default(entries, name)
    if chosen is None:
        item = bls.default_item(bls.menu(config), name)
        absent = bls.gone(root, item.files) if item else []
        if absent:
            found["default_problem"] = f"of grub.cfg names {' and '.join(absent)}, and that is not there"
        return found
    gone = bls.missing(root, chosen)
    options = bls.expanded(chosen.options, dict(bls.shared_options(config), **saved))
    if gone:
        found["default_problem"] = f"{chosen.id} names {' and '.join(gone)}, and that is not there"
    elif not re.search(r"(^|\s)root=", options):
        found["default_problem"] = (
            f"{chosen.id} has no argument root=, for which grubenv or grub.cfg would have to care"
        )
    running = grub_menu.parse_command_line(_text(root, "proc/cmdline"))
    if not dict(running).get("osmigrate.entry"):
        found["pending"] = bls.pending(options, running)
    return found


def reads_elsewhere(root: str, grub: grubfiles.Grub) -> str:
    """Say why GRUB may read another grub.cfg than the one that was found, "" if nothing speaks for that.

    :param grub: grubfiles.Grub.
    """
    away = script.leads_away(_text("", grub.config))
    if away:
        return f"{grub.config} may leave for another menu, by {away}, before it reads custom.cfg"
    of_vendors = [path for path in grubfiles.on_esp(root) if os.path.basename(path).upper() != "BOOT"]
    if grub.directory in grubfiles.on_esp(root):  # GRUB was built to read the one beside itself
        return f"There are {' and '.join(of_vendors)}, each with a grub.cfg" if len(of_vendors) > 1 else ""
    others = [os.path.join(directory, "grub.cfg") for directory, _tool in grubfiles.places(root)]
    others = [path for path in others if os.path.isfile(path) and not os.path.samefile(path, grub.config)]
    found = [script.parse_stub(_text("", path)) for place in grubfiles.ESP_PLACES for path in _stubs(root, place)]
    stubs = [stub for stub in found if stub is not None]
    if not os.path.isdir(os.path.join(root, grubfiles.UEFI)) or not stubs:
        return f"There is {' and '.join(others)}, too" if others else ""
    here = script.Stub(_storage.filesystem(grub.directory).uuid, _storage.grub_path(grub.directory))
    if here in stubs:
        return ""
    return "The EFI system partition sends GRUB to {} of the file system {}".format(*reversed(stubs[0]))


def _stubs(root: str, place: str) -> typing.List[str]:
    return sorted(glob.glob(os.path.join(root, place.lstrip("/"), "EFI", "*", "grub.cfg")))


def tier_facts(root: str) -> typing.Dict[str, typing.Any]:
    """Describe where a trial can be counted: name of the tier, "" if nowhere, and the evidence."""
    try:
        block = grubfiles.find(root).block
    except FleetError as error:
        return {"name": boot_tier.NONE, "evidence": [error.problem]}
    tier = boot_tier.decide(boot_tier.probe(block), block)
    return {"name": tier.name, "evidence": tier.evidence}


def renderers(root: str, active: typing.Collection[str]) -> typing.List[str]:
    """Name what configures the network now.

    :param active: iterable of str, names of active services.
    :returns: list of str out of systemd-networkd, netplan, NetworkManager, ifupdown, ifcfg, dhcpcd, wicked, connman.
    """
    found = []
    if _any_file(root, "etc/netplan/*.yaml"):
        found.append("netplan")
    elif "systemd-networkd" in active and _any_file(
        root, "etc/systemd/network/*.network", "run/systemd/network/*.network"
    ):
        found.append("systemd-networkd")
    # What netplan asks of NetworkManager lies in /run; only what lies in /etc is its own.
    own = _any_file(root, "etc/NetworkManager/system-connections/*", "etc/sysconfig/network-scripts/ifcfg-*")
    if "NetworkManager" in active and (own or "netplan" not in found):
        found.append("NetworkManager")
    texts = [_text(root, "etc/network/interfaces")]
    texts += [_text("", path) for path in sorted(glob.glob(os.path.join(root, "etc/network/interfaces.d/*")))]
    if "networking" in active and has_interfaces("\n".join(texts)):
        found.append("ifupdown")
    if "network" in active and _any_file(root, "etc/sysconfig/network-scripts/ifcfg-*"):
        found.append("ifcfg")
    return found + [name for name in ("dhcpcd", "wicked", "connman") if name in active]


def has_interfaces(text: str) -> bool:
    """Say whether ifupdown's configuration has an interface beside the loopback."""
    return any(name != "lo" for name in re.findall(r"^\s*iface\s+(\S+)", text, re.MULTILINE))


def _kubelet_facts(root: str, service: typing.Dict[str, typing.Any]) -> typing.Dict[str, typing.Any]:
    version = run(["kubelet", "--version"], check=False).stdout if _has_program("kubelet") else ""
    arguments = _bytes(root, f"proc/{service['pid']}/cmdline").decode("utf-8", "replace").split("\0")
    config = _text(root, flag(arguments, "--config") or KUBELET_CONFIG)
    return {
        "active": service["active"],
        "version": version.split()[-1] if version.split() else "",
        "volume_plugin_dir": flag(arguments, "--volume-plugin-dir") or volume_plugin_dir(config),
        "cgroup_driver": flag(arguments, "--cgroup-driver") or setting(config, "cgroupDriver"),
        "endpoint": endpoint(arguments, config),
    }


def endpoint(arguments: typing.List[str], config: str) -> str:
    """Return where the kubelet finds its runtime; up to 1.23 docker needed none, and was what was taken by itself."""
    named = flag(arguments, "--container-runtime-endpoint") or setting(config, "containerRuntimeEndpoint")
    return named or (DOCKERSHIM if flag(arguments, "--container-runtime") == "docker" else "")


def setting(config: str, name: str) -> str:
    """Return what a kubelet configuration (YAML or JSON) has for one of its keys that holds a text, "" for nothing."""
    found = re.search(rf"""^\s*["']?{name}["']?[ \t]*:[ \t]*["']?([^"'#,\n]+)""", config, re.MULTILINE)
    return found.group(1).strip() if found else ""


def flag(arguments: typing.List[str], name: str) -> str:
    """Return the value of a command line flag, written as one word or two; "" if it is not there."""
    for position, word in enumerate(arguments):
        if word.startswith(name + "="):
            return word[len(name) + 1 :]
        if word == name and position + 1 < len(arguments):
            return arguments[position + 1]
    return ""


def volume_plugin_dir(config: str) -> str:
    """Return what a kubelet configuration (YAML or JSON) says, else the built-in default."""
    return setting(config, "volumePluginDir") or VOLUME_PLUGIN_DIR


def _runtime_facts(
    root: str, asked: str, services: typing.Dict[str, typing.Dict[str, typing.Any]]
) -> typing.Dict[str, str]:
    name = runtime_name(asked, [name for name in RUNTIMES if services[name]["active"]])
    program = "dockerd" if name == "docker" else name
    said = run([program, "--version"], check=False).stdout if name and _has_program(program) else ""
    found = re.search(r"\d+\.\d+\S*", said)
    driver = systemd_cgroup(_text(root, CONTAINERD_CONFIG)) if name == "containerd" else ""
    return {"name": name, "version": found.group(0).rstrip(",") if found else "", "cgroup_driver": driver}


def runtime_name(asked: str, active: typing.List[str]) -> str:
    """Say which runtime the kubelet speaks to: where docker runs, a containerd of its own does, too.

    :param asked: str, the kubelet's endpoint.
    :param active: list of str, those of RUNTIMES that run.
    """
    for word, name in (("docker", "docker"), ("crio", "crio"), ("containerd", "containerd")):
        if word in asked:
            return name
    return active[0] if active else ""


def systemd_cgroup(config: str) -> str:
    """Return the cgroup driver that a containerd's configuration names, "" where it names none."""
    found = re.findall(r"(?mi)^\s*systemd_?cgroup\s*=\s*(true|false)\b", config)
    return "" if not found else "systemd" if "true" in found else "cgroupfs"


def unlabelled(root: str) -> typing.List[str]:
    """Return the directories that have no label of SELinux's policy, where SELinux is at work."""
    if not _text(root, SELINUX_MODE):
        return []
    return [path for path in LABELLED if os.path.exists(os.path.join(root, path[1:])) and _lacks_label(root, path)]


def _lacks_label(root: str, path: str) -> bool:
    try:
        label = os.getxattr(os.path.join(root, path.lstrip("/")), "security.selinux")
    except OSError:
        return True
    return any(kind in label for kind in (b":unlabeled_t", b":file_t"))


def _has_program(name: str) -> bool:
    return any(os.access(os.path.join(directory, name), os.X_OK) for directory in SEARCH_PATH.split(":"))


def _any_file(root: str, *patterns: str) -> bool:
    return any(glob.glob(os.path.join(root, pattern)) for pattern in patterns)


def _bytes(root: str, path: str) -> bytes:
    return _storage.read_bytes(os.path.join(root, path.lstrip("/")) if root else path)


def _text(root: str, path: str) -> str:
    return _bytes(root, path).decode("utf-8", "replace")
