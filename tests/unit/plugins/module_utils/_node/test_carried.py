# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._backends import registry
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.model import (
    NO_PLACE,
    OTHER_PROGRAM,
    REFUSED_AUTHORITY,
    Left,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._carry.plan import Plan
from ansible_collections.osmigrate.fleet.plugins.module_utils._files.item import FILE, Part, item
from ansible_collections.osmigrate.fleet.plugins.module_utils._node import carried, findings

MOUNT = "/dev/mapper/data /data xfs %s 0 2"


def plan(items=(), left=(), unknown=(), collisions=()):
    return Plan(list(items), list(left), list(unknown), list(collisions), [], {})


def file(target, rule, lost):
    return item(FILE, target, target, rule, "x", lost=lost)


def mounted(options, lost):
    part = Part("/data", "/etc/fstab: /data", "data", "line", MOUNT % options, lost)
    return item(FILE, "/etc/fstab", "/etc/fstab", "data", "x", parts=[part])


SHARED = Part("/var/lib/kubelet", "/var/lib/kubelet", "data", "bind", "a b none bind 0 0", "x: the release has no crio")
CASES = [
    (plan(), []),
    (plan([file("/etc/containerd/config.toml", "runtime", "the release has no runc")]), ["carry-not-serving"]),
    (plan([file("/etc/kubernetes/manifests/a", "kubelet", "it names /usr/x, gone")]), ["carry-not-serving"]),
    (plan([file("/etc/systemd/system/kubelet.service.d/a.conf", "services", "the release has no x")]),
     ["carry-not-serving"]),
    (plan([item(FILE, "/etc/fstab", "/etc/fstab", "data", "x", parts=[SHARED])]), ["carry-not-serving"]),
    (plan([mounted("defaults", "the release has no /usr/sbin/mount.x")]), ["carry-not-serving"]),
    (plan([mounted("rw,nofail", "the release has no /usr/sbin/mount.x")]), ["carry-lost"]),
    (plan([file("/etc/cron.d/a", "cron", "crond.service is now cron.service; the release has no /usr/bin/x")]),
     ["carry-lost", "carry-changed"]),
    (plan([file("/etc/kubernetes/a", "kubelet", "a is now b")]), ["carry-changed"]),
    (plan(left=[Left("/u", "it starts something else", OTHER_PROGRAM)]), ["carry-own-units"]),
    (plan(left=[Left("/etc/fstab: x", "kubelet wants no swap")]), ["carry-left"]),
    (plan(left=[Left("/data", "nobody can make it", NO_PLACE)]), ["carry-no-place"]),
    (plan(left=[Left("/etc/ca-certificates.conf: !x", "not carried", REFUSED_AUTHORITY)]), ["carry-trust-differs"]),
    (plan(unknown=[{"path": "/etc/a", "reason": "unowned"}]), ["carry-unknown"]),
    (plan()._replace(differences={"pam": ["sshd: auth asks pam_faillock on the node only"]}), ["carry-pam-differs"]),
    (plan()._replace(differences={"logins": ["admin: the release has a password for it"]}), ["carry-logins-differ"]),
    (plan()._replace(differences={"sudo": ["%sudo may ALL= ALL on the candidate only"]}), ["carry-sudo-differs"]),
    (plan()._replace(differences={"silent": ["/data"]}), ["carry-silent-mounts"]),
    (plan()._replace(differences={"mounts": ["/ is mounted with nodev"]}), ["carry-mounts-differ"]),
    (plan()._replace(differences={"sysctl": ["kernel/kptr_restrict is 2 on the node"]}), ["carry-sysctl-differs"]),
    (plan()._replace(differences={"modes": ["/usr/bin/su is setuid on the candidate only"]}), ["carry-modes-differ"]),
    (plan()._replace(differences={"lost": ["/x.ko: the release has no kernel module x"]}), ["carry-lost"]),
    (plan()._replace(differences={"services": ["a.service: the release has none"]}), ["carry-services-missing"]),
    (plan()._replace(differences={"more-services": ["b.service"]}), ["carry-services-more"]),
    (plan(collisions=[{"kind": "user", "name": "a", "detail": "5 belongs to b"}]), ["carry-collisions"]),
]  # fmt: skip


@pytest.mark.parametrize(("made", "keys"), CASES)
def test_what_is_told_is_a_finding(made, keys):
    assert [found["key"] for found in carried.examine(made, [])] == keys


def test_thousands_of_one_kind_are_one_finding_with_their_number():
    (found,) = carried.examine(plan(unknown=[{"path": f"/etc/a{n:04}", "reason": "unowned"} for n in range(4000)]), [])
    assert found["detail"].startswith("4000 in all: /etc/a0000; ") and found["detail"].endswith("and 3995 more")
    assert len(found["detail"]) < 200


def test_names_that_cannot_be_shown_are_escaped():
    (found,) = carried.examine(plan(unknown=[{"path": "/etc/caf\udce9\x1b[2J", "reason": "unowned"}]), [])
    found["detail"].encode("utf-8")
    assert "\x1b" not in found["detail"]


def test_what_stops_the_node_can_be_accepted_by_the_key_that_preflight_knows():
    made = plan([file("/etc/containerd/config.toml", "runtime", "the release has no runc")])
    assert findings.inhibitors(carried.examine(made, [])) == ["carry-not-serving"]
    assert findings.inhibitors(carried.examine(made, ["carry-not-serving"])) == []
    with pytest.raises(KeyError):
        findings.examine(
            {}, {"backend": "ostree"}, ["carry-not-serving"], registry.backends()
        )  # known; the first check misses its facts


def test_one_key_is_one_finding():
    keys = [check.key for check in findings.of_nodes(registry.backends()) + carried.CHECKS + carried.OF_PROGRAMS]
    assert sorted(set(keys)) == sorted(keys)
