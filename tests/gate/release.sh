#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds a release as users do, signs it with a key of its own, and publishes it, which verifies all of it.
#
# Usage: release.sh <directory> <recipe> <version> <url>
set -euo pipefail

directory=$1 recipe=$2 version=$3 url=$4
mkdir -p "$directory"
cd "$directory"
[ -e release.pem ] || (umask 077 && openssl genpkey -algorithm ed25519 -out release.pem)
openssl pkey -in release.pem -pubout -out release.pub
[ -e node.yml ] || printf 'schema: 1\nextends: debian-13-node\n' >node.yml
ansible-playbook osmigrate.fleet.release_build -e osmigrate_build_recipe="$recipe" \
    -e osmigrate_build_version="$version" -e osmigrate_build_url="$url" -e osmigrate_build_work=work -e osmigrate_build_boot="${BOOT:-true}" \
    -e osmigrate_build_key=release.pem
for manifest in public/*-"$version"/release.yml; do
    ansible localhost -m osmigrate.fleet.release_publish -a \
        "manifest=$PWD/$manifest repository=$PWD/public/repo destination=$PWD/published trusted_keys=$PWD/release.pub"
done
ostree fsck --repo=published/repo
