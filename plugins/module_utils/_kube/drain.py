# SPDX-FileCopyrightText: 2026 osmigrate.fleet contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Empty a node through the eviction API: threads ask, watches tell who is gone and which budget has room, one loop
decides.

This module util is PRIVATE to the collection. Python versions supported: >=3.6.
"""

import concurrent.futures
import functools
import queue
import re
import threading
import time
import typing

from ansible_collections.osmigrate.fleet.plugins.module_utils import _waiting
from ansible_collections.osmigrate.fleet.plugins.module_utils._errors import FleetError
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube import (
    daemons,
    drain_plan,
    guard,
    pod_warnings,
    volumes,
)
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.client import ApiError, Cluster, get_node
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.drain_state import IN_FLIGHT, Drain, Track
from ansible_collections.osmigrate.fleet.plugins.module_utils._kube.node_view import is_ready, is_schedulable

PODS = "/api/v1/pods"
BUDGETS = "/apis/policy/v1/namespaces/%s/poddisruptionbudgets"
# More than drain_state lets be in flight: those that hang count no more there.
THREADS = 128
# How long a rehearsal asks again what fails for the moment.
REHEARSAL_SECONDS = 10
# A connection that died without a word is noticed after this long, or a little later.
WATCH_SECONDS = 20
# One that ends sooner than this tells nothing: a proxy on the way may end each of them at once.
SHORTEST_WATCH = 1.0
# A few pods may have been bound just before the cordon.
RETURNS = 5
# A node that was emptied is looked at again after this long: owners that do not mind the cordon put their pods back
# within milliseconds.
SECOND_LOOK = 2.0
# So long a drain goes on by what it has heard of the node's lease.
OWNER_SECONDS = 1.0
# So often it is told what is waited for.
TELL_SECONDS = 5.0
# The reason of the condition DisruptionTarget on pods that are deleted.
DELETION = "DeletionByOsmigrate"
# Of so many pods that do not end it is looked up why.
WARNINGS = 10

# What kind of refusal holds a pod, and what to do about it. None is for pods that only have to end.
BUDGET, UNCOMPUTED, DENIED, FAILING, KUBELET = "budget", "uncomputed", "denied", "failing", "kubelet"
STEPS = (
    (BUDGET, "add replicas or relax the budgets that refuse"),
    (UNCOMPUTED, "give the pods of each budget that cannot be computed a controller that has a scale"),
    (DENIED, "do what the webhook or policy that denies asks for"),
    (FAILING, "see that the webhook or server that fails answers again"),
    (KUBELET, "see that the kubelet of the node answers again"),
    (None, "find out why the others do not end"),
)

_WEBHOOK = re.compile(r"failed calling webhook")
_BUDGET = re.compile(r"[Dd]isruption budget (\S+)")


class Request(typing.NamedTuple):
    node: str
    policy: drain_plan.Policy
    timeout: int
    grace_period: typing.Optional[int]
    per_second: float
    delete_after: int = 0
    wait_for_volumes: bool = False
    run: str = ""


class Refusal(typing.NamedTuple):
    budget: typing.Optional[str]
    why: str
    wait: float
    hold: str


class DrainError(FleetError):
    """A drain that did not empty the node, with its table."""

    def __init__(
        self, problem: str, left: str, todo: str, records: typing.List[dict], changed: bool, attachments: tuple = ()
    ) -> None:
        super().__init__(problem, left, todo)
        self.result = {"pods": records, "volumes": list(attachments), "changed": changed}


class Evictor:
    """Asks for the eviction of single pods and understands the answers.

    :param until: float, time.monotonic() until which it asks again what fails for the moment; 0 asks once.
    """

    def __init__(
        self, cluster: Cluster, grace_period: typing.Optional[int], until: float = 0.0, dry_run: bool = False
    ) -> None:
        self._cluster = cluster
        self._grace_period = grace_period
        self._options: typing.Dict[str, typing.Any] = {"until": until, "dry_run": dry_run}

    def __call__(self, pod: drain_plan.Pod) -> typing.Optional[Refusal]:
        """Ask. Returns None for accepted or no longer there, else a Refusal."""
        try:
            self._cluster.evict(pod.namespace, pod.name, pod.uid, self._grace_period, **self._options)
        except ApiError as error:
            return self._understand(pod, error)
        return None

    def delete(self, pod: drain_plan.Pod) -> typing.Optional[typing.Any]:
        """Delete a pod whose eviction was refused. Returns and raises as an eviction does."""
        try:
            self._cluster.disrupt(pod.namespace, pod.name, pod.uid, DELETION, **self._options)
            self._cluster.delete_pod(pod.namespace, pod.name, pod.uid, self._grace_period, **self._options)
        except ApiError as error:
            if error.status == 403 and not error.denied_by_admission and not error.causes("NamespaceTerminating"):
                error.todo = (
                    f"Apply playbooks/files/rbac-delete-pods.yml, or take {pod.deletable_by} off delete_allowed"
                )
            return self._understand(pod, error)
        return None

    @staticmethod
    def _understand(pod: drain_plan.Pod, error: ApiError) -> typing.Optional[Refusal]:
        if error.is_absence:
            return None
        if error.status == 403 and error.causes("NamespaceTerminating"):
            return None  # its namespace is being deleted, and the pod with it
        if error.status == 409:
            # Another pod took the name, or the pod was written to meanwhile: the watch will tell which.
            return Refusal(None, "was changed while it was to be evicted", 0, FAILING)
        if error.denied_by_admission:
            return Refusal(None, error.message, error.wait, DENIED)
        if error.transient or _WEBHOOK.search(error.message):
            return Refusal(None, error.message, error.wait, FAILING)
        why = "; ".join(error.causes("DisruptionBudget")) or error.message
        if error.status == 429 or "PodDisruptionBudget" in why:
            named = _BUDGET.search(why)
            budget = f"{pod.namespace}/{named.group(1)}" if named else next(iter(pod.budgets), None)
            if named and budget:  # names are one's own in a namespace, and nodes have pods of many
                why = why[: named.start(1)] + budget + why[named.end(1) :]
            return Refusal(budget, why, error.wait, BUDGET)
        raise error


class Follower:
    """A thread that hands every change of some objects to a queue, whatever happens to its connection."""

    def __init__(
        self, cluster: Cluster, path: str, query: typing.Dict[str, str], version: str, put: typing.Callable
    ) -> None:
        self._arguments = (cluster, path, query, version, put)
        self._stopped = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        cluster, path, query, version, put = self._arguments
        try:
            while not self._stopped.is_set():
                began = time.monotonic()
                try:
                    for kind, thing in cluster.watch(path, query, version, WATCH_SECONDS):
                        version = thing["metadata"]["resourceVersion"]
                        put((kind, thing))
                    if time.monotonic() - began >= SHORTEST_WATCH:
                        continue
                except ApiError as error:
                    if not error.transient and error.status != 410:
                        raise
                self._stopped.wait(0.5)
                listing = cluster.list(path, query)
                version = listing.version
                put(("LISTED", listing.items))
        except Exception as error:
            put(("FAILED", error))  # raised again where it is awaited


class NodeDrain:
    """One drain of one node, from the first look to the last."""

    def __init__(self, cluster: Cluster, request: Request, now: typing.Callable = time.monotonic) -> None:
        self._cluster = cluster
        self._request = request
        self._now = now
        self._started = now()
        self._deadline = self._started + request.timeout
        self._query = {"fieldSelector": "spec.nodeName=" + request.node}
        self._budgets: dict = {}
        self._daemons = daemons.Daemons(cluster, request.node)
        self._followers: dict = {}
        self._planned = False
        self._seen_cordoned = False
        self._node_uid = ""
        self._returned: dict = {}
        self._drain = Drain(request.per_second, self._started, request.delete_after)
        self._events: queue.Queue = queue.Queue()
        self._owned = guard.Guard(cluster, request.node, request.run)
        self._owned_until = self._started
        self._tell_at = self._started

    def plan(self) -> str:
        """Look, and refuse what must not be evicted before anything is."""
        listing = self._cluster.list(PODS, self._query)
        self._observe(listing.items)
        self._raise_refused()
        self._planned = True
        return listing.version

    def rehearse(self) -> dict:
        """Let the API server say about each pod what it would say now, without evicting any."""
        get_node(self._cluster, self._request.node)
        self.plan()
        until = min(self._now() + REHEARSAL_SECONDS, self._deadline)
        evict = Evictor(self._cluster, self._request.grace_period, until, dry_run=True)
        chosen = [pod for pod in self._drain.remaining() if pod.action != drain_plan.WAIT]
        tracks = [self._drain.tracks[pod.uid] for pod in chosen]
        with concurrent.futures.ThreadPoolExecutor(IN_FLIGHT) as threads:
            for track, refusal in zip(tracks, threads.map(evict, chosen)):
                if refusal:
                    refusal = self._computed(refusal)
                    track.refused(refusal.budget, refusal.why, self._now(), refusal.hold)
                    track.deleted_by = track.pod.deletable_by if track.may_be_deleted() else None
        return self._result(tracks)

    def run(self) -> dict:
        try:
            self._require_owner(self._started)
            if not self._is_cordoned():
                raise FleetError(
                    f"Node {self._request.node} is not cordoned, so a drain would never end",
                    "Nothing was evicted",
                    "Cordon it first (k8s_node_cordon)",
                )
            self._empty(self.plan())
            attachments = self._detach() if self._request.wait_for_volumes else []
        except ApiError as error:
            # What is not there, or was not seen, is not said to be cordoned.
            seen = self._seen_cordoned and error.status != 404
            raise self._error(
                error.problem, self._left() if seen else self._left_pods("the node").capitalize(), error.todo
            )
        return self._result([track for track in self._drain.tracks.values() if track.evicted], attachments)

    def _detach(self) -> typing.Any:
        staying = self._cluster.list(PODS, self._query, until=self._deadline).items
        attachments = volumes.wait(self._cluster, self._request.node, staying, self._deadline, self._now)
        held = [one for one in attachments if not one["gone"]]
        if not held:
            return attachments
        said = [f"{one['volume'] or one['name']} by {one['attacher']}" for one in held]
        said = [f"{what} ({one['reason']})" if one["reason"] else what for what, one in zip(said, held)]
        raise self._error(
            f"Node {self._request.node} still has {len(held)} volumes attached after {self._request.timeout} seconds "
            f"of draining: {', '.join(said[:10])}",
            self._left(),
            "See that the CSI driver detaches them (kubectl describe volumeattachment), then run the same command "
            "again; wait_for_volumes=false does without",
            attachments,
        )

    def _empty(self, version: str) -> None:
        self._followers[""] = Follower(self._cluster, PODS, self._query, version, self._events.put)
        threads = concurrent.futures.ThreadPoolExecutor(THREADS)
        try:
            while self._drain.remaining() or self._late_arrivals():
                self._step(threads)
        finally:
            for follower in self._followers.values():
                follower.stop()
            threads.shutdown(wait=False)

    def _step(self, threads: typing.Any) -> None:
        now = self._now()
        if now >= self._deadline:
            self._raise_unless_empty()
            return
        evict = Evictor(self._cluster, self._request.grace_period)
        self._tell(now)
        due = self._drain.due(now)
        if due:
            self._require_owner(now)
        for pod in due:
            ask = evict.delete if self._drain.tracks[pod.uid].deleted_by else evict
            threads.submit(ask, pod).add_done_callback(
                lambda future, uid=pod.uid: self._events.put(("ANSWERED", (uid, future)))
            )
        self._take(max(0.01, min(self._drain.rest(now), self._deadline - now, TELL_SECONDS)))

    def _tell(self, now: float) -> None:
        """Say while it is waited for which pods are there, and what holds them."""
        if now >= self._tell_at:
            remaining = self._drain.remaining()
            held = drain_plan.enumerate_pods(remaining) if remaining else "none"
            _waiting.tell(self._request.node, f"{len(remaining)} pods are left: {held}")
            self._tell_at = now + TELL_SECONDS

    def _require_owner(self, now: float) -> None:
        """Evict for nobody who has lost the node meanwhile."""
        if now < self._owned_until:
            return
        try:
            self._owned.begin(f"What is left on node {self._request.node}")
        except ApiError:
            raise
        except FleetError as error:
            raise self._error(error.problem, self._left(), error.todo)
        self._owned_until = now + OWNER_SECONDS

    def _take(self, seconds: float) -> None:
        """Wait for events for so long at most, and take in all that there are."""
        try:
            event = self._events.get(timeout=seconds)
        except queue.Empty:
            return
        while event:
            self._handle(*event)
            try:
                event = self._events.get_nowait()
            except queue.Empty:
                event = None

    def _handle(self, kind: str, thing: typing.Any) -> None:
        if kind == "FAILED":
            raise thing
        if kind == "ANSWERED":
            self._answered(*thing)
        elif kind == "BUDGET":
            self._budget_changed(*thing)
        elif kind == "DELETED":
            self._drain.vanish(thing["metadata"]["uid"], self._now())
        else:
            if kind == "LISTED":
                self._observe(thing)
            else:
                self._appear(thing)
            self._raise_refused()

    def _answered(self, uid: str, future: typing.Any) -> None:
        refusal = future.result()
        if refusal is None:
            self._drain.accepted(uid, self._now())
        else:
            refusal = self._computed(refusal)
            if refusal.budget:
                self._follow_budgets(refusal.budget.partition("/")[0])
            self._drain.refused(uid, refusal.budget, refusal.why, refusal.wait, self._now(), refusal.hold)

    def _computed(self, refusal: Refusal) -> Refusal:
        """Say of a budget that cannot be computed why not: it refuses for ever, and no replica helps."""
        namespace = (refusal.budget or "").partition("/")[0]
        known = self._budgets[namespace].items if namespace in self._budgets else []
        failed = [drain_plan.sync_failure(one) for one in known if drain_plan.budget_name(one) == refusal.budget]
        if not any(failed):
            return refusal
        return refusal._replace(why=f"{refusal.why}, and it cannot be computed: {failed[0]}", hold=UNCOMPUTED)

    def _follow_budgets(self, namespace: str) -> None:
        """From the first refusal on, let the budgets themselves tell when they have room."""
        if namespace in self._followers or namespace not in self._budgets:
            return
        put = functools.partial(self._put_budget, namespace)
        version = self._budgets[namespace].version
        self._followers[namespace] = Follower(self._cluster, BUDGETS % namespace, {}, version, put)
        self._drain.follow(namespace)

    def _put_budget(self, namespace: str, event: typing.Tuple[str, typing.Any]) -> None:
        self._events.put(("BUDGET", (namespace, event)))

    def _budget_changed(self, namespace: str, event: typing.Tuple[str, typing.Any]) -> None:
        kind, thing = event
        now = self._now()
        if kind == "FAILED":
            self._drain.unfollow(namespace, now)  # as with the rights of a former release: without watch
            return
        for budget in thing if kind == "LISTED" else [thing]:
            if kind == "DELETED" or budget.get("status", {}).get("disruptionsAllowed", 0) > 0:
                self._drain.has_room(drain_plan.budget_name(budget), now)
            elif drain_plan.lets_unready_go(budget):
                self._drain.lets_unready_go(drain_plan.budget_name(budget))

    def _observe(self, pods: typing.List[dict]) -> None:
        """Take a complete list in: who is not on it is gone."""
        now = self._now()
        for uid in set(self._drain.tracks) - {pod["metadata"]["uid"] for pod in pods}:
            self._drain.vanish(uid, now)
        for pod in pods:
            self._appear(pod)

    def _appear(self, pod: dict) -> None:
        owned = self._daemons.judge(pod)
        classified = drain_plan.classify(pod, self._request.policy, [], owned)
        if classified.action == drain_plan.EVICT and classified.uid not in self._drain.tracks:
            if self._planned:
                self._refuse_to_go_in_circles(classified)
            budgets = self._budgets_of(classified.namespace)
            classified = drain_plan.classify(pod, self._request.policy, budgets, owned)
        self._drain.appear(classified, self._now())

    def _refuse_to_go_in_circles(self, pod: drain_plan.Pod) -> None:
        """A controller whose pods do not mind the cordon fills the node as fast as it is drained.

        The first thing to ask of a pod that came is whether there is a cordon still.
        """
        self._require_cordon()
        owner = f"{pod.owner or pod.name} of namespace {pod.namespace}"
        self._returned[owner] = self._returned.get(owner, 0) + 1
        if self._returned[owner] > RETURNS:
            raise self._error(
                f"Pods of {owner} keep coming back to node {self._request.node} although it is cordoned",
                self._left(),
                "Take its toleration of node.kubernetes.io/unschedulable or its nodeName away, or scale it down",
            )

    def _budgets_of(self, namespace: str) -> typing.List[dict]:
        if namespace not in self._budgets:
            self._budgets[namespace] = self._cluster.list(BUDGETS % namespace)
        return self._budgets[namespace].items

    def _late_arrivals(self) -> bool:
        """Look once more, a little later: pods may have come by ways that a cordon does not close."""
        again = self._now() + SECOND_LOOK if self._drain.has_let_go() else 0.0
        while self._now() < again and not self._drain.remaining():
            self._take(max(0.01, again - self._now()))
        self._observe(self._cluster.list(PODS, self._query, until=self._deadline).items)
        self._raise_refused()
        self._require_cordon()
        return bool(self._drain.remaining())

    def _is_cordoned(self) -> bool:
        node = get_node(self._cluster, self._request.node)
        self._seen_cordoned = not is_schedulable(node)
        self._node_uid = self._node_uid or node["metadata"]["uid"]
        return self._seen_cordoned

    def _require_cordon(self) -> None:
        node = get_node(self._cluster, self._request.node, max(self._deadline, self._now()))
        if node["metadata"]["uid"] != self._node_uid:
            raise self._error(
                f"Node {self._request.node} was made anew while it was drained: it is another Node object",
                self._left(),
                "See whether it is the same machine, then run the same command again",
            )
        if is_schedulable(node):
            raise self._error(
                f"Node {self._request.node} was uncordoned by somebody while it was drained",
                self._left(),
                "Find out who uncordoned it, then run the same command again",
            )

    def _raise_refused(self) -> None:
        refused = self._drain.refused_pods()
        if refused:
            raise self._error(
                f"Node {self._request.node} has pods that may not be evicted: {drain_plan.enumerate_pods(refused)}",
                self._left() if self._planned else "Nothing was evicted",
                "Give each a controller and one budget and move its data, or allow it with "
                "osmigrate_delete_unmanaged or osmigrate_delete_emptydir_data",
            )

    def _raise_unless_empty(self) -> None:
        """Say what is on the node when the time is over, as a last look finds it: what was told may be late."""
        try:
            self._observe(self._cluster.list(PODS, self._query, until=time.monotonic()).items)
        except ApiError as error:
            remaining = self._drain.remaining()
            raise self._error(
                f"{error.problem}. When node {self._request.node} was seen last, {len(remaining)} pods had to leave "
                f"it: {drain_plan.enumerate_pods(remaining)}",
                self._left(),
                error.todo,
            )
        if self._drain.remaining():
            self._raise_unfinished()

    def _raise_unfinished(self) -> None:
        try:
            ending = self._drain.ending()
            node = get_node(self._cluster, self._request.node, time.monotonic()) if ending else {}
            if ending and not is_ready(node):
                for pod in ending:
                    self._drain.explain(pod.uid, "the node is not Ready, and only its kubelet ends pods", KUBELET)
            for pod in ending[:WARNINGS]:
                self._drain.explain(pod.uid, pod_warnings.last_warning(self._cluster, pod))
        except ApiError:
            pass  # the drain has failed already, and no right or server that is missing should hide that
        remaining = self._drain.remaining()
        steps = [step for hold, step in STEPS if hold in self._drain.holds()]
        raise self._error(
            f"Node {self._request.node} still has {len(remaining)} pods after {self._request.timeout} seconds of "
            f"draining: {drain_plan.enumerate_pods(remaining)}",
            self._left(),
            f"Remove what holds them ({'; '.join(steps)}), then run the same command again",
        )

    def _left(self) -> str:
        """What is known of node and pods after a failure. Somebody else may have uncordoned it: that is looked at."""
        try:
            node = get_node(self._cluster, self._request.node, time.monotonic())
        except ApiError:
            return f"Whether the node is still cordoned is not known, {self._left_pods()}"
        state = "is not cordoned any more" if is_schedulable(node) else "stays cordoned"
        return f"The node {state}, {self._left_pods()}"

    def _left_pods(self, node: str = "it") -> str:
        gone, asked = self._count_gone(), any(track.evicted for track in self._drain.tracks.values())
        if not (gone or asked):
            return "nothing was evicted"
        # They may be gone when this is read.
        told = self._drain.count_leaving()
        return f"{gone} pods have left {node}" + (f", and {told} more were told to" if told else "")

    def _count_gone(self) -> int:
        return sum(1 for record in self._drain.records(0) if record["gone"])

    def _error(self, problem: str, left: str, todo: str, attachments: tuple = ()) -> DrainError:
        changed = any(track.evicted for track in self._drain.tracks.values())
        return DrainError(problem, left, todo, self._drain.records(self._now()), changed, attachments)

    def _result(self, tracks: typing.List[Track], attachments: typing.Sequence = ()) -> dict:
        actions = sorted(_action(track) for track in tracks)
        now = self._now()
        return {
            "changed": bool(actions),
            "actions": actions,
            "pods": self._drain.records(now),
            "volumes": list(attachments),
            "seconds": round(now - self._started, 1),
        }


def _action(track: Track) -> str:
    pod = track.pod
    if track.deleted_by:
        return f"Delete pod {drain_plan.full_name(pod)} without eviction, as {track.deleted_by} allows"
    return f"{'Evict' if pod.action == drain_plan.EVICT else 'Delete'} pod {drain_plan.full_name(pod)}"
