# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drain in progress: which pod to ask for next, what was answered, who is gone. Pure, the clock comes from outside.

Pods that share a disruption budget share a lane. A lane has one request in flight. While its budget refuses, each of
its pods is asked for once, those that are not Ready first, because the budget may let these go; then the lane rests. So
a budget that is used up costs one request per pod and rest. Where budgets are followed, the lane waits for its budget
to have room instead. A pod without a budget has its own lane.

What is refused for another reason (a webhook that denies or does not answer, a server that fails) holds up that pod and
no other: it waits for longer and longer, with its reason. Requests that hang do not count as in flight for long, so
they neither use up the threads nor hold up a lane.

A pod that the operator lets be deleted is, when its eviction has been refused for long enough.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import delete_plan, drain_plan

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 5.0
# A budget that is followed tells when it has room. Should that be missed, it is asked after this long.
FOLLOWED_PAUSE = 10.0
# So many requests may be in flight; those that have had no answer for so many seconds count no more.
IN_FLIGHT, HANGING = 16, 1.0

# Where a pod is on its way.
PENDING, ASKED, LEAVING, GONE, STAYING = "pending", "asked", "leaving", "gone", "staying"
_START = {
    drain_plan.EVICT: PENDING,
    drain_plan.DELETE: PENDING,
    drain_plan.WAIT: LEAVING,
    drain_plan.LEAVE: STAYING,
    drain_plan.REFUSE: STAYING,
}


class Lane:
    def __init__(self) -> None:
        self.not_before = 0.0  # for the pods that its budget has refused
        self.held_until = 0.0  # for all of them: the server said so
        self.pause = FIRST_PAUSE
        self.has_room = False  # told so while a request was on its way
        self.told = False  # the rest was ended by word of room, not by time


class Track:
    """One pod's way out."""

    def __init__(self, pod: drain_plan.Pod, lane: Lane, now: float) -> None:
        self.pod = pod
        self.lane = lane
        self.state = _START[pod.action]
        self.started = now
        self.ended: typing.Optional[float] = now if self.state == STAYING else None
        self.evicted = False
        self.ends = pod.action == drain_plan.WAIT  # it was seen to be terminating
        self.blocked_by: typing.Optional[str] = None
        self.held_by = pod.reason
        self.refused_since: typing.Optional[float] = None
        self.deleted_by: typing.Optional[str] = None
        self.ready = pod.ready
        self.sent: typing.Optional[float] = None  # when the request was sent that has no answer yet
        self.hold: typing.Optional[str] = None  # what kind of refusal holds it, as in drain.STEPS
        self.tried = False  # its budget has refused it in this round
        self.not_before = 0.0
        self.pause = FIRST_PAUSE

    def refused(self, budget: typing.Optional[str], why: str, now: float, hold: typing.Optional[str] = None) -> None:
        self.blocked_by, self.held_by, self.hold = budget or self.blocked_by, why, hold
        if self.refused_since is None:
            self.refused_since = now

    def may_be_deleted(self) -> bool:
        """Whether the operator lets it be deleted past what refused its eviction."""
        entry = self.pod.deletable_by
        return bool(entry) and (delete_plan.names_pods(entry) or not self.blocked_by)

    def in_flight(self, now: float) -> bool:
        return self.sent is not None and now - self.sent < HANGING

    def record(self, now: float) -> dict:
        return {
            "namespace": self.pod.namespace,
            "name": self.pod.name,
            "owner": self.pod.owner,
            "action": self.pod.action,
            "reason": self.pod.reason if self.state == GONE else self.held_by,
            "gone": self.state == GONE,
            "seconds": round((now if self.ended is None else self.ended) - self.started, 1),
            "blocked_by": self.blocked_by,
            "deleted_by": self.deleted_by,
        }


class Drain:
    """All pods of one node.

    :param per_second: float, evictions to ask for per second at most; as many may go at once after a rest.
    :param delete_after: int seconds from the first refusal of a pod until it is deleted, if it may be.
    """

    def __init__(self, per_second: float, now: float, delete_after: int = 0) -> None:
        self.tracks: dict = {}
        self._lanes: dict = {}
        self._followed: set = set()
        self._per_second = float(per_second)
        self._tokens = max(1.0, self._per_second)
        self._refilled = now
        self._delete_after = delete_after

    def appear(self, pod: drain_plan.Pod, now: float) -> None:
        """Take note of a pod as it was classified; of a known one what has changed that matters here."""
        track = self.tracks.get(pod.uid)
        if track is None:
            lane = self._lanes.setdefault(pod.budgets or (pod.uid,), Lane())
            self.tracks[pod.uid] = Track(pod, lane, now)
            return
        if track.ready != pod.ready:
            # Its budget may let it go now, or no longer.
            track.ready, track.tried = pod.ready, track.tried and pod.ready
        if pod.action == drain_plan.WAIT and track.state in (PENDING, ASKED, LEAVING):
            track.state, track.held_by, track.hold, track.ends = LEAVING, pod.reason, None, True

    def vanish(self, uid: str, now: float) -> None:
        track = self.tracks.get(uid)
        if track is not None and track.state != GONE:
            track.state, track.ended = GONE, now

    def due(self, now: float) -> typing.List[drain_plan.Pod]:
        """The pods to evict now, or to delete where deleted_by of the track is set. They count as asked."""
        earned = (now - self._refilled) * self._per_second
        self._tokens = min(max(1.0, self._per_second), self._tokens + earned)
        self._refilled = now
        flying = [track for track in self.tracks.values() if track.in_flight(now)]
        busy = {id(track.lane) for track in flying}
        chosen: list = []
        for track in self._waiting(now):
            if self._tokens < 1 or len(flying) + len(chosen) >= IN_FLIGHT:
                break
            if id(track.lane) not in busy:
                busy.add(id(track.lane))
                self._ask(track, now)
                chosen.append(track.pod)
        return chosen

    def _ask(self, track: Track, now: float) -> None:
        lane = track.lane
        if track.tried and not lane.told:
            # Its lane's rest is over: each pod has its turn again.
            lane.pause = min(lane.pause * 2, LONGEST_PAUSE)
            for other in self._of(lane):
                other.tried = False
        lane.has_room = False
        track.state, track.sent = ASKED, now
        # Until it is refused: the watch may tell that the pod has left before the answer comes.
        track.evicted = True
        track.deleted_by = self._deleted_by(track, now)
        self._tokens -= 1

    def _deleted_by(self, track: Track, now: float) -> typing.Optional[str]:
        since = track.refused_since
        waited = since is not None and now - since >= self._delete_after
        return track.pod.deletable_by if waited and track.may_be_deleted() else None

    def _of(self, lane: Lane) -> typing.List[Track]:
        return [track for track in self.tracks.values() if track.lane is lane]

    def _waiting(self, now: float) -> typing.List[Track]:
        """Whose turn it is, those that are not Ready first."""
        waiting = [track for track in self.tracks.values() if track.state == PENDING and self._turn(track) <= now]
        return sorted(waiting, key=lambda track: track.ready)

    def _turn(self, track: Track) -> float:
        """When a pod may be asked for again, if nothing is told before."""
        if track.may_be_deleted():
            return track.not_before  # what refuses its eviction does not refuse its deletion
        lane = track.lane
        return max(track.not_before, lane.held_until, lane.not_before if track.tried else 0.0)

    def accepted(self, uid: str, now: float) -> None:
        track = self.tracks[uid]
        lane = track.lane
        track.sent = None
        # The room was for this one. Whether there is more for those that were refused is told of a followed budget.
        waits = not lane.has_room and any(self._is_followed(budget) for budget in track.pod.budgets)
        lane.pause, lane.told = FIRST_PAUSE, not waits
        lane.not_before = now + FOLLOWED_PAUSE if waits else 0.0
        if track.state == ASKED:
            # The watch tells when it is.
            asked = "deletion" if track.deleted_by else "eviction"
            track.state, track.held_by, track.hold = (
                LEAVING,
                f"its {asked} was accepted, but it is not terminating",
                None,
            )

    def refused(
        self,
        uid: str,
        budget: typing.Optional[str],
        why: str,
        wait: float,
        now: float,
        hold: typing.Optional[str] = None,
    ) -> None:
        """An eviction was refused for now.

        :param budget: str, the budget that refused it: that holds for its whole lane. None: for this pod alone.
        :param wait: float seconds that the server wants to be left alone with it.
        """
        track = self.tracks[uid]
        track.sent = None
        track.evicted, track.deleted_by = False, None
        if track.state == ASKED:
            track.state = PENDING
            self.tracks[uid] = self.tracks.pop(uid)  # to the end of its lane
        if budget:
            self._rest(track.lane, budget, why, wait, now, hold)
            track.tried = True
        track.refused(budget, why, now, hold)
        if not budget or track.may_be_deleted():
            pause, deletion = max(wait, track.pause), track.refused_since + self._delete_after - now
            track.not_before = now + (min(pause, deletion) if deletion > 0 and track.may_be_deleted() else pause)
            track.pause = min(track.pause * 2, LONGEST_PAUSE)
        else:
            track.pause = FIRST_PAUSE

    def _rest(self, lane: Lane, budget: str, why: str, wait: float, now: float, hold: typing.Optional[str]) -> None:
        """A budget refused one pod of a lane: those that it has refused wait."""
        for other in self._of(lane):
            if other.state in (PENDING, ASKED) and (other.blocked_by or not other.held_by):
                other.refused(budget, why, now, hold)
        lane.held_until = now + wait
        if not lane.has_room:
            lane.not_before = now + (FOLLOWED_PAUSE if self._is_followed(budget) else lane.pause)
            lane.told = False

    def _is_followed(self, budget: str) -> bool:
        return budget.partition("/")[0] in self._followed

    def follow(self, namespace: str) -> None:
        """From now on it is told when a budget of that namespace has room."""
        self._followed.add(namespace)

    def unfollow(self, namespace: str, now: float) -> None:
        """It is not told any more: ask again and again."""
        self._followed.discard(namespace)
        for lane in self._lanes.values():
            lane.not_before = min(lane.not_before, now + lane.pause)

    def has_room(self, budget: str, now: float) -> None:
        """A budget allows an eviction: nobody need wait for it."""
        for budgets, lane in self._lanes.items():
            if budget in budgets:
                lane.has_room = any(track.sent is not None for track in self._of(lane))
                lane.not_before = min(lane.not_before, now)
                lane.told = True

    def lets_unready_go(self, budget: str) -> None:
        """A budget allows the eviction of pods that are not Ready: these need not wait for it."""
        for budgets, lane in self._lanes.items():
            if budget in budgets:
                for track in self._of(lane):
                    track.tried = track.tried and track.ready

    def rest(self, now: float) -> float:
        """Seconds until there may be something to ask for again."""
        flying = [track for track in self.tracks.values() if track.in_flight(now)]
        free = {id(track.lane): track.sent + HANGING for track in flying}
        room = min(free.values()) if len(flying) >= IN_FLIGHT else 0.0
        pending = [track for track in self.tracks.values() if track.state == PENDING]
        times = [max(self._turn(track), free.get(id(track.lane), 0.0), room) for track in pending]
        if not times:
            return 60.0
        for_token = max(0.0, (1 - self._tokens) / self._per_second)
        return max(min(times) - now, for_token, 0.01)

    def remaining(self) -> typing.List[drain_plan.Pod]:
        """The pods that should leave and have not, with what holds them as their reason."""
        return [track.pod._replace(reason=track.held_by) for track in self._remaining()]

    def holds(self) -> set:
        """What kinds of refusals hold those pods; None for pods that only have to end."""
        return {track.hold for track in self._remaining()}

    def _remaining(self) -> typing.List[Track]:
        return [track for track in self.tracks.values() if track.state in (PENDING, ASKED, LEAVING)]

    def has_let_go(self) -> bool:
        """Whether any pod has left."""
        return any(track.state == GONE for track in self.tracks.values())

    def count_leaving(self) -> int:
        """How many pods are terminating, or will be as their eviction was accepted."""
        return sum(1 for track in self.tracks.values() if track.state == LEAVING)

    def ending(self) -> typing.List[drain_plan.Pod]:
        """The pods that should end by themselves now, and have not."""
        return [track.pod for track in self.tracks.values() if track.state == LEAVING and track.ends]

    def explain(self, uid: str, warning: str, hold: typing.Optional[str] = None) -> None:
        """Add what the cluster says, if it says anything, to what holds a pod.

        :param hold: str, what kind of hold that is; None leaves what is known.
        """
        track = self.tracks[uid]
        track.hold = hold or track.hold
        track.held_by += f": {warning}" if warning else ""

    def refused_pods(self) -> typing.List[drain_plan.Pod]:
        tracks = self.tracks.values()
        return [track.pod for track in tracks if track.pod.action == drain_plan.REFUSE and track.state == STAYING]

    def records(self, now: float) -> typing.List[dict]:
        records = [track.record(now) for track in self.tracks.values()]
        return sorted(records, key=lambda record: (record["namespace"], record["name"]))
