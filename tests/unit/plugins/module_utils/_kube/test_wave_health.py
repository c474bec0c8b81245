# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is asked between two waves: a real Prometheus, and what it says when it cannot be asked."""

import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import wave_health, wave_policy

RULES = """
groups:
  - name: lab
    interval: 1s
    rules:
      - {alert: KubeletDown, expr: vector(1), labels: {severity: critical, node: w1}}
      - {alert: DiskSlow, expr: vector(1), labels: {severity: warning}}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yields host and port of a Prometheus in which two alerts fire."""
    directory = tmp_path_factory.mktemp("prometheus")
    (directory / "rules.yml").write_text(RULES)
    (directory / "prometheus.yml").write_text(f"rule_files: [{directory / 'rules.yml'}]\n")
    where = f"127.0.0.1:{free_port()}"
    argv = [
        "prometheus", f"--config.file={directory / 'prometheus.yml'}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={where}", "--log.level=error",
    ]  # fmt: skip
    server = subprocess.Popen(argv)
    try:
        for _try in range(600):
            try:
                with urllib.request.urlopen(f"http://{where}/api/v1/query?query=ALERTS", timeout=5) as answer:
                    if b"DiskSlow" in answer.read():
                        break
            except OSError:
                pass
            time.sleep(0.1)
        yield where
    finally:
        server.terminate()
        server.wait()


def asked(**said: Any) -> str:
    return wave_health.look(None, wave_policy.read(said))


def test_an_alert_that_fires_holds_the_next_wave(prometheus: str) -> None:
    url = f"http://me:s3cr3t@{prometheus}"
    assert asked(prometheus=url) == "KubeletDown of w1 is in the answer of Prometheus to the query of alerts"
    assert asked(prometheus=url, alerts='ALERTS{severity="page"}') == ""
    assert asked(prometheus=url, alerts="vector(1) > 2") == ""
    assert wave_health.check(None, wave_policy.read({"prometheus": url})).startswith("KubeletDown of w1 is in")
    assert asked(prometheus=url, alerts="vector(1)").startswith("a series without a name is in the answer")


@pytest.mark.parametrize(
    ("alerts", "why"),
    [("ALERTS[5m]", "answers with no vector"), ("sum(", "answered 400"), ("1", "answers with no vector")],
)
def test_a_query_that_says_nothing_holds_it_too(prometheus: str, alerts: str, why: str) -> None:
    said = {"prometheus": f"http://{prometheus}", "alerts": alerts}
    assert why in asked(**said)
    with pytest.raises(FleetError, match=f"asks before each wave but the first one cannot be known: .*{why}"):
        wave_health.check(None, wave_policy.read(said))


def test_who_does_not_answer_holds_it_and_no_password_is_told() -> None:
    said = asked(prometheus=f"http://me:s3cr3t@127.0.0.1:{free_port()}")
    assert said.startswith("The Prometheus http://127.0.0.1:") and "cannot be reached" in said and "s3cr3t" not in said


def test_nothing_is_asked_where_nobody_is_named() -> None:
    assert asked() == ""
    assert wave_health.check(None, wave_policy.read({})) == ""


def test_whom_one_asks_changes_no_wave() -> None:
    plain = wave_policy.digest(wave_policy.read({}))
    said = {"prometheus": "http://me:s3cr3t@prometheus.example", "alerts": "ALERTS", "pods": "app=shop"}
    assert wave_policy.digest(wave_policy.read(said)) == plain
    assert wave_policy.digest(wave_policy.read({**said, "canary": 2})) != plain
