#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-test sanity without a container engine. Run it in the collection's copy.
#
# Usage: sanity.sh <virtual environment with ansible-core> <home> [ansible-test arguments...]
set -euo pipefail

venv=$1 home=$2
shift 2
gate=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# ansible-test keeps its environments in the home directory: give it one, with pip's configuration of the real one.
mkdir -p "$home/.ansible/test/cache" "$home/.config" "$home/.cache"
for link in .pip .config/pip .cache/pip; do
    [ ! -e "$HOME/$link" ] || ln -sfn "$HOME/$link" "$home/$link"
done
for version in $(grep -ohP "pip='\K[0-9.]+" "$venv"/lib/python*/site-packages/ansible_test/_internal/python_requirements.py); do
    cp "$gate/get_pip.py" "$home/.ansible/test/cache/get_pip_${version//./_}.py"
done

# The interpreter that nodes may have: modules are compiled and imported with it where the machine has it.
path=$venv/bin:$PATH
for python in "$(command -v python3.6 || true)" "$HOME"/.pyenv/versions/3.6*/bin/python3.6; do
    if [ -x "$python" ] && "$python" -c '' 2>/dev/null; then
        path=$(dirname "$python"):$path
        break
    fi
done

HOME=$home PATH=$path exec "$venv/bin/ansible-test" sanity --color no "$@"
