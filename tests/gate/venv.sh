#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# A virtual environment that is filled once and again only when what it holds changes.
#
# Usage: venv.sh <directory> <python> [pip install arguments...]
set -euo pipefail

directory=$1 python=$2
shift 2

# Requirement files among the arguments count with their content, and so does the interpreter.
wanted=$( (
    "$python" -V
    echo "$@"
    cat ./*requirements.txt meta/*requirements.txt
) | sha256sum)
if [ "$(cat "$directory/stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

"$python" -c 'import ensurepip, venv' 2>/dev/null || "$(dirname "${BASH_SOURCE[0]}")/packages.sh" python3-venv
echo "Filling $directory (about two minutes from cold)"
"$python" -m venv --clear "$directory"
"$directory/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
echo "$wanted" >"$directory/stamp"
