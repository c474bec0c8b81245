#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# ansible-test sanity without a container engine. Run it in the collection's copy. Says how many tests passed, or what
# failed; never nothing.
#
# Usage: sanity.sh <virtual environment with ansible-core> <home> [ansible-test arguments...]
set -euo pipefail

venv=$1 home=$2
shift 2
log=$home.log
gate=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# ansible-test keeps its environments in the home directory: give it one, with pip's configuration of the real one.
mkdir -p "$home/.ansible/test/cache" "$home/.config" "$home/.cache"
for link in .pip .config/pip .cache/pip; do
    [ ! -e "$HOME/$link" ] || ln -sfn "$HOME/$link" "$home/$link"
done
if ! sources=$("$venv/bin/python" -c 'import ansible_test._internal as i; print(i.__path__[0])' 2>"$log"); then
    echo "ansible-test of $venv cannot be used: $(tail -n 1 "$log")"
    exit 1
fi
# Newer ones bring their pip along.
{ grep -oP "pip='\K[0-9.]+" "$sources/python_requirements.py" || true; } | while read -r version; do
    cp "$gate/get_pip.py" "$home/.ansible/test/cache/get_pip_${version//./_}.py"
done

# Modules are compiled and imported by each of these that the machine has: what nodes may have, and our own.
mkdir -p "$home/bin"
ln -sfn "$(readlink -f "$venv/bin/python")" "$home/bin/$("$venv/bin/python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')"
for python in "$(command -v python3.6 || true)" "$HOME"/.pyenv/versions/3.6*/bin/python3.6; do
    if [ -x "$python" ] && "$python" -c '' 2>/dev/null; then
        ln -sfn "$python" "$home/bin/python3.6"
        break
    fi
done

system=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
if HOME=$home PATH=$venv/bin:$home/bin:$system "$venv/bin/ansible-test" sanity --color no "$@" >"$log" 2>&1; then
    echo "$(grep -c '^Running sanity test' "$log") sanity tests passed with $("$venv/bin/ansible-test" --version)"
else
    grep -E '^(ERROR|FATAL|[a-z-]+( --python [0-9.]+)?$)' "$log" || tail -n 20 "$log"
    echo "ansible-test sanity failed; all of it is in $log"
    exit 1
fi
