# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What real GRUB makes of this grub.cfg is tested in tests/grub."""

import shutil
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import grubcfg, grubfiles

ENTRY = {"id": "d-1", "title": "D", "kernel": "/k", "initrd": "/i", "options": "root=UUID=1 a=b", "boot_uuid": "1-2"}
# As Debian 12's grub-mkconfig wrote it, shortened.
SERIAL = """\
serial --unit=0 --speed=115200
terminal_input serial
terminal_output gfxterm serial
if [ "${recordfail}" = 1 ] ; then
  set timeout=30
else
  if [ x$feature_timeout_style = xy ] ; then
    set timeout_style=menu
    set timeout=2
  else
    set timeout=2
  fi
fi
menuentry 'Debian GNU/Linux' {
        linux /boot/vmlinuz-6.1.0-40-amd64 root=UUID=1 ro
}
"""
SETTINGS = {
    "serial": (
        SERIAL,
        [
            "serial --unit=0 --speed=115200",
            "terminal_input serial",
            "terminal_output console serial",
            "set timeout_style=menu",
            "set timeout=2",
        ],
    ),
    "nothing": ("menuentry x {\n}\n", ["set timeout=5"]),
    "waits for a key": ("set timeout=-1\n", ["set timeout=5"]),
    "closed to others": (
        'set superusers="root"\nexport superusers\npassword_pbkdf2 root grub.pbkdf2.sha512.1\n',
        ['set superusers="root"', "export superusers", "password_pbkdf2 root grub.pbkdf2.sha512.1", "set timeout=5"],
    ),
    "closed, if there is a password somewhere else": (
        'if [ -n "${PASSWORD}" ]; then\n  set superusers="root"\n  password_pbkdf2 root ${PASSWORD}\nfi\n',
        ["set timeout=5"],
    ),
    "more than a number has": ("set timeout=" + "9" * 5000 + "\n", ["set timeout=5"]),
    "quoted": ('timeout="7"\n', ["set timeout=7"]),
}


@pytest.mark.parametrize("case", SETTINGS.values(), ids=SETTINGS)
def test_how_it_talks_to_the_console_is_kept(case):
    assert grubcfg.settings(case[0]) == case[1]


def test_written_again_from_itself_it_is_the_same():
    once = grubcfg.render(SERIAL, ENTRY)
    assert grubcfg.is_ours(once)
    assert not grubcfg.is_ours(SERIAL)
    assert grubcfg.render(once, ENTRY) == once


def test_grub_would_still_be_found(tmp_path):
    (tmp_path / "boot/grub").mkdir(parents=True)
    (tmp_path / "boot/grub/grub.cfg").write_text(grubcfg.render(SERIAL, ENTRY))
    assert grubfiles.find(str(tmp_path)).check_tool == "grub-script-check"


def test_nothing_of_the_package_managed_system_is_left_in_it():
    assert "vmlinuz-6.1.0" not in grubcfg.render(SERIAL, ENTRY)


@pytest.mark.skipif(not shutil.which("grub-script-check"), reason="GRUB's own check is not here")
def test_grub_can_read_it():
    subprocess.run(["grub-script-check"], input=grubcfg.render(SERIAL, ENTRY).encode(), check=True)
