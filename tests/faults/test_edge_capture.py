"""Data capture by a real edge: what it spools, what it leaves out, and what it costs nobody."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.control.capturing import spooled
from argosy.ground.spool import Record, read
from tests.support.stage import ENDPOINT, Stage, stage, variant, wait_until

PATIENCE_S = 60.0


def capture(percentage: float = 100.0, **changes: Any) -> dict[str, Any]:
    return {
        "percentage": percentage,
        "destination": "s3://bucket/captured",
        "input": True,
        "output": True,
        "csv": ["text/csv"],
        "json": [],
        "kms_key": "",
        **changes,
    }


@contextlib.contextmanager
def scene(what: dict[str, Any], **settings: Any) -> Iterator[Stage]:
    """An edge that captures what one variant is asked."""
    with stage(**{"capture_delay_s": 0.2, "capture_free_mb": 0, **settings}) as built:
        built.start_feed()
        blue = {**variant("blue", built.worker("b")), "capture": what}
        built.on_disk(built.table(blue))
        built.start_edge()
        yield built


def invoke(built: Stage, body: Any, client: Any = None, **more: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = client or built.client()
    return client.invoke_endpoint(EndpointName=ENDPOINT, Body=data, **more)


def records(built: Stage) -> list[Record]:
    """Of all complete files, oldest first."""
    found = []
    for path in spooled.ready(built.folder.captures):
        with path.open("rb") as file:
            place = json.loads(file.readline())
            assert (place["endpoint"], place["variant"]) == ("iris", "blue")
            found += list(read(file))
    return sorted(found, key=lambda record: record.at)


def counted(built: Stage, name: str) -> int:
    lines = built.feed.metrics if built.feed else []
    entries: list[dict[str, Any]] = []
    for line in lines:
        entries += [v["blue"] for v in line.values()] if isinstance(line, dict) else line
    return sum(entry.get(name, 0) for entry in entries)


def test_requests_and_answers_are_spooled_as_they_were() -> None:
    with scene(capture()) as built:
        client = built.client()
        for number in range(20):
            invoke(built, b"%d,2" % number, client, ContentType="text/csv")
        invoke(built, b"\x00\xff", client, CustomAttributes="trace=1", InferenceId="id-7")
        wait_until(lambda: len(records(built)) == 21, PATIENCE_S)
        found = records(built)

    assert [record.input for record in found[:20]] == [b"%d,2" % n for n in range(20)]
    assert all(record.output == record.input for record in found)
    assert b"content-type:text/csv\n" in found[0].asked
    assert b"content-type:text/csv\n" in found[0].answered
    assert b"inference-id:id-7\n" in found[20].asked
    assert b"custom-attributes:trace=1\n" in found[20].asked


def test_a_large_request_is_spooled_whole() -> None:
    body = os.urandom(3_000_000)
    with scene(capture()) as built:
        invoke(built, body, ContentType="application/octet-stream")
        wait_until(lambda: records(built), PATIENCE_S)
        (found,) = records(built)

    assert found.input == body
    assert found.output == body


def test_a_streamed_answer_is_spooled_whole() -> None:
    with scene(capture()) as built:
        answer = built.client().invoke_endpoint_with_response_stream(
            EndpointName=ENDPOINT, Body=json.dumps({"stream": ["a", "b", "c"]}).encode()
        )
        assert b"".join(e["PayloadPart"]["Bytes"] for e in answer["Body"]) == b"abc"
        wait_until(lambda: records(built), PATIENCE_S)
        (found,) = records(built)

    assert found.output == b"abc"
    assert b"content-type:text/plain" in found.answered


def test_what_fails_is_not_captured() -> None:
    with scene(capture()) as built:
        client = built.client()
        with pytest.raises(ClientError):
            invoke(built, {"status": 400, "text": "no"}, client)
        broken = client.invoke_endpoint_with_response_stream(
            EndpointName=ENDPOINT, Body=json.dumps({"stream": ["a"], "break": True}).encode()
        )
        with contextlib.suppress(Exception):
            list(broken["Body"])
        broken["Body"].close()
        invoke(built, b"good", client)
        wait_until(lambda: records(built), PATIENCE_S)
        assert [record.input for record in records(built)] == [b"good"]


@pytest.mark.parametrize(("side", "kept"), [("input", "output"), ("output", "input")])
def test_a_side_that_is_not_asked_for_is_not_written_down(side: str, kept: str) -> None:
    with scene(capture(**{side: False})) as built:
        invoke(built, b"secret")
        wait_until(lambda: records(built), PATIENCE_S)
        (found,) = records(built)

    assert (getattr(found, side), getattr(found, kept)) == (b"", b"secret")


def test_a_share_of_requests_is_captured_by_chance() -> None:
    with scene(capture(25.0)) as built:
        client = built.client()
        for _ in range(400):
            invoke(built, b"x", client)
        wait_until(lambda: counted(built, "invocations") == 400, PATIENCE_S)
        wait_until(lambda: len(records(built)) > 50 and not opened(built), PATIENCE_S)
        assert 50 < len(records(built)) < 150


def opened(built: Stage) -> list[Path]:
    return list(built.folder.captures.glob("*.open"))


def test_what_was_spooled_survives_the_death_of_the_edge() -> None:
    with scene(capture(), capture_delay_s=3600) as built:
        client = built.client()
        for number in range(10):
            invoke(built, b"%d" % number, client)
        wait_until(
            lambda: b"".join(p.read_bytes() for p in opened(built)).count(b"END1") == 10, PATIENCE_S
        )
        assert spooled.ready(built.folder.captures) == []

        built.stop_edge()

        assert [record.input for record in records(built)] == [b"%d" % n for n in range(10)]


def test_an_edge_that_is_asked_to_end_completes_its_files() -> None:
    with scene(capture(), capture_delay_s=3600) as built:
        assert built.edge is not None
        invoke(built, b"last")
        built.edge.send_signal(signal.SIGTERM)
        built.edge.wait(PATIENCE_S)

        assert not opened(built)
        assert [record.input for record in records(built)] == [b"last"]


def test_calls_are_answered_when_the_spool_is_full_and_what_is_left_out_is_counted() -> None:
    with scene(capture(), capture_spool_mb=1) as built:
        client = built.client()
        for _ in range(4):
            invoke(built, b"x" * 500_000, client)

        def left_out() -> bool:
            assert invoke(built, b"1,2", client)["Body"].read() == b"1,2"
            return counted(built, "capture_dropped") > 0

        wait_until(left_out, PATIENCE_S)

        def taken_again() -> bool:
            invoke(built, b"again", client)
            if any(record.input == b"again" for record in records(built)):
                return True
            for path in spooled.ready(built.folder.captures):  # more may be ready by and by
                spooled.remove(path)
            return False

        wait_until(taken_again, PATIENCE_S)


def test_nothing_captured_is_in_the_edges_log_and_its_files_are_private() -> None:
    with scene(capture()) as built:
        invoke(built, b"my-secret-payload")
        wait_until(lambda: records(built), PATIENCE_S)
        (path,) = spooled.ready(built.folder.captures)
        assert path.stat().st_mode & 0o777 == 0o600
        assert built.folder.captures.stat().st_mode & 0o777 == 0o700
        assert "my-secret-payload" not in built.edge_log()


def test_a_shadows_answers_are_captured_under_its_own_name() -> None:
    with stage(capture_delay_s=0.2, capture_free_mb=0) as built:
        built.start_feed()
        dark = {**variant("dark", built.worker("d")), "capture": capture()}
        blue = {**variant("blue", built.worker("b")), "capture": capture(), "shadow": dark}
        built.on_disk(built.table(blue))
        built.start_edge()
        invoke(built, b"both", InferenceId="id-1")

        def places() -> set[str]:
            names = set()
            for path in spooled.ready(built.folder.captures):
                with path.open("rb") as file:
                    names.add(json.loads(file.readline())["variant"])
                    (found,) = read(file)
                    assert (found.input, found.output) == (b"both", b"both")
                    assert b"inference-id:id-1" in found.asked
            return names

        wait_until(lambda: places() == {"blue", "dark"}, PATIENCE_S)
