"""The metrics of a running platform, read from its database."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from argosy.ground.clock import SystemClock
from argosy.ground.paths import DataDir
from argosy.state.database import open_database
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics import MetricStore, Sample, merge, metric

_AGO_S = 3600


@contextmanager
def store_of(platform: Any) -> Iterator[MetricStore]:
    """What is on disk; made anew for each look."""
    engine = open_database(DataDir.at(platform.data_dir).database)
    try:
        yield MetricStore(Transactions(engine), SystemClock())
    finally:
        engine.dispose()


def lately(
    platform: Any, name: str, namespace: str = "AWS/SageMaker", **dimensions: str
) -> Sample | None:
    """All of a metric's last hour; None when there is nothing."""
    with store_of(platform) as store:
        found = metric(
            platform.credentials.account_id, platform.region, namespace, name, dimensions
        )
        now = time.time()
        points = store.read(found, now - _AGO_S, now + 60, 60)
    return merge([point.sample for point in points]) if points else None


def names(platform: Any, namespace: str, **dimensions: str | None) -> set[str]:
    """The metrics there are with these dimensions, as control knows them: not all are on disk."""
    wanted = [
        {"Name": name, **({} if value is None else {"Value": value})}
        for name, value in dimensions.items()
    ]
    pages = platform.client("cloudwatch").get_paginator("list_metrics")
    found = pages.paginate(Namespace=namespace, Dimensions=wanted)
    return {one["MetricName"] for page in found for one in page["Metrics"]}
