# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each kind of change that a policy knows, with a release in which there is one and another in which there is none."""

import os
import shutil
import struct
import subprocess

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import changes, feed, policy

CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
WANTS = "usr/etc/systemd/system/multi-user.target.wants"


def capable(root):
    root.file("usr/bin/ping", "ping", 0o755)
    os.setxattr(root.place / "usr/bin/ping", "security.capability", CAPABILITY)


def owned(root, mode):
    root.file("usr/bin/su", "su", 0o755)
    os.chown(root.place / "usr/bin/su", 0, 42)
    (root.place / "usr/bin/su").chmod(mode)


def both(change):
    def do(old, new):
        for root in (old, new):
            change(root)

    return do


def unit(name):
    return lambda root: root.file(f"usr/lib/systemd/system/{name}", "[Service]\n")


# Mended in 2.0 of p.
FEED = feed.Feed("x", {"p": {"CVE-2026-1": {"releases": {"trixie": {"status": "resolved", "fixed_version": "2.0-1"}}}}})
# kind: what has it, by what sentence is it told; what has it not.
CASES = {
    "set-id-file": [
        (lambda old, new: new.file("usr/bin/su", "su", 0o4755), "/usr/bin/su is set-id", {}),
        (
            lambda old, new: (both(lambda root: owned(root, 0o2755))(old, new), new.file("usr/bin/su", "evil", 0o2755)),
            "/usr/bin/su is",
            {},
        ),
        (both(lambda root: owned(root, 0o4755)), "", {}),
        (lambda old, new: old.file("usr/bin/su", "su", 0o4755), "", {}),
        (lambda old, new: new.file("usr/bin/su", "su", 0o4755), "", {"except": ["/usr/bin/s*"]}),
    ],
    "capability": [
        (lambda old, new: capable(new), "/usr/bin/ping has capabilities", {}),
        (both(capable), "", {}),
    ],
    "device": [
        (
            lambda old, new: os.mknod(new.place / "usr/null", 0o020600, os.makedev(1, 3)),
            "/usr/null is a new device",
            {},
        ),
        (lambda old, new: new.file("usr/null", ""), "", {}),
    ],
    "world-writable": [
        (lambda old, new: new.file("usr/open", "", 0o666), "/usr/open may be written", {}),
        (lambda old, new: new.link("usr/open", "x"), "", {}),
    ],
    "rights": [
        (lambda old, new: new.file("usr/sbin/tool", "#!/bin/sh\nexit 0\n", 0o700), "/usr/sbin/tool has another", {}),
        (lambda old, new: new.file("usr/sbin/other", "", 0o700), "", {}),
    ],
    "unexplained-file": [
        (lambda old, new: new.file("usr/sbin/tool", "other", 0o755), "/usr/sbin/tool is changed", {}),
        (
            lambda old, new: (new.file("usr/sbin/tool", "other", 0o755), new.package("tool", "2", ["/usr/sbin/tool"])),
            "",
            {},
        ),
        (lambda old, new: new.file("usr/sbin/tool", "other", 0o755), "", {"only": ["/etc/*"]}),
    ],
    "unit-added": [
        (lambda old, new: unit("b.service")(new), "b.service is added", {}),
        (lambda old, new: unit("b.service")(old), "", {}),
    ],
    "unit-enabled": [
        (lambda old, new: new.link(f"{WANTS}/b.service", "/x"), "b.service is enabled", {}),
        (lambda old, new: unit("b.service")(new), "", {}),
    ],
    "unit-removed": [
        (lambda old, new: unit("b.service")(old), "b.service is removed", {}),
        (lambda old, new: new.link("usr/etc/systemd/system/a.service", "/dev/null"), "a.service is masked", {}),
        (lambda old, new: new.remove(f"{WANTS}/a.service"), "a.service is disabled", {}),
        (lambda old, new: unit("b.service")(new), "", {}),
    ],
    "user-added": [
        (lambda old, new: new.file("usr/lib/passwd", "new:x:9:9::/:/bin/sh\n"), "user new is added: 9:9", {}),
        (lambda old, new: old.file("usr/lib/passwd", "new:x:9:9::/:/bin/sh\n"), "", {}),
    ],
    "user-changed": [
        (lambda old, new: new.file("usr/etc/group", "root:x:0:daemon\n"), "group daemon is removed: 1:", {}),
        (lambda old, new: new.file("usr/lib/group", "new:x:9:\n"), "", {}),
    ],
    "kernel-option": [
        (lambda old, new: new.kernel(old_kernel(old), "CONFIG_A=y\nCONFIG_B=y\n"), "B is y, and was n", {}),
        (lambda old, new: new.kernel(old_kernel(old), ""), "the new release has no config of 6", {}),
        (
            lambda old, new: old.kernel(old_kernel(old), ""),
            "the release before has no config of 6",
            {"only": ["BPF_*"]},
        ),
        (both(lambda root: root.kernel(old_kernel(root), "")), " and the new release has no", {"except": ["*"]}),
        (both(lambda root: shutil.rmtree(root.place / "usr/lib/modules")), "", {}),
        (lambda old, new: None, "", {}),
        (lambda old, new: new.kernel(old_kernel(old), "CONFIG_A=m\n# CONFIG_B is not set\n"), "", {"only": ["BPF_*"]}),
    ],
    "open-cve": [
        (lambda old, new: new.package("p", "2.0~rc1-1", []), "CVE-2026-1 is open in p 2.0~rc1-1, and is mended in", {}),
        (both(lambda root: root.package("p", "1", [])), "", {}),
        (lambda old, new: (old.package("p", "1", []), new.package("p", "2.0-1", [])), "", {}),
    ],
    "package-added": [
        (lambda old, new: new.package("more", "1", []), "more 1 is added", {}),
        (lambda old, new: old.package("more", "1", []), "", {}),
    ],
    "package-removed": [
        (lambda old, new: old.package("more", "1", []), "more 1 is removed", {}),
        (lambda old, new: new.package("more", "1", []), "", {}),
    ],
    "package-older": [
        (lambda old, new: (old.package("p", "1:1.0", []), new.package("p", "9.1", [])), "p goes back from 1:1.0", {}),
        (lambda old, new: (old.package("p", "1.9", []), new.package("p", "1.10", [])), "", {}),
    ],
    "size": [
        (lambda old, new: new.file("usr/big", b"x" * 1000001), "size grows by 1.0 MB", {"more_than_mb": 1}),
        (lambda old, new: new.file("usr/big", b"x" * 1000000), "", {"more_than_mb": 1}),
    ],
    "boot-size": [
        (
            lambda old, new: new.file(f"usr/lib/modules/{old_kernel(old)}/vmlinuz", b"k" * 9),
            "boot-size grows by 9 bytes",
            {"more_than_mb": 0},
        ),
        (lambda old, new: new.file("usr/big", b"x" * 1000), "", {"more_than_mb": 0}),
    ],
    "initramfs-size": [
        (
            lambda old, new: old.file(f"usr/lib/modules/{old_kernel(old)}/initramfs.img", b""),
            "grows by 2.0 kB",
            {"more_than_mb": 0},
        ),
        (lambda old, new: new.file(f"usr/lib/modules/{old_kernel(old)}/initramfs.img", b""), "", {"more_than_mb": 0}),
    ],
}


def old_kernel(root):
    (found,) = os.listdir(root.place / "usr/lib/modules")
    return found


def key(directory, name):
    """The public half of a new key, as PEM text."""
    path = directory / f"{name}.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
    path.chmod(0o600)
    return subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout"], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    directory = tmp_path_factory.mktemp("keys")
    return {name: key(directory, name) for name in ("alice", "bob")}


def document(keys, **rule):
    return {
        "schema": 1,
        "approvers": [{"name": name, "key": text} for name, text in keys.items()],
        "rules": [rule],
    }


def test_every_kind_of_change_has_cases_with_and_without_it():
    assert set(CASES) == {*changes.KINDS, *changes.SIZES}
    for kind, cases in CASES.items():
        assert {bool(sentence) for _change, sentence, _rule in cases} == {True, False}, kind


@pytest.mark.skipif(os.geteuid() != 0, reason="owners and devices need root")
@pytest.mark.parametrize(
    ("kind", "number"), [(kind, number) for kind, cases in CASES.items() for number in range(len(cases))]
)
def test_kinds_of_changes(compared, old, new, keys, kind, number):
    change, sentence, rule = CASES[kind][number]
    change(old, new)
    needs = policy.needs(policy.validate(document(keys, when=kind, **rule), "P"), compared(FEED))
    assert bool(needs) == bool(sentence)
    for need in needs:
        assert any(one.startswith(sentence) or sentence in one for one in need.sentences)
        assert need.text().startswith(f"{kind} (1 of alice, bob): ")


def test_a_report_without_a_feed_does_not_pass_for_one_without_holes(compared, keys):
    (need,) = policy.needs(policy.validate(document(keys, when="open-cve", only=["CVE-2026-*"]), "P"), compared())
    assert need.sentences == ["which vulnerabilities are open is not known: the report was made without a feed"]


BAD = {
    'rules[0].when: "set_id" is no kind of change': {"rules": [{"when": "set_id"}]},
    "rules[0].by: carol is no approver": {"rules": [{"when": "device", "by": ["carol"]}]},
    "rules[0].approvals: there are not so many approvers": {"rules": [{"when": "device", "approvals": 3}]},
    "rules[0].approvals: must be between 1": {"rules": [{"when": "device", "approvals": 0}]},
    "rules[0].more_than_mb: goes with": {"rules": [{"when": "size"}]},
    "rules[0].whne: unknown key (did you mean when?)": {"rules": [{"whne": "device"}]},
    "schema: 2 is not known here": {"schema": 2},
    "approvers: alice is there twice": {"approvers": [{"name": "alice", "key": "x"}] * 2},
    "approvers[0].key: is missing": {"approvers": [{"name": "alice"}]},
}


@pytest.mark.parametrize("problem", BAD)
def test_a_policy_that_is_not_valid_is_refused(keys, problem):
    with pytest.raises(FleetError) as caught:
        policy.validate({**document(keys, when="device"), **BAD[problem]}, "Policy p.yml")
    assert problem in str(caught.value)
    assert str(caught.value).startswith("Policy p.yml is not valid: ")


def test_keys_of_a_policy(keys):
    with pytest.raises(FleetError, match="the key of alice holds no PEM public key"):
        policy.validate(document({"alice": "none"}, when="device"), "P")
    with pytest.raises(FleetError, match="gives the same key twice"):
        policy.validate(document({"alice": keys["alice"], "bob": keys["alice"]}, when="device"), "P")
    with pytest.raises(FleetError, match="must be a mapping, not text"):
        policy.validate(yaml.safe_load("text"), "P")
