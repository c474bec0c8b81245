#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the collection's tarball and installs it as users do.
#
# Usage: install.sh <collection> <directory for the tarball> <collections path>
set -euo pipefail

collection=$1 build=$2 installed=$3
rm -f "$build"/osmigrate-fleet-*.tar.gz
ansible-galaxy collection build --force --output-path "$build" "$collection" >/dev/null
ansible-galaxy collection install --force --offline --collections-path "$installed" \
    "$build"/osmigrate-fleet-*.tar.gz 2>&1 >/dev/null | { grep -v 'collections path' || true; }
test -e "$installed/ansible_collections/osmigrate/fleet/MANIFEST.json"
