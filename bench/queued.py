"""Asynchronous invocations that are sent once each, and the objects that have to come of them."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from bench.processes import Unavailable

_PATIENCE_S = 60.0
_LOOK_S = 0.1


@dataclass(frozen=True)
class Place:
    """Where an accepted request's answer will be: s3://bucket/key."""

    bucket: str
    key: str

    @staticmethod
    def of(uri: str) -> "Place":
        """Raises ValueError for what is no such URI."""
        parts = urlsplit(uri)
        if parts.scheme != "s3" or not parts.netloc or not parts.path[1:]:
            raise ValueError(f"{uri!r} is no place of an object")
        return Place(parts.netloc, parts.path[1:])


def send(url: str, request: bytes, count: int, callers: int = 8) -> list[Place]:
    """Send a request `count` times over connections that stay open; where each will be answered.

    Raises Unavailable when one is not accepted with 202.
    """
    places: list[list[Place]] = [[] for _ in range(callers)]
    failures: list[str] = []
    threads = [
        threading.Thread(
            target=_send,
            args=(url, request, count // callers + (n < count % callers), places[n], failures),
            daemon=True,
        )
        for n in range(callers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_PATIENCE_S + count / 50)
    found = [place for part in places for place in part]
    if failures or len(found) != count:
        raise Unavailable(f"{len(found)} of {count} accepted: {'; '.join(failures[:1])}")
    return found


def _send(url: str, request: bytes, count: int, places: list[Place], failures: list[str]) -> None:
    place = urlsplit(url)
    address = (str(place.hostname), int(place.port or 80))
    try:
        with socket.create_connection(address, _PATIENCE_S) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            places.extend(_accepted(connection, request) for _ in range(count))
    except (OSError, ValueError, http.client.HTTPException) as error:
        failures.append(str(error) or type(error).__name__)


def _accepted(connection: socket.socket, request: bytes) -> Place:
    """Send one; raises ValueError when the answer is not 202 with a location."""
    connection.sendall(request)
    with http.client.HTTPResponse(connection, method="POST") as response:
        response.begin()
        body = response.read()
        if response.status != 202:
            raise ValueError(f"{response.status} {body[:120]!r}")
        return Place.of(response.getheader("X-Amzn-SageMaker-OutputLocation") or "")


def keys(s3: Any, bucket: str, prefix: str) -> set[str]:
    """The keys that are there now."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    return {item["Key"] for page in pages for item in page.get("Contents", [])}


def await_objects(
    there: Callable[[], set[str]],
    wanted: set[str],
    seconds: float,
    meanwhile: Callable[[], object] = lambda: None,
    one_is_there: Callable[[str], bool] = lambda key: True,
) -> set[str]:
    """Wait until all the wanted keys are there; those still missing when `seconds` are over.

    `meanwhile` is called between two looks. All are looked for again once a missing one of them,
    any, is there: to list thousands all the time would take from what is measured.
    """
    deadline = time.monotonic() + seconds
    while missing := wanted - there():
        awaited = next(iter(missing))
        while True:
            if time.monotonic() > deadline:
                return missing
            meanwhile()
            time.sleep(_LOOK_S)
            if one_is_there(awaited):
                break
    return set()


def exists(s3: Any, bucket: str, key: str) -> bool:
    """Whether there is such an object."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError:
        return False
    return True
