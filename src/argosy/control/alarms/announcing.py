"""A change of an alarm, written and announced in one commit.

The new state, its history, its event and the messages of its SNS actions are there together or not
at all, so that control may be killed at any time: nothing is told twice, and nothing is forgotten.
Other actions are given back to be carried out after the commit.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.control.alarms import messages, suppressing
from argosy.control.alarms.acting import Act, act_for
from argosy.control.means import Means
from argosy.ground.errors import ApiError
from argosy.messaging import Publication
from argosy.state.alarm_history import ACTION, STATE, AlarmHistory
from argosy.state.alarm_rules import name_of
from argosy.state.alarms import ACTIONS, COMPOSITE, Change, alarm_arn, change_of, moved, states_of
from argosy.state.invoking import invoke_for
from argosy.state.record import Record

SNS = "arn:aws:sns:"
LAMBDA = "arn:aws:lambda:"

_INVOKER = "lambda.alarms.cloudwatch.amazonaws.com"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """An action that is to be carried out after the commit."""

    arn: str
    act: Act
    change: Change


@dataclass(frozen=True)
class Done:
    """The alarm as it is now, and what is still to be carried out for it."""

    record: Record
    later: list[Asked]


class Announcer:
    """`actions`: by the prefix of their ARNs; those of SNS are its own."""

    def __init__(self, means: Means, actions: Mapping[str, Act]) -> None:
        self._means = means
        self._actions = actions
        self.history = AlarmHistory(means.records.transactions)

    def move(self, record: Record, state: str, reason: str, data: str, now: float) -> Done | None:
        """Another state; None when somebody has changed the alarm since it was read."""
        change = change_of(record, state, reason, data, now)
        return self._commit(record, moved(record, state, reason, data, now), state, [change], now)

    def announce(self, record: Record, now: float) -> Done | None:
        """Changes that were set by hand."""
        document = dict(record.document)
        return self._commit(record, document, record.status, document.pop("unannounced"), now)

    def release(self, record: Record, now: float) -> Done | None:
        """Look again at actions that are held back; None when they still are."""
        document = dict(record.document)
        members, before = document["members"], document["suppressed"]
        extension = members.get("ActionsSuppressorExtensionPeriod") or 0
        held = suppressing.on_time(before, self._suppressor(record), extension, now)
        if held.suppressed == before:
            return None
        document["suppressed"] = held.suppressed
        return self._commit(record, document, record.status, [], now, owed=held.act)

    def told(self, record: Record, change: Change, arn: str, error: str, now: float) -> None:
        """Write an action into the history; `error` is "" where it succeeded."""
        self._record(record, ACTION, *messages.action_history(change, arn, error), now)

    def _commit(
        self,
        record: Record,
        document: dict[str, Any],
        state: str,
        changes: list[Change],
        now: float,
        owed: Change | None = None,
    ) -> Done | None:
        records = self._means.records
        with records.transaction():
            fresh = records.get(record.kind, record.account, record.region, record.name)
            if fresh is None or fresh.version != record.version:
                return None
            due = [
                one for change in changes if (one := self._unless_held(record, document, change))
            ]
            updated = records.update(record, now=now, document=document, status=state, touch=False)
            for change in changes:
                self._record(updated, STATE, *messages.state_history(change), now)
                self._tell(updated, change, now)
            due += [owed] if owed else []
            later = [asked for change in due for asked in self._act(updated, change, now)]
        return Done(updated, later)

    def _unless_held(
        self, record: Record, document: dict[str, Any], change: Change
    ) -> Change | None:
        """The change that is to be acted on now; what is held back goes into the document."""
        members = document["members"]
        if record.kind != COMPOSITE or not members.get("ActionsSuppressor"):
            return change
        held = suppressing.on_change(
            document.get("suppressed"),
            change,
            self._suppressor(record),
            members.get("ActionsSuppressorWaitPeriod") or 0,
            change["at"],
        )
        document["suppressed"] = held.suppressed
        return held.act

    def _suppressor(self, record: Record) -> str | None:
        """The state of the alarm that holds back this one's actions."""
        name = name_of(record.document["members"].get("ActionsSuppressor") or "")
        found = states_of(self._means.records, record.account, record.region, [name])
        return found.get(name)

    def _act(self, record: Record, change: Change, now: float) -> list[Asked]:
        """Carry out what can be within the commit; returns the rest."""
        members = record.document["members"]
        later = []
        if not members.get("ActionsEnabled", True):
            return []
        for arn in members.get(ACTIONS[change["state"]]) or ():
            act = act_for(arn, self._actions)
            if arn.startswith(SNS):
                self._publish(record, change, arn, now)
            elif arn.startswith(LAMBDA):
                self._invoke(record, change, arn, now)
            elif act is not None:
                later.append(Asked(arn, act, change))
            else:
                self.told(
                    record, change, arn, "Argosy has nothing that carries out such an action", now
                )
        return later

    def _publish(self, record: Record, change: Change, arn: str, now: float) -> None:
        text, error = messages.message(record, change), ""
        try:
            self._means.messaging.publish(arn, Publication(text, messages.subject(record, change)))
        except ApiError as refused:
            error = refused.message
            log.warning("alarm %s cannot be told to %s: %s", record.name, arn, error)
        self._record(record, ACTION, *messages.action_history(change, arn, error, text), now)

    def _invoke(self, record: Record, change: Change, arn: str, now: float) -> None:
        text = json.dumps(messages.function_event(record, change), separators=(",", ":"))
        refused = invoke_for(
            self._means.records,
            record.account,
            record.region,
            arn,
            text,
            now,
            service=_INVOKER,
            source_arn=alarm_arn(record.account, record.region, record.name),
        )
        error = refused[1] if refused else ""
        if error:
            log.warning("alarm %s cannot invoke %s: %s", record.name, arn, error)
        self._record(record, ACTION, *messages.action_history(change, arn, error, text), now)

    def _tell(self, record: Record, change: Change, now: float) -> None:
        arn = alarm_arn(record.account, record.region, record.name)
        self._means.events.add(
            record.account,
            record.region,
            messages.SOURCE,
            messages.DETAIL_TYPE,
            [arn],
            messages.event(record, change),
            now,
        )

    def _record(self, record: Record, item: str, summary: str, data: str, now: float) -> None:
        self.history.add(
            record.account, record.region, record.name, record.kind, item, summary, data, now
        )
