# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports as files of a directory.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._release import reader
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import make_directory, read_bytes


def write(directory: str, files: typing.Dict[str, str], check_mode: bool) -> typing.List[str]:
    """Write those files that are not there like this yet.

    :param files: texts by name.
    :param check_mode: only say what would be done.
    :returns: a sentence for each that was written.
    """
    actions = []
    for name, text in files.items():
        path = os.path.join(directory, name)
        if read_bytes(path) != text.encode("utf-8"):
            actions.append(f"write {path}")
            if not check_mode:
                make_directory(directory)
                reader.write(path, text)
    return actions
