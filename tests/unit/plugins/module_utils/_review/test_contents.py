# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is in a release, and the lists of its software."""

import json
import os
import shutil
import struct
import subprocess

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import initramfs, licences, sbom, software
from ansible_collections.osmigrate.fleet.plugins.modules import release_contents
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from .conftest import KERNEL, Root

CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
COPYRIGHT = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nLicense: Expat\n"


def looked(root: Root, **changes):
    params = {"tree": str(root.place), "repository": None, "name": "debian-13", "version": "13.2"}
    return release_contents.look({**params, "work_directory": "/nowhere", **changes})


def cpio(*names: str) -> bytes:
    """An archive as `cpio --format=newc` writes it."""
    content = b""
    for number, name in enumerate([*names, "TRAILER!!!"]):
        held = b"" if name == "TRAILER!!!" else b"x" * (number + 1)
        mode = 0o100755 if held else 0
        numbers = [number, mode, 0, 0, 1, 0, len(held), 0, 0, 0, 0, len(name) + 1, 0]
        head = b"070701" + "".join(f"{one:08x}" for one in numbers).encode() + name.encode() + b"\0"
        content += head + b"\0" * (-len(head) % 4) + held + b"\0" * (-len(held) % 4)
    return content


def filled(root: Root) -> None:
    root.file("usr/share/doc/tool/copyright", COPYRIGHT)
    root.file("usr/lib/a.py", "a")
    root.file("usr/lib/__pycache__/a.cpython-313.pyc", "aaaa")
    root.file("usr/lib/__pycache__/b.cpython-313.pyc", "b")
    files = ["/usr/sbin/tool", "/usr/lib/systemd/system/a.service", "/usr/share/doc/tool/copyright", "/usr/lib/a.py"]
    more = "Architecture: amd64\nSource: tool-src (0.9)\nMaintainer: A B <a@b.example>\nHomepage: https://t.example/\n"
    root.package("tool", "1:1.0+x", files, more + "Depends: lib (>= 1) | other, none")
    root.package("lib", "2", [], "Architecture: amd64\nHomepage: javascript:alert(1)")
    root.file("usr/bin/su", "su", 0o4755)
    root.file("usr/open", "", 0o666)
    root.file(
        "usr/lib/systemd/system/b.socket", "[Socket]\nListenStream=0.0.0.0:80\n#ListenStream=1\nListenFIFO = /run/x\n"
    )
    root.file("usr/lib/systemd/system/c.socket", "[Socket]\nListenStream=81\n")
    root.link("usr/etc/systemd/system/sockets.target.wants/b.socket", "/usr/lib/systemd/system/b.socket")
    root.link("usr/etc/systemd/system/d.service", "/dev/null")
    root.file("usr/lib/sysctl.d/50-a.conf", "kernel.panic = 10\n")
    root.file(f"usr/lib/modules/{KERNEL}/initramfs.img", cpio("early") + b"\0" * 512 + cpio("usr/bin/a", "./init"))


def test_what_is_in_a_release(new):
    filled(new)
    found, files = looked(new)
    lib, tool = found["packages"]
    assert (lib["name"], lib["licences"], lib["bytes"]) == ("lib", [], 0)
    assert (tool["version"], tool["source"], tool["source_version"]) == ("1:1.0+x", "tool-src", "0.9")
    assert tool["licences"] == ["Expat"]
    assert (
        tool["bytes"] == sum(map(len, ("#!/bin/sh\nexit 0\n", "[Service]\nExecStart=/usr/sbin/tool\n", COPYRIGHT))) + 5
    )
    assert [(one["path"], one["mode"]) for one in found["set_id"]] == [("/usr/bin/su", "4755")]
    assert [one["path"] for one in found["world_writable"]] == ["/usr/open"]
    assert {"/usr/bin/su", "/usr/lib/__pycache__/b.cpython-313.pyc"} <= set(found["without_package"])
    assert not {"/usr/sbin/tool", "/usr/lib/__pycache__/a.cpython-313.pyc"} & set(found["without_package"])
    assert found["users"]["daemon"].startswith("1:1:") and found["groups"]["root"] == "0:"
    assert found["units"]["a.service"] == {"enabled_by": ["multi-user.target"], "masked": False}
    assert found["units"]["d.service"]["masked"]
    assert [(one["unit"], one["address"]) for one in found["listens"]] == [
        ("b.socket", "0.0.0.0:80"),
        ("b.socket", "/run/x"),
    ]
    assert found["sysctls"] == {"kernel.panic": "10"}
    assert found["kernel_options"] == {"A": "y", "B": "n"}
    assert [one["path"] for one in found["initramfs"]] == ["/early", "/init", "/usr/bin/a"]
    assert set(release_contents.COUNTED) <= set(found)
    text = files["contents.txt"]
    assert (
        "- Expat: 1 packages" in text and "- b.socket ListenStream 0.0.0.0:80" in text and "- kernel.panic = 10" in text
    )
    new.place.rename(new.place.parent / "elsewhere")
    new.place = new.place.parent / "elsewhere"
    assert looked(new)[1] == files


def test_packages_that_dpkg_does_not_know_are_not_told_as_none(new, monkeypatch):
    """As with a database of rpm, whose packages are counted by it alone."""
    new.remove(f"usr/lib/modules/{KERNEL}/initramfs.img")
    monkeypatch.setattr(software, "read", lambda view: [])
    found, files = looked(new)
    assert found["packages_of_others"] == 1 and sorted(files) == ["contents.json", "contents.txt"]
    assert "- not listed: 1 packages that dpkg does not know\n" in files["contents.txt"]


def test_a_kernel_without_its_config_is_told(new):
    new.remove(f"usr/lib/modules/{KERNEL}/config")
    new.remove(f"usr/lib/modules/{KERNEL}/initramfs.img")
    assert f"- not known: there is no config of {KERNEL}\n" in looked(new)[1]["contents.txt"]


@pytest.mark.skipif(os.geteuid() != 0, reason="devices and capabilities need root")
def test_devices_and_capabilities(new):
    new.file("usr/bin/ping", "ping", 0o755)
    os.setxattr(new.place / "usr/bin/ping", "security.capability", CAPABILITY)
    os.mknod(new.place / "usr/null", 0o020666, os.makedev(1, 3))
    new.remove(f"usr/lib/modules/{KERNEL}/initramfs.img")
    found, _files = looked(new)
    assert [one["capability"] for one in found["capabilities"]] == [CAPABILITY.hex()]
    assert [one["path"] for one in found["devices"]] == ["/usr/null"]


@pytest.mark.skipif(not shutil.which("ostree"), reason="ostree is not installed")
def test_a_commit_holds_the_same_and_knows_its_time(tmp_path, new):
    filled(new)
    repository = str(tmp_path / "repo")
    subprocess.run(["ostree", "init", f"--repo={repository}", "--mode=archive"], check=True)
    argv = [
        "ostree",
        "commit",
        f"--repo={repository}",
        "--branch=b",
        f"--tree=dir={new.place}",
        "--timestamp=@1700000000",
    ]
    for more in ([], ["--subject=" + "s" * 300, "--body=b", "--add-metadata-string=a=" + "m" * 70000]):
        subprocess.run([*argv, *more], check=True, capture_output=True)
        found, files = looked(new, tree="b", repository=repository, work_directory=str(tmp_path))
        assert json.loads(files["sbom.cdx.json"])["metadata"]["timestamp"] == "2023-11-14T22:13:20Z"
        assert {**found, "release": 0} == {**looked(new)[0], "release": 0}


def test_lists_of_software(new):
    filled(new)
    files = looked(new)[1]
    cyclonedx, spdx = json.loads(files["sbom.cdx.json"]), json.loads(files["sbom.spdx.json"])
    lib, tool = cyclonedx["components"]
    assert tool["purl"] == "pkg:deb/debian/tool@1:1.0%2Bx?arch=amd64"
    assert tool["licenses"] == [{"license": {"name": "Expat"}}]
    assert tool["supplier"] == {"name": "A B", "contact": [{"name": "A B", "email": "a@b.example"}]}
    assert tool["externalReferences"][0]["url"] == "https://t.example/" and "externalReferences" not in lib
    assert {"ref": tool["bom-ref"], "dependsOn": [lib["bom-ref"]]} in cyclonedx["dependencies"]
    assert [one["name"] for one in spdx["packages"]] == ["debian-13", "lib", "tool"]
    assert spdx["packages"][2]["supplier"] == "Organization: A B (a@b.example)"
    assert "javascript" not in files["sbom.cdx.json"] + files["sbom.spdx.json"]
    assert {
        "spdxElementId": "SPDXRef-Package-tool-amd64",
        "relationshipType": "DEPENDS_ON",
        "relatedSpdxElement": "SPDXRef-Package-lib-amd64",
    } in spdx["relationships"]


def test_lists_of_software_are_what_the_official_schemas_want(new):
    filled(new)
    files = looked(new)[1]
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    assert validator.validate_str(files["sbom.cdx.json"]) is None
    document = JsonLikeDictParser().parse(json.loads(files["sbom.spdx.json"]))
    assert validate_full_spdx_document(document) == []


def test_two_packages_never_share_an_id():
    assert sbom._id("libstdc++6") != sbom._id("libstdc-6")


LICENCES = {
    "named in the known form": (
        COPYRIGHT + "\nFiles: a\nLicense: GPL-2+ and Expat\n text\n",
        ["Expat", "GPL-2+ and Expat"],
    ),
    "by the text that it names": ("On Debian see /usr/share/common-licenses/GPL-2.\n", ["GPL-2"]),
    "nothing known": ("Do as you like.\nLicense: odd\n", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize("case", LICENCES)
def test_licences(case):
    text, expected = LICENCES[case]
    assert licences.named(text) == expected


PROGRAMS = [("gzip", "-c"), ("xz", "-c"), ("zstd", "-c"), ("lz4", "-c"), ("bzip2", "-c")]


@pytest.mark.parametrize("argv", PROGRAMS)
def test_initramfs_of_every_compression(argv):
    if not shutil.which(argv[0]):
        pytest.skip(f"{argv[0]} is not installed")
    packed = subprocess.run(argv, input=cpio("a", "b"), check=True, capture_output=True).stdout
    assert [one.name for one in initramfs.read(cpio("early") + packed, "I")] == ["/a", "/b", "/early"]


WHOLE = cpio("a", "bc")


@pytest.mark.parametrize(
    "content", [b"x", WHOLE[:50], WHOLE[:-30], b"\x1f\x8bxxxx", WHOLE.replace(b"070701", b"07070x", 1)]
)
def test_what_is_no_initramfs_is_refused(content):
    with pytest.raises(FleetError, match="I is no initramfs, or a damaged one"):
        initramfs.read(content, "I")
