# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a run keeps the leases of thousands of nodes. tests/cluster/test_lease.py has the rest, on a real API server."""

import threading
import time

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Listing

RUN = "run-1@here"


class Leases:
    """A cluster with leases of one run. slow: seconds that each request takes. gone: name of one that is not there."""

    def __init__(self, many, slow=0.0, gone=None):
        self._slow, self._gone, self.renewed, self._lock = slow, gone, set(), threading.Lock()
        spec = {"holderIdentity": RUN, "renewTime": "2026-11-29T00:00:00.000000Z", "leaseDurationSeconds": 60}
        names = [f"node-w{number}" for number in range(many)]
        self._found = [{"metadata": {"name": name, "resourceVersion": "1"}, "spec": spec} for name in names]

    def now(self):
        return time.time()

    def list(self, path, query=None):
        return Listing(self._found, "1")

    def patch(self, path, body):
        time.sleep(self._slow)
        name = path.rpartition("/")[2]
        if name == self._gone:
            raise ApiError("gone", status=404, body={"kind": "Status"})
        with self._lock:
            self.renewed.add(name)


def test_thousands_of_leases_are_renewed_before_they_run_out():
    """Each renewal is a write to etcd, which takes some milliseconds."""
    began = time.monotonic()
    assert lease.renew_all(Leases(200, slow=0.01), RUN) == 200
    assert 6000 * (time.monotonic() - began) / 200 < lease.DURATION - lease.RENEW_EVERY


def test_one_that_cannot_be_renewed_keeps_no_other_one_from_it():
    cluster = Leases(50, gone="node-w0")
    with pytest.raises(ApiError):
        lease.renew_all(cluster, RUN)
    assert len(cluster.renewed) == 49
