#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: boot_info
short_description: What a node boots, and what became of its trial
version_added: 0.1.0
description:
  - Reads the boot entries of this collection, GRUB's environment block and the record under C(/boot/osmigrate).
  - Judges the last trial from what really runs, not from what an earlier run believed.
extends_documentation_fragment:
  - osmigrate.fleet.answer
  - osmigrate.fleet.attributes
  - osmigrate.fleet.attributes.info
attributes:
  platform:
    platforms: linux
options:
  verify:
    description:
      - Id of an entry that the node is to boot. All that it boots is read and compared with what was written, as far as
        its backend can, and the module fails where it differs. That may take minutes, so ask it while the node serves.
    type: str
    default: ""
    version_added: 1.0.0
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.boot_trial
"""

EXAMPLES = r"""
- name: Look at what the node boots
  osmigrate.fleet.boot_info:
  register: boot
"""

RETURN = r"""
booted:
  description: What runs now.
  returned: always
  type: dict
  contains:
    entry:
      description: Id of the boot entry, V(package) for the package-managed root, empty for one that is not ours.
      type: str
      sample: debian-13-13.1
    boot_id:
      description: The kernel's boot id.
      type: str
    kernel:
      description: Release of the running kernel.
      type: str
    os:
      description: Name of the operating system.
      type: str
      sample: Debian GNU/Linux 12 (bookworm)
    commit:
      description: The commit of that entry, empty where it has none.
      type: str
    trial:
      description: Whether this boot is a trial.
      type: bool
boot_seconds:
  description:
    - Where the seconds of this boot went, as far as systemd knows, in their order. C(firmware) and C(loader) are only
      known where both tell it. C(until kubelet) is from the start of the system until the kubelet ran.
  returned: success
  type: dict
  sample: {kernel: 5.5, initramfs: 12.1, until kubelet: 31.4}
kubelet_since:
  description:
    - Since when the kubelet of a trial runs that a soft-reboot has started, in seconds since 1970 by the node's clock;
      V(0) of all other boots. The boot id does not tell what the kubelet of the system before has said.
  returned: success
  type: int
  version_added: 1.0.0
default:
  description: Id of the entry that a plain reboot boots when no trial is armed.
  returned: always
  type: str
  sample: package
laid_out:
  description:
    - Backends for which the node's disk was laid out, such as V(slots) for one with a partition C(ROOT-B) or a layout
      file. Whether it can be used so, M(osmigrate.fleet.node_preflight) says.
  returned: always
  type: list
  elements: str
block:
  description: State of the environment block.
  returned: always
  type: dict
  contains:
    usable:
      description: Whether GRUB can use it.
      type: bool
    problem:
      description: Why it cannot, empty otherwise.
      type: str
machine:
  description: By what this machine is known, whatever address it was reached by.
  returned: success
  type: dict
  contains:
    machine_id:
      description: Its machine id, empty if it has none.
      type: str
    addresses:
      description: Its addresses, but for those of a link and of itself.
      type: list
      elements: str
tier:
  description: Where a trial is counted on this node, and why there.
  returned: always
  type: dict
  contains:
    name:
      description: V(block), V(esp-block) or V(kexec), empty where nothing is possible.
      type: str
      sample: block
    evidence:
      description: What was found when the menu was first written, or now if it never was, as short sentences.
      type: list
      elements: str
    block:
      description: Path of the environment block.
      type: str
      sample: /boot/grub/osmigrate.env
entries:
  description:
    - The boot entries of this collection by id. C(changed) of one has what its trial tries, other kernel arguments say,
      while it is the default or runs as it was confirmed.
  returned: always
  type: dict
trial:
  description: The trial that is under way or has ended undecided.
  returned: always
  type: dict
deadman_seconds:
  description:
    - After how many seconds the trial that is under way reboots into the system that is the default, unless it is
      confirmed; V(0) for never, and without a trial.
  returned: success
  type: int
  sample: 900
verdict:
  description: What became of the trial, empty where there is none.
  returned: always
  type: str
  sample: booted_candidate
reason:
  description: Why the verdict is what it is.
  returned: always
  type: str
called_off:
  description: Whether what runs now is a trial that was called off, so that the node has to go home.
  returned: success
  type: bool
contradictions:
  description:
    - What record, environment block and boot menu say of each other that cannot be, as after a full disk or a power cut
      between two writes. All else here is as if it were settled, which M(osmigrate.fleet.boot_trial) with
      O(osmigrate.fleet.boot_trial#module:state=repaired) does.
  returned: success
  type: list
  elements: str
failures:
  description: Releases that failed on this node, by id of their entry; C(attempts) is how often each of them did.
  returned: always
  type: dict
health:
  description: The operator's own health checks, while a release runs on trial.
  returned: always
  type: dict
  contains:
    state:
      description: V(running), V(passed) or V(failed) for all required ones; empty where there are none to run.
      type: str
    checks:
      description: Each check that ran, with C(kind) (V(required) or V(wanted)), C(name), C(passed) and C(detail).
      type: list
      elements: dict
drills:
  description: Drills that came home by themselves, by id of their entry, with C(at) and C(seconds_away).
  returned: always
  type: dict
firmware_due:
  description:
    - For which C(entry) and since when (C(since), seconds since 1970) a boot by GRUB is due, because kexec or a
      soft-reboot started what is the default, and GRUB has not booted it since. V(null) where none is. Of several such
      defaults one after the other, C(since) is the first's.
  returned: always
  type: dict
  version_added: 1.0.0
not_whole:
  description:
    - What was begun to be written and is no release, such as a slot whose writing was cut off. There is a way back less
      until the next release is staged.
  returned: always
  type: list
  elements: str
  sample: [ROOT-B]
  version_added: 1.0.0
finalized:
  description: When (C(at)) the package-managed system was given up, and for which entry; V(null) while it is there.
  returned: always
  type: dict
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import ANSWER_SPEC, FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot, boot_times, kubelet_start, machine


def main() -> None:
    argument_spec = {**ANSWER_SPEC, "verify": {"type": "str", "default": ""}}
    module = FleetModule(argument_spec=argument_spec, supports_check_mode=True)
    with failing(module):
        # What every way asks first of a node: what only root can do is told here, and not one by one later.
        machine.require_root()
        control = boot.control(check_mode=True)
        control.require_whole(module.params["verify"])
        facts = control.facts()
        known_by = machine.identify()
        seconds = boot_times.ask(control.by_kexec())
        since = kubelet_start.ask() if control.by_soft_reboot() else 0
    answer(module, changed=False, machine=known_by, boot_seconds=seconds, kubelet_since=since, **facts)


if __name__ == "__main__":
    main()
