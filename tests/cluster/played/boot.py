# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays a node's boot menu on the controller, a file per host. All that boot control says is there: test_control.py.

Stands in for boot_info, boot_trial, node_network, node_reboot.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import _failure

# good: whether a trial boots; stuck: whether a reboot never ends; silent: how often it does not answer while on trial;
# away: seconds that a drill takes; reboots: how many there were.
START = {"booted": "r-1", "default": "r-1", "trial": "", "good": True, "reboots": 0}

# Of every boot, as the Node objects of these tests have it.
BOOT_ID = "boot-1"


class ActionModule(ActionBase):
    _requires_connection = False

    def run(self, tmp=None, task_vars=None):
        self._supports_check_mode = True
        super().run(tmp, task_vars)
        path = Path(os.environ["OSMIGRATE_PLAYED"]) / f"{task_vars['inventory_hostname']}.json"
        menu = {**START, **(json.loads(path.read_text()) if path.exists() else {})}
        if menu.get("silent") and menu["booted"] == menu["trial"]:
            path.write_text(json.dumps({**menu, "silent": menu["silent"] - 1}))
            if self._task.args.get("must_answer"):
                return _failure.of_silence("no route to host")
            raise AnsibleConnectionFailure("no route to host")
        step = self._task.action.rpartition(".")[2]
        fence = int(self._task.args.get("fence") or 0)
        if fence and fence < menu.get("fence", 0):
            return {"failed": True, "msg": "Another run has taken this node over"}
        menu["fence"] = max(fence, menu.get("fence", 0))
        if step == "node_reboot" and menu.get("stuck"):
            return {"failed": True, "msg": "The node did not come back."}
        changed = getattr(self, step)(menu)
        path.write_text(json.dumps(menu))
        return {"changed": changed, **self.facts(menu, task_vars["inventory_hostname"])}

    def boot_info(self, menu):
        return False

    def node_network(self, menu):
        return False

    def boot_trial(self, menu):
        state, name = self._task.args["state"], self._task.args.get("name")
        if state == "confirmed":
            menu["default"] = name
            menu["firmware_due"] = {"entry": name, "since": 1795000000} if menu.get("method") == "kexec" else None
        if state == "reverted" and menu["trial"]:
            menu["called_off"] = True
        menu["trial"] = name if state == "armed" else ""
        menu["purpose"] = self._task.args.get("purpose", "")
        menu["method"] = self._task.args.get("method", "")
        if state == "drilled":
            menu["drills"] = {name: {"at": 1795000000}}
        return True

    def node_reboot(self, menu):
        menu.update(called_off=False, reboots=menu["reboots"] + 1)
        if "boot_id" in self._task.args:
            time.sleep(menu.get("away", 0))
            menu["booted"], menu["home"] = menu["default"], True
            return True
        menu["booted"] = menu["trial"] if menu["trial"] and menu["good"] else menu["default"]
        return True

    def facts(self, menu, name):
        """Return what any of these modules returns."""
        tried = menu["trial"] and {"entry": menu["trial"], "purpose": menu["purpose"]}
        stayed = "fell_back" if menu.get("home") else "never_rebooted"
        verdict = "" if not tried else "booted_candidate" if menu["booted"] == menu["trial"] else stayed
        booted = {"entry": menu["booted"], "boot_id": BOOT_ID, "kernel": "6.12", "os": menu["booted"], "commit": ""}
        booted["trial"] = bool(menu["trial"]) and menu["booted"] == menu["trial"]
        entries = {
            f"r-{number}": {
                "root": f"/ostree/deploy/r/deploy/{number}.0",
                "release": {"name": "r", "version": str(number)},
            }
            for number in (1, 2)
        }
        facts = {"booted": booted, "default": menu["default"], "trial": tried or None, "entries": entries}
        facts["called_off"] = bool(menu.get("called_off")) and menu["booted"] != menu["default"]
        facts["block"] = {"usable": True, "problem": ""}
        facts["tier"] = {"name": "block", "evidence": [], "block": "/boot/grub/osmigrate.env"}
        facts.update(laid_out=[], deadman_seconds=0, contradictions=[], finalized=None)
        facts["firmware_due"] = menu.get("firmware_due")
        facts["boot_seconds"] = {"kernel": 5.5, "initramfs": 12.1, "until kubelet": 31.4}
        facts["machine"] = {"machine_id": menu.get("machine_id", name), "addresses": []}
        facts.update(drills=menu.get("drills", {}), health={"state": "", "checks": []}, differences=[])
        facts.update(actions=[], boot_id=BOOT_ID, reboot_required=facts["called_off"], method="firmware")
        return {**facts, "verdict": verdict, "reason": "", "failures": {}}
