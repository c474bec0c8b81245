#!/usr/bin/python
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)

# This file only documents the action plugin of the same name, which does the work on the controller.


DOCUMENTATION = r"""
module: node_reboot
short_description: Reboot a node and wait until another boot of it answers
version_added: 0.1.0
description:
  - Reboots the node and waits until it answers with another boot id, or from another root where
    M(osmigrate.fleet.boot_trial) has armed a soft-reboot. Which operating system answers is not its business;
    M(osmigrate.fleet.boot_info) judges that.
  - Looks once a second, so that a cordoned node does not wait for its controller.
extends_documentation_fragment:
  - osmigrate.fleet.attributes
  - osmigrate.fleet.fence
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: none
    details:
      - Each call reboots.
  platform:
    platforms: linux
options:
  timeout:
    description: How long the node may take to answer again, in seconds.
    type: int
    default: 900
  boot_id:
    description: Do not reboot, but wait until another boot than this one answers, as the node goes home by itself.
    type: str
author:
  - osmigrate.fleet contributors (@osmigrate)
"""

EXAMPLES = r"""
- name: Reboot into whatever is armed
  osmigrate.fleet.node_reboot:
    timeout: 600
"""

RETURN = r"""
boot_id:
  description: The boot id that answered; after a soft-reboot that of before.
  returned: success
  type: str
seconds:
  description: How long it took from the request, or from the call, to the answer, in seconds.
  returned: success
  type: int
"""
