# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give a tree a database of rpm's, inside of it: each of dpkg's packages is built anew by rpmbuild and registered.

With arguments, one package is added to that database: its name and its files.
"""

import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys

INFO = "/var/lib/dpkg/info"
OF_DPKG = ("/var/lib/dpkg", "/etc/dpkg", "/etc/apt", "/var/lib/apt", "/var/cache/apt", "/var/cache/debconf")
DATABASE = "/var/lib/rpm"
WORK = "/var/tmp/packages"
ROOT = f"{WORK}/root"
# EL's names of what somebody might ask for.
NAMES = {
    "base-files": "filesystem",
    "base-passwd": "setup",
    "containerd": "containerd.io",
    "cron": "cronie",
    "grub-common": "grub2-tools",
    "grub-pc-bin": "grub2-pc-modules",
    "libpam-runtime": "pam",
    "network-manager": "NetworkManager",
    "passwd": "shadow-utils",
}
# What EL has no use for, nor a place.
GONE = re.compile(r"dpkg|apt|libapt-.*|debconf.*|debian-archive-keyring|ucf")
# Whose is what no list of dpkg's has.
MADE = (
    ("/etc/ssh/", "openssh-server"),
    ("/etc/pam.d/", "pam"),
    ("/etc/ssl/", "ca-certificates"),
    ("/etc/chrony", "chrony"),
    ("/etc/", "setup"),
    ("/usr/lib/grub/", "grub2-pc-modules"),
)
# What a package only wants to know of.
GHOSTS = {"/etc/fstab", "/etc/hostname", "/etc/ld.so.cache", "/etc/machine-id", "/etc/resolv.conf", "/etc/.pwd.lock"}
MOVED = (
    (r"^/(bin|sbin|lib|lib64)/", r"/usr/\1/"),
    (r"^/boot/initrd\.img-(.*)", r"/boot/initramfs-\1.img"),
    (r"^(/usr/s?bin)/grub-", r"\1/grub2-"),
    (r"/system/ssh\.service$", "/system/sshd.service"),
    (r"/system/cron\.service$", "/system/crond.service"),
    (r"/system/chrony\.service$", "/system/chronyd.service"),
)
SPEC = """\
%global debug_package %{{nil}}
%global __os_install_post %{{nil}}
%global _build_id_links none
%global _empty_manifest_terminate_build 0
Name: lab
Version: 1
Release: 1.lel9
Summary: What the packages of this node are built from
License: theirs
AutoReqProv: no
%description
Nothing.
%install
mkdir -p %{{buildroot}}
cp -al {ROOT}/. %{{buildroot}}
{packages}
"""
PACKAGE = """\
%package -n {name}
Version: {version}
Summary: {name}, built anew for the lab
AutoReqProv: no
%description -n {name}
{name}.
%files -n {name} -f {WORK}/{name}.files
"""


def of_dpkg():
    """Return version and paths of each of dpkg's packages, by EL's name; what EL has not is deleted."""
    found = {}
    listed = subprocess.run(
        ["dpkg-query", "--show", "--showformat", "${binary:Package} ${Package} ${source:Upstream-Version}\n"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for line in listed.splitlines():
        file, package, version = line.split()
        paths = []
        for path in open(f"{INFO}/{file}.list", encoding="utf-8").read().splitlines():
            for pattern, replacement in MOVED:
                path = re.sub(pattern, replacement, path)
            paths.append(path)
        if GONE.fullmatch(package):
            for path in paths:
                # Its directories are others', and some of them links, without which no program starts.
                if os.path.lexists(path) and not os.path.isdir(path):
                    os.unlink(path)
            continue
        name = "kernel-core" if package.startswith("linux-image-6") else NAMES.get(package, package)
        known, before = found.get(name, (version, []))
        found[name] = (known, before + paths)
    return found


def made(packages):
    """Return the files that no list has, with the name of the package that gets each."""
    listed = {path for _version, paths in packages.values() for path in paths}
    for top in ("/etc", "/usr/lib/grub"):
        for above, _directories, names in os.walk(top):
            for path in (os.path.join(above, name) for name in names):
                if path not in listed:
                    makers = [maker for prefix, maker in MADE if path.startswith(prefix)]
                    yield makers[0], path


def build(packages):
    """Build packages, name -> (version, paths), each path in the first that has it, and register them."""
    os.makedirs(ROOT)
    owned = set()
    parts = []
    for name, (version, paths) in packages.items():
        lines = []
        for path in sorted({os.path.normpath(path) for path in paths} - owned - {"/", "/."}):
            if os.path.lexists(path):
                owned.add(path)
                lines.append(entry(path))
        with open(f"{WORK}/{name}.files", "w", encoding="utf-8") as text:
            text.write("".join(f"{line}\n" for line in lines))
        parts.append(PACKAGE.format(name=name, version=re.sub(r"[^\w.+~]", ".", version), WORK=WORK))
    with open(f"{WORK}/lab.spec", "w", encoding="utf-8") as text:
        text.write(SPEC.format(packages="\n".join(parts), ROOT=ROOT))
    definitions = {"_topdir": WORK, "_rpmdir": f"{WORK}/rpms", "_binary_payload": "w.ufdio"}
    defined = [word for item in definitions.items() for word in ("--define", " ".join(item))]
    subprocess.run(["rpmbuild", "-bb", "--quiet", *defined, f"{WORK}/lab.spec"], check=True)
    built = [os.path.join(above, name) for above, _below, names in os.walk(f"{WORK}/rpms") for name in names]
    how = ["--justdb", "--nodeps", "--noscripts", "--nosignature"]
    subprocess.run(["rpm", "--dbpath", DATABASE, "--upgrade", *how, *built], check=True)
    shutil.rmtree(WORK)


def entry(path):
    """Put a path where rpmbuild takes it from; return its line in the list of a package."""
    there = ROOT + path
    found = os.lstat(path)
    quoted = '"' + path.replace("%", "%%") + '"'
    owners = f"{pwd.getpwuid(found.st_uid).pw_name},{grp.getgrgid(found.st_gid).gr_name}"
    mode = f"%attr({stat.S_IMODE(found.st_mode):04o},{owners}) {quoted}"
    if stat.S_ISDIR(found.st_mode):
        os.makedirs(there, exist_ok=True)
        return f"%dir {mode}"
    os.makedirs(os.path.dirname(there), exist_ok=True)
    os.link(path, there, follow_symlinks=False)
    if path in GHOSTS:
        return f"%ghost {mode}"
    if stat.S_ISLNK(found.st_mode):
        return quoted
    return f"%config(noreplace) {mode}" if path.startswith("/etc/") else mode


def main():
    """Do it."""
    name, *paths = sys.argv[1:] or [""]
    if name:
        build({name: ("1", paths)})
        return
    packages = of_dpkg()
    for path in OF_DPKG:
        shutil.rmtree(path, ignore_errors=True)
    for maker, path in list(made(packages)):
        packages[maker][1].append(path)
    build(packages)


main()
