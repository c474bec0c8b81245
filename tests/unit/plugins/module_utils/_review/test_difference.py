# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import gzip
import hashlib
import json
import os
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._files import elf as programs
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import (
    debs,
    difference,
    feed,
    page,
    release,
    report,
)

from .conftest import KERNEL

PARTS = ("packages", "files", "units", "users", "kernel_options", "open_cves")
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="owners and devices need root")


def told(found):
    """The parts in which something differs."""
    return [part for part in PARTS if found[part]]


def paths(found):
    return {one["path"]: one for one in found["files"]}


def pyc(flags, time, code=b"code"):
    return struct.pack("<IIII", 0xA0D0DA7, flags, time, 100) + code


def test_the_same_release_in_another_place_does_not_differ(compared):
    found = compared()
    assert told(found) == []
    assert found["old"] == found["new"]
    assert found["new"]["name"] == "Debian 13 <b>"
    assert found["new"]["initramfs_bytes"] == 2000


NOISE = {
    "bytecode of another time": ("usr/lib/a.pyc", pyc(0, 1), pyc(0, 2)),
    "gzip of another time": ("usr/share/a.gz", gzip.compress(b"x", mtime=1), gzip.compress(b"x", mtime=2)),
    "gzip packed otherwise": ("usr/share/a.gz", gzip.compress(b"x" * 999, 1), gzip.compress(b"x" * 999, 9)),
    "package database": ("usr/lib/sysimage/dpkg/status-old", b"1", b"2"),
}
CONTENT = {
    "text": ("usr/a", b"1\n", b"2\n"),
    "bytecode of another code": ("usr/lib/a.pyc", pyc(0, 1), pyc(0, 1, b"evil")),
    "bytecode whose source is not looked at": ("usr/lib/a.pyc", pyc(1, 1), pyc(1, 2)),
    "bytecode of another kind": ("usr/lib/a.pyc", pyc(0, 1), pyc(1, 1)),
    "another thing called bytecode": ("usr/lib/a.pyc", b"short", b"shore"),
    "gzip of other content": ("usr/share/a.gz", gzip.compress(b"x"), gzip.compress(b"y")),
    "gzip and what follows": ("usr/share/a.gz", gzip.compress(b"x"), gzip.compress(b"x") + b"more"),
    "damaged gzip": ("usr/share/a.gz", gzip.compress(b"x"), gzip.compress(b"x")[:-3]),
    "a script of a package": ("usr/lib/sysimage/dpkg/info/tool.postinst", b"1", b"2"),
}


@pytest.mark.parametrize("case", NOISE)
def test_what_only_time_made_is_left_out(compared, old, new, case):
    name, before, after = NOISE[case]
    old.file(name, before)
    new.file(name, after)
    assert compared()["files"] == []


@pytest.mark.parametrize("case", CONTENT)
def test_other_content_is_told(compared, old, new, case):
    name, before, after = CONTENT[case]
    old.file(name, before)
    new.file(name, after)
    (one,) = compared()["files"]
    assert one["change"] == "changed"
    assert one["what"] == ["content"]


@NEEDS_ROOT
def test_rights_owners_attributes_and_devices(compared, old, new):
    for root in (old, new):
        root.file("usr/bin/a", "a", 0o755)
        root.file("usr/bin/b", "b", 0o755)
    (new.place / "usr/bin/a").chmod(0o4755)
    os.chown(new.place / "usr/bin/b", 5, 6)
    capability = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
    os.setxattr(new.place / "usr/bin/b", "security.capability", capability)
    os.mknod(new.place / "usr/null", 0o020666, os.makedev(1, 3))
    new.link("usr/link", "to")
    (new.place / "usr/open").mkdir()
    (new.place / "usr/open").chmod(0o777)
    found = paths(compared())
    assert set(found) == {"/usr/bin/a", "/usr/bin/b", "/usr/null", "/usr/link", "/usr/open"}
    assert found["/usr/bin/a"]["what"] == ["mode"]
    assert found["/usr/bin/a"]["after"]["set_id"]
    assert found["/usr/bin/b"]["what"] == ["owner", "attributes"]
    assert found["/usr/bin/b"]["after"]["capability"] == capability.hex()
    assert found["/usr/null"]["after"]["content"] == "1:3"
    assert found["/usr/open"]["after"]["open"]


def test_a_file_that_became_a_link(compared, old, new):
    old.file("usr/etc/motd", "hello")
    new.link("usr/etc/motd", "/run/motd")
    (one,) = compared()["files"]
    assert (one["path"], one["what"]) == ("/etc/motd", ["kind", "mode"])


def test_texts_are_shown_unless_others_may_not_read_them(compared, new):
    new.file("usr/etc/shadow", "root:secret:1:::::\n", 0o640)
    new.file("usr/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n")
    new.file("usr/etc/cron.d/new", "* * * * * root /usr/sbin/tool\n")
    found = paths(compared())
    assert found["/etc/shadow"]["diff"] == []
    assert "-root:x:0:0:root:/root:/bin/bash" in found["/etc/passwd"]["diff"]
    assert "+* * * * * root /usr/sbin/tool" in found["/etc/cron.d/new"]["diff"]


def test_a_line_break_at_the_end_is_told(compared, old, new):
    old.file("usr/etc/a", "x\n")
    new.file("usr/etc/a", "x")
    (one,) = compared()["files"]
    assert one["diff"][1:] == ["-x", "+x (no line break at the end)"]


def test_scripts_of_a_package_are_explained_by_its_change_only(compared, new):
    new.file("usr/lib/sysimage/dpkg/info/tool.postinst", "#!/bin/sh\n")
    assert not compared()["files"][0]["with_package"]
    new.package("tool", "2", ["/usr/sbin/tool"])
    assert compared()["files"][0]["with_package"]


def test_texts_have_an_end(compared, new):
    new.file("usr/etc/long", "".join(f"{number}{'x' * 1000}\n" for number in range(1000)))
    (one,) = compared()["files"]
    assert len(one["diff"]) == 200
    assert one["diff"][-1] == "[...]"
    assert max(map(len, one["diff"])) <= 405
    new.file("usr/etc/long", b"\0binary")
    assert compared()["files"][0]["diff"] == []


def test_all_texts_together_have_an_end(compared, new, monkeypatch):
    monkeypatch.setattr(difference, "MOST_TEXT", 10)
    new.file("usr/etc/a", "0123456789\n")
    new.file("usr/etc/b", "0123456789\n")
    assert [bool(one["diff"]) for one in compared()["files"]] == [True, False]


def test_packages(compared, new):
    news = (
        "tool (1.2) trixie-security; urgency=high\n\n  * Mend CVE-2026-11111.\n\n -- A <a@b>  x\n\n"
        "tool (1.1) trixie; urgency=low\n\n  * Mend CVE-2026-2222 and CVE-2026-11111.\n\n -- A <a@b>  x\n\n"
        "tool (1.0) trixie; urgency=emergency\n\n  * CVE-2020-1111.\n"
    )
    new.file("usr/share/doc/tool/changelog.Debian.gz", gzip.compress(news.encode()))
    new.package("tool", "1.2", ["/usr/sbin/tool", "/usr/share/doc/tool/changelog.Debian.gz"])
    new.package("more", "2:3-1", [])
    found = compared()
    added, changed = found["packages"]
    assert (added["name"], added["change"], added["after"], added["bytes"]) == ("more", "added", "2:3-1", 12288)
    assert (changed["before"], changed["after"], changed["urgency"]) == ("1.0", "1.2", "high")
    assert changed["cves"] == ["CVE-2026-11111", "CVE-2026-2222"]
    assert not any("2020" in line for line in changed["changelog"])
    (file,) = found["files"]
    assert (file["package"], file["with_package"]) == ("tool", True)


@pytest.mark.parametrize("news", ["", "other (1.2) x; urgency=low\n", "tool (1.2) x; urgency=low\n  * no older one\n"])
def test_a_changelog_that_does_not_say_where_to_stop_says_nothing(compared, new, news):
    new.file("usr/share/doc/tool/changelog.Debian.gz", gzip.compress(news.encode()))
    new.package("tool", "1.2", [])
    (one,) = compared()["packages"]
    assert (one["has_changelog"], one["urgency"], one["cves"], one["changelog"]) == (False, "", [], [])
    assert "- of 1 changed packages no changelog says what they mend\n    tool\n" in report.as_text(compared())


def debian_package(directory: Path, name: str, version: str, changelog: str, text: str) -> None:
    """Make a real package file with a changelog."""
    root = directory / "root"
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(
        f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: A <a@b>\nDescription: x\n"
    )
    place = root / "usr/share/doc" / name / changelog
    place.parent.mkdir(parents=True)
    place.write_bytes(gzip.compress(text.encode()))
    file = f"{name}_{version.replace(':', '%3a')}_all.deb"
    subprocess.run(["dpkg-deb", "--build", root, directory / file], check=True, capture_output=True)
    shutil.rmtree(root)


@pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg is not installed")
def test_changelogs_of_a_tree_without_documentation_are_those_of_its_package_files(tmp_path, compared, old, new):
    news = "{0} ({1}-2) x; urgency=high\n  * CVE-2026-3333{1}.\n{0} ({1}-1) x; urgency=low\n  * CVE-2020-1111.\n"
    debian_package(tmp_path, "tool", "1:2-2", "changelog.Debian.gz", news.format("tool", "1:2"))
    debian_package(tmp_path, "linux-image-118", "6-2", "changelog.gz", news.format("linux", "6"))
    old.package("tool", "1:2-1", [])
    new.package("tool", "1:2-2", [])
    # The version of a kernel is part of its name, so it comes and the one before goes.
    old.package("linux-image-117", "6-1", [], "Source: linux")
    new.package("linux-image-118", "6-2", [], "Source: linux")
    new.package("more", "6-2", [])
    found = {one["name"]: one for one in compared(files=debs.read(str(tmp_path)))["packages"]}
    assert found["tool"]["cves"] == ["CVE-2026-33331"] and found["tool"]["urgency"] == "high"
    assert found["linux-image-118"]["cves"] == ["CVE-2026-33336"]
    assert [found[name]["cves"] for name in ("more", "linux-image-117")] == [[], []]
    assert compared()["packages"][0]["cves"] == []


def test_package_files_that_are_damaged_or_not_there(tmp_path):
    with pytest.raises(FleetError, match="has no package files"):
        debs.read(str(tmp_path))
    (tmp_path / "tool_1_all.deb").write_bytes(b"!<arch>\nno package")
    with pytest.raises(FleetError, match="tool_1_all.deb is damaged"):
        debs.member(debs.file_of(debs.read(str(tmp_path)), "tool", "1"), ["/usr/a"])


def test_package_files_of_another_release_are_refused(tmp_path, compared):
    (tmp_path / "tool_9_all.deb").write_bytes(b"")
    with pytest.raises(FleetError, match="Release Debian 13 <b> has none of the 1 package files"):
        compared(files=debs.read(str(tmp_path)))


def test_units(compared, old, new):
    units = "usr/etc/systemd/system"
    new.remove(f"{units}/multi-user.target.wants/a.service")
    new.file("usr/lib/systemd/system/b.timer", "[Timer]\n")
    new.link(f"{units}/timers.target.wants/b.timer", "/usr/lib/systemd/system/b.timer")
    new.link(f"{units}/a.service", "/dev/null")
    old.file("usr/lib/systemd/system/gone.socket", "[Socket]\n")
    new.link(f"{units}/default.target", "/usr/lib/systemd/system/multi-user.target")
    new.file("usr/lib/systemd/user/c.service", "[Service]\n")
    assert [(one["unit"], one["change"], one["by"]) for one in compared()["units"]] == [
        ("a.service", "masked", []),
        ("a.service", "disabled", ["multi-user.target"]),
        ("b.timer", "added", []),
        ("b.timer", "enabled", ["timers.target"]),
        ("gone.socket", "removed", []),
        ("multi-user.target", "enabled", ["default.target"]),
        ("user/c.service", "added", []),
    ]


def test_users_and_groups(compared, old, new):
    new.file("usr/etc/passwd", "root:x:0:0:root:/root:/bin/bash\nnew:x:104:110::/:/usr/sbin/nologin\n")
    new.file("usr/etc/group", "root:x:0:new\ndaemon:x:1:\n")
    assert [(one["kind"], one["name"], one["change"], one["after"]) for one in compared()["users"]] == [
        ("user", "daemon", "removed", ""),
        ("user", "new", "added", "104:110:/:/usr/sbin/nologin"),
        ("group", "root", "changed", "0:new"),
    ]


def test_a_newer_kernel_is_compared_with_the_one_before(compared, old, new):
    version = "6.12.118+deb13-cloud-amd64"
    new.swap_kernel(version)
    new.file(f"usr/lib/modules/{version}/config", "CONFIG_A=m\nCONFIG_C=y\n")
    old.file("usr/lib/libx.so.6.12.117+deb13-cloud-amd64.1", "not the kernel's\n")
    found = compared()
    assert found["kernel_options"] == [
        {"option": "A", "change": "changed", "before": "y", "after": "m"},
        {"option": "B", "change": "removed", "before": "n", "after": ""},
        {"option": "C", "change": "added", "before": "", "after": "y"},
    ]
    assert found["way"] == {"by": "reboot", "because": [f"kernel {KERNEL}", f"kernel {version}"]}
    files = paths(found)
    assert set(files) == {
        f"/usr/lib/modules/{version}/config",
        "/usr/lib/libx.so.6.12.117+deb13-cloud-amd64.1",
    }
    assert files[f"/usr/lib/modules/{version}/config"]["was"].startswith("/usr/lib/modules/6.12.117")


@pytest.mark.parametrize(("content", "explained"), [("brought", True), ("altered", False)])
def test_a_file_that_was_altered_is_not_explained_by_its_package(compared, old, new, content, explained):
    new.file("usr/sbin/tool", content, 0o755)
    new.package("tool", "1.1", ["/usr/sbin/tool"])
    sums = f"{hashlib.md5(b'brought').hexdigest()}  usr/sbin/tool\n"
    new.file("usr/lib/sysimage/dpkg/info/tool.md5sums", sums)
    assert [(one["path"], one["with_package"]) for one in compared()["files"]] == [("/usr/sbin/tool", explained)]


def test_a_kernel_that_lies_beside_its_modules_is_that_of_its_package(compared, old, new):
    files = [f"/boot/{name}-{KERNEL}" for name in ("vmlinuz", "config")]
    for root, number in ((old, 1), (new, 2)):
        root.file(f"usr/lib/modules/{KERNEL}/vmlinuz", f"kernel {number}")
        root.kernel(KERNEL, f"CONFIG_A={number}\n")
        root.package("linux-image", f"6.12-{number}", files)
    assert [(one["path"].rpartition("/")[2], one["with_package"]) for one in compared()["files"]] == [
        ("config", True),
        ("vmlinuz", True),
    ]
    new.package("linux-image", "6.12-1", files)
    assert [one["with_package"] for one in compared()["files"]] == [False, False]


def test_options_of_a_kernel_that_are_not_known_are_not_told_as_other_ones(compared, new):
    new.remove(f"usr/lib/modules/{KERNEL}/config")
    found = compared()
    assert (found["kernel_options"], found["old"]["kernel_options"], found["new"]["kernel_options"]) == ([], 2, 0)
    told = f"which options of the kernel differ is not known: the new release has no config of {KERNEL}"
    assert told in report.as_text(found)


def test_of_several_kernels_the_newest_is_the_one_whose_options_count(compared, old, new):
    for root, value in ((old, "y"), (new, "m")):
        root.swap_kernel("6.12.9-amd64")
        root.kernel("6.12.118-amd64", f"CONFIG_A={value}\n")
    found = compared()
    assert found["new"]["kernels"] == ["6.12.9-amd64", "6.12.118-amd64"]
    assert [(one["option"], one["before"], one["after"]) for one in found["kernel_options"]] == [("A", "y", "m")]


def test_names_that_are_no_text_are_told_as_what_they_are(compared, new):
    os.makedirs(os.fsencode(new.place / "usr/etc/x"), exist_ok=True)
    with open(os.fsencode(new.place / "usr/etc/x") + b"/\xff\n<script>\x1b[1m", "w") as stream:
        stream.write("\u202eevil\n")
    found = compared()
    (one,) = found["files"]
    assert one["path"] == "/etc/x/\\udcff\\n<script>\\x1b[1m"
    assert "+\\u202eevil" in one["diff"]
    text, web = report.as_text(found), page.render(found)
    for shown in (text, web, report.as_json(found)):
        shown.encode("utf-8")
        assert "\x1b" not in shown and "\u202e" not in shown
    assert "<script>" not in web and "<b>" not in web


def test_the_forms_of_a_report(compared, new):
    new.file("usr/bin/su", "su", 0o4755)
    new.package("tool", "1.1", ["/usr/sbin/tool"])
    found = compared()
    text = report.as_text(found, ["/usr/bin/su is a new set-id file"])
    assert "- tool 1.0 to 1.1" in text and "- /usr/bin/su added: file 4755 0:0, 2 bytes" in text
    assert text.index("Needs an approval") < text.index("Packages")
    web = page.render(found, ["<needs>"])
    assert "&lt;needs&gt;" in web and web.count("<h2>") == 10
    assert "nodes get there by soft reboot" in text
    assert json.loads(report.as_json(found)) == found
    new.place.rename(new.place.parent / "elsewhere")
    new.place = new.place.parent / "elsewhere"
    assert report.as_json(compared()) == report.as_json(found)


def test_long_lists_are_cut_in_the_text_only(compared, new):
    for number in range(100):
        new.file(f"usr/share/x/{number}", b"\0")
    found = compared()
    assert "(20 more: see the other forms of this report)" in report.as_text(found)
    assert "usr/share/x/99" in page.render(found)


@NEEDS_ROOT
@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_commits_are_compared_with_all_that_they_hold(tmp_path, old, new):
    repository = tmp_path / "repo"
    new.file("usr/bin/su", "su", 0o4755)
    os.chown(new.place / "usr/sbin/tool", 3, 4)
    subprocess.run(["ostree", "init", f"--repo={repository}", "--mode=archive"], check=True)
    for branch, root in (("old", old), ("new", new)):
        arguments = [f"--repo={repository}", f"--branch={branch}", f"--tree=dir={root.place}"]
        subprocess.run(["ostree", "commit", *arguments], check=True, capture_output=True)
    with release.opened("old", str(repository), str(tmp_path)) as before:
        with release.opened("new", str(repository), str(tmp_path)) as after:
            found = difference.of(before, after)
            with release.opened(str(new.place), "", str(tmp_path)) as directory:
                assert told(difference.of(directory, after)) == []
    assert paths(found)["/usr/bin/su"]["after"]["set_id"]
    assert paths(found)["/usr/sbin/tool"]["what"] == ["owner"]
    assert found["new"]["kind"] == "ostree" and len(found["new"]["id"]) == 64
    assert not list(tmp_path.glob("osmigrate-review-*"))


def opening(place):
    with release.opened(str(place), "", "/nowhere"):
        pass


def test_what_is_no_release_is_refused(tmp_path):
    for place, problem in (
        (tmp_path / "none", "does not exist"),
        (tmp_path, "has no usr"),
    ):
        with pytest.raises(FleetError, match=problem):
            opening(place)
    (tmp_path / "file").write_text("x")
    with pytest.raises(FleetError, match="is no directory"):
        opening(tmp_path / "file")


@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_a_commit_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(FleetError, match="is no OSTree repository"):
        with release.opened("x", str(tmp_path), str(tmp_path)):
            pass
    subprocess.run(["ostree", "init", f"--repo={tmp_path}/repo", "--mode=archive"], check=True)
    for name in ("x", "--help", ""):
        with pytest.raises(FleetError, match="has no commit or branch"):
            with release.opened(name, f"{tmp_path}/repo", str(tmp_path)):
                pass


def test_hard_links_of_directories(compared, old, new):
    for root in (old, new):
        root.file("usr/bin/a", "same", 0o755)
        root.file("usr/bin/b", "same", 0o755)
    assert compared()["files"] == []
    new.remove("usr/bin/b")
    os.link(new.place / "usr/bin/a", new.place / "usr/bin/b")
    os.link(new.place / "usr/bin/a", new.place / "usr/bin/c")
    found = compared()
    assert {name: one["what"] for name, one in paths(found).items()} == {
        "/usr/bin/a": ["hard link"],
        "/usr/bin/b": ["hard link"],
        "/usr/bin/c": [],
    }
    assert "/usr/bin/c added: file 0755 0:0, 4 bytes, hard link to /usr/bin/a" in report.as_text(found)
    assert "/usr/bin/b changed: hard link none to /usr/bin/a" in report.as_text(found)


def test_by_what_way_a_node_gets_there(compared, new):
    assert compared()["way"] == {"by": "nothing", "because": []}
    new.file("usr/sbin/tool", "other", 0o755)
    assert compared()["way"] == {"by": "soft reboot", "because": []}
    new.file(f"usr/lib/modules/{KERNEL}/initramfs.img", b"j" * 2000)
    assert compared()["way"] == {"by": "reboot", "because": [f"/usr/lib/modules/{KERNEL}/initramfs.img"]}
    assert f"by reboot, because of /usr/lib/modules/{KERNEL}/initramfs.img" in report.as_text(compared())


TRACKER = {
    "tool-src": {
        "CVE-2026-1": {"releases": {"trixie": {"status": "resolved", "fixed_version": "1.1", "urgency": "high"}}},
        "CVE-2026-2": {"releases": {"trixie": {"status": "open", "urgency": "low"}, "sid": {"status": "resolved"}}},
        "CVE-2026-3": {"releases": {"trixie": {"status": "resolved", "fixed_version": "0"}}},
        "CVE-2026-4": {"releases": {"trixie": {"status": "undetermined"}}},
        "CVE-2026-5": {"releases": {"sid": {"status": "open"}}},
        "CVE-2026-6": "odd",
        "CVE-2026-8": {"releases": ["odd"]},
        "CVE-2026-9": {"releases": {"trixie": "odd"}},
    },
    "other": {"CVE-2026-7": {"releases": {"trixie": {"status": "open"}}}},
}


def test_open_vulnerabilities_of_a_feed(tmp_path, compared, old, new):
    place = tmp_path / "tracker.json"
    place.write_text(json.dumps(TRACKER))
    known = feed.load(str(place))
    for root, version in ((old, "1.0"), (new, "1.2")):
        root.package("tool", version, ["/usr/sbin/tool"], f"Source: tool-src ({version})")
    found = compared(known)
    assert [(one["change"], one["cve"], one["version"], one["fixed"]) for one in found["open_cves"]] == [
        ("removed", "CVE-2026-1", "1.0", "1.1"),
        ("stays", "CVE-2026-2", "1.2", ""),
    ]
    assert found["feed"] == known.digest and len(known.digest) == 64
    text = report.as_text(found)
    assert "1 CVEs still open" in text and "CVE-2026-2 tool-src 1.2 in tool, not mended yet, urgency low" in text
    assert compared()["open_cves"] == []
    assert report.NO_FEED in report.as_text(compared()) and report.NO_FEED not in text


MENDED = {"releases": {"trixie": {"status": "resolved", "fixed_version": "6.12.118-1"}}}
# name: (package, its fields, what it has open) where a feed has one of linux and one of a library.
HELD = {
    "a signed kernel": (
        "linux-image-6.12.117",
        "Source: linux-signed-amd64 (6.12.117+1)\nBuilt-Using: linux (= 6.12.117-1)",
        [("linux", "6.12.117-1")],
    ),
    "one that is mended": (
        "linux-image-6.12.118",
        "Source: linux-signed-amd64 (6.12.118+1)\nBuilt-Using: linux (= 6.12.118-1)",
        [],
    ),
    "a static program": ("tools", "Static-Built-Using: golang-y (= 2), golang-x (= 1)", [("golang-y", "2")]),
    "one that holds it twice": (
        "tools",
        "Source: golang-y (1)\nBuilt-Using: golang-y (= 2)",
        [("golang-y", "1, 2")],
    ),
    "none": ("tools", "Depends: golang-y (= 2)", []),
}


@pytest.mark.parametrize("case", HELD)
def test_vulnerabilities_of_what_a_package_was_built_using(compared, new, case):
    name, fields, expected = HELD[case]
    new.package(name, "1", [], fields)
    open_one = {"releases": {"trixie": {"status": "open"}}}
    known = feed.Feed("x", {"linux": {"CVE-2026-1": MENDED}, "golang-y": {"CVE-2026-2": open_one}})
    found = compared(known)["open_cves"]
    assert [(one["source"], one["version"]) for one in found] == expected
    assert all(one["packages"] == [name] for one in found)


STRANGE = {
    "is called sid, and nothing in the feed is about that": "ID=debian\nVERSION_CODENAME=sid\n",
    "has no VERSION_CODENAME in its os-release": "ID=debian\n",
}


@pytest.mark.parametrize("problem", STRANGE)
def test_a_feed_that_is_not_about_a_release_is_refused(compared, old, new, problem):
    known = feed.Feed("x", {"linux": {"CVE-2026-1": MENDED}})
    assert compared(known)["open_cves"] == []
    for root in (new, old):
        before = (root.place / "usr/lib/os-release").read_text()
        root.file("usr/lib/os-release", STRANGE[problem])
        with pytest.raises(FleetError, match=problem):
            compared(known)
        assert compared()["open_cves"] == []
        root.file("usr/lib/os-release", before)
    new.remove("usr/lib/sysimage/dpkg/status")
    with pytest.raises(FleetError, match="Release Debian 13 <b> has no packages of dpkg"):
        compared(known)


@pytest.mark.parametrize("content", ["", "[]", "{}", "[1]", '{"a": 1}', "\xff", "[" * 100000])
def test_what_is_no_feed_is_refused(tmp_path, content):
    (tmp_path / "feed").write_text(content, encoding="latin-1")
    with pytest.raises(FleetError, match="is no list of vulnerabilities"):
        feed.load(str(tmp_path / "feed"))
    with pytest.raises(FleetError, match="cannot be read: No such file"):
        feed.load(str(tmp_path / "none"))


def elf(tmp_path, code, *options):
    (tmp_path / "a.c").write_text(code)
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", tmp_path / "a.so", tmp_path / "a.c", *options], check=True)
    return (tmp_path / "a.so").read_bytes()


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_programs_are_told_by_what_they_need_and_give(tmp_path, compared, old, new):
    before = elf(tmp_path, "int kept(void) {return 1;} int gone(void) {return 2;}", "-Wl,--build-id=none")
    code = 'extern int system(const char *); int kept(void) {return system("/bin/nc -l -e /bin/sh");}'
    old.file("usr/lib/a.so", before)
    new.file("usr/lib/a.so", elf(tmp_path, code, "-Wl,-rpath,/tmp/x", "-Wl,--no-as-needed", "-lm"))
    (one,) = compared()["files"]
    assert {"-exports gone", "+imports system", "+needs libm.so.6", "+looks for libraries in /tmp/x"} <= set(
        one["diff"]
    )
    assert "+text /bin/nc -l -e /bin/sh" in one["diff"]
    assert not any("kept" in line and not line.startswith("+text") for line in one["diff"])
    new.package("lib", "2", ["/usr/lib/a.so"])
    (one,) = (one for one in compared()["files"] if one["path"] == "/usr/lib/a.so")
    assert "-exports gone" in one["diff"] and not any("text" in line for line in one["diff"])


@pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not installed")
def test_a_damaged_program_says_nothing_and_breaks_nothing(tmp_path):
    content = elf(tmp_path, "int a(void) {return 1;}")
    for cut in range(4, len(content), 97):
        assert isinstance(programs.difference(content, content[:cut], True), list)
        damaged = content[:cut] + b"\xff" * 8 + content[cut + 8 :]
        assert isinstance(programs.difference(damaged, content, False), list)
