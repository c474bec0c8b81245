#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)


DOCUMENTATION = r"""
module: node_network
short_description: See that a node has the same network after its reboot
version_added: 0.1.0
description:
  - Keeps what there is of a node's network before the reboot into a trial, in C(/boot/osmigrate/network.json), which
    both systems see and which outlives the controller. After the reboot it compares.
  - Interfaces of containers, CNI plugins and the like do not count.
extends_documentation_fragment:
  - osmigrate.fleet.answer
  - osmigrate.fleet.attributes
  - osmigrate.fleet.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
  platform:
    platforms: linux
author:
  - osmigrate.fleet contributors (@osmigrate)
options:
  state:
    description:
      - V(kept) writes down what runs now.
      - V(compared) compares what runs now with that. It fails if an address is gone by which Kubernetes knows the
        node. Where nothing was kept there is nothing to compare.
    type: str
    choices: [kept, compared]
    required: true
  addresses:
    description:
      - For O(state=kept), the addresses by which Kubernetes knows the node, those of type C(InternalIP) of the Node
        object. Those that the node does not have itself do not count.
      - If empty, the addresses from which the node speaks by default.
    type: list
    elements: str
    default: []
seealso:
  - module: osmigrate.fleet.node_carry
  - module: osmigrate.fleet.boot_trial
"""

EXAMPLES = r"""
- name: Keep what there is of the network
  osmigrate.fleet.node_network:
    state: kept
    addresses: [10.0.0.5]

- name: See that it is the same after the reboot
  osmigrate.fleet.node_network:
    state: compared
  register: network
"""

RETURN = r"""
actions:
  description: What was done, or would be done in check mode.
  returned: success
  type: list
  elements: str
  sample: [write /boot/osmigrate/network.json]
addresses:
  description: The addresses that have to be there after the reboot.
  returned: success
  type: list
  elements: str
differences:
  description: What is different from what was kept, empty for O(state=kept).
  returned: always
  type: list
  elements: dict
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
"""

import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _storage
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError, answer, failing
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.tree import Tree
from ansible_collections.osmigrate.fleet.plugins.module_utils._module import ANSWER_SPEC, FleetModule
from ansible_collections.osmigrate.fleet.plugins.module_utils._network import proof
from ansible_collections.osmigrate.fleet.plugins.module_utils._network.read import leases, state
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import fence

# Of addresses that a reboot makes appear late.
APPEAR_SECONDS = 30


def look(addresses: typing.Any) -> typing.Any:
    """Return what there is of the network now, as proof.take does."""
    answers = state.ask()
    found = state.parse(answers)
    return proof.take(found, addresses, leases.client_ids(Tree("/"), answers, found))


def keep(path: str, addresses: typing.Any, check_mode: bool) -> typing.Any:
    """Write down what runs.

    :returns: dict, the result of the module.
    """
    now = look(addresses)
    text = proof.render(now)
    changed = Tree("/").text(path) != text
    if changed and not check_mode:
        try:
            _storage.write_atomic(path, text.encode("utf-8"), 0o644)
        except OSError as error:
            raise FleetError(f"{path} cannot be written: {error.strerror}", todo="Run the same command again")
    actions = [f"write {path}"] if changed else []
    return {"changed": changed, "actions": actions, "addresses": now["kubernetes"], "differences": []}


def compare(path: str, timeout: float = APPEAR_SECONDS) -> typing.Any:
    """Compare what runs with what was kept.

    :param timeout: seconds that its addresses may take to appear.

    :returns: dict, the result of the module.
    :raises FleetError: an address is gone by which Kubernetes knows the node; has the result.
    """
    before = proof.parse(Tree("/").text(path))
    if before is None:
        return {"changed": False, "actions": [], "addresses": [], "differences": []}
    end = time.time() + timeout
    after = look(before["kubernetes"])
    while proof.gone(before, after) and time.time() < end:
        time.sleep(1)
        after = look(before["kubernetes"])
    differences = proof.compare(before, after)
    result = {"changed": False, "actions": [], "addresses": before["kubernetes"], "differences": differences}
    gone = proof.gone(before, after)
    if gone:
        told = [
            f"{one['what']} of {one['interface']}: {one['before']} before, {one['after']} now" for one in differences
        ]
        failure = FleetError(
            f"The node has lost {' and '.join(gone)}, by which Kubernetes knows it; {'; '.join(told)}",
            "It runs what was booted",
            "Look at what was carried of its network (docs/carry-network.md)",
        )
        failure.result = result
        raise failure
    return result


def main() -> None:
    module = FleetModule(
        argument_spec=dict(
            state=dict(type="str", choices=["kept", "compared"], required=True),
            addresses=dict(type="list", elements="str", default=[]),
            **ANSWER_SPEC,
            **fence.ARGUMENT_SPEC,
        ),
        supports_check_mode=True,
    )
    with failing(module, differences=[]):
        if module.params["state"] == "kept":
            with fence.guarded(module):
                result = keep(proof.PATH, module.params["addresses"], module.check_mode)
        else:
            result = compare(proof.PATH)
    answer(module, **result)


if __name__ == "__main__":
    main()
