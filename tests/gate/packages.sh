#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Installs system packages that are missing, saying so first. OSMIGRATE_LAB_INSTALL=no only says what would be done.
#
# Usage: packages.sh <package>...
set -euo pipefail

# One at a time: tiers that run side by side may want packages at once. What apt starts does not keep the lock.
exec 9<"${BASH_SOURCE[0]}"
flock 9

missing=()
for package in "$@"; do
    dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
[ ${#missing[@]} != 0 ] || exit 0

root=()
[ "$(id -u)" = 0 ] || root=(sudo -n)
echo "Missing packages; to install them: ${root[*]} apt-get update && ${root[*]} apt-get install -y ${missing[*]}"
[ "${OSMIGRATE_LAB_INSTALL:-}" != no ] || exit 1
"${root[@]}" apt-get update -qq 9<&-
# Tests start what they need, on loopback: no service of a package is to listen to everybody.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${root[@]}" tee "$policy" >/dev/null
    "${root[@]}" chmod 755 "$policy"
fi
# The machine's own upgrades may be at it.
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y -o DPkg::Lock::Timeout=600 --no-install-recommends "${missing[@]}" 9<&-
