# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container images made of nothing but a static busybox, for nodes without a registry."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

from . import host
from .config import APP_IMAGE, PAUSE_IMAGE

# A first process that ignored TERM would hold up every shutdown of its node for a minute and a half.
COMMANDS = {
    PAUSE_IMAGE: "trap 'exit 0' TERM INT; while :; do sleep 86400 & wait; done",
    APP_IMAGE: "trap 'exit 0' TERM INT; mkdir -p /www; hostname > /www/index.html; httpd -f -p 8080 -h /www & wait",
}


def build(image: str, busybox: Path, archive: Path) -> None:
    """Write `image` as a docker-archive; the same busybox always gives the same bytes."""
    layer = _tar(
        [
            ("bin", None, 0o755),
            ("tmp", None, 0o1777),
            ("bin/busybox", busybox.read_bytes(), 0o755),
            *((f"bin/{applet}", "busybox", 0o777) for applet in _applets(busybox)),
        ]
    )
    settings = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/sh", "-c", COMMANDS[image]]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
    }
    manifest = [{"Config": "config.json", "RepoTags": [image], "Layers": ["layer.tar"]}]
    archive.write_bytes(
        _tar(
            [
                ("layer.tar", layer, 0o644),
                ("config.json", _json(settings), 0o644),
                ("manifest.json", _json(manifest), 0o644),
            ]
        )
    )


def _applets(busybox: Path) -> list[str]:
    return [name for name in host.run([busybox, "--list"]).stdout.split() if name != "busybox"]


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _tar(entries: list[tuple[str, bytes | str | None, int]]) -> bytes:
    """A tar of directories (None), links (text: the target) and files (bytes), owned by root, without dates."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content, mode in entries:
            member = tarfile.TarInfo(name)
            member.mode = mode
            if content is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
            else:
                member.size = len(content)
            archive.addfile(member, io.BytesIO(content) if isinstance(content, bytes) else None)
    return stream.getvalue()
