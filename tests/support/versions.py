"""Versions of a model that say who they are, behave or misbehave, and clients that count them."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.endpoints import create_config, create_model, model_archive, settled, until

SCRIPT = """
import os, threading, time

{setup}

def model_fn(folder):
    {load}
    return "{name}"

def input_fn(body, content_type):
    return body

def predict_fn(body, model):
    {act}
    return model

def output_fn(answer, accept):
    return answer
"""


def version(name: str, *, setup: str = "", load: str = "pass", act: str = "pass") -> bytes:
    """An archive whose model answers with its name; `act` is done at each call."""
    script = SCRIPT.format(name=name, setup=setup, load=load, act=act)
    return model_archive(None, inference=script)


def make_version(platform: Any, name: str, instances: int = 1, **behaviour: str) -> str:
    """A model and an endpoint config of that name; returns the name."""
    create_model(platform, name, version(name, **behaviour), SAGEMAKER_PROGRAM="inference.py")
    create_config(platform, name, AllTraffic=(name, instances, 1.0))
    return name


def serve(platform: Any, endpoint: str, config: str) -> None:
    """An endpoint in service with that config."""
    platform.client("sagemaker").create_endpoint(EndpointName=endpoint, EndpointConfigName=config)
    assert settled(platform, endpoint)["EndpointStatus"] == "InService"


PAUSE_S = 0.01
"""Between a client's calls, so that what is called has the processor too."""


class Callers:
    """Clients that call all the while; who answered, and what failed."""

    def __init__(self, platform: Any, endpoint: str) -> None:
        self._platform, self._endpoint = platform, endpoint
        self._stop = threading.Event()
        self.answers: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        runtime = self._platform.client("sagemaker-runtime")
        while not self._stop.is_set():
            try:
                answer = runtime.invoke_endpoint(EndpointName=self._endpoint, Body=b"x")
                self.answers[answer["Body"].read().decode()] += 1
            except Exception as error:
                self.failures.append(repr(error))
            self._stop.wait(PAUSE_S)

    def more(self, name: str, calls: int = 20) -> None:
        """Return when that version has answered so many further calls."""
        goal = self.answers[name] + calls
        until(lambda: self.answers[name] >= goal)

    def end(self) -> None:
        self._stop.set()


@contextmanager
def callers(platform: Any, endpoint: str, clients: int = 2) -> Iterator[Callers]:
    """Look at `answers` and `failures` afterwards."""
    running = Callers(platform, endpoint)
    threads = [threading.Thread(target=running.run, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: sum(running.answers.values()) > 10)
        yield running
    finally:
        running.end()
        for thread in threads:
            thread.join(70)
