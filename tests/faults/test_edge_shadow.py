"""Shadow variants behind a real edge: they get copies, and the caller never notices them."""

import contextlib
import json
import os
import signal
import statistics
import time
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.stage import ENDPOINT, Stage, stage, variant, wait_until

PATIENCE_S = 60.0


def with_shadow(entry: dict[str, Any], shadow: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "shadow": shadow}


@contextlib.contextmanager
def scene(share: float = 1.0, timeout_s: float = 60.0, **settings: Any) -> Iterator[Stage]:
    """An edge with variant blue on worker b and its shadow, dark, on worker d."""
    with stage(**settings) as built:
        built.start_feed()
        dark = variant("dark", built.worker("d"), weight=share, timeout_s=timeout_s)
        built.on_disk(built.table(with_shadow(variant("blue", built.worker("b")), dark)))
        built.start_edge()
        yield built


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    with scene() as built:
        yield built


def counted(built: Stage, name: str, of: str = "dark") -> int:
    """What the edge has told of a variant so far."""
    lines = built.feed.metrics if built.feed else []
    return sum(found.get(name, 0) for found in _entries(lines, of))


def _entries(lines: list[Any], variant_name: str) -> list[dict[str, Any]]:
    found = []
    for line in lines:
        if isinstance(line, dict):
            found += [v[variant_name] for v in line.values() if variant_name in v]
        else:
            found += [entry for entry in line if entry["variant"] == variant_name]
    return found


def invoke(built: Stage, body: Any, client: Any = None, **more: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = client or built.client()
    return client.invoke_endpoint(EndpointName=ENDPOINT, Body=data, **more)


def test_the_shadow_gets_a_copy_and_the_caller_the_answer_of_the_other(shared: Stage) -> None:
    before, production = counted(shared, "invocations"), counted(shared, "invocations", "blue")

    answers = [invoke(shared, {"tell": True}) for _ in range(5)]

    assert {json.loads(a["Body"].read())["worker"] for a in answers} == {"b"}
    assert {answer["InvokedProductionVariant"] for answer in answers} == {"blue"}
    wait_until(lambda: counted(shared, "invocations") == before + 5, PATIENCE_S)
    wait_until(lambda: counted(shared, "invocations", "blue") == production + 5, PATIENCE_S)


def test_errors_of_the_shadow_are_its_own(shared: Stage) -> None:
    before = counted(shared, "errors_5xx"), counted(shared, "errors_5xx", "blue")

    with pytest.raises(ClientError):
        invoke(shared, {"status": 500, "text": "both fail at this one"})

    wait_until(lambda: counted(shared, "errors_5xx") == before[0] + 1, PATIENCE_S)
    wait_until(lambda: counted(shared, "errors_5xx", "blue") == before[1] + 1, PATIENCE_S)


def test_a_shadow_cannot_be_called_by_name(shared: Stage) -> None:
    with pytest.raises(ClientError) as caught:
        invoke(shared, b"x", TargetVariant="dark")

    assert caught.value.response["Error"]["Code"] == "ValidationError"
    assert "shadow variant" in caught.value.response["Error"]["Message"]


def test_a_streamed_request_is_copied_too(shared: Stage) -> None:
    before = counted(shared, "invocations")

    answer = shared.client().invoke_endpoint_with_response_stream(
        EndpointName=ENDPOINT, Body=json.dumps({"stream": ["a", "b"]}).encode()
    )

    assert b"".join(e["PayloadPart"]["Bytes"] for e in answer["Body"]) == b"ab"
    wait_until(lambda: counted(shared, "invocations") == before + 1, PATIENCE_S)


def test_a_shadow_gets_its_share_of_copies() -> None:
    with scene(share=0.25) as built:
        client = built.client()
        for _ in range(400):
            invoke(built, b"x", client)
        wait_until(lambda: counted(built, "invocations", "blue") == 400, PATIENCE_S)
        assert 50 < counted(built, "invocations") < 150


def timed(built: Stage, client: Any, calls: int) -> list[float]:
    taken = []
    for _ in range(calls):
        begun = time.perf_counter()
        assert invoke(built, b"1,2", client)["Body"].read() == b"1,2"
        taken.append(time.perf_counter() - begun)
    return taken


def test_a_shadow_that_does_not_even_read_costs_the_caller_neither_time_nor_errors() -> None:
    with scene(shadow_in_flight=8, timeout_s=2.0) as built:
        client = built.client()
        alone = statistics.median(timed(built, client, 100))
        wait_until(lambda: counted(built, "invocations") == 100, PATIENCE_S)

        os.kill(built.workers["d"].pid, signal.SIGSTOP)
        hung = statistics.median(timed(built, client, 200))

        assert hung < 3 * alone + 0.005
        wait_until(lambda: counted(built, "shadow_dropped") >= 100, PATIENCE_S)
        wait_until(lambda: counted(built, "errors_5xx") >= 8, PATIENCE_S)
        assert counted(built, "errors_5xx", "blue") == 0


def test_large_requests_for_a_shadow_that_hangs_do_not_fill_the_edges_memory() -> None:
    with scene(shadow_buffer_mb=4, shadow_in_flight=1000) as built:
        assert built.edge is not None
        client = built.client()
        invoke(built, b"x" * 500_000, client)
        os.kill(built.workers["d"].pid, signal.SIGSTOP)
        before = resident(built.edge.pid)
        for _ in range(100):
            invoke(built, b"x" * 1_000_000, client)

        assert resident(built.edge.pid) - before < 60
        wait_until(lambda: counted(built, "shadow_dropped") >= 90, PATIENCE_S)


def resident(pid: int) -> float:
    """MiB."""
    with open(f"/proc/{pid}/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)


def test_a_shadow_that_dies_costs_no_call_and_is_found_again_when_it_is_back() -> None:
    with scene() as built:
        client = built.client()
        invoke(built, b"x", client)
        wait_until(lambda: counted(built, "invocations") == 1, PATIENCE_S)
        dead = built.workers.pop("d")
        dead.kill()
        dead.wait()
        for _ in range(20):
            assert invoke(built, b"1,2", client)["Body"].read() == b"1,2"
        wait_until(lambda: counted(built, "shadow_dropped") >= 19, PATIENCE_S)

        (built.folder.run / "d.sock").unlink()
        built.worker("d")

        def copied() -> bool:
            invoke(built, b"x", client)
            return counted(built, "invocations") >= 2

        wait_until(copied, PATIENCE_S)


def test_a_shadow_whose_answers_are_huge_or_broken_is_ignored() -> None:
    with stage(max_payload_mb=1) as built:
        built.start_feed()
        blue = built.worker("b")
        dark = variant("dark", built.worker("d", "--odd", "2000000"))
        built.on_disk(built.table(with_shadow(variant("blue", blue), dark)))
        built.start_edge()
        client = built.client()
        for _ in range(10):
            assert invoke(built, b"1,2", client)["Body"].read() == b"1,2"
        wait_until(lambda: counted(built, "errors_5xx") == 10, PATIENCE_S)
        assert counted(built, "errors_5xx", "blue") == 0


def test_an_answer_that_would_fill_the_memory_is_not_taken_from_a_shadow() -> None:
    with stage(max_payload_mb=1) as built:
        built.start_feed()
        blue = built.worker("b")
        dark = variant("dark", built.worker("d", "--odd", "300000000"))
        built.on_disk(built.table(with_shadow(variant("blue", blue), dark)))
        built.start_edge()
        assert built.edge is not None
        client = built.client()
        before = resident(built.edge.pid)
        most = before

        def failed() -> bool:
            nonlocal most
            assert invoke(built, b"1,2", client)["Body"].read() == b"1,2"
            most = max(most, resident(built.edge.pid))
            return counted(built, "errors_5xx") >= 3

        wait_until(failed, PATIENCE_S)
        assert most - before < 60


def test_a_request_whose_client_goes_away_is_copied_all_the_same() -> None:
    with scene() as built:
        client = built.client(read_timeout=1)
        with contextlib.suppress(Exception):
            invoke(built, {"sleep": 2}, client)
        wait_until(lambda: counted(built, "invocations") == 1, PATIENCE_S)
        assert invoke(built, b"1")["Body"].read() == b"1"
