# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Puts onto the incumbent what it needs after a fall-back: its report (report.py), as a program made of these very
sources, and that it forgets what the candidate noted about pods (_trial/tmpfiles.py).

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import ast
import importlib
import io
import os
import sys
import typing
import zipfile

from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import soft
from ansible_collections.osmigrate.fleet.plugins.module_utils._constants import DIRECTORY as SHARED
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._storage import (
    make_directory,
    read_bytes,
    sync_directory,
    write_atomic,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import record, report, tmpfiles

PROGRAM = SHARED + "/report.pyz"
SERVICE = "osmigrate-report.service"
DIRECTORY = "/etc/systemd/system"
UNIT = """\
# Written by osmigrate.fleet.
[Unit]
Description=Report a trial of another system that fell back to this one
ConditionKernelCommandLine=!osmigrate.trial
ConditionPathExists=!%s
ConditionPathExists=%s
After=network-online.target

# It reads, asks the API server, and writes nothing but the kernel's log and the kubelet's certificate for a moment.
[Service]
ExecStart=%s -I %s
RuntimeDirectory=osmigrate-report
RuntimeDirectoryMode=0700
UMask=0077
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_DAC_READ_SEARCH
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
ProtectControlGroups=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
WantedBy=multi-user.target
"""
# One that an update of the system's Python keeps; else the one that runs this.
INTERPRETERS = ("/usr/bin/python3", "/usr/libexec/platform-python")
PACKAGE = __name__.rsplit(".", 2)[0]
MAIN = """\
from %(package)s._node.boot import control
from %(package)s._trial.report import report

report(lambda: control(check_mode=True).facts())
"""


def install(check_mode: bool) -> typing.List[str]:
    """Make sure that the system that runs now is prepared for the fall-back of a trial.

    :param check_mode: bool, when true nothing is written.
    :returns: list of str, the actions taken.
    :raises FleetError: a file cannot be written.
    """
    link = os.path.join(DIRECTORY, "multi-user.target.wants", SERVICE)
    wanted = {
        PROGRAM: build(),
        os.path.join(DIRECTORY, SERVICE): (UNIT % (soft.MARK, record.PATH, _interpreter(), PROGRAM)).encode("utf-8"),
        tmpfiles.PATH: tmpfiles.TEXT.encode("utf-8"),
    }
    changed = sorted(path for path, content in wanted.items() if read_bytes(path) != content)
    linked = os.path.islink(link) and os.readlink(link) == "../" + SERVICE
    if not check_mode:
        try:
            for path in changed:
                make_directory(os.path.dirname(path))
                write_atomic(path, wanted[path], 0o644)
            if not linked:
                make_directory(os.path.dirname(link))
                if os.path.lexists(link):
                    os.unlink(link)
                os.symlink("../" + SERVICE, link)
                sync_directory(os.path.dirname(link))
        except OSError as error:
            raise FleetError(
                f"{error.filename or DIRECTORY} cannot be written: {error.strerror}",
                "No trial was armed",
                "Make room, or make the file system writable, and run the same command again",
            )
    return [f"write {path}" for path in changed] + ([] if linked else [f"enable {SERVICE}"])


def build() -> bytes:
    """Return the program as bytes: an archive that Python runs. The same sources give the same bytes."""
    files = {"__main__.py": MAIN % {"package": PACKAGE}}
    pending = [PACKAGE + "._node.boot", report.__name__]
    while pending:
        name = pending.pop()
        module = importlib.import_module(name)
        path = name.replace(".", "/") + ("/__init__.py" if hasattr(module, "__path__") else ".py")
        if path not in files:
            # The loader has it also where the module came in an archive, as Ansible sends it.
            loader: typing.Any = module.__loader__
            files[path] = "" if path.endswith("/__init__.py") else loader.get_source(name)
            pending += _imports(files[path])
    for path in list(files):
        while "/" in path:
            path = os.path.dirname(path)
            files.setdefault(path + "/__init__.py", "")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as program:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path)
            entry.compress_type = zipfile.ZIP_DEFLATED
            program.writestr(entry, files[path])
    return archive.getvalue()


def _imports(source: str) -> typing.List[str]:
    """Return the names of the modules of ours that a source imports, as list of str."""
    found = []
    for node in ast.walk(ast.parse(source)):
        module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
        if isinstance(node, ast.ImportFrom) and (module + ".").startswith(PACKAGE + "."):
            for name in node.names:
                whole = f"{module}.{name.name}"
                found.append(whole if whole in sys.modules else module)
    return [name for name in found if name != PACKAGE]


def _interpreter() -> str:
    return next((path for path in INTERPRETERS if os.path.exists(path)), sys.executable)
