# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The release lies beside what runs, and a plain reboot boots what it booted before."""

import json

import pytest


@pytest.fixture(scope="module")
def entry(host):
    entries = json.loads(host.file("/boot/osmigrate/state.json").content_string)["entries"]
    assert len(entries) == 1
    return next(iter(entries.values()))


def test_kernel_and_initrd_are_where_grub_looks_for_them(host, entry):
    boot = "" if host.file("/boot/grub").exists and entry["kernel"].startswith("/boot/") else "/boot"
    assert host.file(boot + entry["kernel"]).size > 1_000_000
    assert host.file(boot + entry["initrd"]).size > 1_000_000


def test_the_candidate_is_a_root_with_the_identity_of_the_node(host, entry):
    root = entry["root"]
    assert 'VERSION_ID="13"' in host.file(root + "/usr/lib/os-release").content_string
    for path in ("/etc/machine-id", "/etc/hostname", "/etc/ssh/ssh_host_ed25519_key", "/etc/kubernetes/kubelet.conf"):
        assert host.file(root + path).sha256sum == host.file(path).sha256sum


def test_the_menu_is_there_and_inert(host, entry):
    assert "osmigrate.cfg" in host.file("/boot/grub/custom.cfg").content_string
    assert entry["id"] in host.file("/boot/grub/osmigrate.cfg").content_string
    block = host.file("/boot/grub/osmigrate.env").content_string
    assert len(block) == 1024
    assert "osm_trial=debian" not in block
    assert "osm_default=debian" not in block


def test_the_node_serves_as_before(host):
    assert host.service("kubelet").is_running
    assert 'VERSION_ID="12"' in host.file("/etc/os-release").content_string
