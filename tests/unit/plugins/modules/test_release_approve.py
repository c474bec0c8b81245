# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a report to a signed release, with real keys: who may approve what, and what is not signed without."""

import base64
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import difference, report
from ansible_collections.osmigrate.fleet.plugins.modules import release_approve, release_sign

FIXTURES = Path(__file__).parents[2] / "fixtures" / "release"
MANIFEST = (FIXTURES / "release.yml").read_text()
COMMIT = yaml.safe_load(MANIFEST)["payloads"]["ostree"]["commit"]
BEFORE = "b" * 64
HEAD = {"kind": "ostree", "name": "Debian", "kernels": [], "packages": 1, "files": 1, "bytes": 1, "initramfs_bytes": 1}
HEAD["kernel_options"] = 0
NO_KEY = {"private_key": None, "passphrase": None, "signature": None, "public_key": None}
UNIT = {"unit": "a.service", "change": "removed", "by": []}


class Desk:
    """A manifest, its report, a policy and the keys of those who have to do with them."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.manifest = directory / "release.yml"
        self.manifest.write_text(MANIFEST)
        self.report = directory / "difference.json"
        self.policy = directory / "policy.yml"
        for name in ("alice", "bob", "carol", "stranger"):
            path = directory / f"{name}.pem"
            subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", path], check=True)
            path.chmod(0o600)
        self.rules([{"when": "unit-removed", "approvals": 2, "by": ["alice", "bob"]}, {"when": "user-added"}])
        self.tell(units=[UNIT])

    def public(self, name: str) -> str:
        argv = ["openssl", "pkey", "-in", self.directory / f"{name}.pem", "-pubout"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def rules(self, rules: list) -> None:
        approvers = [{"name": name, "key": self.public(name)} for name in ("alice", "bob", "carol")]
        self.policy.write_text(yaml.safe_dump({"schema": 1, "approvers": approvers, "rules": rules}))

    def tell(self, new: str = COMMIT, old: str = BEFORE, images: "dict | None" = None, **parts: list) -> None:
        found = {
            "schema": difference.SCHEMA,
            "feed": "",
            "old": {**HEAD, "id": old},
            "new": {**HEAD, "id": new, "images": images or {}},
            **{part: parts.get(part, []) for part in report.PARTS},
        }
        self.report.write_text(report.as_json(found))

    def approve(self, name: "str | None" = None, check_mode: bool = False, **changes: str) -> dict:
        key = {"private_key": str(self.directory / f"{name}.pem")} if name else {}
        params = {"report": str(self.report), "policy": str(self.policy), **NO_KEY, **key, **changes}
        return release_approve.approve(params, check_mode)

    def sign(self, previous: "Path | None" = None) -> dict:
        params = {"manifest": str(self.manifest), "policy": str(self.policy), "report": str(self.report), **NO_KEY}
        params.update(private_key=str(self.directory / "carol.pem"), previous=previous and str(previous))
        return release_sign.sign(params, False)

    def refusal(self, **options) -> str:
        with pytest.raises(FleetError) as caught:
            self.sign(**options)
        assert caught.value.left == "Nothing was signed" and caught.value.todo
        assert not (self.directory / "release.yml.sig").exists()
        return caught.value.problem


@pytest.fixture
def desk(tmp_path) -> Desk:
    return Desk(tmp_path)


def test_a_release_is_signed_once_enough_have_approved_it(desk):
    asked = desk.approve()
    assert (asked["changed"], asked["approved"], asked["needs"][0]["approved_by"]) == (False, False, [])
    assert asked["lacking"] == ["unit-removed (2 of alice, bob): a.service is removed, approved by nobody"]
    assert (
        "need more approvals: unit-removed (2 of alice, bob): a.service is removed, approved by nobody"
        in desk.refusal()
    )
    first = desk.approve("alice")
    assert first["actions"] == [f"approve the way from {BEFORE[:12]} to {COMMIT[:12]} as alice"]
    assert not first["approved"]
    assert not desk.approve("alice")["changed"]
    assert not desk.approve("carol")["approved"], "she is not asked by this rule"
    assert "approved by alice" in desk.refusal()
    assert desk.approve("bob")["approved"]
    signed = desk.sign()
    assert [need["approved_by"] for need in signed["needs"]] == [["alice", "bob"]]
    assert signed["actions"] and not desk.sign()["changed"]


def test_what_needs_no_approval_is_signed(desk):
    desk.tell(units=[{**UNIT, "change": "added"}])
    assert desk.approve()["approved"]
    assert desk.sign()["needs"] == []


def test_an_approval_is_of_one_report_only(desk):
    desk.approve("alice")
    desk.approve("bob")
    desk.tell(units=[UNIT, {**UNIT, "unit": "b.service"}])
    assert "b.service is removed, approved by nobody" in desk.refusal()
    desk.approve("alice")
    assert "approved by alice" in desk.refusal()


def test_a_report_of_something_else_is_refused(desk, tmp_path):
    desk.tell(new="c" * 64)
    assert f"is commit {COMMIT[:12]}, and report" in desk.refusal()
    desk.tell(old=COMMIT)
    assert "and that is the release itself" in desk.refusal()
    desk.tell()
    previous = tmp_path / "previous.yml"
    previous.write_text(MANIFEST.replace(COMMIT, "d" * 64))
    assert "and the release before is dddddddddddd" in desk.refusal(previous=previous)
    previous.write_text(MANIFEST.replace(COMMIT, BEFORE))
    assert desk.sign(previous=previous)["changed"]


IMAGE = "e" * 64
SLOTS = {"url": "http://i/slots/a", "index": "http://i/slots/b", "size": 4096, "filesystem": "ext4", "boot_size": 2}
SLOTS = {**SLOTS, "sha256": IMAGE, "kernel": "/k", "initrd": "/i"}
SLOTS = {**SLOTS, **{f"{part}_sha256": "f" * 64 for part in ("index", "kernel", "initrd")}}


def test_an_image_that_was_not_seen_to_hold_the_commit_was_not_reviewed(desk):
    document = yaml.safe_load(MANIFEST)
    document["payloads"]["slots"] = SLOTS
    desk.manifest.write_text(yaml.safe_dump(document))
    desk.tell()
    assert "has an image for slots, eeeeeeeeeeee, and report" in desk.refusal()
    desk.tell(images={"slots": "f" * 64})
    assert "is about ffffffffffff" in desk.refusal()
    desk.tell(images={"slots": IMAGE, "ostree": "f" * 64})
    assert desk.sign()["changed"]


def test_a_release_without_a_commit_was_not_reviewed(desk, tmp_path):
    previous = tmp_path / "previous.yml"
    head = MANIFEST.partition("payloads:")[0]
    previous.write_text(head + yaml.safe_dump({"payloads": {"slots": SLOTS}}))
    assert "has no payload ostree, and a report compares commits" in desk.refusal(previous=previous)


def test_only_approvers_approve(desk):
    with pytest.raises(FleetError, match="is that of no approver of policy"):
        desk.approve("stranger")
    assert not (desk.directory / "difference.json.sig").exists()


def test_check_mode_writes_nothing(desk):
    assert desk.approve("alice", check_mode=True)["changed"]
    assert not (desk.directory / "difference.json.sig").exists()


def test_a_signature_of_another_tool(desk):
    (desk.directory / "data").write_bytes(base64.b64decode(desk.approve()["to_be_signed"]))
    argv = ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", "alice.pem", "-in", "data"]
    raw = subprocess.run(argv, check=True, capture_output=True, cwd=desk.directory).stdout
    made = desk.approve(signature=base64.b64encode(raw).decode(), public_key=desk.public("alice"))
    assert made["needs"][0]["approved_by"] == ["alice"]


def test_the_signature_of_a_release_is_no_approval(desk):
    desk.tell()
    desk.sign()
    desk.tell(units=[UNIT])
    (desk.directory / "difference.json.sig").write_bytes((desk.directory / "release.yml.sig").read_bytes())
    with pytest.raises(FleetError, match="has a signature over .*release.v1.json. instead of .*approval"):
        desk.sign()


@pytest.mark.parametrize("broken", ["", "{}", "[1]", "null", '{"schema": 1}', "[" * 100000])
def test_what_is_no_report_is_refused(desk, broken):
    desk.report.write_text(broken)
    with pytest.raises(FleetError, match="is no report of release_difference"):
        desk.approve()


def test_a_report_that_was_edited_is_refused(desk):
    desk.report.write_text(json.dumps(json.loads(desk.report.read_text())))
    with pytest.raises(FleetError, match="is not as release_difference wrote it"):
        desk.approve()
    desk.report.unlink()
    with pytest.raises(FleetError, match="does not exist"):
        desk.approve()
