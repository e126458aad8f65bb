"""Where records of events and dead letters go: queues, topics, functions, event buses.

Everything is a row in the transaction in which the event itself is removed. A target that does not
take it is told as a metric, and is no reason to keep the event.
"""

import json
import logging
from typing import Any

from argosy.automation.queue.attempts import Condition, Policy
from argosy.automation.queue.figures import Figures
from argosy.automation.queue.records import dead_letter_attributes, record
from argosy.ground.errors import ApiError
from argosy.ground.functions import Invoked
from argosy.means import Means
from argosy.messaging import NoSuchTopic, Publication
from argosy.messaging.sending import Letter
from argosy.state.functions import resolve
from argosy.state.invocations import Invocation, Invocations

log = logging.getLogger(__name__)

_SENDER = "lambda.amazonaws.com"
_RESULT = "Lambda Function Invocation Result - "


class NotTaken(Exception):
    """A target does not take what it is to have; the message says why."""


class Destinations:
    """Joins the transaction that is open."""

    def __init__(self, means: Means, figures: Figures) -> None:
        self._means = means
        self._figures = figures

    def tell(
        self,
        event: Invocation,
        policy: Policy,
        condition: Condition,
        invoked: Invoked | None,
        dead_letters: str,
        now: float,
    ) -> None:
        """Say how an event ended, to whom it may concern. dead_letters: an ARN, or ""."""
        good = condition == "Success"
        target = policy.on_success if good else policy.on_failure
        if target:
            invokes = event.attempts + (invoked is not None)
            told = record(event, condition, invoked, invokes, now)
            self._try("DestinationDeliveryFailures", event, target, told, {}, now)
        if dead_letters and not good:
            attributes = dead_letter_attributes(event, invoked)
            self._try("DeadLetterErrors", event, dead_letters, event.payload, attributes, now)

    def _try(
        self,
        metric: str,
        event: Invocation,
        target: str,
        told: dict[str, Any] | bytes,
        attributes: dict[str, Any],
        now: float,
    ) -> None:
        try:
            self._deliver(event, target, told, attributes, now)
        except (ApiError, NotTaken, NoSuchTopic, ValueError) as error:
            self._figures.count(event, metric)
            log.warning("%s is not told of event %s: %s", target, event.request_id, error)

    def _deliver(
        self,
        event: Invocation,
        target: str,
        told: dict[str, Any] | bytes,
        attributes: dict[str, Any],
        now: float,
    ) -> None:
        text = told.decode("utf-8", "replace") if isinstance(told, bytes) else json.dumps(told)
        service = target.split(":")[2]
        if service == "sqs":
            self._to_queue(event, target, Letter(text, attributes, event.trace), now)
        elif service == "sns":
            said = Publication(text, attributes=attributes, trace=event.trace)
            self._means.messaging.publish(target, said)
        elif service == "lambda":
            self._to_function(event, target, text, now)
        elif isinstance(told, dict):
            self._to_bus(event, target, told, now)

    def _to_queue(self, event: Invocation, target: str, letter: Letter, now: float) -> None:
        messaging = self._means.messaging
        queue = messaging.queues.of_arn(target)
        if queue is None:
            raise NotTaken("there is no such queue")
        messaging.sending.send(queue, letter, _SENDER, now)

    def _to_function(self, event: Invocation, target: str, text: str, now: float) -> None:
        records = self._means.records
        if resolve(records, event.account, event.region, target) is None:
            raise NotTaken("there is no such function")
        Invocations(records.transactions).add(
            event.account, event.region, target, text.encode(), now, trace=event.trace
        )

    def _to_bus(self, event: Invocation, target: str, told: dict[str, Any], now: float) -> None:
        _, _, _, region, account, resource = target.split(":", 5)
        outcome = "Success" if told["requestContext"]["condition"] == "Success" else "Failure"
        self._means.events.add(
            account,
            region,
            "lambda",
            _RESULT + outcome,
            [target, told["requestContext"]["functionArn"]],
            told,
            now,
            bus=resource.partition("/")[2],
            trace=event.trace,
        )
