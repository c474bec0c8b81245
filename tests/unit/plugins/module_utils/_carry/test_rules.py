# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is carried as it is: one golden case per area, and what must not be."""

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError

# area: files of the incumbent that arrive unchanged
CARRIED = {
    "identity": {
        "/etc/machine-info": "CHASSIS=vm\n",
        "/etc/hosts": "127.0.0.1 localhost\n",
        "/etc/ssh/ssh_host_ed25519_key.pub": "ssh-ed25519 AAAA\n",
        "/etc/iscsi/initiatorname.iscsi": ("InitiatorName=iqn.x\n", 0o600),
        "/etc/nvme/hostnqn": "nqn.x\n",
    },
    "sudo": {
        "/etc/sudoers.d/ops": ("ops ALL=(ALL) NOPASSWD: ALL\n", 0o440),
    },
    "ssh": {
        "/etc/ssh/sshd_config.d/10-ops.conf": "UseDNS no\n",
        "/etc/ssh/authorized_keys/ops": "ssh-ed25519 AAAA\n",
    },
    "proxies": {
        "/etc/environment": "https_proxy=http://proxy:3128\n",
    },
    "login": {
        "/etc/profile.d/ops.sh": "umask 027\n",
        "/etc/sssd/sssd.conf": ("[sssd]\n", 0o600),
    },
    "network": {
        "/etc/systemd/network/10-lan.network": "[Match]\nName=en*\n",
        "/etc/systemd/network/10-lan.network.d/mtu.conf": "[Link]\nMTUBytes=9000\n",
        "/etc/systemd/network/20-wg.netdev": ("[WireGuard]\n", 0o640),
    },
    "kubelet": {
        "/etc/kubernetes/kubelet.conf": ("kind: Config\n", 0o600),
        "/etc/kubernetes/pki/ca.crt": "x\n",
        "/etc/kubernetes/manifests/etcd.yaml": ("kind: Pod\n", 0o600),
        "/etc/default/kubelet": "KUBELET_EXTRA_ARGS=-v=1\n",
    },
    "runtime": {
        "/etc/crictl.yaml": "x\n",
        "/etc/containerd/config.toml": "version = 2\n",
        "/etc/containerd/certs.d/_default/hosts.toml": "x\n",
    },
    "cni": {
        "/etc/cni/net.d/10-a.conflist": "{}\n",
    },
    "sysctl": {
        "/etc/sysctl.d/60-a.conf": "a.b = 1\n",
    },
    "modules": {
        "/etc/modules-load.d/a.conf": "overlay\n",
        "/etc/modprobe.d/a.conf": "blacklist b\n",
        "/etc/udev/rules.d/70-a.rules": "x\n",
    },
    "limits": {
        "/etc/security/limits.d/a.conf": "* - nofile 65536\n",
    },
    "time": {
        "/etc/systemd/timesyncd.conf.d/a.conf": "[Time]\nNTP=a\n",
        "/etc/chrony/conf.d/a.conf": "server a\n",
    },
    "services": {
        "/etc/systemd/journald.conf.d/a.conf": "[Journal]\n",
        "/etc/tmpfiles.d/a.conf": "d /run/a\n",
    },
    "cron": {
        "/etc/cron.d/a": "* * * * * root true\n",
        "/etc/cron.daily/a": ("#!/bin/sh\n", 0o755),
    },
    "logging": {
        "/etc/logrotate.d/a": "/var/log/a {}\n",
        "/etc/rsyslog.d/a.conf": "*.* @log\n",
    },
    "storage": {
        "/etc/multipath/bindings": "a b\n",
        "/etc/multipath.conf": "defaults {}\n",
    },
    "firewall": {
        "/etc/nftables.conf": ("table inet a {}\n", 0o755),
        "/etc/iptables/rules.v4": "*filter\n",
    },
}


def plain(what):
    return what if isinstance(what, tuple) else (what, 0o644)


@pytest.mark.parametrize("area", CARRIED)
def test_area(move, area):
    files = CARRIED[area]
    moving = move(files)
    made = moving.carry()
    for name, (content, mode) in ((name, plain(what)) for name, what in files.items()):
        assert moving.read(name) == content
        assert moving.mode(name) == mode
        assert [item.rule for item in made.items if item.target == name] == [area]
    assert made.unknown == []


@pytest.mark.parametrize("area", CARRIED)
def test_area_of_a_release_that_has_other_files_there(move, area):
    files = CARRIED[area]
    moving = move(files, {"/usr" + name: ("of the release\n", 0o600) for name in files})
    moving.carry()
    for name, (content, mode) in ((name, plain(what)) for name, what in files.items()):
        assert (moving.read(name), moving.mode(name)) == (content, mode)


def test_fail_what_no_rule_knows_is_named(move):
    moving = move(
        {"/etc/agent/agent.yml": "token: x\n", "/etc/empty": ""},
        packages={
            "/etc/strange.conf": ("changed\n", "shipped\n"),
            "/etc/untouched.conf": ("shipped\n", "shipped\n"),
        },
    )
    made = moving.carry()
    assert made.unknown == [
        {"path": "/etc/agent/agent.yml", "reason": "unowned"},
        {"path": "/etc/empty", "reason": "unowned"},
        {"path": "/etc/strange.conf", "reason": "modified"},
    ]


def test_what_stays_on_purpose_is_named_with_the_reason(move):
    made = move({"/etc/apt/sources.list": "deb x\n", "/etc/ld.so.cache": "x", "/etc/passwd-": "x"}).carry()
    assert [left.path for left in made.left if left.path.startswith("/etc/") and ":" not in left.path] == (
        ["/etc/apt/sources.list"]
    )
    assert made.unknown == []


@pytest.mark.parametrize("name", ["/etc/containerd/config.toml", "/etc/cron.d/e2scrub_all"])
def test_fail_what_its_package_made_is_left_to_the_release(move, name):
    moving = move({}, {"/usr" + name: "of the release\n"}, packages={name: ("shipped\n", "shipped\n")})
    made = moving.carry()
    assert moving.read(name) == "of the release\n"
    assert made.unknown == []


def test_a_packaged_file_of_kubernetes_comes_along_where_the_release_has_none(move):
    moving = move({}, packages={"/etc/default/kubelet": ("KUBELET_EXTRA_ARGS=\n", "KUBELET_EXTRA_ARGS=\n")})
    moving.carry()
    assert moving.read("/etc/default/kubelet") == "KUBELET_EXTRA_ARGS=\n"


def test_an_empty_manifest_directory_is_kept(move):
    moving = move({"/etc/kubernetes/manifests/": ("", 0o700)})
    moving.carry()
    assert moving.mode("/etc/kubernetes/manifests") == 0o700


def test_what_needs_a_program_that_the_release_does_not_have(move):
    record = move({"/etc/cron.d/a": "x\n"}).records()["/etc/cron.d/a", "create"]
    assert record["lost"] == "the release has no /usr/sbin/cron"


def test_host_keys_are_the_nodes_own_and_private(move):
    moving = move(
        {"/etc/ssh/ssh_host_ed25519_key": ("secret\n", 0o640)},
        {"/usr/etc/ssh/ssh_host_rsa_key": ("known to everybody\n", 0o600), "/usr/etc/ssh/ssh_host_ed25519_key": "x"},
    )
    moving.carry()
    assert moving.read("/etc/ssh/ssh_host_ed25519_key") == "secret\n"
    assert moving.mode("/etc/ssh/ssh_host_ed25519_key") == 0o600
    assert not (moving.deployment / "etc/ssh/ssh_host_rsa_key").exists()


def test_the_operators_own_paths(move):
    moving = move(
        {"/etc/agent/a.yml": ("token: x\n", 0o600), "/etc/agent/sub/b": "-> ../a.yml", "/etc/agent/empty/": ""}
    )
    made = moving.carry(extra_paths=["/etc/agent"])
    assert moving.read("/etc/agent/sub/b") == "token: x\n"
    assert (moving.deployment / "etc/agent/empty").is_dir()
    assert made.unknown == []


@pytest.mark.parametrize(("path", "said"), [("/etc/nothing", "does not exist"), ("/var/x", "not in /etc")])
def test_fail_a_path_of_the_operators_that_cannot_be_carried(move, path, said):
    with pytest.raises(FleetError, match=said):
        move().plan(extra_paths=[path])


def test_fail_a_file_here_that_is_a_directory_there(move):
    moving = move({"/etc/crictl.yaml": "x\n"}, {"/usr/etc/crictl.yaml/": ""})
    with pytest.raises(FleetError, match="/etc/crictl.yaml is a file on the incumbent and a directory"):
        moving.changes(moving.plan())
