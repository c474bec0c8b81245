# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later

import pytest
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import lease_plan, times
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.lease_plan import FREE, Lease, Owner

NOW = 1_700_000_000
MINE, THEIRS = "run-1@here", "run-2@there"
SINCE = "2023-11-14T20:00:00"


def held(holder, ago, duration=60, transitions=3):
    """A lease that was renewed so many seconds ago."""
    return Lease(holder, SINCE, NOW - ago, duration, transitions)


@pytest.mark.parametrize(
    ("lease", "options", "transitions", "action"),
    [
        (FREE, {}, 1, "Take the lease of node n1"),
        (FREE._replace(transitions=7), {}, 8, "Take the lease of node n1"),
        (held(MINE, 10), {}, 3, "Renew the lease of node n1"),
        (held(MINE, 500), {}, 3, "Renew the lease of node n1"),
        (held(THEIRS, 59), {}, None, ""),
        (held(THEIRS, 9000), {}, None, ""),  # who wrote that may have had another clock
        (
            held(THEIRS, 59),
            {"lapsed": True},
            4,
            f"Take the lease of node n1 over from {THEIRS}, which has not renewed it",
        ),
        (held(THEIRS, -9000), {}, None, ""),
        (
            held(THEIRS, 1),
            {"take_over": True},
            4,
            f"Take the lease of node n1 over from {THEIRS}, as the operator says",
        ),
    ],
)
def test_who_gets_a_lease(lease, options, transitions, action):
    plan = lease_plan.plan_acquire("n1", lease, MINE, 60, NOW, **options)
    if transitions is None:
        assert (plan.actions, plan.held, plan.lease) == ([], THEIRS, lease)
        return
    assert plan.actions == [action]
    assert (plan.lease.holder, plan.lease.renewed, plan.lease.transitions) == (MINE, NOW, transitions)
    assert plan.taken_from == (THEIRS if lease.holder == THEIRS else "")
    assert plan.lease.since == (SINCE if lease.holder == MINE else times.stamp(NOW)[:-1])


@pytest.mark.parametrize("plan", [lease_plan.plan_release, lambda *these: lease_plan.plan_renew(*these, 60, NOW)])
def test_what_is_somebody_elses_stays(plan):
    for lease in (FREE, held(THEIRS, 1), held(THEIRS, 9000)):
        made = plan("n1", lease, MINE)
        assert (made.lease, made.actions, made.held) == (lease, [], lease.holder)


@pytest.mark.parametrize("later", [0, 0.5, 1, 15, -15])
def test_a_renewal_is_always_seen(later):
    """Two API servers whose clocks lie a renewal apart stamp both with the same second."""
    lease = held(MINE, 0)
    assert lease_plan.plan_renew("n1", lease, MINE, 60, NOW + later).lease.renewed // 1 != lease.renewed


def test_the_fence_never_goes_back():
    lease, fences = FREE, []
    for holder in (MINE, THEIRS, MINE):
        lease = lease_plan.plan_acquire("n1", lease, holder, 60, NOW).lease
        fences.append(lease.transitions)
        lease = lease_plan.plan_release("n1", lease, holder).lease
    assert fences == [1, 2, 3]
    assert lease == FREE._replace(transitions=3)


@pytest.mark.parametrize(
    ("spec", "lease"),
    [
        ({}, FREE),
        (None, FREE),
        (
            {
                "holderIdentity": MINE,
                "acquireTime": f"{SINCE}.000000Z",
                "renewTime": f"{times.stamp(NOW)[:-1]}.987654Z",
                "leaseDurationSeconds": 60,
                "leaseTransitions": 3,
            },
            held(MINE, 0),
        ),
        ({"holderIdentity": MINE, "renewTime": "soon"}, Lease(MINE, "", None, 0, 0)),
    ],
)
def test_reading_what_anybody_may_have_written(spec, lease):
    assert lease_plan.parse({"spec": spec}) == lease


@pytest.mark.parametrize(
    ("asks", "noted", "said"),
    [
        (lease_plan.BY_HAND, "", ""),
        (lease_plan.BY_HAND, THEIRS, ""),
        (Owner(MINE, MINE), "", ""),
        (Owner(MINE, MINE), THEIRS, ""),  # it has taken the node over
        (Owner(MINE, ""), MINE, ""),
        (Owner(MINE, ""), "", ""),
        (Owner(MINE, ""), THEIRS, f"The cordon of node n1 belongs to {THEIRS}"),
        (Owner(MINE, THEIRS), MINE, f"The cordon of node n1 is the business of {THEIRS}"),
        (Owner(MINE, THEIRS), "", f"The cordon of node n1 is the business of {THEIRS}"),
        (Owner("", THEIRS), "", f"The cordon of node n1 is the business of {THEIRS}"),
    ],
)
def test_who_may_act_on_what_is_left(asks, noted, said):
    if not said:
        lease_plan.require("n1", asks, noted, "The cordon of node n1")
        return
    with pytest.raises(FleetError, match=said):
        lease_plan.require("n1", asks, noted, "The cordon of node n1")


@pytest.mark.parametrize(
    ("lease", "run", "holds"),
    [
        (held(MINE, 10), MINE, True),
        (held(MINE, 500), MINE, True),  # nobody has taken it since
        (FREE._replace(transitions=4), MINE, False),  # whoever had taken it has ended
        (held(THEIRS, 10), MINE, False),
        (held(THEIRS, 500), MINE, False),
        (held(THEIRS, 10), "", True),  # a person
    ],
)
def test_what_is_begun_needs_the_lease(lease, run, holds):
    asks = Owner(run, lease.holder)
    if holds:
        lease_plan.require_lease("n1", asks)
        return
    with pytest.raises(FleetError, match="This run does not hold the lease of node n1, which .* holds"):
        lease_plan.require_lease("n1", asks)


def test_names_of_any_length():
    assert lease_plan.object_name("w1.rack-3.example.com") == "node-w1.rack-3.example.com"
    assert len(lease_plan.object_name("a" * 253)) <= 253
    assert lease_plan.object_name("a" * 253) != lease_plan.object_name("a" * 252 + "b")
    assert len(lease_plan.label("x" * 500)) <= 63


def test_a_holder_that_is_no_name_is_told_in_one_line():
    evil = "run\n\x1b[2Jx" * 100
    said = lease_plan.plan_acquire("n1", held(evil, 90), MINE, 60, NOW, lapsed=True).actions[0]
    assert "\x1b" not in said
    assert "\n" not in said
    assert len(said) < 300


@pytest.mark.parametrize(
    ("lease", "lapsed", "until"),
    [
        (FREE, False, ""),
        (held(MINE, 10), False, times.stamp(NOW + 50)),
        (held(MINE, 500), True, times.stamp(NOW - 440)),
    ],
)
def test_what_people_are_told_of_a_lease(lease, lapsed, until):
    assert lease_plan.describe(lease, NOW) == {"holder": lease.holder, "until": until, "lapsed": lapsed}
