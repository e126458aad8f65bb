"""Copies and captures of what is no plain invocation: pipelines, containers asked directly, models
among many, streams."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.control.capturing import spooled
from argosy.ground.spool import Record, read
from tests.support.scenes import scene
from tests.support.stage import ENDPOINT, Stage, stage, variant, wait_until

PATIENCE_S = 60.0
CAPTURE = {
    "percentage": 100.0,
    "destination": "s3://bucket/captured",
    "input": True,
    "output": True,
    "csv": [],
    "json": [],
    "kms_key": "",
}
NAMES = [{"name": name, "multi_model": False} for name in ("first", "second")]


@pytest.fixture(scope="module")
def ready() -> Iterator[Stage]:
    with stage(capture_delay_s=0.2, capture_free_mb=0) as built:
        built.start_feed()
        built.on_disk(built.table())
        built.start_edge()
        yield built


def entry(built: Stage, name: str, **more: Any) -> dict[str, Any]:
    """A variant of one instance with two containers; a worker that is there already is taken."""
    addresses = []
    for number in (1, 2):
        path = built.folder.run / f"{name}{number}.sock"
        if not path.exists():
            built.worker(f"{name}{number}")
        addresses.append(f"unix:{path}")
    instance = {"id": name, "addresses": addresses, "zone": "a"}
    found = {**variant(name), "containers": NAMES, "instances": [instance]}
    return {**found, "capture": CAPTURE, **more}


def captured(built: Stage) -> dict[str, list[Record]]:
    """Variant → its records; files are gone when they are read."""
    found: dict[str, list[Record]] = {}
    for path in spooled.ready(built.folder.captures):
        with path.open("rb") as file:
            name = json.loads(file.readline())["variant"]
            found.setdefault(name, []).extend(read(file))
    return found


def clear(built: Stage) -> None:
    wait_until(lambda: not list(built.folder.captures.glob("*.open")), PATIENCE_S)
    for path in spooled.ready(built.folder.captures):
        spooled.remove(path)


def test_a_pipeline_is_copied_and_captured_from_its_first_container_to_its_last(
    ready: Stage,
) -> None:
    clear(ready)
    ready.publish(ready.table(entry(ready, "blue", shadow=entry(ready, "dark"))))

    body = json.dumps({"tell": True}).encode()
    answer = ready.client().invoke_endpoint(EndpointName=ENDPOINT, Body=body, InferenceId="id-1")

    told = answer["Body"].read()
    wait_until(lambda: set(captured(ready)) == {"blue", "dark"}, PATIENCE_S)
    for records in captured(ready).values():
        (record,) = records
        assert record.input == body
        assert b"inference-id:id-1" in record.asked
        assert json.loads(record.output)["worker"].endswith("1")
    assert captured(ready)["blue"][0].output == told


def test_a_container_that_is_asked_directly_has_its_copy_in_the_shadows_of_that_name(
    ready: Stage,
) -> None:
    clear(ready)
    shadow = entry(ready, "dark", direct=True)
    ready.publish(ready.table(entry(ready, "blue", direct=True, shadow=shadow)))

    answer = ready.client().invoke_endpoint(
        EndpointName=ENDPOINT,
        TargetContainerHostname="second",
        Body=json.dumps({"tell": True}).encode(),
    )

    assert json.loads(answer["Body"].read())["worker"] == "blue2"
    wait_until(lambda: set(captured(ready)) == {"blue", "dark"}, PATIENCE_S)
    workers = {
        name: json.loads(records[0].output)["worker"] for name, records in captured(ready).items()
    }
    assert workers == {"blue": "blue2", "dark": "dark2"}


def test_a_streamed_request_is_copied_and_captured_with_all_its_pieces(ready: Stage) -> None:
    clear(ready)
    ready.publish(ready.table(entry(ready, "blue", direct=True, containers=NAMES)))

    answer = ready.client().invoke_endpoint_with_response_stream(
        EndpointName=ENDPOINT,
        TargetContainerHostname="first",
        Body=json.dumps({"stream": ["a", "b", "c"]}).encode(),
    )

    assert b"".join(e["PayloadPart"]["Bytes"] for e in answer["Body"]) == b"abc"
    wait_until(lambda: captured(ready), PATIENCE_S)
    assert captured(ready)["blue"][0].output == b"abc"


def test_each_of_two_fleets_has_its_own_shadow_and_is_captured_for_itself(ready: Stage) -> None:
    clear(ready)
    old = entry(ready, "blue", config="one", share=0.5, weight=0.5, shadow=entry(ready, "dark"))
    elsewhere = {**CAPTURE, "destination": "s3://bucket/elsewhere"}
    new = entry(ready, "green", config="two", share=0.5, newer=True, weight=0.5, capture=elsewhere)
    ready.publish(ready.table(old, new))
    client = ready.client()

    for _ in range(40):
        client.invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")

    def counts() -> dict[str, int]:
        return {name: len(records) for name, records in captured(ready).items()}

    # A copy is answered, and so written, some time after its original.
    wait_until(lambda: sum(counts().get(name, 0) for name in ("blue", "green")) == 40, PATIENCE_S)
    wait_until(lambda: counts().get("dark") == counts()["blue"], PATIENCE_S)
    wait_until(lambda: not list(ready.folder.captures.glob("*.open")), PATIENCE_S)
    assert set(counts()) == {"blue", "dark", "green"}
    assert counts()["blue"] == counts()["dark"]
    assert counts()["blue"] + counts()["green"] == 40


def test_a_call_of_one_model_among_many_is_copied_and_captured(tmp_path: Path) -> None:
    with scene(tmp_path) as many:
        found = {**many.entry(), "capture": CAPTURE}
        dark = {**found, "name": "dark"}
        many.stage.publish(many.stage.table({**found, "shadow": dark}))

        assert many.call("a.tar.gz") == many.call("a.tar.gz") == "3\n7\n"

        def spooled_bytes() -> bytes:
            paths = many.stage.folder.captures.glob("*.open")
            return b"".join(path.read_bytes() for path in paths)

        wait_until(lambda: spooled_bytes().count(b"END1") == 4, PATIENCE_S)
        many.stage.stop_edge()
        records = captured(many.stage)

    assert {name: len(some) for name, some in records.items()} == {"v": 2, "dark": 2}
    for some in records.values():
        assert all(record.output == b"3\n7\n" for record in some)
        assert all(b"target-model:a.tar.gz" in record.asked for record in some)


def test_copies_that_a_deleted_endpoint_leaves_behind_hurt_nobody(ready: Stage) -> None:
    clear(ready)
    ready.publish(ready.table(entry(ready, "blue", shadow=entry(ready, "dark"))))
    client = ready.client()
    begun = time.monotonic()
    client.invoke_endpoint(EndpointName=ENDPOINT, Body=json.dumps({"sleep": 0.2}).encode())
    ready.publish(ready.table(entry(ready, "blue")))

    answer = client.invoke_endpoint(EndpointName=ENDPOINT, Body=b"after")

    assert answer["Body"].read() == b"after"
    assert time.monotonic() - begun < PATIENCE_S
