# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drain in progress: which pod to ask for next, what was answered, who is gone. Pure, the clock comes from outside.

Pods that share a disruption budget share a lane. A lane has one request in flight and waits as a whole after a refusal,
so a budget that is used up costs one request per pause and not one per pod. A pod without a budget has its own lane.
Where budgets are followed, the lane waits for its budget to have room instead.

A pod that the operator lets be deleted is, when its eviction has been refused for long enough.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import delete_plan, drain_plan

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 2.0
# A budget that is followed tells when it has room. Should that be missed, it is asked after this long.
FOLLOWED_PAUSE = 10.0

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
    def __init__(self):
        self.not_before = 0.0
        self.pause = FIRST_PAUSE
        self.busy = False
        self.has_room = False  # told so while a request was on its way


class Track:
    """One pod's way out."""

    def __init__(self, pod, lane, now):
        self.pod = pod
        self.lane = lane
        self.state = _START[pod.action]
        self.started = now
        self.ended = now if self.state == STAYING else None
        self.evicted = False
        self.blocked_by = None
        self.held_by = pod.reason
        self.refused_since = None
        self.deleted_by = None

    def refused(self, budget, why, now):
        self.blocked_by, self.held_by = budget or self.blocked_by, why
        if self.refused_since is None:
            self.refused_since = now

    def may_be_deleted(self):
        """Whether the operator lets it be deleted past what refused its eviction."""
        entry = self.pod.deletable_by
        return bool(entry) and (delete_plan.names_pods(entry) or not self.blocked_by)

    def record(self, now):
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

    def __init__(self, per_second, now, delete_after=0):
        self.tracks = {}
        self._lanes = {}
        self._followed = set()
        self._per_second = float(per_second)
        self._tokens = max(1.0, self._per_second)
        self._refilled = now
        self._delete_after = delete_after

    def appear(self, pod, now):
        """Take note of a pod as it was classified; of a known one only that it is leaving, and what holds it then."""
        track = self.tracks.get(pod.uid)
        if track is None:
            lane = self._lanes.setdefault(pod.budgets or (pod.uid,), Lane())
            self.tracks[pod.uid] = Track(pod, lane, now)
        elif pod.action == drain_plan.WAIT and track.state in (PENDING, ASKED, LEAVING):
            track.state, track.held_by = LEAVING, pod.reason

    def vanish(self, uid, now):
        track = self.tracks.get(uid)
        if track is not None and track.state != GONE:
            track.state, track.ended = GONE, now

    def due(self, now):
        """The pods to evict now, or to delete where deleted_by of the track is set. They count as asked."""
        earned = (now - self._refilled) * self._per_second
        self._tokens = min(max(1.0, self._per_second), self._tokens + earned)
        self._refilled = now
        chosen = []
        for track in self._waiting(now):
            if self._tokens < 1:
                break
            if not track.lane.busy:
                track.lane.busy = True
                track.lane.has_room = False
                track.state = ASKED
                # Until it is refused: the watch may tell that the pod has left before the answer comes.
                track.evicted = True
                track.deleted_by = self._deleted_by(track, now)
                self._tokens -= 1
                chosen.append(track.pod)
        return chosen

    def _deleted_by(self, track, now):
        since = track.refused_since
        waited = since is not None and now - since >= self._delete_after
        return track.pod.deletable_by if waited and track.may_be_deleted() else None

    def _waiting(self, now):
        return [
            track
            for track in self.tracks.values()
            if track.state == PENDING and not track.lane.busy and track.lane.not_before <= now
        ]

    def accepted(self, uid):
        track = self.tracks[uid]
        track.lane.busy = False
        track.lane.pause = FIRST_PAUSE
        track.lane.not_before = 0.0
        if track.state == ASKED:
            done = "deleted" if track.deleted_by else "evicted"
            track.state, track.held_by = LEAVING, f"was {done} and is terminating"

    def refused(self, uid, budget, why, wait, now):
        """An eviction was refused for now. The lane waits, and goes on with its next pod: that one may be allowed."""
        track = self.tracks[uid]
        lane = track.lane
        lane.busy = False
        lane.not_before = now if lane.has_room else now + max(wait, self._pause(track, budget))
        lane.pause = min(lane.pause * 2, LONGEST_PAUSE)
        for other in self.tracks.values():
            if other.lane is lane and other.state in (PENDING, ASKED):
                other.refused(budget, why, now)
        track.evicted, track.deleted_by = False, None
        if track.state == ASKED:
            track.state = PENDING
            self.tracks[uid] = self.tracks.pop(uid)  # to the end of its lane

    def _pause(self, track, budget):
        followed = budget and budget.partition("/")[0] in self._followed and not track.pod.deletable_by
        return FOLLOWED_PAUSE if followed else track.lane.pause

    def follow(self, namespace):
        """From now on it is told when a budget of that namespace has room."""
        self._followed.add(namespace)

    def unfollow(self, namespace, now):
        """It is not told any more: ask again and again."""
        self._followed.discard(namespace)
        for lane in self._lanes.values():
            lane.not_before = min(lane.not_before, now + LONGEST_PAUSE)

    def has_room(self, budget, now):
        """A budget allows an eviction: nobody need wait for it."""
        for budgets, lane in self._lanes.items():
            if budget in budgets:
                lane.has_room = lane.busy
                lane.not_before = min(lane.not_before, now)

    def rest(self, now):
        """Seconds until there may be something to ask for again."""
        pending = [track for track in self.tracks.values() if track.state == PENDING]
        times = [track.lane.not_before for track in pending if not track.lane.busy]
        if not times:
            return 60.0
        for_token = max(0.0, (1 - self._tokens) / self._per_second)
        return max(min(times) - now, for_token, 0.01)

    def remaining(self):
        """The pods that should leave and have not, with what holds them as their reason."""
        return [
            track.pod._replace(reason=track.held_by)
            for track in self.tracks.values()
            if track.state in (PENDING, ASKED, LEAVING)
        ]

    def ending(self):
        """The pods that should end by themselves now, and have not."""
        return [track.pod for track in self.tracks.values() if track.state == LEAVING]

    def explain(self, uid, warning):
        """Add what the cluster says, if it says anything, to what holds a pod."""
        track = self.tracks[uid]
        track.held_by += f": {warning}" if warning else ""

    def refused_pods(self):
        tracks = self.tracks.values()
        return [track.pod for track in tracks if track.pod.action == drain_plan.REFUSE and track.state == STAYING]

    def records(self, now):
        records = [track.record(now) for track in self.tracks.values()]
        return sorted(records, key=lambda record: (record["namespace"], record["name"]))
