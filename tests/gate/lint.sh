#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Everything that can be said about the tree without running it. All checks run, as many at once as there are
# processors, then the failed ones are named.
#
# Usage: lint.sh <the collection's copy>
set -uo pipefail

collection=$1
failed=$(mktemp)
trap 'rm -f "$failed"' EXIT

one() {
    local name=$1 start=$SECONDS output
    shift
    if output=$("$@" 2>&1); then
        echo "ok      $name ($((SECONDS - start)) s)"
    else
        printf 'FAILED  %s: %s\n%s\n' "$name" "$*" "$output"
        echo "$name" >> "$failed"
    fi
}

check() {
    while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
    one "$@" &
}

in_collection() {
    (cd "$collection" && ANSIBLE_COLLECTIONS_PATH=${collection%/ansible_collections/*} "$@")
}

on_nodes=(plugins/modules plugins/module_utils)
on_controllers=(plugins/action plugins/callback plugins/doc_fragments plugins/filter plugins/inventory plugins/plugin_utils tests)

# The longest first.
check "ansible-lint" in_collection ansible-lint --nocolor --offline --profile production --strict -q
check "importer" make --no-print-directory importer
check "docs" in_collection antsibull-docs lint-collection-docs --plugin-docs --validate-collection-refs=all .
check "house rules" python tests/gate/house_rules.py
check "variables" python tests/gate/variables.py --check
check "surveys" python tests/gate/surveys.py --check
check "version" python tests/gate/version.py --check
check "ruff" ruff check --quiet --output-format concise
check "format" ruff format --check --quiet
# On the copy, where every import has its whole name: a call is held against what it calls, wherever that is.
check "types" in_collection mypy --no-error-summary
check "python 3.6" vermin --quiet --no-tips --violations -t=3.6- "${on_nodes[@]}"
check "python 3.10" vermin --quiet --no-tips --violations --backport typing -t=3.10- "${on_controllers[@]}"
check "yamllint" yamllint --strict .
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)
check "shellcheck" shellcheck "${scripts[@]}"
check "reuse" reuse lint --lines
check "references" python tests/gate/references.py --check
check "changelog" antsibull-changelog lint

wait
if [ -s "$failed" ]; then
    echo "Failed: $(paste -sd ' ' "$failed")"
    exit 1
fi
