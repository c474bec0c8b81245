# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator's own health checks on the candidate, while it is on trial.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import ABSENT, FILE, LINK, Item, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import healthstate

DIRECTORY = "/etc/systemd/system"
SERVICE = "osmigrate-health.service"
PROGRAM = "/etc/osmigrate/run-health-checks"
# After what the boot waits for, so that the boot does not wait for the checks.
SERVICE_UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Health checks of this node while this system is on trial
ConditionKernelCommandLine=|osmigrate.trial
ConditionPathExists=|@MARK@
After=multi-user.target

[Service]
Type=oneshot
NoNewPrivileges=yes
LockPersonality=yes
RestrictSUIDSGID=yes
ExecStart=/bin/sh %s %d %d

[Install]
WantedBy=multi-user.target
""".replace("@MARK@", soft.MARK)
# Uptime is the clock: the time of day may jump while a system that has just booted finds its time server.
SCRIPT = """\
#!/bin/sh
# Written by osmigrate.fleet. Runs the health checks of this node's operators while this system is on trial.
# Usage: run-health-checks <seconds for one run of a check> <seconds until all required ones have to have passed>
limit=$1 deadline=$2 results=@RESULTS@
IFS='
'
set -f

uptime() {
    IFS=. read -r seconds rest </proc/uptime
    echo "$seconds"
}

# The names of the checks of one kind, in order. What /etc has replaces what the release brings.
names() {
    set +f
    for path in /etc/osmigrate/health/"$1".d/* /usr/lib/osmigrate/health/"$1".d/*; do
        if [ -e "$path" ]; then echo "${path##*/}"; fi
    done | sort -u
}

# Whether only root can change what a path leads to: it, each directory above it, and the same of each link on the way.
safe() (
    path=$1
    [ "$2" -lt 40 ] || exit 1
    while :; do
        [ -n "$(find -L "$path" -prune -user 0 ! -perm -020 ! -perm -002 2>/dev/null)" ] || exit 1
        if [ -L "$path" ]; then
            [ -n "$(find "$path" -prune -user 0)" ] || exit 1
            target=$(readlink "$path")
            case $target in /*) ;; *) target=${path%/*}/$target ;; esac
            safe "$target" $(($2 + 1)) || exit 1
        fi
        [ "$path" != / ] || exit 0
        path=${path%/*}
        path=${path:-/}
    done
)

# Runs one check; what it prints goes to the journal. Sets detail: why it failed, empty if it passed.
check() {
    path=/etc/osmigrate/health/$1.d/$2 detail=
    [ -e "$path" ] || path=/usr/lib/osmigrate/health/$1.d/$2
    if [ "$(readlink "$path")" = /dev/null ]; then
        : # masked, as units are
    elif [ ! -x "$path" ] || [ -d "$path" ]; then
        detail="it is not an executable file"
    elif ! safe "$path" 0; then
        detail="others than root can change it, a directory above it or a link to it"
    else
        timeout -k 5 "$3" "$path" </dev/null
        status=$?
        case $status in
            0) ;;
            124 | 137) detail="it did not end within $3 seconds" ;;
            *) detail="exit status $status" ;;
        esac
    fi
    if [ -z "$detail" ]; then verdict=passed; else verdict=failed; fi
    printf '%s\\t%s\\t%s\\t%s\\n' "$1" "$2" "$verdict" "$detail" | tee -a $results
}

mkdir -p "${results%/*}"
printf 'state\\trunning\\n' >$results
end=$(($(uptime) + deadline))
pending=$(names required)
while [ -n "$pending" ]; do
    failed='' first=''
    for name in $pending; do
        left=$((end - $(uptime)))
        if [ $left -lt 1 ]; then left=1; fi
        if [ $left -gt "$limit" ]; then left=$limit; fi
        check required "$name" "$left"
        if [ -n "$detail" ]; then
            failed=$failed$name$IFS
            first=${first:-"$name failed: $detail"}
        fi
    done
    pending=$failed
    if [ -n "$pending" ] && [ "$(uptime)" -ge $end ]; then
        printf 'state\\tfailed\\n' >>$results
        exec /bin/sh @END@ health "the required health check $first"
    fi
    if [ -n "$pending" ]; then sleep 5; fi
done
printf 'state\\tpassed\\n' >>$results
for name in $(names wanted); do check wanted "$name" "$limit"; done
""".replace("@RESULTS@", healthstate.RESULTS)


def plan(timeout: int, deadline: int, end_trial: str) -> typing.List[Item]:
    """Return the Items of the checks; a deadline of 0: that they are not there.

    :param timeout: int seconds that one run of a check may take.
    :param deadline: int seconds, counted from the start of the checks, until all required ones have to have passed.
    :param end_trial: str, path of the program that ends the trial.
    """
    wanted = f"{DIRECTORY}/multi-user.target.wants/{SERVICE}"
    service = f"{DIRECTORY}/{SERVICE}"
    if deadline == 0:
        return [item(ABSENT, path, "", "health") for path in (wanted, service, PROGRAM)]
    return [
        item(FILE, PROGRAM, "", "health", SCRIPT.replace("@END@", end_trial), mode=0o755, shown=True),
        item(FILE, service, "", "health", SERVICE_UNIT % (PROGRAM, timeout, deadline), shown=True),
        item(LINK, wanted, "", "health", "../" + SERVICE),
    ]
