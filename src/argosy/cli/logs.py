"""`argosy logs`: what an endpoint's models wrote, a job's hosts, a function or a machine, read as
CloudWatch Logs gives it."""

import contextlib
import json
import re
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import click

from argosy.cli import options
from argosy.cli.session import plainly, session
from argosy.ground.errors import ArgosyError
from argosy.ground.names import (
    EC2_LOG_GROUP,
    NOTEBOOK_LOG_GROUP,
    PROCESSING_LOG_GROUP,
    TRAINING_LOG_GROUP,
    TRANSFORM_LOG_GROUP,
    endpoint_log_group,
)

_PERIOD_S = 0.5
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@click.command(
    epilog=options.example(
        "argosy logs iris -f\n"
        "argosy logs iris --since 10m --instance i-0a1b\n"
        "argosy logs iris --filter '{ $.took_ms > 100 }'\n"
        "argosy logs --transform iris-20260101-120000-000\n"
        "argosy logs --training my-training-job -f\n"
        "argosy logs --function resize --since 1h\n"
        "argosy logs --notebook trainer"
    )
)
@click.argument("endpoint", metavar="NAME")
@click.option("--transform", "kind", flag_value="transform", help="NAME is a transform job.")
@click.option("--training", "kind", flag_value="training", help="NAME is a training job.")
@click.option("--processing", "kind", flag_value="processing", help="NAME is a processing job.")
@click.option("--function", "kind", flag_value="function", help="NAME is a Lambda function.")
@click.option("--notebook", "kind", flag_value="notebook", help="NAME is a notebook instance.")
@click.option("--ec2", "kind", flag_value="ec2", help="NAME is the id of an EC2 instance.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines, until Ctrl-C.")
@click.option("--instance", help="Only instances whose id begins like this.")
@click.option("--since", metavar="AGE", help="Only lines not older than this: 90s, 10m, 2h, 1d.")
@click.option(
    "--filter", "pattern", default="", help="Only lines that match this pattern of CloudWatch Logs."
)
@options.data_dir
@options.as_json
def logs(
    endpoint: str,
    kind: str | None,
    follow: bool,
    instance: str | None,
    since: str | None,
    pattern: str,
    data_dir: str,
    as_json: bool,
) -> None:
    """Print what the models of the endpoint NAME wrote to stdout and stderr, in order of time.

    Or what a job printed on all of its hosts, with --transform what the platform says of it too;
    the lines of a function; what the scripts and JupyterLab of a notebook instance, or the user
    data of an EC2 instance, printed. Of several kinds the last one counts.
    """
    start = int((time.time() - _seconds(since)) * 1000) if since else 0
    found, source = session(data_dir), _SOURCES[kind or ""]

    def check() -> Any:
        name = [endpoint] if source.member == "InstanceIds" else endpoint
        return getattr(found.client(source.service), source.describe)(**{source.member: name})

    with contextlib.suppress(KeyboardInterrupt), plainly():
        group = _group_of(source, endpoint, check)
        place = _Place(group, f"{endpoint}/" if source.group else "", pattern)
        reader = _Reader(found.client("logs"), place, instance, start, check)
        _print_all(reader, follow, as_json)


class _Source(NamedTuple):
    """Where one kind of thing logs, and the call that says whether there is one of that name."""

    group: str
    """One for all of the kind, with streams NAME/…; "" where each has its own."""
    describe: str
    member: str
    service: str = "sagemaker"


_SOURCES = {
    "": _Source("", "describe_endpoint", "EndpointName"),
    "transform": _Source(TRANSFORM_LOG_GROUP, "describe_transform_job", "TransformJobName"),
    "training": _Source(TRAINING_LOG_GROUP, "describe_training_job", "TrainingJobName"),
    "processing": _Source(PROCESSING_LOG_GROUP, "describe_processing_job", "ProcessingJobName"),
    "notebook": _Source(NOTEBOOK_LOG_GROUP, "describe_notebook_instance", "NotebookInstanceName"),
    "ec2": _Source(EC2_LOG_GROUP, "describe_instances", "InstanceIds", "ec2"),
    "function": _Source("", "get_function_configuration", "FunctionName", "lambda"),
}


def _group_of(source: _Source, name: str, check: Callable[[], Any]) -> str:
    """Raises what `check` raises."""
    if source.service == "lambda":
        return str(check()["LoggingConfig"]["LogGroup"])
    return source.group or endpoint_log_group(name)


def _print_all(reader: "_Reader", follow: bool, as_json: bool) -> None:
    while True:
        for event in reader.new():
            click.echo(json.dumps(event) if as_json else _line(event))
        if not follow:
            return
        time.sleep(_PERIOD_S)


class _Place(NamedTuple):
    """A log group, how the names of its streams begin that are meant, and what lines match."""

    group: str
    prefix: str
    pattern: str = ""


class _Reader:
    """Hands out each event once."""

    def __init__(
        self,
        client: Any,
        place: _Place,
        instance: str | None,
        start_ms: int,
        check: Callable[[], Any],
    ) -> None:
        """`check` raises when there is no such thing; one without logs may just be silent."""
        self._client = client
        self._check = check
        self._asked = {"logGroupName": place.group}
        if place.prefix:
            self._asked["logStreamNamePrefix"] = place.prefix
        if place.pattern:
            self._asked["filterPattern"] = place.pattern
        self._instance = instance
        self._is_known = bool(place.pattern or instance or start_ms)
        self._start_ms = start_ms
        self._seen: set[str] = set()

    def new(self) -> list[dict[str, Any]]:
        """Events not handed out before; none while the models have written nothing."""
        try:
            pages = list(self._pages())
        except self._client.exceptions.ResourceNotFoundException:
            pages, self._is_known = [], False
        if not self._is_known and not any(page["events"] for page in pages):
            self._check()
        self._is_known = True
        fresh = [
            event
            for page in pages
            for event in page["events"]
            if event["eventId"] not in self._seen and self._wanted(event)
        ]
        self._seen.update(event["eventId"] for event in fresh)
        self._forget_old(fresh)
        return fresh

    def _pages(self) -> Any:
        return self._client.get_paginator("filter_log_events").paginate(
            startTime=self._start_ms, **self._asked
        )

    def _wanted(self, event: dict[str, Any]) -> bool:
        if self._instance is None:
            return True
        return any(part.startswith(self._instance) for part in event["logStreamName"].split("/"))

    def _forget_old(self, fresh: list[dict[str, Any]]) -> None:
        """Ask only from the newest second on; what lies before has been handed out."""
        if fresh:
            newest = max(event["timestamp"] for event in fresh) - 1000
            if newest > self._start_ms:
                self._start_ms = newest


def _line(event: dict[str, Any]) -> str:
    moment = time.strftime("%H:%M:%S", time.localtime(event["timestamp"] / 1000))
    return f"{moment} {event['logStreamName']} {event['message']}"


def _seconds(age: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", age)
    if not match:
        raise ArgosyError(f"--since {age!r} is not an age; write 90s, 10m, 2h or 1d.")
    return float(match[1]) * _UNITS[match[2]]
