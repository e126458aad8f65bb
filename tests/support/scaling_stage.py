"""Scaling without a platform: a database, a clock that a test moves, and one endpoint."""

import asyncio
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from argosy.control.scaling.whole import Scaling
from argosy.ground.clock import ManualClock
from argosy.ground.settings import Settings
from argosy.state import endpoints as ep
from argosy.state import scaling_activities as activities
from argosy.state.alarms import put_alarm
from argosy.state.endpoints import new_deployment
from argosy.state.events import EventOutbox
from argosy.state.records import Record, Records
from argosy.state.scaling import INSTANCES, POLICY, TARGET, TRACKING, under

PLACE = ("000000000000", "us-east-1")
VARIANT = "endpoint/e/variant/A"


@dataclass
class Fired:
    action: str
    points: tuple[tuple[float, float], ...] = ()
    state: str = "ALARM"


class Stage:
    """A database, a clock, and the endpoint e with variant A; `settle` is what the endpoints'
    reconciler does."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.clock = ManualClock()
        self.events = EventOutbox(records.transactions)
        self.settings = Settings()
        self.scaling = self.fresh()

    def fresh(self) -> Scaling:
        """Control as it is after a restart."""
        means: Any = SimpleNamespace(
            records=self.records, clock=self.clock, events=self.events, settings=self.settings
        )
        return Scaling(means)

    @property
    def now(self) -> float:
        return self.clock.now()

    def endpoint(self, count: int = 1, status: str = ep.IN_SERVICE) -> None:
        variant = {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": count}
        live = new_deployment("d", "c", {"ProductionVariants": [variant]}, {"m": {}}, self.now)
        live["variants"][0]["current_count"] = count
        document = {"name": "e", "arn": "arn", "failure_reason": "", "live": live, "pending": None}
        self.records.create("endpoint", *PLACE, "e", document, now=self.now, status=status)

    def component(self, count: int) -> None:
        variant = {"VariantName": "A", "ModelName": "c", "InitialInstanceCount": count}
        live = new_deployment("d", "", {"ProductionVariants": [variant]}, {"c": {}}, self.now)
        document = {"name": "c", "arn": "arn", "failure_reason": "", "live": live, "pending": None}
        document["component_of"] = {"endpoint": "e", "variant": "A"}
        kind = "inference-component"
        self.records.create(kind, *PLACE, "c", document, now=self.now, status=ep.IN_SERVICE)

    def target(self, least: int = 1, most: int = 4, **more: Any) -> None:
        document = {
            "id": "t",
            "resource_id": VARIANT,
            "dimension": INSTANCES,
            "least": least,
            "most": most,
            "suspended": {},
            "correct": "",
            **more,
        }
        name = document["resource_id"]
        self.records.create(TARGET, *PLACE, name, document, now=self.now)

    def policy(self, name: str, kind: str = TRACKING, **configuration: Any) -> str:
        """A policy with its alarms; returns its ARN."""
        arn = f"arn:aws:autoscaling:x:y:scalingPolicy:1:resource/sagemaker/{VARIANT}"
        arn += f":policyName/{name}"
        document = {
            "id": name,
            "arn": arn,
            "name": name,
            "resource_id": VARIANT,
            "dimension": INSTANCES,
            "type": kind,
            "configuration": configuration,
            "alarms": {side: f"{name}-{side}" for side in ("high", "low")},
        }
        where = under(VARIANT, name)
        self.records.create(POLICY, *PLACE, where, document, now=self.now)
        return arn

    def alarm(self, name: str, threshold: float, *, above: bool, arn: str) -> Record:
        comparison = "GreaterThanThreshold" if above else "LessThanThreshold"
        members = {
            "AlarmName": name,
            "AlarmActions": [arn],
            "ComparisonOperator": comparison,
            "Threshold": threshold,
            "Period": 60,
        }
        return put_alarm(self.records, *PLACE, members, self.now)

    def tracking(self, name: str = "track", target: float = 100.0, **more: Any) -> Any:
        """A policy; what is returned rings its high alarm (or its low one) with a value."""
        arn = self.policy(name, TargetValue=target, **more)
        high = self.alarm(f"{name}-high", target, above=True, arn=arn)
        low = self.alarm(f"{name}-low", target * 0.9, above=False, arn=arn)

        async def ring(*values: float, is_low: bool = False) -> None:
            points = tuple((one, self.now - 60 * n) for n, one in enumerate(values, 1))
            await self.scaling.act(low if is_low else high, Fired(arn, points))

        return ring

    async def decided(self) -> int:
        """The count that is asked for once everything that rang is decided on."""
        await asyncio.sleep(0.05)
        return self.count

    @property
    def document(self) -> dict[str, Any]:
        record = self.records.get("endpoint", *PLACE, "e")
        assert record is not None
        return record.document

    @property
    def count(self) -> int:
        return int(self.document["live"]["variants"][0]["count"])

    async def settle(self, reason: str = "", count: int | None = None) -> None:
        """The instances are there, or cannot come up; and the loop looks."""
        record = self.records.get("endpoint", *PLACE, "e")
        assert record is not None
        document = record.document
        variant = document["live"]["variants"][0]
        variant["count"] = variant["count"] if count is None else count
        variant["current_count"] = variant["count"]
        document["failure_reason"] = reason
        self.records.update(record, now=self.now, document=document, status=ep.IN_SERVICE)
        await self.scaling.activate()
        await asyncio.sleep(0.05)

    def activities(self) -> list[tuple[str, str]]:
        """Status and cause of all activities, newest first."""
        found = activities.of_resource(self.records, *PLACE, VARIANT)
        return [(record.status, record.document["cause"]) for record in found]

    def last(self) -> dict[str, Any]:
        return activities.of_resource(self.records, *PLACE, VARIANT)[0].document
