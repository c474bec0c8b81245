# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Metrics, rules and the dashboard, by the real promtool and a real Prometheus with the data of a simulated rollout.

The files themselves are what the client library writes: that of each minute of three hours, with its time at each line.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest
import yaml
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.fleet_metrics import fleet_metrics_filter
from ansible_collections.osmigrate.fleet.plugins.module_utils._boot import initrd
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import times
from ansible_collections.osmigrate.fleet.plugins.module_utils._trial import ending, report
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _exposition,
    _metrics,
    _rollout as rollout,
)

ROOT = Path(__file__).resolve().parents[2]
MONITORING = ROOT / "monitoring"
DASHBOARD = json.loads((MONITORING / "dashboard.json").read_text())
EXPRESSIONS = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
WAY = (("claim", 60), ("cordon", 5), ("drain", 240), ("arm", 20), ("reboot", 180), ("verify", 90), ("uncordon", 5))
NODES, APART, MINUTES = 60, 150, 180
FAILS, AWAY = "w7", "w9"


def story(begin):
    """A rollout of 60 nodes, one after the other every 150 seconds; one falls back and one stays away."""
    told = [(begin, "run", {"playbook": "migrate"}), (begin, "release", {"release": "d-1"})]
    names = [f"w{number}" for number in range(NODES)]
    told.append((begin, "batch", {"play": "p", "number": 1, "of": 1, "nodes": names, "total": NODES}))
    for number, name in enumerate(names):
        at = begin + number * APART
        told.append((at, "pool", {"node": name, "pool": "general"}))
        for step, seconds in WAY:
            told.append((at, "step", {"node": name, "step": step}))
            if step in ("cordon", "uncordon"):
                told.append((at, "service", {"node": name, "serving": step == "uncordon"}))
            if name == AWAY and step == "reboot":
                break
            at += seconds
        else:
            ended = {"outcome": "failed", "verdict": "fell_back"} if name == FAILS else {"outcome": "done"}
            told.append((at, "result", {"node": name, "why": "It fell back.", **ended}))
    return sorted(told, key=lambda one: one[0])


def pool(name, nodes, held=(), halt=None, unavailable=()):
    return {
        "name": name,
        "nodes": nodes,
        "held": dict.fromkeys(held, {}),
        "halt": halt or {},
        "unavailable": unavailable,
    }


POOLS = [pool("general", 60, ["w1", "w2"], unavailable=[{"node": AWAY, "why": "cordoned"}]),
         pool("gpu", 5, halt={"reason": "One node failed.", "since": "2026-11-29T14:05:20Z"})]  # fmt: skip
BUDGETS = {"general": "10%"}


def fleet(now):
    """Two nodes of three have arrived, and one of these not long ago."""
    ours = [{"phase": "done", "release": "d-1", "since": times.stamp(now - days * 86400)} for days in (1, 40)]
    return [
        {"name": f"w{number}", "os_image": "Debian 13", "osmigrate": one}
        for number, one in enumerate([*ours, {"phase": "failed", "release": "d-1"}])
    ]


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """Returns a function that asks for an expression at a moment of the rollout, in minutes."""
    directory = tmp_path_factory.mktemp("prometheus")
    begin = time.time() // 60 * 60 - (MINUTES + 60) * 60
    told = story(begin)
    state, number = rollout.Rollout(), 0
    lines, types = {}, {}
    for minute in range(MINUTES):
        now = begin + minute * 60
        while number < len(told) and told[number][0] <= now:
            at, kind, said = told[number]
            number += 1
            rollout.apply(state, events.event("r", number, at, kind, **said))
        families = [*_metrics.of_rollout(state, now), *_metrics.of_fleet(fleet(now), POOLS, BUDGETS)]
        _exposition.write(str(directory / "told.prom"), families)
        for line in (directory / "told.prom").read_text().splitlines():
            if line.startswith("# TYPE"):
                types[line.split()[2]] = line
            elif not line.startswith("#"):
                name = re.match(r"[a-z_]+", line)[0].removesuffix("_sum").removesuffix("_count")
                lines.setdefault(name, []).append((line.rpartition(" ")[0], now, f"{line} {now:.0f}"))
    # Each series in one piece, in the order of time.
    text = [line for name in types for line in (types[name], *(one[2] for one in sorted(lines.get(name, []))))]
    (directory / "told.txt").write_text("\n".join([*text, "# EOF", ""]))
    blocks = [
        "promtool", "tsdb", "create-blocks-from", "openmetrics", str(directory / "told.txt"), str(directory / "data")
    ]  # fmt: skip
    subprocess.run(blocks, check=True, stdout=subprocess.DEVNULL)
    (directory / "prometheus.yml").write_text(f"rule_files: [{MONITORING / 'rules.yml'}]\n")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    argv = [
        "prometheus", f"--config.file={directory / 'prometheus.yml'}", f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    server = subprocess.Popen(argv)
    url = f"http://127.0.0.1:{port}"

    def ask(expression, minute=90):
        said = urllib.parse.urlencode({"query": expression, "time": begin + minute * 60})
        with urllib.request.urlopen(f"{url}/api/v1/query?{said}") as answer:
            return json.load(answer)["data"]["result"]

    try:
        for _try in range(300):
            try:
                with urllib.request.urlopen(f"{url}/-/ready"):
                    break
            except OSError:
                time.sleep(0.1)
        yield ask
    finally:
        server.terminate()
        server.wait()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_every_query_of_the_dashboard_has_an_answer(prometheus, expression):
    assert prometheus(expression.replace("$release", ".*")), expression


def test_what_is_measured_is_what_happened(prometheus):
    def value(expression, minute=90):
        (found,) = prometheus(expression, minute)
        return float(found["value"][1])

    assert value("sum(osmigrate_rollout_nodes)") == NODES
    assert value('osmigrate_rollout_nodes{outcome="failed"}') == 1
    assert value("sum(osmigrate_rollout_unavailable_nodes)", 179) == 1
    (away,) = prometheus("osmigrate_node_unavailable_since_timestamp_seconds", 179)
    assert away["metric"]["node"] == AWAY and away["metric"]["pool"] == "general"
    drain = 'osmigrate_rollout_step_duration_seconds_sum{step="drain"} / '
    assert value(f'{drain}osmigrate_rollout_step_duration_seconds_count{{step="drain"}}') == 240
    assert value('osmigrate_pool_held_nodes{pool="general"}') == 2
    assert value("osmigrate_pool_unavailable_nodes / osmigrate_pool_budget_nodes") == pytest.approx(1 / 6)
    (halted,) = prometheus("osmigrate_pool_halted == 1")
    assert halted["metric"]["pool"] == "gpu"
    assert value(EXPRESSIONS[5]) == pytest.approx(1 / 3)


def test_the_rules_are_right_by_their_own_test():
    for argv in (["check", "rules", "rules.yml"], ["test", "rules", "rules.test.yml"]):
        ended = subprocess.run(
            ["promtool", *argv],
            cwd=MONITORING,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert ended.returncode == 0, ended.stdout


def test_every_alert_is_tested_and_told_of():
    groups = yaml.safe_load((MONITORING / "rules.yml").read_text())["groups"]
    alerts = {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}
    tests = yaml.safe_load((MONITORING / "rules.test.yml").read_text())["tests"]
    asked = [one for test in tests for one in test.get("alert_rule_test", [])]
    assert {one["alertname"] for one in asked if one["exp_alerts"]} == alerts
    page = (ROOT / "docs/monitoring.md").read_text()
    told = page.partition("## Alerts")[2].partition("\n## ")[0]
    assert alerts == set(re.findall(r"^\| `(Osmigrate\w+)`", told, re.M))
    named = {
        f"{_exposition.JOB}_{one.name}" for one in [*_metrics.of_rollout(rollout.Rollout(), 0), *_metrics.of_fleet([])]
    }
    assert named == set(re.findall(r"`(osmigrate_(?:rollout|node|fleet|pool)_\w+)`", page))


def test_a_metric_is_as_promtool_wants_it():
    families = [*_metrics.of_rollout(rollout.Rollout(release='d"\n\\1'), 0), *_metrics.of_fleet(fleet(0))]
    texts = _exposition.text(families), fleet_metrics_filter(fleet(0)), fleet_metrics_filter(fleet(0), POOLS, "2")
    assert 'osmigrate_pool_budget_nodes{pool="gpu"} 2.0' in texts[2] and "pool=" not in texts[1]
    for text in texts:
        ended = subprocess.run(
            ["promtool", "check", "metrics"], input=text, check=False, capture_output=True, text=True
        )
        assert ended.returncode == 0, ended.stderr
    with pytest.raises(AnsibleFilterError, match="no nodes"):
        fleet_metrics_filter([{}])
    with pytest.raises(AnsibleFilterError, match="or budgets"):
        fleet_metrics_filter([], POOLS, "many")


def test_a_rollout_tells_of_its_pools():
    places = {"nodes": [], "pools": [], "last": [], "places": {"gpu": 2}, "sizes": [], "soaks": [], "cap": 0}
    told = [("ahead", places), ("pool", {"node": "w1", "pool": "gpu"}), ("result", {"node": "w1", "outcome": "held"})]
    told.append(("halt", {"pool": "gpu", "why": "One node failed."}))
    state = rollout.reduce(events.event("r", number, 1, kind, **said) for number, (kind, said) in enumerate(told, 1))
    found = {one.name: one.samples for one in _metrics.of_rollout(state, 2)}
    for name, value in (("budget_nodes", 2), ("held_nodes", 1), ("pool_halted", 1)):
        assert found[f"rollout_{name}"] == [(("", "gpu"), value)]


# What the system log monitor of node-problem-detector reads of its configuration (pkg/systemlogmonitor/config.go and
# pkg/systemlogmonitor/types), with what it refuses: each key, and its type.
OF_MONITOR = {
    **{"plugin": str, "logPath": str, "lookback": str, "bufferSize": int, "source": str},
    **{"conditions": list, "rules": list},
}
OF_RULE = {"type": str, "reason": str, "pattern": str}
FACTS = {"trial": {"entry": "d-13", "purpose": "move"}, "reason": "The kernel panicked: no init."}


def test_node_problem_detector_finds_the_lines_that_a_trial_writes():
    monitor = json.loads((MONITORING / "node-problem-detector.json").read_text())
    assert {key: type(value) for key, value in monitor.items()} == OF_MONITOR
    for rule in monitor["rules"]:
        assert {key: type(value) for key, value in rule.items()} == OF_RULE and rule["type"] == "temporary"
    texts = [report.line({**FACTS, "verdict": verdict}) for verdict in report.REPORTED]
    shells = (
        ending.SCRIPT.replace("$entry", "d-13").replace("$detail", "nobody confirmed it"),
        initrd.script(60, "u", "/").replace("$seconds", "60"),
    )
    texts += [line for shell in shells for line in re.findall(r'echo "(osmigrate: [^"]*)" >/dev/kmsg', shell)]
    assert len(texts) == 5
    # Its patterns have to match to the end of what is in its buffer, after the lines before.
    found = [
        [rule["reason"] for rule in monitor["rules"] if re.search(rule["pattern"] + r"\Z", f"other: line\n{text}")]
        for text in texts
    ]
    assert found == [["OsmigrateFellBack"]] * 3 + [["OsmigrateTrialEnds"], ["OsmigrateNoRoot"]]
    page = (ROOT / "docs/monitoring.md").read_text()
    assert all(f"| `{rule['reason']}` |" in page for rule in monitor["rules"])


class Gateway(BaseHTTPRequestHandler):
    """Stands for a Pushgateway, which Debian has no package of: keeps what was put."""

    def do_PUT(self):
        self.server.put = (self.path, self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_said):
        pass


def test_a_push_arrives_and_one_that_does_not_is_told():
    families = _metrics.of_rollout(rollout.Rollout(release="d-1"), 0)
    with HTTPServer(("127.0.0.1", 0), Gateway) as server:
        Thread(target=server.handle_request, daemon=True).start()
        group = _exposition.grouping([" cluster=prod", "slice = w1"])
        _exposition.push(f"http://127.0.0.1:{server.server_port}", families, group)
        assert server.put[0] == "/metrics/job/osmigrate/cluster/prod/slice/w1"
        assert b'osmigrate_rollout_running{release="d-1"}' in server.put[1]
    for pair in ("prod", "job=x", "a b=c", "cluster="):
        with pytest.raises(FleetError, match="no NAME=VALUE of a label other than job"):
            _exposition.grouping([pair])
    with pytest.raises(FleetError, match="The Pushgateway .* cannot be reached"):
        _exposition.push(f"http://127.0.0.1:{server.server_port}", families, {})
    with pytest.raises(FleetError, match="/nowhere/x.prom cannot be written"):
        _exposition.write("/nowhere/x.prom", families)


def test_without_the_library_it_is_said_which_one(monkeypatch):
    monkeypatch.setattr(_exposition, "HAS_LIBRARY", False)
    with pytest.raises(FleetError, match="prometheus-client, which is not there"):
        _exposition.registry([])
