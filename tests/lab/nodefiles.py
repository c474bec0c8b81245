# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files that make a machine a Kubernetes node of this lab."""

from __future__ import annotations

import json

import yaml

from . import config
from .config import Paths
from .controlplane import kubeconfig
from .pki import cluster_pki

Files = dict[str, tuple[bytes, int]]

# The same unit in the image of every OS, at /usr/lib/systemd/system/kubelet.service.
KUBELET_UNIT = """\
[Unit]
Description=Kubernetes node agent
Documentation=https://kubernetes.io/docs/
Wants=network-online.target containerd.service
After=network-online.target containerd.service
# An image is not a node yet.
ConditionPathExists=/etc/kubernetes/kubelet.conf
StartLimitIntervalSec=0

[Service]
EnvironmentFile=-/etc/default/kubelet
ExecStart=/usr/bin/kubelet --config=/var/lib/kubelet/config.yaml --kubeconfig=/etc/kubernetes/kubelet.conf \
$KUBELET_EXTRA_ARGS
Restart=always
RestartSec=2
# Containers belong to containerd and outlive the agent.
KillMode=process

[Install]
WantedBy=multi-user.target
"""

# External: keep the addresses that the Node has. Statistics of every container each ten seconds, as is the default,
# would be a tenth of what an emulated processor can do.
_KUBELET_ARGUMENTS = "--cloud-provider=external --housekeeping-interval=60s"

_CA = "/etc/kubernetes/pki/ca.crt"
_CREDENTIALS = "/var/lib/kubelet/pki/kubelet-client-current.pem"
_SERVING_CERTIFICATE = "/var/lib/kubelet/pki/kubelet.crt"
_SERVING_KEY = "/var/lib/kubelet/pki/kubelet.key"

# What the demo's local PersistentVolumes are; kubelet does not make such a directory.
STORE_DIRECTORY = "/var/lib/lab-volumes/store"

_CONTAINERD = f"""\
version = 2
# Only overlayfs is used; the others cost time at every start.
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", \
"io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs"]

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{config.PAUSE_IMAGE}"

  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"

  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"

    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true

  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/etc/containerd/certs.d"
"""

# There is no registry in the lab: an image that is missing is an error at once, not after a time-out.
_NO_REGISTRY = 'server = "http://127.0.0.1:9"\n'


def node_files(
    paths: Paths,
    name: str,
    address: str,
    api_url: str = f"https://{config.GUEST_GATEWAY}:{config.API_PORT}",
    settings: str = "/etc/default",
) -> Files:
    """Everything of Kubernetes that lies on one node, as absolute path -> (content, mode).

    settings: the directory of what units read.
    """
    pki = cluster_pki(paths)
    ca = pki.ca.certificate.read_bytes()
    client, serving = pki.node_client(name), pki.node_serving(name, address)
    credentials = {"client-certificate": _CREDENTIALS, "client-key": _CREDENTIALS}
    files = {
        "/etc/kubernetes/kubelet.conf": (kubeconfig(api_url, ca, credentials), 0o600),
        _CA: (ca, 0o644),
        "/etc/kubernetes/manifests/.keep": ("", 0o644),
        # QEMU's own name server; which file the OS keeps up to date differs between systems.
        "/etc/kubernetes/resolv.conf": ("nameserver 10.0.2.3\n", 0o644),
        _CREDENTIALS: (client.certificate.read_bytes() + client.key.read_bytes(), 0o600),
        _SERVING_CERTIFICATE: (serving.certificate.read_bytes(), 0o644),
        _SERVING_KEY: (serving.key.read_bytes(), 0o600),
        "/var/lib/kubelet/config.yaml": (yaml.safe_dump(_kubelet_configuration(), sort_keys=False), 0o644),
        f"{settings}/kubelet": (f'KUBELET_EXTRA_ARGS="{_KUBELET_ARGUMENTS}"\n', 0o644),
        "/etc/containerd/config.toml": (_CONTAINERD, 0o644),
        "/etc/containerd/certs.d/_default/hosts.toml": (_NO_REGISTRY, 0o644),
        "/etc/cni/net.d/10-lab.conflist": (json.dumps(_network(name), indent=2) + "\n", 0o644),
        "/etc/modules-load.d/kubernetes.conf": ("overlay\nbr_netfilter\n", 0o644),
        "/etc/sysctl.d/90-kubernetes.conf": (
            "net.ipv4.ip_forward = 1\nnet.bridge.bridge-nf-call-iptables = 1\n",
            0o644,
        ),
        f"{STORE_DIRECTORY}/.keep": ("", 0o644),
    }
    return {
        path: (content if isinstance(content, bytes) else content.encode(), mode)
        for path, (content, mode) in files.items()
    }


def _kubelet_configuration() -> dict:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True, "cacheTTL": "2m0s"},
            "x509": {"clientCAFile": _CA},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "cgroupDriver": "systemd",
        "staticPodPath": "/etc/kubernetes/manifests",
        "resolvConf": "/etc/kubernetes/resolv.conf",
        # The default lies below /usr, which an immutable OS does not let anybody write.
        "volumePluginDir": "/var/lib/kubelet/volumeplugins",
        "rotateCertificates": False,
        "tlsCertFile": _SERVING_CERTIFICATE,
        "tlsPrivateKeyFile": _SERVING_KEY,
        "nodeStatusUpdateFrequency": "5s",
        # Images come with the disk and cannot be pulled again, so a disk that fills up must not cost them; and a
        # machine this small would otherwise be under pressure all the time.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "memory.available": "40Mi",
            "nodefs.available": "2%",
            "nodefs.inodesFree": "2%",
            "imagefs.available": "2%",
        },
    }


def _network(name: str) -> dict:
    """Pods reach each other on their node; every node has a subnet of its own."""
    subnet = f"10.244.{config.node_index(name) + 1}.0/24"
    return {
        "cniVersion": "0.4.0",
        "name": "lab",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": True,
                "ipam": {"type": "host-local", "ranges": [[{"subnet": subnet}]]},
            }
        ],
    }
