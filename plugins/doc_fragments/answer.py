# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a task whose node does not answer."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  must_answer:
    description:
      - Whether the task fails where the node does not answer, so that a C(rescue) can bring the node home. Otherwise
        Ansible drops the node from the play.
    type: bool
    default: false
    version_added: 1.0.0
"""
