"""Asking an endpoint: one call, many at once, and what the answers say taken together."""

import json
import statistics
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import aws
from .models import Trial

CSV, JSON = "text/csv", "application/json"


@dataclass(frozen=True)
class Answer:
    """One call: which row was sent, what came back from whom, and after how many seconds."""

    row: int
    digit: int | None
    variant: str
    seconds: float
    error: str = ""


@dataclass
class Tally:
    """Answers, judged against the local models."""

    trial: Trial
    answers: list[Answer] = field(default_factory=list)

    def add(self, answers: Iterable[Answer]) -> "Tally":
        self.answers.extend(answers)
        return self

    @property
    def failed(self) -> list[Answer]:
        return [answer for answer in self.answers if answer.error]

    @property
    def wrong(self) -> list[Answer]:
        """Answers that differ from what the model behind the variant says in this process."""
        return [a for a in self.answers if not a.error and a.digit != self._expected(a)]

    @property
    def shares(self) -> dict[str, float]:
        """Variant → the part of all calls that it answered."""
        counts = Counter(answer.variant for answer in self.answers if not answer.error)
        return {name: counts[name] / max(1, counts.total()) for name in (aws.STABLE, aws.CANARY)}

    def percentile(self, percent: int) -> float:
        """Latency in milliseconds, as the caller saw it."""
        times = sorted(answer.seconds for answer in self.answers)
        return statistics.quantiles(times, n=100)[percent - 1] * 1000

    def _expected(self, answer: Answer) -> int:
        model = self.trial.stable if answer.variant == aws.STABLE else self.trial.canary
        return model.expected[answer.row]


def encode(row: list[float], content_type: str) -> bytes:
    """One row as the body of a request."""
    if content_type == CSV:
        return ",".join(map(str, row)).encode()
    return json.dumps([row]).encode()


def decode(body: bytes, content_type: str) -> int:
    """The one predicted digit of an answer."""
    if content_type == CSV:
        return int(float(body))
    return int(json.loads(body)[0])


def ask(runtime: Any, trial: Trial, row: int, content_type: str = JSON) -> Answer:
    """Invoke the endpoint with one row."""
    started = time.perf_counter()
    try:
        response = runtime.invoke_endpoint(
            EndpointName=aws.ENDPOINT,
            ContentType=content_type,
            Accept=content_type,
            Body=encode(trial.rows[row], content_type),
        )
        body = response["Body"].read()
    except (ClientError, BotoCoreError) as error:
        return Answer(row, None, "", time.perf_counter() - started, str(error))
    took = time.perf_counter() - started
    return Answer(row, decode(body, content_type), response["InvokedProductionVariant"], took)


def ask_many(trial: Trial, count: int, threads: int = 4) -> list[Answer]:
    """`count` calls, several at once."""
    runtime = aws.runtime(connections=threads)
    rows = (number % len(trial.rows) for number in range(count))
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(lambda row: ask(runtime, trial, row), rows))


@contextmanager
def steady_load(trial: Trial, threads: int = 3) -> Iterator[list[Answer]]:
    """Keep calling while the block runs; the list fills up with the answers."""
    answers: list[Answer] = []
    done = threading.Event()
    runtime = aws.runtime(connections=threads)

    def call_until_done() -> None:
        for row in cycle(range(len(trial.rows))):
            if done.is_set():
                return
            answers.append(ask(runtime, trial, row))

    with ThreadPoolExecutor(threads) as pool:
        callers = [pool.submit(call_until_done) for _ in range(threads)]
        try:
            yield answers
        finally:
            done.set()
    for caller in callers:
        caller.result()


def wait_for_more(answers: list[Answer], count: int, patience: float = 20) -> None:
    """Return when `count` further answers are in; raises TimeoutError when they do not come."""
    target, deadline = len(answers) + count, time.monotonic() + patience
    while len(answers) < target:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{count} answers did not come within {patience:.0f} s")
        time.sleep(0.01)
