#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds the execution environment without a registry and without a daemon: a base of Debian's packages by mmdebstrap,
# the rest by ansible-builder's steps and buildah. The image is osmigrate-fleet:debian in buildah's own storage.
#
# Usage: image_on_debian.sh <build directory, with the artifact in it>
set -euo pipefail

build=$(realpath "$1")
suite=trixie
mirror=http://deb.debian.org/debian
base=localhost/osmigrate-debian:$suite
tree=$build/image-$suite.tar

"$(dirname "$0")/packages.sh" buildah crun uidmap mmdebstrap
root=()
[ "$(id -u)" = 0 ] || root=(sudo -n -E env "PATH=$PATH")
export BUILDAH_ISOLATION=chroot

if [ ! -e "$tree" ]; then
    echo "image: a base of Debian $suite"
    "${root[@]}" mmdebstrap --quiet --mode=root --variant=minbase --format=tar \
        --include=ca-certificates,git,openssh-client,python3,python3-pip,sudo "$suite" "$tree.new" "$mirror"
    mv "$tree.new" "$tree"
fi
if ! "${root[@]}" buildah inspect --type image "$base" >/dev/null 2>&1; then
    container=$("${root[@]}" buildah from scratch)
    "${root[@]}" buildah add --quiet "$container" "$tree" / >/dev/null
    "${root[@]}" buildah commit --quiet --rm "$container" "$base" >/dev/null
fi

echo "image: the steps of ansible-builder"
python "$(dirname "$0")/image.py" "$build" "$base"
rm -rf "$build/context"
ansible-builder create --file "$build/execution-environment.yml" --context "$build/context" --output-filename \
    Containerfile --verbosity 1
# What is fetched goes by the network and the certificates of this machine.
"${root[@]}" buildah bud --quiet --pull-never --network host --ulimit nofile=20000:20000 \
    --volume /etc/ssl/certs:/etc/ssl/certs:ro --tag osmigrate-fleet:debian "$build/context"
"${root[@]}" buildah images osmigrate-fleet:debian
