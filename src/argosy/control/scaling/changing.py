"""Changing a capacity, with the activity that tells of it, in one commit.

What was begun here is in the records alone: whoever comes after a crash finishes it.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from argosy.control.scaling import deciding, texts
from argosy.control.scaling.capacity import Capacity, ask_for, capacity_of
from argosy.control.scaling.deciding import Verdict
from argosy.state import endpoints as ep
from argosy.state import scaling_activities as activities
from argosy.state.events import EventOutbox
from argosy.state.records import Record, Records
from argosy.state.scaling import Change

log = logging.getLogger(__name__)

SCHEDULED = "scheduled"
"""A schedule set the range: the capacity is pulled into it as soon as that can be."""
_CHANGES_KEPT = 10
_EVENT = "Application Auto Scaling Scaling Activity State Change"


class Changing:
    """Writes what was decided, and what became of it."""

    def __init__(self, records: Records, events: EventOutbox) -> None:
        self._records = records
        self._events = events
        self._told: dict[tuple[str, str, str], tuple[str, str]] = {}
        """Target → why it was not scaled last, which is not told twice in a row."""

    def carry_out(self, target: Record, capacity: Capacity, verdict: Verdict, now: float) -> None:
        """What the policies decided; raises Stale when somebody else was quicker."""
        wish = verdict.wish
        if verdict.code:
            self.tell(target, capacity, verdict.code, wish.cause, now)
        elif capacity.busy:
            message = texts.failed(target.document["dimension"], verdict.capacity, capacity.busy)
            self.tell(target, capacity, deciding.UNSCALABLE, wish.cause, now, message)
        else:
            self.change(target, capacity, verdict.capacity, wish.cause, now, wish.cooldown_s)

    def change(
        self,
        target: Record,
        capacity: Capacity,
        count: int,
        cause: str,
        now: float,
        cooldown_s: float | None = None,
    ) -> None:
        """Ask for another capacity; raises Stale. cooldown_s: of the policy that wants it."""
        dimension = target.document["dimension"]
        activity = _activity(target, texts.setting(dimension, count), cause, now)
        activity["message"] = texts.waiting(dimension, count)
        activity["wanted"] = count
        activity["before"] = capacity.count
        with self._records.transaction():
            ask_for(self._records, capacity, count, now)
            if cooldown_s is not None:
                self._remember(target, capacity.count, count, cooldown_s, now)
            self._add(target, activity, activities.IN_PROGRESS)
        log.info("%s: %d -> %d, for %s", target.name, capacity.count, count, cause)

    def tell(
        self,
        target: Record,
        capacity: Capacity,
        code: str,
        cause: str,
        now: float,
        message: str = "",
    ) -> None:
        """Note why an alarm changed nothing, unless that was the last thing noted."""
        if self._told.get(_key(target)) == (code, cause):
            return
        document = target.document
        activity = _activity(target, texts.TRIED, cause, now)
        activity["message"], activity["ended"] = message, now
        reason = texts.not_scaled(code, document["least"], document["most"], capacity.count)
        activity["not_scaled"] = [reason]
        self._add(target, activity, activities.FAILED)
        self._told[_key(target)] = (code, cause)

    def set_range(self, target: Record, action: Mapping[str, Any], now: float) -> None:
        """Give a target the range of a scheduled action, and have its capacity looked at."""
        document = target.document
        least = document["least"] if action["least"] is None else action["least"]
        most = document["most"] if action["most"] is None else action["most"]
        cause = f"scheduled action name {action['name']} was triggered"
        activity = _activity(target, texts.setting_range(least, most), cause, now)
        activity["ended"] = now
        if least > most:
            activity["message"] = (
                f"Failed to set min capacity to {least} and max capacity to {most}. Reason: "
                "Maximum capacity cannot be less than minimum capacity"
            )
            self._add(target, activity, activities.FAILED)
            return
        changed = {**document, "least": least, "most": most, "correct": SCHEDULED}
        self._records.update(target, now=now, document=changed)
        activity["message"] = f"Successfully set min capacity to {least} and max capacity to {most}"
        self._add(target, activity, activities.SUCCESSFUL)

    def follow(self, record: Record, target: Record | None, now: float) -> str:
        """Look what became of an activity in progress; its status, "" while it is under way.

        target: that of its resource, if it is registered still.
        """
        wanted = record.document["wanted"]
        capacity = capacity_of(
            self._records, record.account, record.region, record.document["resource_id"]
        )
        status, reason = _outcome(capacity, wanted)
        if not status:
            return ""
        dimension = record.document["dimension"]
        message = (
            texts.failed(dimension, wanted, reason)
            if reason
            else texts.fulfilled(dimension, wanted)
        )
        with self._records.transaction():
            activities.end(self._records, record, status, message, now)
            if target is not None:
                good = status == activities.SUCCESSFUL
                self._close_history(target, wanted, now, good=good)
                if good and record.document["before"] < wanted >= target.document["most"]:
                    self._announce(record, target, now)
        return status

    def forget(self) -> None:
        self._told.clear()

    def _add(self, target: Record, activity: activities.ActivityDocument, status: str) -> None:
        activities.add(self._records, target.account, target.region, activity, status)
        self._told.pop(_key(target), None)

    def _remember(
        self, target: Record, before: int, after: int, cooldown_s: float, now: float
    ) -> None:
        change: Change = {
            "before": before,
            "after": after,
            "at": now,
            "cooldown_s": cooldown_s,
            "done": False,
        }
        history = [*target.document.get("history", ()), change][-_CHANGES_KEPT:]
        document = {**target.document, "history": history}
        self._records.update(target, now=now, document=document, touch=False)

    def _close_history(self, target: Record, wanted: int, now: float, *, good: bool) -> None:
        """The cooldown runs from when a change is done; one that failed never was."""
        history = list(target.document.get("history", ()))
        if not history or history[-1]["done"] or history[-1]["after"] != wanted:
            return
        last = history.pop()
        if good:
            history.append({**last, "done": True, "at": now})
        document = {**target.document, "history": history}
        self._records.update(target, now=now, document=document, touch=False)

    def _announce(self, record: Record, target: Record, now: float) -> None:
        """The event of a target that has reached its maximum ("monitoring-eventbridge")."""
        document = record.document
        arn = (
            f"arn:aws:application-autoscaling:{target.region}:{target.account}:scalable-target/"
            f"{target.document['id']}"
        )
        detail = {
            "startTime": _iso(document["started"]),
            "endTime": _iso(now),
            "newDesiredCapacity": document["wanted"],
            "oldDesiredCapacity": document["before"],
            "minCapacity": target.document["least"],
            "maxCapacity": target.document["most"],
            "resourceId": target.name,
            "scalableDimension": document["dimension"],
            "serviceNamespace": "sagemaker",
            "statusCode": activities.SUCCESSFUL,
            "scaledToMax": True,
            "direction": "scale-out",
        }
        source = "aws.application-autoscaling"
        self._events.add(target.account, target.region, source, _EVENT, [arn], detail, now)


def _outcome(capacity: Capacity | None, wanted: int) -> tuple[str, str]:
    """The StatusCode of a change, "" while it is under way; and why it failed."""
    if capacity is None:
        return activities.FAILED, "the resource does not exist any more"
    if capacity.record.status in (ep.FAILED, ep.DELETING):
        return activities.FAILED, f"it is {capacity.record.status}"
    if capacity.busy:
        return "", ""
    if capacity.count == wanted:
        return activities.SUCCESSFUL, ""
    reason = capacity.record.document["failure_reason"]
    if reason:
        return activities.FAILED, reason
    return activities.OVERRIDDEN, f"it was set to {capacity.count} meanwhile"


def _activity(
    target: Record, description: str, cause: str, now: float
) -> activities.ActivityDocument:
    return activities.new_activity(
        target.name, target.document["dimension"], description, cause, now
    )


def _key(target: Record) -> tuple[str, str, str]:
    return target.account, target.region, target.name


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
