# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roots that are written as data, and what packages brought to them, registered by the real rpm."""

from __future__ import annotations

import subprocess
from pathlib import Path


def write_tree(root: Path, files: dict) -> Path:
    """Write files: content, (content, mode), "-> target" for a link, a name with / at its end for a directory."""
    for name, what in files.items():
        content, mode = what if isinstance(what, tuple) else (what, 0o644)
        path = root / name.strip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None:
            path.unlink()
        elif name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(mode if isinstance(what, tuple) else 0o755)
        elif isinstance(content, str) and content.startswith("-> "):
            path.symlink_to(content[3:])
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            path.chmod(mode)
    return root


def make_rpm_database(root: Path, files: dict, directory: Path) -> None:
    """Let one package, made and registered by the real rpm, have brought files: path to its content as shipped."""
    content = write_tree(directory / "content", files)
    listed = "\n".join(f"%config(noreplace) {name}" if name.startswith("/etc/") else name for name in files)
    (directory / "p.spec").write_text(
        "Name: p\nVersion: 1\nRelease: 1\nSummary: p\nLicense: none\nBuildArch: noarch\n%description\np\n"
        f"%install\ncp -a {content}/. %{{buildroot}}\n%files\n{listed}\n"
    )
    defines = ["--define", f"_topdir {directory}/top", "--define", "__brp_mangle_shebangs /bin/true"]
    subprocess.run(["rpmbuild", "-bb", *defines, str(directory / "p.spec")], check=True, capture_output=True)
    (package,) = (directory / "top/RPMS").glob("*/*.rpm")
    options = ["--justdb", "--nodeps", "--noscripts", "--ignorearch", "--ignoreos"]
    database = str(root / "var/lib/rpm")
    subprocess.run(["rpm", "--dbpath", database, "-i", *options, str(package)], check=True, capture_output=True)
