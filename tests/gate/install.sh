#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the collection's tarball and installs it as users do, unless that was done with the same files.
#
# Usage: install.sh <collection> <directory for the tarball> <collections path>
set -euo pipefail

collection=$1 build=$2 installed=$3
# One at a time, and never under the feet of a tier that runs with what is installed.
exec 9<"${BASH_SOURCE[0]}"
flock 9
wanted=$(git -C "$collection" ls-files -z --others --exclude-standard | sort -z |
    (cd "$collection" && xargs -0 sha256sum) | sha256sum)
if [ "$(cat "$installed/stamp" 2>/dev/null)" = "$wanted" ] && compgen -G "$build/osmigrate-fleet-*.tar.gz" >/dev/null; then
    exit 0
fi
rm -f "$build"/osmigrate-fleet-*.tar.gz
ansible-galaxy collection build --force --output-path "$build" "$collection" >/dev/null
ansible-galaxy collection install --force --offline --collections-path "$installed" \
    "$build"/osmigrate-fleet-*.tar.gz 2>&1 >/dev/null | { grep -v 'collections path' || true; }
test -e "$installed/ansible_collections/osmigrate/fleet/MANIFEST.json"
echo "$wanted" >"$installed/stamp"
