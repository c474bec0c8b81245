#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A virtual environment with exactly what a lock of constraints/ names, filled again only when that changes. A lock
# called "test" is the one for the interpreter's version.
#
# Usage: venv.sh <directory> <python> <lock>
set -euo pipefail

directory=$1 python=$2 lock=$3
[ "$lock" != test ] || lock=test-$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
file=constraints/$lock.txt
if [ ! -e "$file" ]; then
    echo "There is no $file: $("$python" -V) is not supported. Choose another Python by PYTHON=..., of:" constraints/test-*
    exit 1
fi

# The interpreter counts, too.
wanted=$( (
    "$python" -V
    cat "$file"
) | sha256sum)
if [ "$(cat "$directory/stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || "$(dirname "${BASH_SOURCE[0]}")/packages.sh" python3-venv
echo "Filling $directory from $file (about two minutes from cold)"
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes --requirement "$file"
echo "$wanted" >"$directory/stamp"
