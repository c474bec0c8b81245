# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules that bring a release do with what both it and the node changed."""

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
"""
