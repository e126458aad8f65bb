"""Scaling as a whole: what alarms, schedules, registrations and waiting requests lead to.

    an alarm rings for a policy   `act` notes it; all that rang at about the same time is decided on
                                  together, a moment later
    a request waits at an edge    `wanted` brings up what is down at zero, at once
    the loop looks                `activate`: scheduled actions, ranges that were set, activities
                                  that are over

Everything that is decided is written in one commit, and what is not decided comes again: an alarm
speaks every period while it rings. So a control that dies in between loses nothing.
"""

import asyncio
import logging
from typing import Protocol

from argosy.control.means import Means
from argosy.control.scaling import scheduled
from argosy.control.scaling.capacity import Capacity, capacity_of
from argosy.control.scaling.changing import SCHEDULED, Changing
from argosy.control.scaling.deciding import Situation, decide
from argosy.control.scaling.readings import Reading, reading_of, wish_of
from argosy.state import scaling_activities as activities
from argosy.state.endpoints import hosts_components
from argosy.state.managed_alarms import keep_period
from argosy.state.records import Record, Stale
from argosy.state.scaling import (
    ACTION,
    POLICY,
    TARGET,
    TRACKING,
    component_resource,
    policies_of,
    under,
    variant_resource,
)

log = logging.getLogger(__name__)

ACTIONS = "arn:aws:autoscaling"
"""What ARNs of scaling policies begin with."""

_GATHER_S = 0.02
_LONGEST_SLEEP_S = 30.0
_AFTER_FAILURE_S = 30.0
_PRUNE_EVERY_S = 86400.0
_REST = 5
"""Periods."""
_WAITING = "requests waited for capacity while there was none"

_Key = tuple[str, str, str]


class Fired(Protocol):
    """What an alarm tells (see `control.alarms`)."""

    @property
    def state(self) -> str: ...
    @property
    def action(self) -> str: ...
    @property
    def points(self) -> tuple[tuple[float, float], ...]: ...


class Scaling:
    """What control starts; the alarms call `act`, the loop `activate`, the feed `wanting`."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._records = means.records
        self._changing = Changing(means.records, means.events)
        self._readings: dict[tuple[_Key, str], dict[str, Reading]] = {}
        """Target and policy → alarm → what it said last."""
        self._dirty: set[_Key] = set()
        self._resting: dict[_Key, float] = {}
        """Target whose last change failed → until when policies leave it alone."""
        self._pruned = means.clock.now()

    def start(self) -> None:
        """Have the alarms of policies count in this platform's periods. Raises StorageError."""
        period = self._means.settings.scaling_period
        keep_period(self._records, period, self._means.clock.now())

    async def act(self, alarm: Record, fired: Fired) -> None:
        """An alarm rings for a policy, for the first time or still; raises LookupError when there
        is no such policy."""
        policy = self._policy(alarm, fired.action)
        now = self._means.clock.now()
        members = alarm.document["members"]
        reading = reading_of(policy.document, members, fired.state, fired.points, now)
        target = (policy.account, policy.region, policy.document["resource_id"])
        self._readings.setdefault((target, policy.name), {})[alarm.name] = reading
        self._evaluate_soon(target)

    def wanting(self, waiting: list[dict[str, object]]) -> None:
        """Requests wait at an edge: {"endpoint": key, "variant": name, "waiting": n} each."""
        for one in waiting:
            self.wanted(str(one["endpoint"]), str(one["variant"]))

    def wanted(self, endpoint: str, variant: str) -> None:
        """A request waits for this variant, or component, of the endpoint with this key."""
        account, region, name = endpoint.split("/", 2)
        record = self._records.get("endpoint", account, region, name)
        if record is None or record.document["live"] is None:
            return
        hosts = hosts_components(record.document["live"])
        resource = component_resource(variant) if hosts else variant_resource(name, variant)
        target = self._records.get(TARGET, account, region, resource)
        capacity = capacity_of(self._records, account, region, resource)
        if target is None or capacity is None or capacity.count or capacity.busy:
            return
        document = target.document
        if document["suspended"].get("DynamicScalingOutSuspended") or not document["most"]:
            return
        if self._failed_lately(capacity.record):
            return
        self._change(target, capacity, max(1, document["least"]), _WAITING)

    def _failed_lately(self, record: Record) -> bool:
        """Its first instance could not come up a moment ago: the next try has time."""
        waited = self._means.clock.now() - record.modified
        return bool(record.document["failure_reason"]) and waited < _AFTER_FAILURE_S

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        now = self._means.clock.now()
        self._follow(now)
        pause = self._keep_schedules(now)
        self._correct(now)
        if not 0 <= now - self._pruned < _PRUNE_EVERY_S:
            self._pruned = now
            activities.prune_all(self._records, now)
        return pause

    @property
    def _rest_s(self) -> float:
        return _REST * self._means.settings.scaling_period

    def forget(self) -> None:
        """The records were emptied."""
        self._resting.clear()
        self._readings.clear()
        self._changing.forget()

    def _policy(self, alarm: Record, arn: str) -> Record:
        """The policy of an ARN (…:resource/sagemaker/RESOURCE:policyName/NAME)."""
        place, _, name = arn.partition(":policyName/")
        resource = place.partition(":resource/sagemaker/")[2]
        policy = self._records.get(POLICY, alarm.account, alarm.region, under(resource, name))
        if policy is None or policy.document["arn"] != arn:
            raise LookupError(f"the scaling policy {arn} does not exist")
        return policy

    def _evaluate_soon(self, target: _Key) -> None:
        if not self._dirty:
            asyncio.get_running_loop().call_later(_GATHER_S, self._evaluate_all)
        self._dirty.add(target)

    def _evaluate_all(self) -> None:
        dirty, self._dirty = self._dirty, set()
        for key in dirty:
            try:
                self._evaluate(key)
            except Stale:
                log.info("%s changed meanwhile; the alarm comes again", key[2])
            except Exception:
                log.exception("scaling %s failed; the alarm comes again", key[2])

    def _evaluate(self, key: _Key) -> None:
        """Decide on what the alarms of a target said."""
        target = self._records.get(TARGET, *key)
        capacity = capacity_of(self._records, *key)
        if target is None or capacity is None:
            self._readings = {k: said for k, said in self._readings.items() if k[0] != key}
            return
        now = self._means.clock.now()
        if now < self._resting.get(key, 0.0) <= now + self._rest_s:
            return
        situation = _situation(target, capacity, now)
        policies = policies_of(self._records, target)
        wishes = [
            wish_of(policy.document, reading, situation, self._means.settings.scaling_period)
            for policy in policies
            for reading in self._fresh(key, policy, now)
        ]
        trackers = [p.document["name"] for p in policies if _may_scale_in(p)]
        verdict = decide(situation, [wish for wish in wishes if wish is not None], trackers)
        if verdict is not None and not (capacity.busy and self._is_ours(key)):
            self._changing.carry_out(target, capacity, verdict, now)

    def _fresh(self, key: _Key, policy: Record, now: float) -> list[Reading]:
        """What a policy's alarms said lately; what they said before that is forgotten."""
        said = self._readings.get((key, policy.name), {})
        fresh = {name: reading for name, reading in said.items() if reading.fresh(now)}
        self._readings[key, policy.name] = fresh
        if policy.document["type"] != TRACKING:
            return list(fresh.values())
        # A tracking policy rings on one side at a time: what it said last holds.
        return sorted(fresh.values(), key=lambda reading: reading.at)[-1:]

    def _is_ours(self, key: _Key) -> bool:
        """Whether the resource is busy because of a change of ours, which is no failure."""
        account, region, resource_id = key
        return any(
            (r.account, r.region, r.document["resource_id"]) == (account, region, resource_id)
            for r in activities.in_progress(self._records)
        )

    def _follow(self, now: float) -> None:
        for record in activities.in_progress(self._records):
            key = (record.account, record.region, record.document["resource_id"])
            target = self._records.get(TARGET, *key)
            status = self._changing.follow(record, target, now)
            if status == activities.SUCCESSFUL:
                self._evaluate_soon(key)
            elif status:
                self._resting[key] = now + self._rest_s

    def _keep_schedules(self, now: float) -> float:
        """Do what is due; returns how many seconds until the next one."""
        pause = _LONGEST_SLEEP_S
        for action in self._records.find(ACTION):
            if scheduled.due(action.document, now):
                self._do(action, now)
            moment = scheduled.next_moment(action.document, now)
            if moment is not None:
                pause = min(pause, max(0.01, moment - now))
        return pause

    def _do(self, action: Record, now: float) -> None:
        document = action.document
        with self._records.transaction():
            changed = {**document, "since": now}
            self._records.update(action, now=now, document=changed, touch=False)
            place = (action.account, action.region, document["resource_id"])
            target = self._records.get(TARGET, *place)
            if target is None or target.document["suspended"].get("ScheduledScalingSuspended"):
                return
            self._changing.set_range(target, document, now)
        log.info("scheduled action %s of %s", document["name"], document["resource_id"])

    def _correct(self, now: float) -> None:
        """Bring capacities into ranges that were set; what is not in service is left alone."""
        for target in self._records.find(TARGET):
            if not target.document["correct"]:
                continue
            capacity = capacity_of(self._records, target.account, target.region, target.name)
            busy = capacity is not None and bool(capacity.busy)
            if busy and target.document["correct"] == SCHEDULED:
                continue  # it comes once, so it waits
            with self._records.transaction():
                document = {**target.document, "correct": ""}
                looked = self._records.update(target, now=now, document=document, touch=False)
                if capacity is not None and not busy:
                    self._pull_into_range(looked, capacity)

    def _pull_into_range(self, target: Record, capacity: Capacity) -> None:
        least, most = target.document["least"], target.document["most"]
        if capacity.count < least:
            self._change(target, capacity, least, f"minimum capacity was set to {least}")
        elif capacity.count > most:
            self._change(target, capacity, most, f"maximum capacity was set to {most}")

    def _change(self, target: Record, capacity: Capacity, count: int, cause: str) -> None:
        self._changing.change(target, capacity, count, cause, self._means.clock.now())


def _situation(target: Record, capacity: Capacity, now: float) -> Situation:
    document = target.document
    suspended = document["suspended"]
    return Situation(
        capacity=capacity.count,
        least=document["least"],
        most=document["most"],
        now=now,
        history=document.get("history", ()),
        suspended_out=bool(suspended.get("DynamicScalingOutSuspended")),
        suspended_in=bool(suspended.get("DynamicScalingInSuspended")),
    )


def _may_scale_in(policy: Record) -> bool:
    document = policy.document
    return document["type"] == TRACKING and not document["configuration"].get("DisableScaleIn")
