# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two small releases in directories, and what differs between them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._review import debs, difference, feed, release

KERNEL = "6.12.117+deb13-cloud-amd64"
STATUS = "Package: {}\nStatus: install ok installed\nInstalled-Size: 12\nVersion: {}\n{}\nDescription: x\n more\n\n"
PASSWD = "root:x:0:0:root:/root:/bin/bash\ndaemon:x:1:1::/:/usr/sbin/nologin\n"


class Root:
    """A root in the shape that OSTree wants, to be changed by a test."""

    def __init__(self, place: Path):
        self.place = place
        self.packages: "dict[str, str]" = {}
        self.file("usr/lib/os-release", 'ID=debian\nPRETTY_NAME="Debian 13 <b>"\nVERSION_CODENAME=trixie\n')
        self.file("usr/etc/passwd", PASSWD)
        self.file("usr/etc/group", "root:x:0:\ndaemon:x:1:\n")
        self.file("usr/etc/shadow", "root:*:1:::::\n", 0o640)
        self.file("usr/sbin/tool", "#!/bin/sh\nexit 0\n", 0o755)
        self.file("usr/lib/systemd/system/a.service", "[Service]\nExecStart=/usr/sbin/tool\n")
        self.link("usr/etc/systemd/system/multi-user.target.wants/a.service", "/usr/lib/systemd/system/a.service")
        self.package("tool", "1.0", ["/usr/sbin/tool", "/usr/lib/systemd/system/a.service"])
        self.kernel(KERNEL, "CONFIG_A=y\n# CONFIG_B is not set\n")

    def file(self, name: str, content: "str | bytes", mode: int = 0o644) -> None:
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        path.chmod(mode)

    def link(self, name: str, target: str) -> None:
        path = self.place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        path.symlink_to(target)

    def package(self, name: str, version: str, files: "list[str]", more: str = "Section: x") -> None:
        info = self.place / "usr/lib/sysimage/dpkg/info"
        info.mkdir(parents=True, exist_ok=True)
        (info / f"{name}.list").write_text("".join(f"{path}\n" for path in files))
        self.packages[name] = STATUS.format(name, version, more)
        (info.parent / "status").write_text("".join(text for _name, text in sorted(self.packages.items())))

    def kernel(self, version: str, config: str) -> None:
        self.file(f"usr/lib/modules/{version}/config", config)
        self.file(f"usr/lib/modules/{version}/kernel/x.ko", "module\n")
        self.file(f"usr/lib/modules/{version}/initramfs.img", b"i" * 2000)

    def remove(self, name: str) -> None:
        (self.place / name).unlink()

    def swap_kernel(self, version: str) -> None:
        (self.place / "usr/lib/modules" / KERNEL).rename(self.place / "usr/lib/modules" / version)


@pytest.fixture
def old(tmp_path) -> Root:
    return Root(tmp_path / "old")


@pytest.fixture
def new(tmp_path) -> Root:
    return Root(tmp_path / "new")


@pytest.fixture
def compared(tmp_path, old, new) -> "Callable[..., dict[str, Any]]":
    def compare(known: feed.Feed = feed.NOTHING, files: debs.Files = debs.NOTHING) -> "dict[str, Any]":
        with release.opened(str(old.place), "", str(tmp_path)) as before:
            with release.opened(str(new.place), "", str(tmp_path)) as after:
                return difference.of(before, after, known, files)

    return compare
