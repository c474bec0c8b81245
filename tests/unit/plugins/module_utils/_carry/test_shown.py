# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a diff shows of carried files: how they differ only where they hold no secret for sure, else that they differ.

A marker lies in a file for each pattern of each area, so a new area is looked at by itself.
"""

import json

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, plan, rules
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply

MARK = "s3kr1t"
# Who adds one says why it can hold no secret: one value, or names that the kernel knows.
SHOWN = {
    "/etc/adjtime",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hostname",
    "/etc/iscsi/initiatorname.iscsi",
    "/etc/machine-id",
    "/etc/machine-info",
    "/etc/modules-load.d/*.conf",
    "/etc/networks",
    "/etc/nvme/hostid",
    "/etc/nvme/hostnqn",
}
PATTERNS = sorted({(area.name, pattern) for area in rules.AREAS for rule in area.rules for pattern in rule.patterns})
# What has a parser of its own, with its secret where such a file has it.
PARSED = {
    "/etc/fstab": f"UUID=1 / ext4 defaults 0 1\n//nas/x /mnt/x cifs username=a,password={MARK},vers=3.0 0 0\n",
    "/etc/passwd": f"root:x:0:0:root:/root:/bin/bash\nops:{MARK}:1000:1000::/home/ops:/bin/bash\n",
    "/etc/shadow": f"root:{MARK}:1:0:99999:7:::\n",
    "/etc/crypttab": f"data UUID=1 /etc/keys/data.key luks # {MARK}\n",
    "/etc/keys/data.key": MARK,
    "/etc/ssh/ssh_host_rsa_key": MARK,
    "/etc/ssl/private/app.key": f"-----BEGIN PRIVATE KEY-----\n{MARK}\n",
    "/etc/systemd/system/app.service": f"[Service]\nEnvironment=TOKEN={MARK}\n",
    "/etc/systemd/system/app.service.d/o.conf": f"[Service]\nEnvironment=TOKEN={MARK}\n",
    "/etc/systemd/network/wg.netdev": f"[NetDev]\nName=wg0\nKind=wireguard\n[WireGuard]\nPrivateKey={MARK}\n",
    "/etc/default/app": f"TOKEN={MARK}\n",
    "/etc/resolv.conf": f"# {MARK}\nnameserver 192.0.2.1\n",
    "/etc/wpa_supplicant/w.conf": f"psk={MARK}\n",
    "/etc/NetworkManager/system-connections/w.nmconnection": f"[wifi-security]\npsk={MARK}\n",
    "/etc/netplan/w.yaml": f"network: {{wifis: {{w: {{password: {MARK}}}}}}}\n",
    "/etc/apt/auth.conf.d/x.conf": f"machine x password {MARK}\n",
    "/etc/network/interfaces": f"auto lo\niface lo inet loopback\niface w inet dhcp\n wpa-psk {MARK}\n up x {MARK}\n",
    "/var/spool/cron/crontabs/ops": f"* * * * * curl -u u:{MARK} https://x\n",
    "/etc/sysctl.conf": f"net.ipv4.tcp_fastopen_key = {MARK}\n",
}


def named(pattern):
    """A file that a pattern takes."""
    return pattern.replace("**", "x/y").replace("*", "x").replace("?", "3")


def everything(made, moving):
    """Whatever the module would tell, as one text."""
    changes = moving.changes(made)
    told = [apply.differences(changes), apply.actions(changes), plan.describe(moving.situation(), made)]
    return json.dumps([*told, [list(left) for left in made.left], made.unknown, made.collisions, made.ids])


def test_only_known_files_are_shown():
    shown = {pattern for area in rules.AREAS for rule in area.rules if rule.shown for pattern in rule.patterns}
    assert shown == SHOWN


@pytest.mark.parametrize("area", sorted({area for area, _pattern in PATTERNS}))
def test_no_area_shows_a_secret(move, area):
    files = {named(pattern): MARK + "\n" for of, pattern in PATTERNS if of == area and pattern not in SHOWN}
    # A pattern may name a directory whose files another one takes.
    files = {name: text for name, text in files.items() if not any(other.startswith(name + "/") for other in files)}
    programs = {need: "x" for one in rules.AREAS for rule in one.rules for need in rule.needs}
    moving = move({**files, **dict.fromkeys(programs, "x")}, programs)
    made = moving.plan()
    assert not files or {item.source for item in made.items} & set(files)
    assert MARK not in everything(made, moving)


@pytest.mark.parametrize("mode", [0o644, 0o600])
def test_no_parser_shows_a_secret(move, mode):
    moving = move({name: (text, mode) for name, text in PARSED.items()})
    made = moving.plan(extra_paths=["/etc/wpa_supplicant", "/etc/keys", "/etc/default/app"])
    assert MARK not in everything(made, moving)


@pytest.mark.parametrize(
    "content, there, after",
    [
        (b"one\n", None, "a file of 4 bytes, mode 0640, owner 0:0\n"),
        (b"one\n", b"two!\n", "a file of 4 bytes, mode 0640, owner 0:0\n"),
        (b"one\n", b"two\n", "a file of 4 bytes, mode 0640, owner 0:0\nwith another content\n"),
    ],
)
def test_that_they_differ_is_always_shown(tmp_path, content, there, after):
    path = tmp_path / "file"
    if there is not None:
        path.write_bytes(there)
        path.chmod(0o640)
    change = apply.Change(model.item(model.FILE, "/etc/x", "/etc/x", "area", content, 0o640), str(path), "replace")
    (shown,) = apply.differences([change])
    assert shown["after"] == after
    assert shown["before"] != shown["after"]
