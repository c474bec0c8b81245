# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What kubelet's, runtimes' and CNI's files name, and manifests of static pods. Pure.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import os
import re

from ansible_collections.osmigrate.fleet.plugins.module_utils import _lines
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.formats.kinds import (
    FILE,
    GROUP,
    MENTIONED,
    MODULE,
    PLUGIN,
    PROGRAM,
    USER,
    Found,
    Named,
    accounts,
    paths,
)

# What keeps the layers of images and is not part of every kernel or of every containerd.
SNAPSHOTTERS = {
    "zfs": ((PROGRAM, "zfs"),),
    "btrfs": ((MODULE, "btrfs"),),
    "devmapper": ((PROGRAM, "dmsetup"), (MODULE, "dm_thin_pool")),
    "fuse-overlayfs": ((PROGRAM, "fuse-overlayfs"),),
}
# By the socket that kubelet is told: who listens there.
RUNTIMES = (("containerd", "containerd"), ("crio", "crio"), ("cri-dockerd", "cri-dockerd"))
KUBELET_FILES = (
    "resolvConf staticPodPath clientCAFile tlsCertFile tlsPrivateKeyFile kubeconfig bootstrap-kubeconfig config "
    "resolv-conf pod-manifest-path client-ca-file tls-cert-file tls-private-key-file image-credential-provider-config "
    "image-credential-provider-bin-dir config-dir root-ca-file certificate-authority client-certificate client-key "
    "tokenFile imageCredentialProviderConfigPath imageCredentialProviderBinDir volumePluginDir volume-plugin-dir "
    "cert-dir seccomp-profile-root"
).split()


def manifest(text: str) -> Found:
    """What static pods mount of the node, in YAML of either style or in JSON."""
    plain = _plain_yaml(re.sub(r"(?m)(?:^|[ \t])#.*$", "", text))
    for inside in re.findall(r"""hostPath["']?\s*:\s*(\{[^}]*\}|(?:\s*(?:type|path)\s*:[^\n]*){1,2})""", plain):
        for double, single, bare in re.findall(
            r"""\bpath["']?\s*:\s*(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',}]+))""", inside
        ):
            yield Named(FILE, double or single or bare)


def _plain_yaml(text: str) -> str:
    """Return YAML without anchors, aliases and tags, and scalars on the line of their key."""
    known = dict(re.findall(r"""(?<![\w"'])&([\w-]+)[ \t]+("[^"\n]*"|'[^'\n]*'|[^\s,{}\[\]]+)""", text))
    text = re.sub(r"(?<=[\s:])\*([\w-]+)", lambda found: known.get(found.group(1), found.group(0)), text)
    text = re.sub(r"(?<=[\s:])(?:&|!)[\w:!/.-]*(?=\s)", "", text)
    return re.sub(r"(\bpath[\"']?[ \t]*:)[ \t]*(?:[|>][-+0-9]*)?[ \t]*\n\s*(?=[\"'/])", r"\1 ", text)


def kubelet(text: str) -> Found:
    """Kubelet's configuration, as file or as flags."""
    said = re.findall(r"""(?m)([A-Za-z-]+)["']?\s*[:=]\s*["']?((?:unix://)?/[^\s"',}\]]+)""", text)
    said += re.findall(r"""(--[a-z-]+)[ \t]+["']?((?:unix://)?/[^\s"',}\]]+)""", text)
    for key, value in said:
        key = key.lstrip("-")
        if key in KUBELET_FILES:
            yield Named(FILE, value)
        elif key == "command":
            yield Named(PROGRAM, value)
        elif key in ("containerRuntimeEndpoint", "container-runtime-endpoint"):
            socket = os.path.basename(value)
            for program in [program for sign, program in RUNTIMES if sign in socket][:1]:
                yield Named(PROGRAM, program)


def runtime(text: str) -> Found:
    """Configuration of containerd, CRI-O or docker: programs of runtimes, files, and accounts."""
    for key, value in re.findall(r"""(?m)(?<![\w-])(userns-remap|group|[ug]id)["']?\s*[:=]\s*["']?([\w.:-]+)""", text):
        first, _colon, group = value.partition(":")
        yield from accounts(GROUP if key in ("group", "gid") else USER, [first])
        yield from accounts(GROUP, [group])
    for line in _lines.unit(text):
        key, _sign, value = line.partition("=" if "=" in line else ":")
        key, value = key.strip().strip('"'), value.strip().rstrip(",").strip("\"' ")
        shim = re.match(r"io\.containerd\.(\w+)\.(v\d+)$", value)
        if key in ("BinaryName", "runtime_path", "conmon", "default-runtime-path") and value:
            yield Named(PROGRAM, value)
        elif key in ("snapshotter", "storage-driver", "driver") and value in SNAPSHOTTERS:
            yield from (Named(*named) for named in SNAPSHOTTERS[value])
        elif key == "runtime_type" and shim:
            yield Named(PROGRAM, f"containerd-shim-{shim.group(1)}-{shim.group(2)}")
        elif key == "path" and re.match(r"[\w.-]+\Z", value):
            yield Named(PROGRAM, value)
        else:
            yield from paths(line)
            for path in re.findall(r"""["'](/[^"']+)["']""", line):
                for one in path.split(":") if key == "config_path" else [path]:
                    yield Named(FILE, one)


def cni(text: str) -> Found:
    """Plugins, also those that give addresses, and files that they read."""
    for name in re.findall(r'"type"\s*:\s*"([\w.-]+)"', text):
        yield Named(PLUGIN, name)
    for path in re.findall(r':\s*"(/[^"]+)"', text):
        yield Named(MENTIONED, path)


def kubeconfig(text: str) -> Found:
    """Certificates and keys, and the program that hands out tokens."""
    yield from kubelet(text)
    for program in re.findall(r"(?m)^\s*command\s*:\s*[\"']?([\w./-]+)", text):
        yield Named(PROGRAM, program)
