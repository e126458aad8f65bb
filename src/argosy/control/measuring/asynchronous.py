"""The metrics of asynchronous requests that were finished. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from argosy.control.measuring import catalogue as of
from argosy.control.measuring.publishing import Moment, Owner, of_buckets, share_of
from argosy.telemetry.metrics import Datum, Sample

_MILLISECOND_US = 1000.0


def finished(key: str, variant: str, deltas: Mapping[str, Any], moment: Moment) -> Iterator[Datum]:
    """The data of what ended since the last time.

    deltas: counters by name; of latencies {"buckets": {bucket: n}, "us": [sum, min, max]};
    "ModelLatency" of those that a model answered, "errors_4xx" and "errors_5xx" among them.
    """
    owner = Owner.of_key(key)
    dims = {"EndpointName": owner.endpoint, "VariantName": variant}
    for name, kind in of.ASYNC_COUNTERS.items():
        if deltas.get(name):
            yield moment.datum(owner, kind, dims, Sample.of(1, deltas[name]))
    answers = deltas.get("ModelLatency")
    if answers:
        count = sum(answers["buckets"].values())
        for name, kind in (("errors_4xx", of.ERRORS_4XX), ("errors_5xx", of.ERRORS_5XX)):
            yield moment.datum(owner, kind, dims, share_of(deltas.get(name, 0), count))
    for name, kind in (*of.ASYNC_TIMES.items(), (of.MODEL_LATENCY.name, of.MODEL_LATENCY)):
        told = deltas.get(name)
        if told:
            unit = _MILLISECOND_US if kind.unit == "Milliseconds" else 1.0
            yield moment.datum(owner, kind, dims, of_buckets(told["buckets"], told["us"], unit))
