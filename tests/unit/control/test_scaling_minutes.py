"""The rules at SageMaker's own pace: metrics by the minute, real alarms, simulated hours."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.alarms import Watch
from tests.support.scaling_stage import PLACE, VARIANT, Stage

from argosy.control.alarms.whole import Alarms
from argosy.control.scaling.whole import Scaling
from argosy.state import endpoints as ep
from argosy.state.alarms import put_alarm
from argosy.state.database import open_database
from argosy.state.managed_alarms import managed_alarms
from argosy.state.records import Records
from argosy.state.scaling import POLICY, under
from argosy.telemetry.metrics import MetricStore, Sample, metric

TARGET_VALUE = 100.0


class Hours:
    """An endpoint under load, minute by minute; instances come and go at once."""

    def __init__(self, engine: Any) -> None:
        watch = Watch(engine)
        self.stage = Stage(watch.records)
        self.stage.clock = self.clock = watch.clock
        self.metrics: MetricStore = watch.metrics
        self.stage.scaling = Scaling(watch.means)
        self.alarms = Alarms(watch.means, {"arn:aws:autoscaling": self.stage.scaling.act})
        self.records: Records = watch.records

    def prepare(self, count: int, least: int, most: int) -> None:
        self.stage.endpoint(count)
        self.stage.target(least, most)
        kind = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        self.stage.policy("p", TargetValue=TARGET_VALUE, PredefinedMetricSpecification=kind)
        record = self.records.get(POLICY, *PLACE, under(VARIANT, "p"))
        assert record is not None
        for members in managed_alarms(record.document, 60.0).values():  # type: ignore[arg-type]
            put_alarm(self.records, *PLACE, members, self.clock.now(), managed=True)

    async def pass_minutes(self, requests: float | None, minutes: int) -> list[int]:
        """So many requests a minute (None: nothing is measured); the count after each."""
        counts = []
        for _ in range(minutes):
            if requests is not None:
                self._measure(requests)
            self.clock.advance(60)
            await self.alarms.round()
            await asyncio.sleep(0.04)
            if self._status() == ep.UPDATING:
                await self.stage.settle()
            counts.append(self.stage.count)
        return counts

    def _measure(self, requests: float) -> None:
        account, region = PLACE
        dims = {"EndpointName": "e", "VariantName": "A"}
        watched = metric(account, region, "AWS/SageMaker", "InvocationsPerInstance", dims)
        share = requests / max(1, self.stage.count)
        self.metrics.put(watched, self.clock.now(), Sample.of(share))

    def _status(self) -> str:
        record = self.records.get("endpoint", *PLACE, "e")
        assert record is not None
        return record.status


@pytest.fixture
def hours(tmp_path: Path) -> Iterator[Hours]:
    engine = open_database(tmp_path / "t.db")
    yield Hours(engine)
    engine.dispose()


def test_three_minutes_above_the_target_scale_out_and_fifteen_below_scale_in(
    hours: Hours,
) -> None:
    hours.prepare(1, 1, 8)

    async def go() -> tuple[list[int], list[int], list[int]]:
        rush = await hours.pass_minutes(350, 6)
        steady = await hours.pass_minutes(370, 5)
        calm = await hours.pass_minutes(30, 20)
        return rush, steady, calm

    rush, steady, calm = asyncio.run(go())
    assert rush[:2] == [1, 1]
    assert rush[-1] == 4
    assert set(rush) == {1, 4}
    assert set(steady) == {4}
    assert set(calm[:13]) == {4}
    assert calm[-1] == 1


def test_without_data_nothing_is_scaled(hours: Hours) -> None:
    hours.prepare(3, 1, 8)
    assert set(asyncio.run(hours.pass_minutes(None, 20))) == {3}
