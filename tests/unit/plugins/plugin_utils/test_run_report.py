# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a rollout in its forms: what it says, that nothing in it is markup of others, and what it costs."""

from __future__ import annotations

import html.parser
import json
import re
import time
from xml.etree import ElementTree

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.osmigrate.fleet.plugins.filter.rollout_report import rollout_report_filter
from ansible_collections.osmigrate.fleet.plugins.plugin_utils import (
    _events as events,
    _page as page,
    _rollout as rollout,
    _run_measures as measures,
    _run_report as run_report,
)

WAY = "look preflight stage wait look claim cordon drain arm reboot verify confirm uncordon".split()
FINDING = {"key": "space", "severity": "high", "title": "Few space", "detail": "d", "remedy": "Make room"}
EVIL = "</td><script>alert(1)</script>\"'&|`*[x](http://evil.example)\x1b[2J\u202e"


class Log:
    """A log of one run, in the order of time. Each step takes `seconds`."""

    def __init__(self):
        self.told, self.garbage = [], []

    def tell(self, kind, at, **said):
        self.told.append((at, kind, said))

    @property
    def lines(self):
        told = enumerate(sorted(self.told, key=lambda one: one[0]), 1)
        made = (events.event("r", number, at, kind, **said) for number, (at, kind, said) in told)
        return [*map(events.written, made), *self.garbage]

    def node(self, name, at, outcome="done", why="", seconds=10, until="uncordon", **result):
        for step in WAY[: WAY.index(until) + 1]:
            self.tell("step", at, node=name, step=step)
            if step in ("cordon", "uncordon"):
                self.tell("service", at, node=name, serving=step == "uncordon")
            at += seconds
        if outcome:
            self.tell("result", at, node=name, outcome=outcome, why=why, **result)
        return at

    def facts(self):
        return run_report.facts(rollout.reduce(events.read_all(self.lines)))


@pytest.fixture
def log():
    log = Log()
    log.tell("run", 0, playbook="migrate")
    log.tell("release", 0, release="debian-13-13.1")
    return log


def test_what_it_says(log):
    log.tell("batch", 1, play="Move", number=1, of=1, nodes=["w1", "w2", "w3", "w4", "w5", "w6"], total=6)
    for seconds, name in enumerate(("w1", "w2", "w3"), 1):
        log.node(name, 10, seconds=60 * seconds)
    log.tell("findings", 20, node="w1", findings=[FINDING])
    log.node("w4", 10, "failed", "w4 fell back: a panic.", until="reboot", verdict="fell_back")
    log.node("w5", 10, "held", "Pods shop/db-0 hold w5.", until="drain")
    log.tell("end", 3000)
    said = log.facts()
    assert said["sentence"] == (
        "6 nodes to debian-13-13.1 in 50 min: 3 done, 1 not reached, 1 held up before a trial, and serving on, "
        "1 failed after a trial was armed."
    )
    assert [one["name"] for one in said["nodes"]] == ["w4", "w5", "w6", "w1", "w2", "w3"]
    assert said["held"] == [{"step": "drain", "why": "Pods shop/db-0 hold NODE.", "nodes": ["w5"]}]
    # w4 and w5 were not given back: until the last event.
    out = said["out_of_service"]
    assert (out["nodes"], out["median"]) == (5, 1080)
    assert (said["slowest"][0], len(said["slowest"])) == ({"name": "w4", "seconds": 2930.0}, 5)
    # From 1090 to 1450 seconds: w2 to w5.
    assert said["unavailable"]["most"] == 4
    assert said["findings"] == [
        {
            "key": "space",
            "severity": "high",
            "title": "Few space",
            "remedy": "Make room",
            "accepted": False,
            "nodes": ["w1"],
        }
    ]
    assert said["missing"] == []
    for form in page.FORMS.values():
        told = form(said)
        assert "w4 fell back: a panic." in told and "retry=true" in told


def test_what_it_does_not_know_comes_first(log):
    log.node("w1", 10, outcome="", until="drain")
    log.garbage += ['{"v":9}\n', "garbage\n"]
    said = log.facts()
    assert len(said["missing"]) == 3
    for form in ("html", "md"):
        told = page.FORMS[form](said)
        assert told.index("of version 9") < told.rindex("drain")
    assert said["nodes"][0]["timeline"][-1]["open"] is True


@pytest.mark.parametrize("form", page.FORMS)
def test_an_empty_log_is_a_report_too(form):
    told = rollout_report_filter("", form)
    assert "There is no event of any run" in told or form == "xml"


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _value in attrs]


def evil_log(log):
    log.tell("run", 0, playbook=EVIL)
    log.tell("release", 0, release=EVIL)
    log.tell("batch", 1, play=EVIL, number=1, of=1, nodes=[EVIL], total=1)
    log.tell("pool", 2, node=EVIL, pool=EVIL)
    log.tell("step", 3, node=EVIL, step=EVIL)
    log.tell("findings", 3, node=EVIL, findings=[dict.fromkeys(events.FINDING, EVIL)])
    log.tell("system", 3, node=EVIL, os=EVIL, kernel=EVIL)
    log.tell("boot", 3, node=EVIL, parts=EVIL)
    log.tell("pods", 3, node=EVIL, pods=[dict.fromkeys(events.POD, EVIL)])
    log.tell("halt", 3, pool=EVIL, why=EVIL)
    log.tell("result", 9, node=EVIL, outcome="failed", verdict=EVIL, why=EVIL)
    return log.facts()


def test_the_page_has_nothing_of_others_and_needs_no_network(log):
    told = page.as_html(evil_log(log))
    tags = Tags()
    tags.feed(told)
    assert not {"script", "a", "img", "link", "iframe", "form"} & set(tags.seen)
    assert not [name for name in tags.attributes if name.startswith("on") or name in ("src", "href")]
    assert "\x1b" not in told and "\u202e" not in told
    assert "url(" not in told and "@import" not in told
    assert "default-src 'none'" in told


def test_markdown_and_junit_have_nothing_of_others(log):
    said = evil_log(log)
    told = run_report.as_markdown(said)
    assert "<script" not in told.replace("\\<", "") and "[x](" not in told and "\x1b" not in told
    for row in (line for line in told.splitlines() if line.startswith("|")):
        assert len(re.findall(r"(?<!\\)\|", row)) in (3, 4, 5, 6, 7, 8)
    (case,) = ElementTree.fromstring(run_report.as_junit(said)).iter("testcase")
    assert case.get("name").startswith("</td><script>") and len(case) == 1


def test_junit_fails_for_whom_somebody_has_to_look_at(log):
    log.tell("batch", 1, play="Move", number=1, of=1, nodes=["w1", "w2", "w3"], total=3)
    log.node("w1", 10)
    log.node("w2", 10, "held", "no place", until="claim")
    log.tell("end", 900)
    suite = ElementTree.fromstring(run_report.as_junit(log.facts()))
    assert [suite.get(name) for name in ("tests", "failures", "skipped")] == ["3", "1", "1"]
    assert suite.find(".//failure").get("message") == "no place"


def test_the_filter_takes_a_log_and_knows_its_forms(log):
    assert json.loads(rollout_report_filter("".join(log.lines), "json"))["release"] == "debian-13-13.1"
    for wrong in ((7, "html"), ("", "pdf")):
        with pytest.raises(AnsibleFilterError, match="rollout_report"):
            rollout_report_filter(*wrong)


def test_five_hundred_nodes_cost_a_tenth_of_what_five_thousand_may(log):
    names = [f"node-{number}" for number in range(500)]
    log.tell("batch", 0, play="Move", number=1, of=1, nodes=names, total=500)
    for number, name in enumerate(names):
        log.tell("findings", 1, node=name, findings=[FINDING] * 3)
        log.node(name, 10 * number, *(("failed", f"{name} fell back") if number % 50 == 0 else ()))
    begun = time.process_time()
    said = log.facts()
    told = {suffix: form(said) for suffix, form in page.FORMS.items()}
    assert time.process_time() - begun < 1.0
    assert all(len(text) < 1_000_000 for text in told.values())


def test_the_chart_keeps_its_highest_point_however_long_the_rollout(log):
    for number in range(2000):
        log.node(f"w{number}", 100 * number)
    for number in range(30):
        log.node(f"x{number}", 70_000)
    away = log.facts()["unavailable"]
    assert len(away["points"]) <= measures.MOST_POINTS + 1
    assert max(many for _at, many in away["points"]) == away["most"] > 30
    assert away["points"] == sorted(away["points"]) and away["points"][-1][1] == 0
    assert "At most" in page.as_html(log.facts())


POD = {"namespace": "shop", "owner": "StatefulSet/db", "action": "evict", "gone": True}


def test_the_chart_has_the_budget(log):
    told = {"nodes": [], "pools": [], "last": [], "sizes": [], "soaks": [], "sliding": False}
    for number in range(3):
        log.node(f"w{number}", 10)
    assert log.facts()["unavailable"]["budget"] == 0 and "The line is at" not in page.as_html(log.facts())
    log.tell("ahead", 1, places={"general": 9, "gpu": 1}, cap=4, **told)
    assert log.facts()["unavailable"]["budget"] == 4
    assert "The line is at the 4 that the budgets of their pools allow." in page.as_html(log.facts())


def test_who_was_cordoned_for_far_longer_is_named(log):
    for number in range(40):
        log.node(f"w{number}", 10, seconds=20 + number % 5)
    log.node("slow", 10, seconds=300)
    cordoned = log.facts()["cordoned"]
    assert cordoned["outliers"] == [{"name": "slow", "seconds": 1800.0}]
    assert sum(one["nodes"] for one in cordoned["bars"]) == 40 and len(cordoned["bars"]) <= measures.MOST_BARS
    assert all(one["to"] - one["from"] in measures.WIDTHS for one in cordoned["bars"])
    for form in ("html", "md"):
        assert "Far longer than the others: slow (30 min)." in page.FORMS[form](log.facts()).replace("\\", "")


@pytest.mark.parametrize("seconds", [[], [10], [10, 10, 10], [1, 10**9], [0.5, 0.6], [10**5 * n for n in range(1, 99)]])
def test_any_times_make_a_histogram_that_fits(log, seconds):
    for number, one in enumerate(seconds):
        log.tell("service", 100, node=f"w{number}", serving=False)
        log.tell("service", 100 + one, node=f"w{number}", serving=True)
    cordoned = log.facts()["cordoned"]
    assert sum(one["nodes"] for one in cordoned["bars"]) + len(cordoned["outliers"]) == len(seconds)
    assert len(cordoned["bars"]) <= measures.MOST_BARS


def test_where_the_seconds_of_boots_went(log):
    for name, parts in (("w1", "kernel 5.5, until kubelet 31"), ("w2", "firmware 90.0, kernel 6.5"), ("w3", "odd 1")):
        log.tell("step", 1, node=name, step="verify")
        log.tell("boot", 5, node=name, parts=parts)
    said = log.facts()
    assert [(one["part"], one["nodes"], one["longest"]) for one in said["boots"]] == [
        ("firmware", 1, 90.0),
        ("kernel", 2, 6.5),
        ("until kubelet", 1, 31.0),
    ]
    assert [one["boot"] for one in said["nodes"]][2] == {}
    assert "<td>until kubelet</td>" in page.as_html(said).replace(' class="w"', "").replace(' class="n"', "")
    assert "| until kubelet | 1 | 31.0 |" in run_report.as_markdown(said)


def test_systems_before_and_after(log):
    old, new = {"os": "Debian 12", "kernel": "6.1"}, {"os": "Debian 13", "kernel": "6.12"}
    for name, last in (("w1", new), ("w2", new), ("w3", old)):
        log.tell("system", 5, node=name, **old)
        log.tell("system", 90, node=name, **last)
    said = log.facts()
    assert said["systems"] == [
        {"before": old, "after": new, "nodes": ["w1", "w2"]},
        {"before": old, "after": old, "nodes": ["w3"]},
    ]
    assert (said["nodes"][0]["before"], said["nodes"][0]["after"]) == (old, new)
    assert "Debian 13, kernel 6.12" in page.as_html(said) and "the same" in page.as_html(said)


def test_evictions_and_whose_pods_held_them_up(log):
    pods = [{**POD, "name": "db-0", "seconds": 95, "blocked_by": "shop/db"}, {**POD, "name": "db-1", "seconds": 5}]
    log.tell("pods", 5, node="w1", pods=[{**pods[0], "gone": False}])
    log.tell("pods", 9, node="w1", pods=pods)
    log.tell(
        "pods", 9, node="w2", pods=[{**POD, "name": "x", "owner": "", "gone": False, "reason": "It has no owner."}]
    )
    said = log.facts()
    assert (said["pods"]["total"], said["pods"]["gone"]) == (3, 2)
    assert [one["pod"] for one in said["pods"]["slowest"]] == ["shop/x", "shop/db-0", "shop/db-1"]
    assert [(one["owner"], one["budgets"], one["left"], one["nodes"]) for one in said["blockers"]] == [
        ("x", [], 1, ["w2"]),
        ("StatefulSet/db", ["shop/db"], 0, ["w1"]),
    ]
    assert len(next(one for one in said["nodes"] if one["name"] == "w1")["pods"]) == 2
    for form in ("html", "md"):
        assert "shop/StatefulSet/db" in page.FORMS[form](said)


def test_a_pool_that_is_halted(log):
    log.tell("halt", 5, pool="gpu", why="Two nodes failed.")
    log.tell("halt", 6, pool="general", why="One node failed.")
    log.tell("halt", 7, pool="general", why="")
    assert log.facts()["halts"] == [{"pool": "gpu", "why": "Two nodes failed."}]
    assert all("Two nodes failed." in page.FORMS[form](log.facts()) for form in ("html", "md", "json"))
