# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came with newer packages, by changelogs as Debian's packages have them."""

import gzip

import pytest

KERNEL = """\
linux-signed-amd64 (6.12.118+1) trixie-security; urgency=high

  * Sign kernel from linux 6.12.118-1

    - fs: fix it (CVE-2026-1118)

 -- A <a@b>  x

linux-signed-amd64 (6.12.117+1) trixie; urgency=medium

  * Sign kernel from linux 6.12.117-1 (CVE-2026-1117)
"""
LVM = """\
lvm2 (2.03.31-3) trixie; urgency=low

  * CVE-2026-1002.

lvm2 (2.03.31-2) unstable; urgency=medium

  * CVE-2020-1000.
"""
BASH = """\
bash (5.2.37-3) trixie; urgency=medium

  * CVE-2026-1003.

bash (5.2.37-2) unstable; urgency=medium

  * CVE-2020-1000.
"""
# Of another branch, so that what the release before had is not in it.
BRANCH = """\
tool (2.0-1) unstable; urgency=low

  * CVE-2026-1005.

tool (1.5-1) unstable; urgency=critical

  * CVE-2026-1004.

tool (1.0-1) unstable; urgency=medium

  * CVE-2020-1000.
"""
# name: (package, version, source) before and after, who has which changelog, and what came by that.
CASES = {
    "a signed kernel": (
        ("linux-image-6.12.117", "6.12.117-1", "linux-signed-amd64 (6.12.117+1)"),
        ("linux-image-6.12.118", "6.12.118-1", "linux-signed-amd64 (6.12.118+1)"),
        ("linux-image-6.12.118", KERNEL),
        ("high", ["CVE-2026-1118"]),
    ),
    "versions of a binary that are not those of its source": (
        ("libdevmapper1.02.1", "2:1.02.205-2", "lvm2 (2.03.31-2)"),
        ("libdevmapper1.02.1", "2:1.02.205-3", "lvm2 (2.03.31-3)"),
        ("libdevmapper1.02.1", LVM),
        ("low", ["CVE-2026-1002"]),
    ),
    "after a rebuild": (
        ("bash", "5.2.37-2+b10", "bash (5.2.37-2)"),
        ("bash", "5.2.37-3", ""),
        ("bash", BASH),
        ("medium", ["CVE-2026-1003"]),
    ),
    "with a rebuild": (
        ("bash", "5.2.37-2", ""),
        ("bash", "5.2.37-3+b1", "bash (5.2.37-3)"),
        ("bash", BASH),
        ("medium", ["CVE-2026-1003"]),
    ),
    "a rebuild and nothing else": (
        ("bash", "5.2.37-3", ""),
        ("bash", "5.2.37-3+b1", "bash (5.2.37-3)"),
        ("bash", BASH),
        ("", []),
    ),
    "another package of the source has the changelog": (
        ("libdevmapper1.02.1", "2:1.02.205-2", "lvm2 (2.03.31-2)"),
        ("libdevmapper1.02.1", "2:1.02.205-3", "lvm2 (2.03.31-3)"),
        ("lvm2", LVM),
        ("low", ["CVE-2026-1002"]),
    ),
    "from another branch": (
        ("tool", "1.0-1+deb12u1", ""),
        ("tool", "2.0-1", ""),
        ("tool", BRANCH),
        ("critical", ["CVE-2026-1004", "CVE-2026-1005"]),
    ),
    "from another source": (
        ("tool", "1.6-1", "other"),
        ("tool", "2.0-1", ""),
        ("tool", BRANCH),
        ("", []),
    ),
    "back": (("bash", "5.2.37-3", ""), ("bash", "5.2.37-2", ""), ("bash", BASH), ("", [])),
}


@pytest.mark.parametrize("case", CASES)
def test_what_came_with_newer_packages(compared, old, new, case):
    before, after, (holder, text), expected = CASES[case]
    for root, (name, version, source) in ((old, before), (new, after)):
        root.package(name, version, [], f"Source: {source}" if source else "Section: x")
    if holder != after[0]:
        for root, version in ((old, "2.03.31-2"), (new, "2.03.31-3")):
            root.package(holder, version, [])
    new.file(f"usr/share/doc/{holder}/changelog.Debian.gz", gzip.compress(text.encode()))
    found = {one["name"]: one for one in compared()["packages"]}[after[0]]
    assert (found["urgency"], found["cves"]) == expected
    assert found["has_changelog"] == (case not in ("from another source", "back"))
    assert not any("2020" in line for line in found["changelog"])
