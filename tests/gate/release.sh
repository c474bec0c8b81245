#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds a release as users do, compares it with the one before, boots it, signs it with a key of its own, and publishes
# it with a channel, which verifies all of it. On a fresh machine, the one before is the same without some files.
#
# Usage: release.sh <directory> <recipe> <version> <url>
set -euo pipefail

directory=$1 recipe=$2 version=$3 url=$4
mkdir -p "$directory"
cd "$directory"
[ -e release.pem ] || (umask 077 && openssl genpkey -algorithm ed25519 -out release.pem)
openssl pkey -in release.pem -pubout -out release.pub
[ -e node.yml ] || printf 'schema: 1\nextends: debian-13-node\n' >node.yml

build() {
    ansible-playbook osmigrate.fleet.release_build -e osmigrate_build_recipe="$1" -e osmigrate_build_version="$2" \
        -e osmigrate_build_boot="$3" -e osmigrate_build_url="$url" -e osmigrate_build_work=work \
        -e osmigrate_build_key=release.pem
}

if ! compgen -G 'public/*/release.yml' >/dev/null; then
    printf 'schema: 1\nextends: %s\nremove: [usr/share/bash-completion]\n' "$recipe" >before.yml
    build before.yml "$version~1" false
    # It asks for the same packages.
    [ -e "${recipe%.yml}.lock" ] || cp --recursive --link before.lock "${recipe%.yml}.lock"
fi
build "$recipe" "$version" "${BOOT:-true}"
for manifest in public/*-"$version"/release.yml; do
    id=$(basename "$(dirname "$manifest")")
    name=${id%"-$version"}
    # There is none where nothing else was built there before.
    [ ! -e "review/$id/difference.txt" ] || cat "review/$id/difference.txt"
    ansible-playbook osmigrate.fleet.release_channel -e "osmigrate_channel_path=$name.stable.channel" \
        -e "osmigrate_channel_manifest=$manifest" -e osmigrate_channel_key=release.pem
    ansible-playbook osmigrate.fleet.release_publish -e "osmigrate_publish_manifest=$manifest" \
        -e osmigrate_publish_repository=public/repo -e "osmigrate_publish_channels=$name.stable.channel" \
        -e osmigrate_publish_destination=published -e osmigrate_trusted_keys=release.pub \
        -e osmigrate_publish_verify=true
done
