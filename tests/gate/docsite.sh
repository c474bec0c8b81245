#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# The documentation as a site: the guides, and the reference that antsibull-docs makes of the code. A warning of either,
# such as a link that leads nowhere, is a failure.
#
# Usage: docsite.sh <the collection's copy> <venv of constraints/docs.txt> <directory>
set -euo pipefail

collection=$1 venv=$2 site=$3
sources=$site/sources
rm -rf "$site"
mkdir -p "$sources"
cp -r "$collection"/docs/*.{md,svg} "$collection"/docs/pictures "$collection"/docs/docsite/{links.yml,conf.py} "$sources"
# antsibull-docs writes only where nobody else can.
install -d -m 700 "$sources/reference"
export PATH=$venv/bin:$PATH ANSIBLE_COLLECTIONS_PATH=${collection%/ansible_collections/*}
antsibull-docs collection --use-current --squash-hierarchy --fail-on-error --dest-dir "$sources/reference" osmigrate.fleet
# The pages in the order in which docs/index.md names them.
{
    echo
    echo '```{toctree}'
    echo ':hidden:'
    grep -oE '\]\([a-z-]+\.md' "$collection/docs/index.md" | sed 's/](//' | awk '!seen[$0]++'
    echo 'reference/index'
    echo '```'
} >>"$sources/index.md"
sphinx-build --quiet --fail-on-warning --keep-going --builder dirhtml "$sources" "$site/html"
echo "The site is in $site/html"
