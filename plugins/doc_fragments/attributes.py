# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module says about its own manners.

A module uses the fragment and fills in the support:

    extends_documentation_fragment:
      - osmigrate.fleet.attributes
    attributes:
      check_mode:
        support: full
      diff_mode:
        support: full
      idempotent:
        support: full
      platform:
        platforms: linux

One that only reads uses C(osmigrate.fleet.attributes.info) too, and needs to say nothing more than the platform.
"""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Tells what would change, and changes nothing.
  diff_mode:
    description: Returns what is before and after, in terms of what the module manages.
  idempotent:
    description: A second run with the same options changes nothing.
  platform:
    description: Where the module can run.
    support: full
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module only reads.
  diff_mode:
    support: N/A
    details:
      - This module only reads.
  idempotent:
    support: full
    details:
      - This module only reads.
"""
