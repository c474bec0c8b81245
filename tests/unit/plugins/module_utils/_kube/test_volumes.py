# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import volumes


def test_what_counts_of_an_attachment():
    found = {
        "metadata": {"name": "csi-1"},
        "spec": {"nodeName": "w1", "attacher": "disk.example.com", "source": {"persistentVolumeName": "pv-1"}},
        "status": {"attached": True, "detachError": {"message": "busy"}},
    }
    assert volumes.attachment(found) == ("csi-1", "w1", "pv-1", "disk.example.com", "busy")
    inline = {"metadata": {"name": "csi-2"}, "spec": {"nodeName": "w1", "attacher": "d", "source": {}}}
    assert volumes.attachment(inline) == ("csi-2", "w1", "", "d", "")


def test_the_claims_of_pods(make_pod):
    bound = make_pod("a", volumes=[{"name": "x", "persistentVolumeClaim": {"claimName": "data"}}])
    ephemeral = make_pod("b", volumes=[{"name": "y", "ephemeral": {}}, {"name": "z", "emptyDir": {}}])
    assert volumes.claims([bound, ephemeral]) == {("shop", "data"), ("shop", "b-y")}
