#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: boot_finalize
short_description: Give up the package-managed system of a node that runs a confirmed release
version_added: 0.1.0
description:
  - Writes a C(grub.cfg) that boots the confirmed release by itself, records that the package-managed system is given
    up, and then deletes that system from the old root. In each of these moments the node can be booted.
  - Deleted are C(/usr) without C(/usr/local), C(/bin), C(/sbin), C(/lib*), C(/etc) and the kernels in C(/boot) of the
    package-managed system, on their own file system only. What is mounted or named in C(/etc/fstab), and everything
    below C(/home), C(/root), C(/srv), C(/opt), C(/usr/local) and C(/var), is never deleted.
  - There is no way back to the package-managed system afterwards. In check mode it only lists.
  - An interrupted run is completed by the next one.
extends_documentation_fragment:
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
  soak:
    description: How long the release has to be confirmed, in seconds.
    type: int
    default: 604800
author:
  - osmigrate.fleet contributors (@osmigrate)
seealso:
  - module: osmigrate.fleet.boot_info
  - module: osmigrate.fleet.boot_trial
"""

EXAMPLES = r"""
- name: List what would be deleted
  osmigrate.fleet.boot_finalize:
  check_mode: true
  register: listed

- name: Give the package-managed system up after a month
  osmigrate.fleet.boot_finalize:
    soak: 2592000
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
deletes:
  description: What was deleted, or would be deleted in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The path, where the running release has the package-managed root. OSTree has it at C(/sysroot).
      type: str
      sample: /sysroot/usr/bin
    bytes:
      description: The room that it takes up.
      type: int
finalized:
  description: When (C(at)) the package-managed system was given up, and for which entry.
  returned: success
  type: dict
"""

import os
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import boot as open_boot, finalize as finalizing
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import fence


def fstab() -> str:
    """Return /etc/fstab of the running system as str, empty if there is none."""
    if not os.path.exists("/etc/fstab"):
        return ""
    with open("/etc/fstab", "rb") as text:
        return text.read().decode("utf-8", "surrogateescape")


def finalize(soak: int, check_mode: bool) -> typing.Dict[str, typing.Any]:
    """Give the package-managed system up.

    :param soak: int, seconds.
    :param check_mode: bool, only say what would be done.
    :returns: dict, the module's result.
    """
    boot = open_boot.control(check_mode=check_mode)
    sysroot = finalizing.refuse(boot, soak, int(time.time())).incumbent_at
    entries = boot.state["entries"].values()
    booted = {os.path.split(entry[name]) for entry in entries for name in ("kernel", "initrd")}
    here = _storage.grub_path("/boot")
    doomed = []
    if os.path.isdir(sysroot):  # a node that was never package-managed has none
        kept = finalizing.protected(sysroot, _storage.mounts(), fstab(), boot.backends)
        doomed = finalizing.find(sysroot, "/boot", kept, {name for directory, name in booted if directory == here})
    leftovers = [step for backend in boot.backends for step in backend.prune(boot)]
    # The menu and the record first: what is deleted afterwards, in whatever order, nothing boots any more.
    actions = boot.finalize()
    if not check_mode:
        for step in leftovers:
            step.do()
        finalizing.delete(doomed, boot.default_entry())
    actions += [step.action for step in leftovers]
    actions += [f"delete {found.path}" for found in doomed]
    return {
        "changed": bool(actions),
        "actions": actions,
        "deletes": [{"path": found.path, "bytes": found.bytes} for found in doomed],
        "finalized": boot.state["finalized"] or {},
    }


def main() -> None:
    module = FleetModule(
        argument_spec={"soak": {"type": "int", "default": 604800}, **fence.ARGUMENT_SPEC},
        supports_check_mode=True,
    )
    with failing(module), fence.guarded(module):
        result = finalize(module.params["soak"], module.check_mode)
    if module._diff:
        result["diff"] = {"before": "".join(found["path"] + "\n" for found in result["deletes"]), "after": ""}
    answer(module, **result)


if __name__ == "__main__":
    main()
