# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module takes that brings a release onto a node, whatever the backend is."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  etc_conflicts:
    description:
      - What to do with files of C(/etc) that both the node and the release changed, where C(/etc) is merged, which it
        is from one release to the next.
      - V(keep) keeps the node's. V(fail) refuses the release. V(take) takes the release's.
      - What cannot be merged, or only by losing a directory without a word, is always refused.
    type: str
    choices: [keep, fail, take]
    default: keep
  kernel_arguments:
    description: Kernel arguments to add to those that are carried from the running kernel.
    type: list
    elements: str
    default: []
  timeout:
    description: How long all that is fetched may take, in seconds.
    type: int
    default: 3600
  state:
    description: Whether the candidate shall lie there. V(absent) removes it, unless it runs or is the default.
    type: str
    choices: [present, absent]
    default: present
"""
