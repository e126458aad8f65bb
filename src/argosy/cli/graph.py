"""`argosy graph`: what an endpoint's metrics were lately, one line each, in the terminal."""

import json
import math
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.session import plainly, session
from argosy.cli.status import console_of
from argosy.ground.errors import ArgosyError

_WIDTH = 60
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_PERIODS = (60, 300, 900, 3600, 6 * 3600, 86400)
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_CALLS, _MACHINES = "AWS/SageMaker", "/aws/sagemaker/Endpoints"
_SHOWN: tuple[tuple[str, str, str, str], ...] = (
    ("calls / s", _CALLS, "Invocations", "Sum"),
    ("4xx / s", _CALLS, "Invocation4XXErrors", "Sum"),
    ("5xx / s", _CALLS, "Invocation5XXErrors", "Sum"),
    ("model p50 ms", _CALLS, "ModelLatency", "p50"),
    ("model p99 ms", _CALLS, "ModelLatency", "p99"),
    ("overhead p99 ms", _CALLS, "OverheadLatency", "p99"),
    ("in flight", _CALLS, "ConcurrentRequestsPerModel", "Maximum"),
    ("cpu %", _MACHINES, "CPUUtilization", "Average"),
    ("memory %", _MACHINES, "MemoryUtilization", "Average"),
)
"""Heading, namespace, metric, statistic."""


@click.command(epilog=options.example("argosy graph iris\nargosy graph iris --last 1d"))
@click.argument("name")
@click.option("--last", default="1h", show_default=True, help="How far back: 30m, 6h, 7d …")
@options.data_dir
@options.as_json
def graph(name: str, last: str, data_dir: str, as_json: bool) -> None:
    """Draw the metrics of the endpoint NAME: calls, errors, latencies, load of its instances."""
    seconds = seconds_of(last)
    period = next((one for one in _PERIODS if seconds <= one * _WIDTH), _PERIODS[-1])
    client = session(data_dir).client("cloudwatch")
    with plainly():
        variants = _variants(client, name)
        end = datetime.fromtimestamp(
            math.ceil(datetime.now(UTC).timestamp() / period) * period, UTC
        )
        start = end - timedelta(seconds=math.ceil(seconds / period) * period)
        found = {one: _rows(client, name, one, start, end, period) for one in variants}
    if as_json:
        click.echo(json.dumps({"period": period, "variants": found}, indent=2))
        return
    console = console_of()
    for variant, rows in found.items():
        console.print(
            render(f"{name} / {variant}", rows, f"{start:%d.%m. %H:%M} to {end:%H:%M} UTC")
        )


def seconds_of(text: str) -> int:
    """ "90m" → 5400. Raises ArgosyError."""
    found = re.fullmatch(r"([0-9]{1,5})([mhd])", text)
    if found is None or not int(found[1]):
        raise ArgosyError(f"--last {text} is no time: write 30m, 6h or 7d.")
    return min(int(found[1]) * _UNITS[found[2]], 455 * 86400)


def _variants(client: Any, name: str) -> list[str]:
    asked = {
        "Namespace": _CALLS,
        "Dimensions": [{"Name": "EndpointName", "Value": name}, {"Name": "VariantName"}],
    }
    pages = client.get_paginator("list_metrics").paginate(**asked)
    dimensions = [
        {one["Name"]: one["Value"] for one in metric["Dimensions"]}
        for page in pages
        for metric in page["Metrics"]
    ]
    found = sorted({one["VariantName"] for one in dimensions if len(one) == 2})
    if not found:
        raise ArgosyError(
            f"No metrics of endpoint {name} are known: it was not invoked yet, or is none."
        )
    return found


def _rows(
    client: Any, name: str, variant: str, start: datetime, end: datetime, period: int
) -> list[dict[str, Any]]:
    """Each metric with a value for each period, None where there is none."""
    queries = [
        {
            "Id": f"m{place}",
            "MetricStat": {
                "Metric": {
                    "Namespace": namespace,
                    "MetricName": metric,
                    "Dimensions": [
                        {"Name": "EndpointName", "Value": name},
                        {"Name": "VariantName", "Value": variant},
                    ],
                },
                "Period": period,
                "Stat": stat,
            },
        }
        for place, (_, namespace, metric, stat) in enumerate(_SHOWN)
    ]
    answer = client.get_metric_data(MetricDataQueries=queries, StartTime=start, EndTime=end)
    points = {
        one["Id"]: dict(zip(one["Timestamps"], one["Values"], strict=True))
        for one in answer["MetricDataResults"]
    }
    times = [
        start + timedelta(seconds=period * n)
        for n in range(int((end - start).total_seconds()) // period)
    ]
    return [
        {
            "metric": heading,
            "values": [_scaled(heading, points[f"m{place}"].get(at), period) for at in times],
        }
        for place, (heading, *_) in enumerate(_SHOWN)
        if points[f"m{place}"]
    ]


def _scaled(heading: str, value: float | None, period: int) -> float | None:
    """Microseconds as milliseconds, sums as rates."""
    if value is None:
        return None
    return value / (1000 if heading.endswith("ms") else period if heading.endswith("/ s") else 1)


def render(title: str, rows: Sequence[dict[str, Any]], when: str) -> Any:
    """A line for each metric: its bars, its newest value and its highest."""
    from rich.table import Table

    table = Table(title=f"{escape(title)}  [dim]{when}[/]", title_justify="left", box=None)
    table.add_column("", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("now", justify="right", no_wrap=True)
    table.add_column("highest", justify="right", no_wrap=True)
    for row in rows:
        known = [value for value in row["values"] if value is not None]
        table.add_row(
            row["metric"],
            f"[cyan]{bars(row['values'])}[/]",
            _figure(known[-1]),
            _figure(max(known)),
        )
    return table


def bars(values: Sequence[float | None]) -> str:
    """A character for each value, from nothing to the highest of them."""
    most = max((value for value in values if value is not None), default=0.0)
    return "".join(
        _GAP if value is None else _BARS[min(7, int(8 * value / most))] if most > 0 else _BARS[0]
        for value in values
    )


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
