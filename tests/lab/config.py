# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the parts of the lab agree on: versions, addresses, ports, sizes and directories."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

KUBERNETES_VERSION = "1.36.3"
# The control plane's ports on 127.0.0.1, and where the releases are served.
API_PORT = int(os.environ.get("OSMIGRATE_LAB_API_PORT") or 16443)
ETCD_PORT = int(os.environ.get("OSMIGRATE_LAB_ETCD_PORT") or 16379)
ETCD_PEER_PORT = int(os.environ.get("OSMIGRATE_LAB_ETCD_PEER_PORT") or 16380)
CONTROLLER_MANAGER_PORT = int(os.environ.get("OSMIGRATE_LAB_CONTROLLER_MANAGER_PORT") or 16257)
SCHEDULER_PORT = int(os.environ.get("OSMIGRATE_LAB_SCHEDULER_PORT") or 16259)
RELEASES_PORT = int(os.environ.get("OSMIGRATE_LAB_RELEASES_PORT") or 18080)
# Where the nodes' ssh and kubelet ports appear: one loopback address for each node in this network of 256.
LOOPBACK_NETWORK = os.environ.get("OSMIGRATE_LAB_LOOPBACK_NETWORK") or "127.0.66"
SSH_PORT = int(os.environ.get("OSMIGRATE_LAB_SSH_PORT") or 22)
# The API server goes where the Node objects say, and kubelets say this one.
KUBELET_PORT = 10250
# How a guest reaches the loopback interface of the host (QEMU's user network).
GUEST_GATEWAY = "10.0.2.2"

NODES = ("w1", "w2")
NODE_MEMORY_MIB = 1024
# One: QEMU translates the code of one processor at a time right. With two, a kernel that rewrites its own code, as it
# does when its random numbers are ready, now and then dies of it ("Oops: int3").
NODE_CPUS = 1
NODE_DISK_GIB = 6

PAUSE_IMAGE = "localhost/lab/pause:1"
APP_IMAGE = "localhost/lab/app:1"

# "bookworm" becomes the legacy node, "trixie" the releases.
LEGACY_SUITE = "bookworm"
TARGET_SUITE = "trixie"

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Paths:
    """All data of one lab lies below `root`: `cache` may be thrown away, `run` belongs to the running lab.

    ssh_key: what every machine of this lab lets in. It outlives them: a disk that was kept from one has to be
    reachable when a later lab boots it.
    """

    root: Path

    @property
    def cache(self) -> Path:
        return self.root / "cache"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def ssh_key(self) -> Path:
        return self.root / "id_ed25519"


def paths() -> Paths:
    root = Path(os.environ.get("OSMIGRATE_LAB_DIR") or "~/.cache/osmigrate-lab").expanduser().resolve()
    made = Paths(root)
    made.cache.mkdir(parents=True, exist_ok=True)
    made.run.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def node_names(count: int) -> tuple[str, ...]:
    return tuple(f"w{number}" for number in range(1, count + 1))


def node_index(name: str) -> int:
    """Place of the node in the lab, from 0; any `wN` is a node."""
    if not name.startswith("w") or not name[1:].isdigit() or int(name[1:]) < 1:
        raise ValueError(f"{name!r} is not a node of the lab; nodes are called w1, w2, ...")
    return int(name[1:]) - 1


def node_address(index: int) -> str:
    """The host's loopback address that stands for a node, ssh and kubelet ports alike."""
    return f"{LOOPBACK_NETWORK}.{index + 1}"
