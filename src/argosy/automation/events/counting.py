"""The metrics of rules and schedules: AWS/Events and AWS/Scheduler. A count is a sample of 1."""

from argosy.means import Means
from argosy.state.event_deliveries import EventDelivery
from argosy.state.rules import SERVICE
from argosy.state.schedules import SERVICE as SCHEDULER
from argosy.telemetry.metrics import MetricStore
from argosy.telemetry.metrics.metric import metric
from argosy.telemetry.metrics.sample import Sample
from argosy.telemetry.metrics.series import TooManySeries

MATCHED, TRIGGERED = "MatchedEvents", "TriggeredRules"
INVOCATIONS, FAILED = "Invocations", "FailedInvocations"
SENT_TO_DLQ, NOT_SENT_TO_DLQ = "InvocationsSentToDlq", "InvocationsFailedToBeSentToDlq"
_OF_SCHEDULER = {
    INVOCATIONS: "InvocationAttemptCount",
    FAILED: "TargetErrorCount",
    SENT_TO_DLQ: "InvocationsSentToDeadLetterCount",
    NOT_SENT_TO_DLQ: "InvocationDroppedCount",
}


class Counting:
    """Counts what becomes of events."""

    def __init__(self, means: Means) -> None:
        self._metrics: MetricStore = means.metrics

    def rule(self, account: str, region: str, name: str, rule: str, now: float) -> None:
        """Something of a rule of that name, which is also counted for all rules together."""
        for dimensions in ({"RuleName": rule}, {}):
            self._put(account, region, "AWS/Events", name, dimensions, now)

    def delivery(self, delivery: EventDelivery, name: str, now: float) -> None:
        """Something that came of a delivery; those of S3 have no metric."""
        place = delivery.account, delivery.region
        if delivery.service == SERVICE:
            self.rule(*place, name, delivery.origin.rpartition("/")[2], now)
        elif delivery.service == SCHEDULER:
            group = {"ScheduleGroup": delivery.origin.split("/")[-2]}
            self._put(*place, "AWS/Scheduler", _OF_SCHEDULER[name], group, now)

    def _put(
        self,
        account: str,
        region: str,
        namespace: str,
        name: str,
        dimensions: dict[str, str],
        now: float,
    ) -> None:
        try:
            found = metric(account, region, namespace, name, dimensions)
            self._metrics.put(found, now, Sample.of(1.0), "Count")
        except TooManySeries:
            return
