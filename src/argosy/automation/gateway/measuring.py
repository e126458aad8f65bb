"""What CloudWatch hears of APIs: counted for each request, published every second."""

import logging
from dataclasses import dataclass, field

from argosy.automation.gateway.exchange import Exchange
from argosy.telemetry.metrics import Datum, MetricStore, Sample, TooManySeries, metric

log = logging.getLogger(__name__)

NAMESPACE = "AWS/ApiGateway"
_ERRORS = {"rest": ("4XXError", "5XXError"), "http": ("4xx", "5xx")}


@dataclass(slots=True)
class _Counted:
    latencies: list[float] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    """Latencies of integrations."""
    client_errors: int = 0
    server_errors: int = 0


class Measuring:
    """Holds at most what came within a second."""

    def __init__(self, metrics: MetricStore) -> None:
        self._metrics = metrics
        self._counted: dict[tuple[str, str, str, str, str], _Counted] = {}

    def take(self, exchange: Exchange, status: int, latency_s: float) -> None:
        """A request was answered."""
        place = exchange.place
        name = place.api_name if place.kind == "rest" else place.api_id
        key = place.kind, place.account, place.region, name, place.stage
        counted = self._counted.get(key)
        if counted is None:
            counted = self._counted[key] = _Counted()
        counted.latencies.append(latency_s * 1000)
        if exchange.integration_s:
            counted.behind.append(exchange.integration_s * 1000)
        counted.client_errors += 400 <= status < 500
        counted.server_errors += status >= 500

    def flush(self, now: float) -> None:
        """Publish what has come since the last time."""
        counted, self._counted = self._counted, {}
        data = [datum for key, one in counted.items() for datum in _data(key, one, now)]
        if not data:
            return
        try:
            self._metrics.put_all(data)
        except TooManySeries as error:
            log.warning("metrics of APIs are lost: %s", error)

    def clear(self) -> None:
        self._counted = {}


def _data(key: tuple[str, str, str, str, str], one: _Counted, now: float) -> list[Datum]:
    kind, account, region, name, stage = key
    api = "ApiName" if kind == "rest" else "ApiId"
    count = len(one.latencies)
    fourth, fifth = _ERRORS[kind]
    samples = {
        "Count": (Sample.of(1.0, count), "Count"),
        fourth: (_share(one.client_errors, count), "Count"),
        fifth: (_share(one.server_errors, count), "Count"),
        "Latency": (Sample.of_values(one.latencies), "Milliseconds"),
    }
    if one.behind:
        samples["IntegrationLatency"] = (Sample.of_values(one.behind), "Milliseconds")
    return [
        Datum(metric(account, region, NAMESPACE, called, dimensions), now, sample, unit)
        for dimensions in ({api: name}, {api: name, "Stage": stage})
        for called, (sample, unit) in samples.items()
    ]


def _share(errors: int, count: int) -> Sample:
    """Ones for errors, and noughts for all else: the average is the share of errors."""
    return Sample.of_values([1.0, 0.0], [errors, count - errors]) if errors else Sample.of(0, count)
