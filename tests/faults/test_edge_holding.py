"""Requests for variants without an instance, through a real edge: they wait until one is there."""

import concurrent.futures
import contextlib
import itertools
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.stage import ACCOUNT, ENDPOINT, REGION, Stage, stage, variant, wait_until

KEY = f"{ACCOUNT}/{REGION}/{ENDPOINT}"
numbers = itertools.count()


def empty(name: str = "blue", **more: Any) -> dict[str, Any]:
    return {**variant(name), "hold": True, **more}


@contextlib.contextmanager
def held_stage(**settings: Any) -> Iterator[Stage]:
    with stage(**settings) as built:
        built.start_feed()
        built.on_disk(built.table(empty()))
        built.start_edge()
        yield built


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    with held_stage(hold_requests=8, hold_timeout_s=120.0, edge_buffer_mb=4) as built:
        yield built


@pytest.fixture
def crowd() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(max_workers=16) as pool:
        yield pool


@pytest.fixture
def nobody(scene: Stage) -> Iterator[Stage]:
    """The stage with a variant that has no instance, and nobody who waits."""
    scene.publish(scene.table(empty()))
    yield scene
    scene.publish(scene.table(empty("other")))


def invoke(scene: Stage, body: Any = b"x", **more: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = scene.client(read_timeout=60)
    return client.invoke_endpoint(EndpointName=ENDPOINT, Body=data, **more)["Body"].read()


def waiting(scene: Stage) -> int:
    """How many wait, as the edge told last; it tells of the first at once, then every second."""
    assert scene.feed is not None
    told = scene.feed.wanting[-1] if scene.feed.wanting else []
    return sum(int(one["waiting"]) for one in told)


def let_wait(
    scene: Stage, crowd: ThreadPoolExecutor, bodies: list[Any], besides: int = 0
) -> list["Future[Any]"]:
    """Send requests all at once; they wait, besides those that wait already."""
    assert scene.feed is not None
    scene.feed.wanting.clear()
    calls = [crowd.submit(invoke, scene, body) for body in bodies]
    wait_until(lambda: waiting(scene) == besides + len(bodies))
    return calls


def let_wait_in_order(
    scene: Stage, crowd: ThreadPoolExecutor, bodies: list[Any]
) -> list["Future[Any]"]:
    """Send requests one after another, each when the edge holds the one before."""
    calls: list[Future[Any]] = []
    for body in bodies:
        calls += let_wait(scene, crowd, [body], besides=len(calls))
    return calls


def arrive(scene: Stage, name: str = "blue") -> dict[str, Any]:
    """A first instance, in the table."""
    entry = {**variant(name, scene.worker(f"w{next(numbers)}")), "hold": True}
    scene.publish(scene.table(entry))
    return entry


def test_requests_wait_for_the_first_instance_and_are_served_in_order(
    nobody: Stage, crowd: ThreadPoolExecutor
) -> None:
    calls = let_wait_in_order(nobody, crowd, [{"tell": True, "n": n} for n in range(3)])
    assert not any(call.done() for call in calls)

    arrive(nobody)

    answers = [json.loads(call.result(60)) for call in calls]
    assert [answer["before"] for answer in answers] == [0, 1, 2]


def test_control_is_told_at_once_who_waits(nobody: Stage, crowd: ThreadPoolExecutor) -> None:
    assert nobody.feed is not None
    nobody.feed.wanting.clear()
    begun = time.monotonic()
    call = crowd.submit(invoke, nobody)
    wait_until(lambda: nobody.feed and nobody.feed.wanting)
    assert time.monotonic() - begun < 10
    assert nobody.feed.wanting[0] == [{"endpoint": KEY, "variant": "blue", "waiting": 1}]
    arrive(nobody)
    assert call.result(60) == b"x"


def test_a_stream_waits_too(nobody: Stage, crowd: ThreadPoolExecutor) -> None:
    def stream() -> list[bytes]:
        answer = nobody.client(read_timeout=60).invoke_endpoint_with_response_stream(
            EndpointName=ENDPOINT, Body=b'{"stream": ["a", "b"]}'
        )
        return [event["PayloadPart"]["Bytes"] for event in answer["Body"]]

    call = crowd.submit(stream)
    wait_until(lambda: waiting(nobody) == 1)
    arrive(nobody)
    assert b"".join(call.result(60)) == b"ab"


def test_a_pipeline_that_has_no_instance_yet_is_waited_for(
    scene: Stage, crowd: ThreadPoolExecutor
) -> None:
    names = [{"name": n, "multi_model": False} for n in ("first", "second")]
    scene.publish(scene.table(empty(containers=names)))
    (call,) = let_wait(scene, crowd, [b"through both"])
    one, two = scene.worker("p1"), scene.worker("p2")
    chain = {**one, "addresses": [*one["addresses"], *two["addresses"]]}
    scene.publish(scene.table(empty(containers=names, instances=[chain])))
    assert call.result(60) == b"through both"


def test_a_container_that_is_asked_directly_is_waited_for(
    scene: Stage, crowd: ThreadPoolExecutor
) -> None:
    names = [{"name": n, "multi_model": False} for n in ("first", "second")]
    scene.publish(scene.table(empty(containers=names, direct=True)))
    call = crowd.submit(invoke, scene, {"tell": True}, TargetContainerHostname="second")
    wait_until(lambda: waiting(scene) == 1)
    one, two = scene.worker("d1"), scene.worker("d2")
    both = {**one, "addresses": [*one["addresses"], *two["addresses"]]}
    scene.publish(scene.table(empty(containers=names, direct=True, instances=[both])))
    assert json.loads(call.result(60))["worker"] == "d2"


def test_a_component_without_copies_is_waited_for_if_it_may_have_none(
    scene: Stage, crowd: ThreadPoolExecutor
) -> None:
    def publish(*instances: dict[str, str], **more: Any) -> None:
        entry = empty("part", production_variant="blue", instances=list(instances), **more)
        table = scene.table(entry)
        table["endpoints"][KEY]["by_component"] = True
        scene.publish(table)

    publish(copies=0)
    call = crowd.submit(invoke, scene, InferenceComponentName="part")
    wait_until(lambda: waiting(scene) == 1)
    publish(scene.worker("c1"), copies=1)
    assert call.result(60) == b"x"


def test_a_variant_that_ought_to_have_an_instance_is_not_waited_for(scene: Stage) -> None:
    scene.publish(scene.table(variant("blue")))
    with pytest.raises(ClientError, match="No instance of variant blue"):
        invoke(scene)


def test_who_is_one_too_many_is_told_so_and_who_goes_away_makes_room(
    nobody: Stage, crowd: ThreadPoolExecutor
) -> None:
    calls = let_wait(nobody, crowd, [b"x"] * 7)
    leaving = nobody.client(read_timeout=1)
    with pytest.raises(Exception, match="Read timeout"):
        leaving.invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")
    wait_until(lambda: waiting(nobody) == 7)
    calls += let_wait(nobody, crowd, [b"x"], besides=7)
    with pytest.raises(ClientError, match="As many requests as may wait") as refused:
        invoke(nobody)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503

    arrive(nobody)

    assert [call.result(60) for call in calls] == [b"x"] * 8


def test_the_bytes_that_wait_are_bounded(nobody: Stage, crowd: ThreadPoolExecutor) -> None:
    (call,) = let_wait(nobody, crowd, [b"y" * 3_000_000])
    with pytest.raises(ClientError, match="Too many bytes are waiting"):
        invoke(nobody, b"z" * 2_000_000)
    arrive(nobody)
    assert len(call.result(60)) == 3_000_000
    assert len(invoke(nobody, b"z" * 2_000_000)) == 2_000_000


def test_who_waits_for_an_endpoint_that_is_deleted_is_told_so(
    nobody: Stage, crowd: ThreadPoolExecutor
) -> None:
    (call,) = let_wait(nobody, crowd, [b"x"])
    nobody.publish({**nobody.table(), "endpoints": {}})
    with pytest.raises(ClientError, match=f"Endpoint {ENDPOINT} of account {ACCOUNT} not found"):
        call.result(60)


def test_a_variant_that_is_gone_gives_its_requests_to_the_one_in_its_place(
    nobody: Stage, crowd: ThreadPoolExecutor
) -> None:
    (call,) = let_wait(nobody, crowd, [b"x"])
    nobody.publish(nobody.table(empty("green")))
    arrive(nobody, "green")
    assert call.result(60) == b"x"


def test_more_than_one_instance_may_take_wait_on_until_it_has_room() -> None:
    with (
        held_stage(max_in_flight=2) as scene,
        concurrent.futures.ThreadPoolExecutor(max_workers=8) as crowd,
    ):
        calls = let_wait(scene, crowd, [{"sleep": 0.05}] * 6)
        arrive(scene)
        assert [call.result(60) for call in calls] == [b"slept"] * 6


def test_nobody_waits_longer_than_the_limit() -> None:
    with held_stage(hold_timeout_s=1.0) as scene:
        with pytest.raises(ClientError, match="none came into service within 1 second") as late:
            invoke(scene)
        assert late.value.response["Error"]["Code"] == "ModelNotReadyException"


def test_control_hears_again_who_waits_when_it_is_back(
    nobody: Stage, crowd: ThreadPoolExecutor
) -> None:
    (call,) = let_wait(nobody, crowd, [b"x"])
    assert nobody.feed is not None
    (edge,) = nobody.feed.edges
    edge._sock.shutdown(socket.SHUT_RDWR)
    wait_until(lambda: nobody.feed and edge not in nobody.feed.edges)
    nobody.feed.wanting.clear()
    wait_until(lambda: waiting(nobody) == 1)
    arrive(nobody)
    assert call.result(60) == b"x"
