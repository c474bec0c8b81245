# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipe that a module works by, and where it keeps what it makes of it."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  recipe:
    description: Path of the recipe.
    type: path
    required: true
  recipes:
    description: Directory with recipes that another one may extend by their names alone.
    type: path
  lock:
    description: Directory of the lock. Without it, it lies beside the recipe, with C(.lock) instead of C(.yml).
    type: path
  work_directory:
    description: Directory with room for some trees, in which builds keep what they may use again.
    type: path
    default: /var/tmp/osmigrate-build
"""
