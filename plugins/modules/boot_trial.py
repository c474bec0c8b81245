#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: boot_trial
short_description: Put a boot entry on trial, and decide on it
version_added: 0.1.0
description:
  - Owns the boot menu of this collection and the environment block that says which entry boots.
  - While a trial is armed the incumbent stays the default, so that whatever happens to the candidate, the next boot
    after it is the incumbent's.
  - Nothing but O(state=armed) and O(state=confirmed) changes what a plain reboot boots.
extends_documentation_fragment:
  - osmigrate.fleet.answer
  - osmigrate.fleet.attributes
  - osmigrate.fleet.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
  platform:
    platforms: linux
options:
  state:
    description:
      - V(staged) writes O(entry) into the menu, where it is inert.
      - V(armed) lets the next boots be trials of O(name). Before that it keeps what there is of the network, in
        C(/boot/osmigrate/network.json), which both systems see and which outlives the controller. Interfaces of
        containers, CNI plugins and the like do not count.
      - V(confirmed) makes O(name), which must be running, the default. Before that it compares the network with what
        was kept, and fails where an address is gone by which Kubernetes knows the node.
      - V(reverted) calls the trial off; the default stays what it was.
      - V(drilled) calls a drill of O(name) off that came home by itself, and notes that the way back works. It compares
        the network as V(confirmed) does.
      - V(repaired) brings record, environment block and menu to where they say the same, as
        RV(osmigrate.fleet.boot_info#module:contradictions) has it; what a plain reboot boots stays what it is.
    type: str
    required: true
    choices: [staged, armed, confirmed, reverted, drilled, repaired]
  entry:
    description: The boot entry, as the module that staged the candidate returned it. For OSTree that is
      RV(osmigrate.fleet.ostree_candidate#module:entry).
    type: dict
    suboptions:
      id:
        description: Its id, name and version of the release joined by a dash.
        type: str
        required: true
      title:
        description: Its line in the menu.
        type: str
        required: true
      kernel:
        description: The kernel, as GRUB sees it on O(entry.boot_uuid).
        type: str
        required: true
      initrd:
        description: The initramfs, as GRUB sees it on O(entry.boot_uuid).
        type: str
        required: true
      devicetree:
        description: The device tree, as GRUB sees it, if not that of the firmware.
        type: str
      options:
        description: The kernel command line, without the arguments of a trial.
        type: str
        required: true
      root_uuid:
        description: UUID of the file system that the kernel mounts.
        type: str
        required: true
      boot_uuid:
        description: UUID of the file system of kernel and initramfs.
        type: str
        required: true
      backend:
        description: What wrote it.
        type: str
        required: true
      root:
        description: Path of what it boots.
        type: str
        required: true
      commit:
        description: What the release is pinned to.
        type: str
        required: true
      digests:
        description: SHA-256 of C(kernel) and C(initrd), in hex.
        type: dict
        required: true
      release:
        description: C(name), C(version), C(created), C(serial) and C(signed_by) of the release.
        type: dict
        required: true
  name:
    description: Id of the entry; V(package) is the package-managed root.
    type: str
  tries:
    description: How many boots the trial may take. One that is not started by GRUB takes one, whatever is said here.
    type: int
    choices: [1, 2, 3]
    default: 1
  method:
    description:
      - With O(state=armed), how the trial is started. V(firmware) reboots through the firmware and GRUB. V(kexec)
        starts the kernel of a release without them, which saves what they take, and fails where the running system
        cannot.
      - V(soft) lets the kernel run on and starts the root of a release by a soft-reboot of systemd, the least of all.
        It fails where the release has another kernel, or is to be started with other arguments of it, where either
        systemd is older than 255, where only its initramfs can put its root together, and where its trial has no
        deadman. With O(state=staged) it fails there, too, when the entry is in the menu.
      - V(auto) is V(kexec) where nothing is known to speak against it. That is a kernel that is locked down, drivers
        whose devices may need a reset, and a default that came by kexec itself and was not booted by GRUB since. It is
        never V(soft).
      - A trial of the package-managed system is started through the firmware. Where the tier of
        RV(osmigrate.fleet.boot_info#module:tier) is V(kexec), every trial is started by it, whatever is said here.
    type: str
    choices: [auto, firmware, kexec, soft]
    default: firmware
    version_added: 1.0.0
  addresses:
    description:
      - With O(state=armed), the addresses by which Kubernetes knows the node, those of type C(InternalIP) of the Node
        object. Those that the node does not have itself do not count.
      - If empty, the addresses from which the node speaks by default.
    type: list
    elements: str
    default: []
    version_added: 1.0.0
  boot_id:
    description:
      - With O(state=armed), the boot id that the Node object shows, as M(osmigrate.fleet.k8s_node_last_look) returned
        it. A machine that runs another boot is refused, because it is another one, or has rebooted since. If empty,
        nothing is compared.
    type: str
    default: ""
    version_added: 1.0.0
  firmware_within:
    description:
      - With O(state=armed), for how many seconds GRUB may not have booted the default, since kexec or a soft-reboot
        started it. After that the trial goes through the firmware, whatever O(method) says. V(0) is no limit.
    type: int
    default: 0
    version_added: 1.0.0
  rollout:
    description: Id of the rollout, kept in the node's record.
    type: str
    default: ""
  node:
    description: Name of the Node object, kept in the node's record.
    type: str
    default: ""
  purpose:
    description:
      - With O(state=armed), what the trial is for. A V(drill) is meant to fall back, and is not counted as failed when
        it is reverted without O(reason).
      - With O(state=staged), what O(entry) was prepared for.
    type: str
    choices: [move, drill]
    default: move
  deadman_seconds:
    description:
      - With O(state=staged), the seconds after which the deadman of O(entry) ends a trial, V(0) if there is none, as
        RV(osmigrate.fleet.node_carry#module:deadman_seconds) says.
      - The initramfs of a trial gets ten times as long to find its root as that took in the last boots of the node, 300
        seconds at least, and no longer than this.
    type: int
    default: 0
  revoked:
    description:
      - With O(state=armed) and O(state=confirmed), what the operator has withdrawn, as
        O(osmigrate.fleet.release_info#module:revoked). An entry that is, or whose signers all are, is refused.
    type: list
    elements: str
    default: []
  run:
    description:
      - The run that asks, as M(osmigrate.fleet.k8s_node_lease) returned it as C(holder). It is kept with the trial that
        it arms, and what another run has armed it neither confirms nor reverts, unless O(fence) says that it has taken
        the node over since.
      - Empty for a person who runs the module by hand.
    type: str
    default: ""
  reason:
    description: With O(state=reverted), why; what the verdict says if empty.
    type: str
    default: ""
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.boot_info
  - module: osmigrate.fleet.ostree_candidate
"""

EXAMPLES = r"""
- name: Put the candidate into the boot menu
  osmigrate.fleet.boot_trial:
    state: staged
    entry: "{{ candidate.entry }}"

- name: Let the next boot be a trial of the candidate
  osmigrate.fleet.boot_trial:
    state: armed
    name: debian-13-13.1
    rollout: "2026-11"
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
reboot_required:
  description: Whether what runs now is a trial that was called off, so that the node has to go home by a reboot.
  returned: success
  type: bool
deadman_seconds:
  description: After how many seconds the trial that is armed ends unless it is confirmed, V(0) if nothing ends it.
  returned: success
  type: int
method:
  description:
    - How the trial that is under way is or was started, V(firmware), V(kexec) or V(soft); empty without one.
  returned: success
  type: str
  version_added: 1.0.0
needs:
  description:
    - What O(name), or O(entry), needs to run instead of what runs. That is V(reboot) where its kernel or the arguments
      of that are others, V(soft) where only the root is another, so that a soft-reboot would do, V(none) where it
      runs already; empty of what is not staged, and without either option.
  returned: success
  type: str
  sample: soft
  version_added: 1.0.0
firmware_due:
  description: As RV(osmigrate.fleet.boot_info#module:firmware_due).
  returned: success
  type: dict
  version_added: 1.0.0
not_whole:
  description: As RV(osmigrate.fleet.boot_info#module:not_whole).
  returned: success
  type: list
  elements: str
  version_added: 1.0.0
network_differences:
  description:
    - For O(state=confirmed) and O(state=drilled), what is different of the network from what was kept; empty otherwise.
      Also when the module failed because an address is gone.
  returned: success
  type: list
  elements: dict
  version_added: 1.0.0
  contains:
    interface:
      description: Name of the interface, as it was.
      type: str
      sample: ens3
    what:
      description:
        - What of it is different, one of V(interface), V(name), V(addresses), V(mtu), V(up), V(gateways) and
          V(client_id), by which it speaks to DHCP.
      type: str
    before:
      description: What it was, empty for nothing.
      type: str
    after:
      description: What it is, empty for nothing.
      type: str
boot_id:
  description: The kernel's boot id at this time.
  returned: success
  type: str
drills:
  description: As RV(osmigrate.fleet.boot_info#module:drills).
  returned: success
  type: dict
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import method
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot.menu import TRIES_MAX
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import ANSWER_SPEC, FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot as open_boot, network
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import fence
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.control import BootControl
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial.record import DRILL, MOVE

ENTRY = {
    **dict.fromkeys(
        ("id", "title", "kernel", "initrd", "options", "root_uuid", "boot_uuid", "backend", "root", "commit"),
        {"type": "str", "required": True},
    ),
    "devicetree": {"type": "str"},
    "digests": {"type": "dict", "required": True},
    "release": {"type": "dict", "required": True},
}
ARGUMENT_SPEC: typing.Dict[str, typing.Any] = {
    "state": {
        "type": "str",
        "required": True,
        "choices": ["staged", "armed", "confirmed", "reverted", "drilled", "repaired"],
    },
    "entry": {"type": "dict", "options": ENTRY},
    "name": {"type": "str"},
    "tries": {"type": "int", "default": 1, "choices": list(range(1, TRIES_MAX + 1))},
    "addresses": {"type": "list", "elements": "str", "default": []},
    "boot_id": {"type": "str", "default": ""},
    "rollout": {"type": "str", "default": ""},
    "node": {"type": "str", "default": ""},
    "purpose": {"type": "str", "choices": [MOVE, DRILL], "default": MOVE},
    "method": {"type": "str", "choices": method.WANTED, "default": method.FIRMWARE},
    "firmware_within": {"type": "int", "default": 0},
    "reason": {"type": "str", "default": ""},
    "deadman_seconds": {"type": "int", "default": 0},
    "revoked": {"type": "list", "elements": "str", "default": []},
    "run": {"type": "str", "default": ""},
    **ANSWER_SPEC,
    **fence.ARGUMENT_SPEC,
}


def apply(boot: BootControl, params: typing.Dict[str, typing.Any]) -> typing.List[str]:
    """Bring the node to the state that params name.

    :param boot: BootControl.
    :param params: dict, the module's parameters.
    :returns: list of str, the actions taken.
    """
    if params["state"] == "staged":
        entry = {name: value for name, value in params["entry"].items() if value is not None}
        actions = boot.stage(entry, params["purpose"], params["deadman_seconds"])
        if params["method"] == method.SOFT and entry["id"] in boot.state["entries"]:
            boot.refuse_soft(entry["id"], "It is in the boot menu, where it is inert, and the node serves on as it did")
        return actions
    if params["state"] in ("armed", "confirmed"):
        boot.refuse_revoked(params["name"], params["revoked"])
    if params["state"] == "armed":
        require_boot(boot, params["boot_id"], params["node"])
        asked = [params[name] for name in ("name", "tries", "rollout", "node", "purpose")]
        asked.append(method.FIRMWARE if boot.firmware_overdue(params["firmware_within"]) else params["method"])
        return network.keep(params["addresses"], boot.check_mode) + boot.arm(*asked)
    if params["state"] == "confirmed":
        return boot.confirm(params["name"])
    if params["state"] == "drilled":
        return boot.drilled(params["name"])
    if params["state"] == "repaired":
        return boot.repair()
    return boot.revert(params["reason"])


def require_boot(boot: BootControl, wanted: str, node: str) -> None:
    """Refuse a machine that runs another boot than the Node object shows.

    :param wanted: a boot id, "" for any.
    :param node: name of the Node object, for the message.
    :raises FleetError: it does.
    """
    if wanted and wanted != boot.boot_id:
        raise FleetError(
            f"The machine that answers is not node {node}, or has rebooted just now: its boot id is {boot.boot_id}, "
            f"and the Node object says {printable(wanted, 80)}",
            "No trial was armed, and it was not rebooted",
            "Correct the host's address (ansible_host), or see what rebooted it, then run the same command again",
        )


def differences(params: typing.Dict[str, typing.Any]) -> typing.List[typing.Dict[str, str]]:
    """Compare the network with what was kept, where the node stays what it runs now.

    :raises FleetError: an address is gone by which Kubernetes knows the node.
    """
    return network.compare() if params["state"] in ("confirmed", "drilled") else []


def result(
    boot: BootControl,
    actions: typing.List[str],
    name: str = "",
    network_differences: typing.Sequence[typing.Dict[str, str]] = (),
) -> typing.Dict[str, typing.Any]:
    """Return what RETURN documents, as dict.

    :param actions: what apply() returned.
    :param name: id of the entry that it is about, "" for none.
    :param network_differences: what differences() returned.
    """
    return {
        "changed": bool(actions),
        "actions": actions,
        "reboot_required": boot.called_off(),
        "deadman_seconds": boot.deadman_seconds(),
        "method": (boot.state["trial"] or {}).get("method", ""),
        "needs": boot.need(name).word if name in boot.state["entries"] else "",
        "firmware_due": boot.firmware_due(),
        "not_whole": boot.not_whole(),
        "network_differences": list(network_differences),
        "boot_id": boot.boot_id,
        "drills": boot.state["drills"],
    }


def summary(boot: BootControl) -> typing.Dict[str, typing.Any]:
    """Return what a diff shows, as dict."""
    trial = boot.state["trial"]
    return {
        "default": boot.default_entry(),
        "trial": trial["entry"] if trial else "",
        "block": boot.block or {},
        "entries": sorted(boot.state["entries"]),
        "failed": sorted(boot.state["failed"]),
    }


def main() -> None:
    module = FleetModule(
        argument_spec=ARGUMENT_SPEC,
        required_if=[
            ("state", "staged", ["entry"]),
            ("state", "armed", ["name"]),
            ("state", "confirmed", ["name"]),
            ("state", "drilled", ["name"]),
        ],
        supports_check_mode=True,
    )
    with failing(module), fence.guarded(module):
        boot = open_boot.control(module.check_mode, module.params["run"], module.params["fence"])
        before = summary(boot)
        name = (module.params["entry"] or {}).get("id") or module.params["name"] or ""
        compared = differences(module.params)
        answer = result(boot, apply(boot, module.params), name, compared)
    if module._diff:
        answer["diff"] = {"before": before, "after": summary(boot)}
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
