# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and contents of any bytes: planned, told, written, in any locale."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins import module_utils
from ansible_collections.osmigrate.fleet.plugins.module_utils import _errors, _text

COLLECTIONS = str(Path(module_utils.__path__[0]).parents[3])
LATIN = b"caf\xe9".decode("utf-8", "surrogateescape")
UTF = "z\u00fcrich"
CONTENT = b"\xe9\xff\n"

# One whole move in a process of its own, as a module is: only there the locale counts.
MOVE = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry import model, plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import apply
from ansible_collections.osmigrate.fleet.plugins.module_utils._text import writable
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending
from ansible_collections.osmigrate.fleet.tests.backends.roots import deployed
apply.run = lambda argv, left: None  # the one sync at the end
situation = model.open_situation(sys.argv[2], deployed(sys.argv[3]), [])
made = plan.make(situation, ["/etc/site"], ending.Limits(0, 60, 0))
changes = apply.compare(made.items, situation, sys.argv[4])
told = [plan.describe(situation, made), made.unknown, made.left, apply.actions(changes), apply.differences(changes)]
apply.perform(changes, sys.argv[3])
left = apply.compare(plan.make(situation, ["/etc/site"], ending.Limits(0, 60, 0)).items, situation, sys.argv[4])
print(json.dumps([writable(told), len(left)]))
"""


@pytest.mark.parametrize("locale", ["C.UTF-8", "C"])
@pytest.mark.parametrize("name", [LATIN, UTF])
def test_any_bytes_are_carried_in_any_locale(move, name, locale):
    moving = move(
        {
            f"/etc/site/{name}/{name}.conf": CONTENT,
            f"/etc/site/link-{name}": f"-> {name}/{name}.conf",
            f"/etc/other-{name}": CONTENT,
            f"/usr/bin/{name}": "x",
            f"/{name}/data": "x",
            "/etc/fstab": b"UUID=1 / ext4 defaults 0 1\nUUID=2 /srv/\xe9 ext4 defaults 0 2\n",
            f"/etc/systemd/system/{name}.service": b"[Service]\nExecStart=/bin/bash\nEnvironment=A=\xe9\n",
            "/etc/sudoers.d/a": b"# \xe9\n",
        },
        packages={f"/etc/{name}.owned": ("changed", "shipped")},
    )
    env = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    paths = [COLLECTIONS, str(moving.incumbent), str(moving.deployment), str(moving.var)]
    done = subprocess.run([sys.executable, "-c", MOVE, *paths], env=env, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    told, left_to_do = json.loads(done.stdout)
    assert left_to_do == 0
    site = os.fsencode(moving.deployment) + b"/etc/site/"
    raw = os.fsencode(name)
    with open(site + raw + b"/" + raw + b".conf", "rb") as content:
        assert content.read() == CONTENT
    assert os.readlink(site + b"link-" + raw) == raw + b"/" + raw + b".conf"
    fstab = (moving.deployment / "etc/fstab").read_bytes()
    assert b" /var/srv/\xe9 " in fstab and b"/sysroot/" + raw + b" /" + raw + b" none bind" in fstab
    text = json.dumps(told, ensure_ascii=False)
    assert text.encode("utf-8") and _text.writable(f"/etc/other-{name}") in text.replace("\\\\", "\\")
    assert b"\xe9" in (moving.deployment / f"etc/systemd/system/{name}.service").read_bytes()


def test_a_result_can_be_written_and_read_back():
    result = {LATIN: [LATIN, (UTF, 1, None)], "plain": "a\\x2db"}
    shown = _text.writable(result)
    assert shown == {"caf\\xe9": ["caf\\xe9", [UTF, 1, None]], "plain": "a\\x2db"}
    json.dumps(shown, ensure_ascii=False).encode("utf-8")
    assert [_text.as_meant(text) for text in ("caf\\xe9", "a\\x2db")] == [LATIN, "a\\x2db"]


class Module:
    """A fake, because a real one ends the process: what is asked of AnsibleModule at the end."""

    params, no_log_values, _name = {}, set(), "test"

    def exit_json(self, **result):
        self.result = result

    fail_json = exit_json


def test_modules_end_with_what_can_be_written():
    module = Module()
    _errors.answer(module, path=LATIN)
    assert module.result == {"path": "caf\\xe9"}
    with _errors.failing(module, known=LATIN):
        raise _errors.FleetError(f"{LATIN} is wrong")
    json.dumps(module.result, ensure_ascii=False).encode("utf-8")
