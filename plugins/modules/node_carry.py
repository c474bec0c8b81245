#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: node_carry
short_description: Carry a node's identity, configuration and data into its candidate
version_added: 0.1.0
description:
  - Plans what the candidate shall have from the running system, and brings the candidate's C(/etc) and its
    C(/var) to that. Nothing of the running system is modified.
  - Data is not copied. The candidate mounts the directories of the running root where it needs them.
  - Where what wrote the candidate has merged C(/etc) into it, as OSTree does from one release to the next, only what it
    cannot know is added.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
    details:
      - Of a file it shows that it differs by size, mode and owner. It shows the content only of files that can hold no
        secret and that everybody may read.
  idempotent:
    support: full
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
options:
  root:
    description: The candidate, as the module that staged it returned it. For OSTree that is
      RV(osmigrate.fleet.ostree_candidate#module:root).
    type: dict
    required: true
    suboptions:
      backend:
        description: What wrote it.
        type: str
        required: true
      path:
        description: Where it is.
        type: path
        required: true
      var:
        description: The directory that will be its C(/var).
        type: path
        required: true
      kernel:
        description: Its kernel.
        type: path
        required: true
      initrd:
        description: Its initramfs.
        type: path
        required: true
      devicetree:
        description: Its device tree, empty for that of the firmware.
        type: str
        default: ""
      root_uuid:
        description: UUID of the file system that the kernel mounts.
        type: str
        required: true
      boot_uuid:
        description: UUID of the file system of kernel and initramfs.
        type: str
        required: true
      arguments:
        description: Arguments by which the kernel finds it.
        type: list
        elements: str
        required: true
      pristine:
        description: Where it has the release's own C(/etc), as nobody has changed it.
        type: path
        required: true
      incumbent_at:
        description: Where it will see the root of the system that runs now.
        type: path
        required: true
      mounts:
        description: Lines of C(fstab) by which that gets there, if its initramfs does not see to it.
        type: list
        elements: str
        default: []
      var_mount:
        description: The line of C(fstab) by which O(root.var) becomes its C(/var), empty if it needs none.
        type: str
        default: ""
      etc_merged:
        description: Whether what wrote it has merged C(/etc) of the running system into its own already.
        type: bool
        required: true
      sealed:
        description: Whether it is an image, in which nothing can be made outside its C(/etc) and O(root.var).
        type: bool
        default: false
  extra_paths:
    description: Files and directories of C(/etc) to carry as they are, beside what the rules take.
    type: list
    elements: str
    default: []
  kernel_arguments:
    description:
      - Arguments of the kernel that the candidate's entry gets besides,
        O(osmigrate.fleet.ostree_candidate#module:kernel_arguments). They are only looked at, to say what of the running
        ones is not carried.
    type: list
    elements: str
    default: []
  deadman_seconds:
    description:
      - Time that a trial of the candidate has until it is confirmed, counted from the start of its kernel. After that
        it reboots into the system that is the default.
      - A node whose last boots took long gets more, up to O(deadman_most); RV(deadman_seconds) says how much.
      - V(0) for no such limit.
    type: int
    default: 0
  deadman_most:
    description:
      - The most that O(deadman_seconds) may become, which is ten times what the longest of the node's last boots took,
        and half of O(deadman_seconds) besides. What is less than O(deadman_seconds) changes nothing.
    type: int
    default: 0
  health_timeout:
    description: Seconds that one run of a health check of the operator's may take on the candidate.
    type: int
    default: 60
  health_deadline:
    description:
      - Time that the required health checks of a trial have until all of them have passed, counted from their start.
        After that the candidate reboots into the system that is the default. Has to be less than O(deadman_seconds).
      - The checks are executable files in C(required.d) and C(wanted.d) below C(/etc/osmigrate/health), which is
        carried, and below C(/usr/lib/osmigrate/health) of the release.
      - V(0) for no checks.
    type: int
    default: 0
  accepted:
    description: Keys of RV(findings) that the operator accepts. Those of other findings are not looked at.
    type: list
    elements: str
    default: []
seealso:
  - module: osmigrate.fleet.ostree_candidate
  - module: osmigrate.fleet.boot_trial
"""

EXAMPLES = r"""
- name: Let the candidate be the same node
  osmigrate.fleet.node_carry:
    root: "{{ candidate.root }}"
    extra_paths:
      - /etc/node-agent
    deadman_seconds: 900
    deadman_most: 3600
    health_deadline: 300
  register: carry

- name: Name what was not carried
  ansible.builtin.debug:
    msg: "{{ carry.unknown }}"
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [create /etc/hostname, replace /etc/fstab]
plan:
  description: Everything that the candidate has from the running system, done now or earlier. Holds no content.
  returned: success
  type: list
  elements: dict
  contains:
    target:
      description: Path on the candidate.
      type: str
      sample: /etc/hostname
    source:
      description: Where it comes from on the running system; empty for what is new.
      type: str
    rule:
      description: The area whose rule took it.
      type: str
      sample: identity
    action:
      description:
        - What it means for the release's own C(/etc), one of V(create), V(replace), V(remove), V(link), V(mkdir),
          V(bind) and V(line).
      type: str
    digest:
      description: SHA-256 of the content, of the link's target or of the line; empty for directories.
      type: str
    lost:
      description: What does not come along, empty if nothing is lost.
      type: str
unknown:
  description:
    - What an administrator made under C(/etc) or among the files of the system in C(/usr), and no rule took.
    - Arguments of the kernel that no rule knows.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, a directory with its slash, or an argument after the file that has it.
      type: str
      sample: /usr/libexec/agent/
    reason:
      description:
        - V(unowned) if no package brought it, V(modified) for a changed file of a package.
        - Of an argument V(unknown), or V(not running) if it is configured and the kernel was not started with it.
      type: str
left:
  description: What stays behind on purpose.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file, or the line of a file.
      type: str
    reason:
      description: Why.
      type: str
collisions:
  description: Names whose numbers differ between both systems and that own shared files, or that could not be carried.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(user) or V(group).
      type: str
    name:
      description: The name.
      type: str
    incumbent:
      description: Its number on the running system.
      type: int
    candidate:
      description: Its number on the candidate; null if it does not exist there.
      type: int
    detail:
      description: What that means.
      type: str
    example:
      description: One of the files.
      type: str
    files:
      description: How many there are.
      type: int
network:
  description: How the network is carried, and by which names its devices will be known.
  returned: when a package-managed system runs
  type: dict
  contains:
    incumbent:
      description: The systems that configure it now.
      type: list
      elements: str
      sample: [ifupdown]
    candidate:
      description: The system that configures it on the candidate, empty if none is known to.
      type: str
      sample: systemd-networkd
    rendered:
      description: Those of RV(network.incumbent) whose files are written anew; those of the others come as they are.
      type: list
      elements: str
    names_predicted_by:
      description: Who foretold the names, empty if nobody could; what is written anew goes by MAC addresses anyway.
      type: str
      sample: udev of the candidate
    names:
      description: The devices with hardware.
      type: list
      elements: dict
      contains:
        name:
          description: Its name now.
          type: str
        mac:
          description: Its permanent MAC address.
          type: str
        predicted:
          description: Its name on the candidate if nothing kept the old one, empty if that is not known.
          type: str
        kept_for:
          description: The file that names it, for which it keeps its name; empty if it does not have to.
          type: str
        detail:
          description: What may go wrong with that, empty for nothing.
          type: str
    lost:
      description: What the files say that could not be written anew, each with its file.
      type: list
      elements: str
    undeclared:
      description: Addresses and routes that no file asks for. Whatever made them has to make them again.
      type: list
      elements: str
ids:
  description: Every number that owns shared files, and what becomes of it. Files of containers are not looked at.
  returned: success
  type: list
  elements: dict
  contains:
    kind:
      description: V(user) or V(group).
      type: str
    name:
      description: Its name on the running system, empty if it has none.
      type: str
    incumbent:
      description: The number.
      type: int
    candidate:
      description: The number of that name on the candidate; null if there is none.
      type: int
    decision:
      description: V(keep), or V(collision) where the files belong to another name on the candidate, or to none.
      type: str
    detail:
      description: What that means.
      type: str
    example:
      description: One of the files.
      type: str
    files:
      description: How many there are.
      type: int
findings:
  description:
    - What the plan means for the node, the worst first. Many things of one kind are one finding.
    - Also what the release's own programs say of the candidate once it has all of the plan. In check mode they are
      asked about a copy of its C(/etc) that has it, in memory.
  returned: success, and where an inhibitor stops the node
  type: list
  elements: dict
  contains:
    key:
      description: Name of the finding, which never changes.
      type: str
      sample: carry-unknown
    severity:
      description: One of V(info), V(low), V(medium), V(high) and V(inhibitor).
      type: str
    title:
      description: What it is about.
      type: str
    detail:
      description: What was found on this node.
      type: str
    remedy:
      description: What can be done.
      type: str
    acceptable:
      description: Whether an operator may accept it.
      type: bool
    accepted:
      description: Whether the operator accepts it.
      type: bool
inhibitors:
  description: Keys of the findings that stop the node.
  returned: success, and where an inhibitor stops the node
  type: list
  elements: str
deadman_seconds:
  description: What a trial of the candidate has until it is confirmed, in seconds, V(0) for no limit.
  returned: success
  type: int
searched:
  description: The search for owners of shared files.
  returned: success
  type: dict
  contains:
    entries:
      description: How many files and directories were looked at.
      type: int
    complete:
      description: Whether that was all of them.
      type: bool
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends.contract import Root
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import timing
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import judges, model, network, plan, rehearsal
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import SEVERITIES
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply, silent
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import names
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import state
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import carried, facts, findings
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending, fence

ROOT = dict(
    backend=dict(type="str", required=True),
    path=dict(type="path", required=True),
    var=dict(type="path", required=True),
    kernel=dict(type="path", required=True),
    initrd=dict(type="path", required=True),
    devicetree=dict(type="str", default=""),
    root_uuid=dict(type="str", required=True),
    boot_uuid=dict(type="str", required=True),
    arguments=dict(type="list", elements="str", required=True),
    pristine=dict(type="path", required=True),
    incumbent_at=dict(type="path", required=True),
    mounts=dict(type="list", elements="str", default=[]),
    var_mount=dict(type="str", default=""),
    etc_merged=dict(type="bool", required=True),
    sealed=dict(type="bool", default=False),
)
CARRYING = "The node cannot be moved with what it carries"
UNTOUCHED = "Nothing was written into the candidate"


def carry(
    incumbent: str,
    root: Root,
    mount_points: typing.Iterable[str],
    params: typing.Dict[str, typing.Any],
    check_mode: bool,
    live: typing.Optional[network.Live] = None,
    unanswering: typing.Iterable[str] = (),
) -> typing.Dict[str, typing.Any]:
    """Plan and, unless in check mode, apply.

    :param incumbent: str, root of the running system.
    :param root: Root of the candidate.
    :param mount_points: list of str, what is mounted on the running system.
    :param live: network.Live, what runs on its network; None where that is not known.
    :param unanswering: list of str, what is mounted and does not answer.
    :returns: dict, the result of the module.
    """
    examine(incumbent, root)
    deadman = timing.trial_seconds(timing.last_boots(), params["deadman_seconds"], params["deadman_most"])
    limits = ending.Limits(deadman, params["health_timeout"], params["health_deadline"])
    ending.check(limits)
    situation = model.open_situation(incumbent, root, mount_points, live, unanswering)
    if root.etc_merged:
        made = plan.make_missing(situation, limits)
    else:
        made = plan.make(situation, params["extra_paths"], limits, params["kernel_arguments"])
    found = carried.examine(made, params["accepted"])
    stopped = findings.inhibitors(found)
    if stopped:
        refused = findings.refusal(CARRYING, found, stopped, UNTOUCHED)
        refused.result = dict(changed=False, findings=found, inhibitors=stopped)
        raise refused
    changes = apply.compare(made.items, situation, root.var)
    result = dict(
        changed=bool(changes),
        actions=apply.actions(changes),
        diff=apply.differences(changes),
        plan=plan.describe(situation, made),
        left=[{"path": left.path, "reason": left.reason} for left in made.left],
        unknown=made.unknown,
        collisions=made.collisions,
        ids=made.ids,
        findings=found,
        inhibitors=stopped,
        searched=made.searched,
        deadman_seconds=deadman,
    )
    if live is not None and not root.etc_merged:
        result["network"] = network.describe(situation)
    if check_mode and changes:
        with rehearsal.of(situation, made.items) as seen:
            result.update(ask_programs(seen, params, result, UNTOUCHED))
    else:
        apply.perform(changes, root.path)
        result.update(ask_programs(situation, params, result, apply.LEFT))
    return result


def ask_programs(
    situation: model.Situation, params: typing.Dict[str, typing.Any], result: typing.Dict[str, typing.Any], left: str
) -> typing.Dict[str, typing.Any]:
    """Ask the release's own programs about the candidate, which has all of the plan.

    :param result: dict, the result of the module so far.
    :param left: str, the state of the candidate.
    :returns: dict, what becomes otherwise in it.
    :raises FleetError: they have found what stops the node.
    """
    asked = carried.judged(judges.ask(situation), params["accepted"])
    found = sorted(result["findings"] + asked, key=lambda one: -SEVERITIES.index(one["severity"]))
    stopped = findings.inhibitors(found)
    if findings.inhibitors(asked):
        refused = findings.refusal(CARRYING, asked, stopped, left)
        refused.result = dict(changed=result["changed"], findings=found, inhibitors=stopped)
        raise refused
    return dict(findings=found, inhibitors=stopped)


def examine(incumbent: str, root: Root) -> None:
    """Refuse what is not a candidate.

    :param root: Root.
    :raises FleetError: it is none, or it is what runs now.
    """
    for directory in (root.path + root.pristine, root.path + "/etc", root.var):
        if not os.path.isdir(directory):
            raise FleetError(
                f"{root.path} is not a complete candidate: {directory} is not there", todo="Stage the release first"
            )
    if os.path.samefile(root.path, incumbent):
        raise FleetError(f"{root.path} is what runs now, not a candidate", todo="Stage another release first")


def look_at_network(root: Root) -> network.Live:
    """Return network.Live of the running system, and of how the candidate will call its devices."""
    found = state.parse(state.ask())
    command_line = Tree("/").text("/proc/cmdline")
    predicted = names.predict(root.path, Tree(root.path), found.links.values(), command_line)
    return network.Live(found, facts.renderers("/", facts.active_services()), predicted)


def foreign_mounts(mounted: typing.List[_storage.Mount]) -> typing.List[str]:
    """Return where something else than the root's own directory of that name is seen.

    :param mounted: list of Mount.
    :returns: list of str.
    """
    root = _storage.mount_of("/", mounted)
    return [mount.target for mount in mounted if (mount.number, mount.root) != (root.number, mount.target)]


def main() -> None:
    module = FleetModule(
        argument_spec=dict(
            root=dict(type="dict", required=True, options=ROOT),
            extra_paths=dict(type="list", elements="str", default=[]),
            kernel_arguments=dict(type="list", elements="str", default=[]),
            deadman_seconds=dict(type="int", default=0),
            deadman_most=dict(type="int", default=0),
            health_timeout=dict(type="int", default=60),
            health_deadline=dict(type="int", default=0),
            accepted=dict(type="list", elements="str", default=[]),
            **fence.ARGUMENT_SPEC,
        ),
        supports_check_mode=True,
    )
    with failing(module, apply.LEFT), fence.guarded(module):
        root = Root(**module.params["root"])
        mounted = _storage.mounts()
        live = look_at_network(root)
        places = foreign_mounts(mounted)
        result = carry("/", root, places, module.params, module.check_mode, live, silent.find(mounted))
    if not module._diff:
        del result["diff"]
    answer(module, **result)


if __name__ == "__main__":
    main()
