#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Has Galaxy's own importer look at the tarball; a warning counts as a failure.
#
# Usage: importer.sh <tarball>
set -euo pipefail

cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
rc=0
python -m galaxy_importer.main "$1" >log 2>&1 || rc=$?
if [ "$rc" != 0 ] || grep -qE '(WARNING|ERROR)' log; then
    cat log
    exit 1
fi
echo "$(grep -c '^Loading' log) modules, plugins, roles and playbooks imported without a warning"
