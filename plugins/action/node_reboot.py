# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reboot a node and wait until another boot of it answers.

ansible.builtin.reboot waits up to 12 s between its looks; a node is cordoned all that time, so this one looks each
second, and it takes nothing for an answer but a new boot id, or another root after a soft-reboot.
"""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import kexec, soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import printable

LOOK_EVERY = 1
CONNECT_TIMEOUT = 5
# A node that dies while it is looked at never closes the connection: ssh has to notice by itself.
NOTICE = "-o ServerAliveInterval=3 -o ServerAliveCountMax=2"
# A soft-reboot keeps the boot id, and what is / is another directory then.
BOOT = 'echo "$(cat /proc/sys/kernel/random/boot_id) $(stat -c %d:%i /)"'
# What systemd said when it refused: since version 257 what inhibits a shutdown holds up root, too.
REFUSED = "/run/osmigrate-reboot.refused"
# A moment later and from outside the session, so that the answer to this very command still arrives.
# Where the trial is armed by kexec (module_utils/_boot/kexec.py: MARK) the kernel that is loaded is started; elsewhere
# systemd must not take one that somebody else has loaded, nor, since version 256, go over to a root that somebody has
# mounted at /run/nextroot without rebooting at all. A root of ours there (module_utils/_boot/soft.py) is started by a
# soft-reboot, and not without its guard.
# ssh may send a command again whose answer it has lost; then another boot must not take it.
# A run that has lost the node does not reboot it: the record (module_utils/_trial/record.py) has the highest fence.
LOST = "another run has taken the node over"
FENCE = (
    "seen=$(sed -n 's/^ \"fence\": \\([0-9]*\\),*$/\\1/p' " + DIRECTORY + "/state.json 2>/dev/null); "
    '[ "${seen:-0}" -le %d ] || { echo "' + LOST + '"; exit 1; }; '
)
REBOOT = (
    '[ "$(' + BOOT.replace("%", "%%") + ')" = "%s" ] || exit 0; rm -f ' + REFUSED + "; "
    "systemd-run --quiet --collect --on-active=1 --timer-property=AccuracySec=100ms "
    "sh -c '{ if [ -e " + soft.MARK + " ] && [ -e " + soft.NEXTROOT + "/usr ]; "
    "then systemctl start " + soft.GUARD + " && systemctl soft-reboot; "
    "elif [ -e " + kexec.MARK + " ]; then systemctl kexec; "
    "else SYSTEMCTL_SKIP_AUTO_KEXEC=1 SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1 systemctl reboot; fi; } "
    ">" + REFUSED + ".part 2>&1 || mv -f " + REFUSED + ".part " + REFUSED + "'"
)
LOOK = BOOT + "; cat " + REFUSED + " 2>/dev/null || true"


class ActionModule(ActionBase):
    """Reboot; see plugins/modules/node_reboot.py for the options."""

    _VALID_ARGS = frozenset(("timeout", "boot_id", "fence"))
    _requires_connection = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        self._supports_check_mode = True
        result = super().run(tmp, task_vars)
        timeout = int(self._task.args.get("timeout", 900))
        if self._task.check_mode:
            return {**result, "changed": True, "boot_id": "", "seconds": 0}

        before = self._task.args.get("boot_id", "")
        by_itself = bool(before)
        if not by_itself:
            before, problem = self._ask(int(self._task.args.get("fence") or 0))
            if problem:
                return {
                    **result,
                    "failed": True,
                    "msg": f"The reboot could not be asked for: {problem}. The node runs on as it did."
                    " Look at it, then run the same command again.",
                }
        started = time.monotonic()
        host = str((task_vars or {}).get("inventory_hostname", ""))
        after, refused = self._wait(before, started + timeout, host, not by_itself)
        seconds = round(time.monotonic() - started)
        if refused:
            return {
                **result,
                "failed": True,
                "msg": f"The node refuses to reboot: {refused}. It runs on as it did, and is still cordoned."
                " See what holds it up (systemd-inhibit --list), then run the same command again.",
            }
        if not after:
            return {
                **result,
                "failed": True,
                "changed": True,
                "msg": f"The node did not come back {'by itself' if by_itself else 'after its reboot'} within {timeout}"
                " seconds. It is still cordoned. Its next boot is the incumbent, unless the trial has tries left or"
                " the node never went down. Look at its console or power-cycle it, then run the same command again: it"
                " looks at the node and goes on from there.",
            }
        return {**result, "changed": True, "boot_id": after.split()[0], "seconds": seconds}

    def _ask(self, fence: int) -> tuple[str, str]:
        """Ask for the reboot; return the boot of before, and what went wrong, empty if nothing."""
        try:
            before = self._boot()
        except AnsibleConnectionFailure as error:
            return "", str(error)
        if not before:
            return "", "its boot id cannot be read"
        try:
            answer = self._low_level_execute_command((FENCE % fence if fence else "") + REBOOT % before, sudoable=True)
        except AnsibleConnectionFailure:
            return before, ""  # it may well go down already
        return before, (answer["stderr"] or answer["stdout"]).strip() or "no reason given" if answer["rc"] else ""

    def _wait(self, before: str, deadline: float, host: str, asked: bool) -> tuple[str, str]:
        """Return the next boot, empty if there was none before the deadline, and why the node refuses to reboot.

        :param before: what _boot() returned, or the boot id alone, where nothing but a reboot counts.
        :param asked: whether the node was asked, and may refuse.
        """
        self._look_briefly()
        _waiting.tell(host, f"another boot than {before.split()[0]}")
        while time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
            try:
                self._connection.reset()
                now, _end, refused = self._boot(LOOK).partition("\n")
            except AnsibleConnectionFailure:
                _waiting.tell(host, "it does not answer yet")
                continue
            if now and before not in (now, now.split()[0]):
                return now, ""
            if asked and refused:
                return "", printable(" ".join(refused.split()), 300).rstrip(".")
        return "", ""

    def _look_briefly(self) -> None:
        """Make each look end soon, whatever becomes of the node meanwhile."""
        for option, change in (
            ("timeout", lambda _given: CONNECT_TIMEOUT),
            ("reconnection_retries", lambda _given: 0),
            # The first value of an option is the one that ssh takes.
            ("ssh_extra_args", lambda given: f"{NOTICE} {given or ''}"),
        ):
            try:
                self._connection.set_option(option, change(self._connection.get_option(option)))
            except KeyError:
                pass  # another kind of connection waits as it likes

    def _boot(self, look: str = BOOT) -> str:
        """Return the boot id and which directory is /, empty if they cannot be read; by LOOK also what was refused."""
        answer = self._low_level_execute_command(look, sudoable=False)
        return answer["stdout"].strip() if answer["rc"] == 0 else ""
