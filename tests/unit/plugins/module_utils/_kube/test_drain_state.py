# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import drain_state
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_plan import Pod
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_state import Drain

WHY = "The disruption budget web needs 2 healthy pods and has 2 currently"


def pod(name, *budgets, action="evict", reason="", deletable_by=""):
    return Pod("shop", name, f"uid-{name}", "ReplicaSet/web", action, reason, budgets, deletable_by)


@pytest.fixture
def drain():
    return Drain(per_second=50, now=0)


def names(pods):
    return [one.name for one in pods]


def add(drain, *pods):
    for one in pods:
        drain.appear(one, 0)


def test_pods_without_a_budget_are_asked_for_at_once(drain):
    add(drain, pod("a"), pod("b"), pod("c"))
    assert names(drain.due(0)) == ["a", "b", "c"]
    assert drain.due(0) == []


def test_one_request_per_budget_at_a_time(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"), pod("c", "shop/db"), pod("d"))
    assert names(drain.due(0)) == ["a", "c", "d"]
    drain.accepted("uid-a", 0)
    assert names(drain.due(0)) == ["b"]


def refuse_all(drain, budget, now):
    """Refuse whatever is asked for; the order in which it was."""
    asked = []
    while True:
        due = drain.due(now)
        if not due:
            return names(asked)
        for one in due:
            drain.refused(one.uid, budget, WHY, 0, now)
        asked += due


def test_each_pod_of_a_lane_is_asked_for_once_before_it_rests(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"))
    assert refuse_all(drain, "shop/web", 0) == ["a", "b"]
    assert drain.due(0.4) == []
    assert drain.rest(0.1) == pytest.approx(0.4)
    assert refuse_all(drain, "shop/web", 0.5) == ["a", "b"]
    assert drain.due(1.4) == []
    assert refuse_all(drain, "shop/web", 1.5) == ["a", "b"]


def test_those_that_are_not_ready_are_asked_for_first_and_as_soon_as_they_are_not(drain):
    drain.follow("shop")
    crowd = [pod(str(number), "shop/web") for number in range(39)]
    add(drain, *crowd, pod("sick", "shop/web")._replace(ready=False))
    assert refuse_all(drain, "shop/web", 0)[0] == "sick"
    assert drain.due(5) == []
    drain.appear(crowd[7]._replace(ready=False), 5)
    assert names(drain.due(5)) == ["7"]


def test_a_budget_that_lets_pods_go_that_are_not_ready_is_asked_for_these(drain):
    drain.follow("shop")
    add(drain, pod("well", "shop/web"), pod("sick", "shop/web")._replace(ready=False))
    assert refuse_all(drain, "shop/web", 0) == ["sick", "well"]
    drain.lets_unready_go("shop/web")
    assert refuse_all(drain, "shop/web", 1) == ["sick"]


def test_the_pause_grows_and_begins_anew_after_a_success(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"))
    now, pauses = 0.0, []
    while len(pauses) < 6:
        assert len(refuse_all(drain, "shop/web", now)) == 2
        pauses.append(drain.rest(now))
        now += pauses[-1]
    assert pauses == [0.5, 1, 2, 4, 5, 5]
    (asked,) = drain.due(now)
    drain.accepted(asked.uid, now)
    assert len(refuse_all(drain, "shop/web", now)) == 1
    assert drain.rest(now) == pytest.approx(0.5)


def test_a_budget_that_is_used_up_costs_no_more_than_one_request_per_pod_and_rest(drain):
    drain.follow("shop")
    add(drain, *[pod(str(number), "shop/web") for number in range(40)])
    asked = sum(len(refuse_all(drain, "shop/web", tick / 10)) for tick in range(300))
    assert asked <= 40 * 3


@pytest.mark.parametrize("at_once", [1, 2])
def test_a_followed_budget_costs_two_requests_per_pod_however_long_replacements_take(drain, at_once):
    """Room is used up by the pod that is let go, and comes back when its replacement is ready."""
    drain.follow("shop")
    add(drain, *[pod(str(number), "shop/web") for number in range(6)])
    room, back, asked = at_once, [], 0
    for now in range(60):
        while back and back[0] <= now:
            room += 1
            del back[0]
            drain.has_room("shop/web", now)
        for one in drain.due(now):
            asked += 1
            if room:
                room -= 1
                back.append(now + 7)
                drain.accepted(one.uid, now)
                drain.vanish(one.uid, now)
                if room:  # the API server writes so when it lets one go
                    drain.has_room("shop/web", now)
            else:
                drain.refused(one.uid, "shop/web", WHY, 0, now)
    assert not drain.remaining()
    assert asked <= 2 * 6


def test_what_is_refused_for_itself_holds_up_nobody_else(drain):
    add(drain, *[pod(name, "shop/web") for name in "abc"])
    (asked,) = drain.due(0)
    drain.refused(asked.uid, None, "its webhook is away", 0, 0, "failing")
    assert names(drain.due(0)) == ["b"]
    drain.accepted("uid-b", 0)
    assert names(drain.due(0)) == ["c"]
    drain.accepted("uid-c", 0)
    assert drain.rest(0) == pytest.approx(0.5)
    assert {one.name: one.reason for one in drain.remaining()}["a"] == "its webhook is away"
    assert drain.holds() == {"failing", None}


def test_the_reason_of_a_pod_is_not_taken_for_that_of_its_budget(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"))
    (asked,) = drain.due(0)
    drain.refused(asked.uid, None, "its webhook is away", 0, 0)
    assert refuse_all(drain, "shop/web", 0) == ["b"]
    assert {one.name: one.reason for one in drain.remaining()} == {"a": "its webhook is away", "b": WHY}


def test_requests_that_hang_take_up_no_room(drain):
    add(drain, *[pod(f"hangs-{number}") for number in range(20)], pod("free"))
    assert len(drain.due(0)) == drain_state.IN_FLIGHT
    assert drain.due(0.5) == []
    assert drain.rest(0.5) == pytest.approx(drain_state.HANGING - 0.5)
    assert names(drain.due(drain_state.HANGING))[-1] == "free"


def test_a_request_that_hangs_does_not_hold_up_its_lane(drain):
    add(drain, pod("hangs", "shop/web"), pod("free", "shop/web"))
    assert names(drain.due(0)) == ["hangs"]
    assert names(drain.due(drain_state.HANGING)) == ["free"]


def test_a_followed_budget_is_asked_when_it_has_room(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"), pod("c", "shop/db"))
    drain.follow("shop")
    assert names(drain.due(0)) == ["a", "c"]
    drain.refused("uid-a", "shop/web", WHY, 0, 0)
    drain.refused("uid-c", "shop/db", WHY, 0, 0)
    assert refuse_all(drain, "shop/web", 0) == ["b"]
    assert drain.due(9) == []
    drain.has_room("shop/web", 9)
    assert refuse_all(drain, "shop/web", 9) == ["a"]
    assert names(drain.due(10)) == ["c"]


def test_room_that_is_told_before_the_refusal_arrives_is_not_missed(drain):
    add(drain, pod("a", "shop/web"))
    drain.follow("shop")
    drain.due(0)
    drain.has_room("shop/web", 1)
    drain.refused("uid-a", "shop/web", WHY, 0, 1)
    assert names(drain.due(1)) == ["a"]
    drain.refused("uid-a", "shop/web", WHY, 0, 1)
    assert drain.due(2) == []


def test_a_budget_that_is_not_followed_any_more_is_asked_again_and_again(drain):
    add(drain, pod("a", "shop/web"))
    drain.follow("shop")
    drain.due(0)
    drain.refused("uid-a", "shop/web", WHY, 0, 0)
    drain.unfollow("shop", 1)
    assert names(drain.due(3)) == ["a"]


def test_what_may_be_deleted_does_not_wait_for_its_budget(drain):
    add(drain, pod("a", "shop/web", deletable_by="shop/a=b"))
    drain.follow("shop")
    drain.due(0)
    drain.refused("uid-a", "shop/web", WHY, 0, 0)
    assert names(drain.due(0.5)) == ["a"]


def test_the_server_may_want_a_longer_pause(drain):
    add(drain, pod("a", "shop/web"))
    drain.due(0)
    drain.refused("uid-a", "shop/web", WHY, 10, 0)
    assert drain.due(9.9) == []
    assert names(drain.due(10)) == ["a"]


def test_the_rate_is_capped():
    drain = Drain(per_second=2, now=0)
    add(drain, *[pod(str(number)) for number in range(5)])
    assert len(drain.due(0)) == 2
    assert drain.rest(0) == pytest.approx(0.5)
    assert len(drain.due(0.5)) == 1
    assert len(drain.due(5)) == 2


def test_what_is_blocked_and_by_what(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"))
    drain.due(0)
    drain.refused("uid-a", "shop/web", WHY, 0, 0)
    assert [(one.name, one.reason) for one in drain.remaining()] == [("b", WHY), ("a", WHY)]
    assert {record["blocked_by"] for record in drain.records(3)} == {"shop/web"}


def test_a_drain_is_over_when_nothing_that_should_leave_is_left(drain):
    add(drain, pod("a"), pod("b", action="leave"), pod("c", action="wait"), pod("d", action="delete"))
    assert names(drain.due(0)) == ["a", "d"]
    drain.accepted("uid-a", 0)
    drain.accepted("uid-d", 0)
    assert names(drain.remaining()) == ["a", "c", "d"]
    for name in "acd":
        drain.vanish(f"uid-{name}", 2)
    assert drain.remaining() == []
    assert [(one["name"], one["gone"], one["seconds"]) for one in drain.records(9)] == [
        ("a", True, 2),
        ("b", False, 0),
        ("c", True, 2),
        ("d", True, 2),
    ]


def test_a_pod_that_somebody_else_ends_is_not_evicted(drain):
    add(drain, pod("a", "shop/web"))
    drain.due(0)
    drain.refused("uid-a", "shop/web", WHY, 0, 0)
    drain.appear(pod("a", action="wait", reason="is terminating"), 0.2)
    assert drain.due(5) == []
    assert [one.reason for one in drain.remaining()] == ["is terminating"]


def test_a_pod_that_is_gone_before_the_answer_was_evicted(drain):
    add(drain, pod("a"))
    drain.due(0)
    drain.vanish("uid-a", 0.1)
    assert drain.tracks["uid-a"].evicted


def test_an_answer_after_the_pod_is_gone_changes_nothing(drain):
    add(drain, pod("a", "shop/web"), pod("b", "shop/web"))
    drain.due(0)
    drain.vanish("uid-a", 0.1)
    drain.refused("uid-a", None, "was changed while it was to be evicted", 0, 0.1)
    assert names(drain.remaining()) == ["b"]
    assert names(drain.due(0.6)) == ["b"]


def test_the_same_name_with_another_uid_is_another_pod(drain):
    add(drain, pod("a"))
    drain.due(0)
    drain.accepted("uid-a", 0)
    drain.vanish("uid-a", 1)
    drain.appear(pod("a")._replace(uid="uid-new"), 1)
    assert [one.uid for one in drain.due(1)] == ["uid-new"]


def refuse(drain, uid, budget, now):
    assert drain.tracks[uid].pod in drain.due(now)
    drain.refused(uid, budget, WHY, 0, now)


@pytest.mark.parametrize(
    "entry, refused_by, deleted_by",
    [
        ("shop/app=web", "shop/web", "shop/app=web"),
        ("shop/app=web", None, "shop/app=web"),
        ("ReplicaSet", None, "ReplicaSet"),
        ("ReplicaSet", "shop/web", None),
        ("", None, None),
    ],
)
def test_what_may_be_deleted_is_after_its_eviction_was_refused_for_long_enough(entry, refused_by, deleted_by):
    drain = Drain(per_second=50, now=0, delete_after=10)
    add(drain, pod("a", deletable_by=entry))
    refuse(drain, "uid-a", refused_by, 5)
    assert names(drain.due(14.9)) == ["a"]
    assert drain.tracks["uid-a"].deleted_by is None
    drain.refused("uid-a", refused_by, WHY, 0, 14.9)
    assert names(drain.due(17)) == ["a"]
    assert drain.tracks["uid-a"].deleted_by == deleted_by
    drain.accepted("uid-a", 0)
    assert drain.records(18)[0]["deleted_by"] == deleted_by
    asked = "deletion" if deleted_by else "eviction"
    assert drain.remaining()[0].reason == f"its {asked} was accepted, but it is not terminating"
    assert drain.ending() == []
    drain.appear(pod("a", action="wait", reason="is terminating"), 19)
    assert drain.remaining()[0].reason == "is terminating"
    assert [one.name for one in drain.ending()] == ["a"]


def test_a_deletion_that_did_not_take_place_is_not_recorded():
    drain = Drain(per_second=50, now=0)
    add(drain, pod("a", "shop/web", deletable_by="shop/app=web"), pod("b", "shop/web"))
    refuse(drain, "uid-a", "shop/web", 0)
    refuse(drain, "uid-b", "shop/web", 1)
    assert names(drain.due(5)) == ["a"]
    drain.refused("uid-a", None, "was changed while it was to be evicted", 0, 5)
    assert (drain.tracks["uid-a"].deleted_by, drain.tracks["uid-a"].evicted) == (None, False)
    assert names(drain.due(9)) == ["b"]
    assert drain.tracks["uid-b"].deleted_by is None
