"""InvokeEndpointAsync at a real edge, by real boto3 clients, with a control made of lists."""

import base64
import json
import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from tests.support.stage import ENDPOINT, Stage, stage, wait_until

ASYNC = {"queue": "the-queue", "output": "s3://box/out/", "failure": "s3://box/failures"}


class IntakeServer(socketserver.ThreadingUnixStreamServer):
    """Control's end: notes groups, acknowledges them while it is told to."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.groups: list[dict[str, Any]] = []
        self.answers = True
        self.refuse = ""
        self.hang_up = False
        super().__init__(str(path), _Handler)

    @property
    def rows(self) -> list[list[Any]]:
        return [row for group in list(self.groups) for row in group["requests"]]


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        server: Any = self.server
        for line in self.rfile:
            group = json.loads(line)
            server.groups.append(group)
            if server.hang_up:
                server.hang_up = False
                return
            if server.answers:
                refused = {row[1]: server.refuse for row in group["requests"] if server.refuse}
                told = {"group": group["group"], "refused": refused}
                self.wfile.write(json.dumps(told).encode() + b"\n")


@pytest.fixture(scope="module")
def one_scene() -> Iterator[Stage]:
    with stage(edge_buffer_mb=1) as built:
        built.start_feed()
        table = built.table(
            {
                "name": "A",
                "weight": 1.0,
                "containers": [{"name": "primary", "multi_model": False}],
                "direct": False,
                "timeout_s": 60.0,
                "instances": [],
            }
        )
        (entry,) = table["endpoints"].values()
        entry["asynchronous"] = ASYNC
        built.on_disk(table)
        built.start_edge()
        yield built


def listen(scene: Stage) -> IntakeServer:
    scene.folder.intake_socket.unlink(missing_ok=True)
    server = IntakeServer(scene.folder.intake_socket)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@pytest.fixture(scope="module")
def one_intake(one_scene: Stage) -> Iterator[IntakeServer]:
    server = listen(one_scene)
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def intake(one_intake: IntakeServer) -> IntakeServer:
    one_intake.groups.clear()
    one_intake.answers, one_intake.refuse = True, ""
    return one_intake


@pytest.fixture
def scene(one_scene: Stage, intake: IntakeServer) -> Stage:
    return one_scene


def invoke(scene: Stage, **asked: Any) -> Any:
    return scene.client().invoke_endpoint_async(EndpointName=ENDPOINT, **asked)


def refusal(scene: Stage, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        invoke(scene, **asked)
    error = caught.value.response
    assert error["Error"]["Code"] == "ValidationError"
    assert error["ResponseMetadata"]["HTTPStatusCode"] == 400
    return str(error["Error"]["Message"])


def test_an_accepted_request_is_told_where_its_answer_will_lie(
    scene: Stage, intake: IntakeServer
) -> None:
    answer = invoke(
        scene,
        InputLocation="s3://box/in/a.csv",
        ContentType="text/csv",
        Accept="application/json",
        CustomAttributes="trace=1",
        InferenceId="mine",
        RequestTTLSeconds=60,
        InvocationTimeoutSeconds=5,
    )
    ((queue, number, ttl_s, document, body),) = intake.rows

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert (answer["InferenceId"], queue, ttl_s, body) == ("mine", "the-queue", 60, None)
    assert answer["OutputLocation"] == f"s3://box/out/{number}.out"
    assert answer["FailureLocation"] == f"s3://box/failures/{number}-error.out"
    assert json.loads(document) == {
        "endpoint": ENDPOINT,
        "input": "s3://box/in/a.csv",
        "content_type": "text/csv",
        "accept": "application/json",
        "custom_attributes": "trace=1",
        "inference_id": "mine",
        "timeout_s": 5,
        "output": answer["OutputLocation"],
        "failure": answer["FailureLocation"],
    }


def test_what_is_left_out_gets_its_default(scene: Stage, intake: IntakeServer) -> None:
    answer = invoke(scene, InputLocation="s3://box/in")
    ((_, number, ttl_s, document, _),) = intake.rows
    assert (ttl_s, json.loads(document)["timeout_s"]) == (21_600, 900)
    assert len(answer["InferenceId"]) == 36
    assert answer["InferenceId"].replace("-", "") != number


def test_an_inline_body_goes_with_the_request(scene: Stage, intake: IntakeServer) -> None:
    payload = bytes(range(256)) * 500
    invoke(scene, Body=payload, ContentType="application/x-any")
    ((*_, body),) = intake.rows
    assert base64.b64decode(body) == payload


def test_a_name_and_an_extension_of_ones_own_are_used(scene: Stage) -> None:
    answer = invoke(
        scene, InputLocation="s3://b/k", Filename="a.json", S3OutputPathExtension="run/7"
    )
    assert answer["OutputLocation"] == "s3://box/out/run/7/a.json"
    assert answer["FailureLocation"] == "s3://box/failures/run/7/a-error.out"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "Give InputLocation, or a Body"),
        ({"InputLocation": "s3://b/k", "Body": b"x"}, "not both"),
        ({"InputLocation": "file://x"}, "'inputLocation'"),
        ({"InputLocation": "s3://bucket"}, "should be s3://bucket/key"),
        ({"InputLocation": "https://box/key"}, "read from S3 only"),
        ({"Body": b"x" * 128_001}, "less than or equal to 128000"),
        ({"InputLocation": "s3://b/k", "RequestTTLSeconds": 30_000}, "'requestTTLSeconds'"),
        ({"InputLocation": "s3://b/k", "InvocationTimeoutSeconds": 3601}, "3600"),
        ({"InputLocation": "s3://b/k", "InferenceId": "x" * 65}, "'inferenceId'"),
        ({"InputLocation": "s3://b/k", "Filename": "a.b.c"}, "'filename'"),
        ({"InputLocation": "s3://b/k", "S3OutputPathExtension": "a b"}, "'s3OutputPathExt"),
        ({"InputLocation": "s3://b/k", "CustomAttributes": "x" * 1025}, "'customAttributes'"),
    ],
)
def test_a_member_that_is_wrong_is_named_and_nothing_is_kept(
    scene: Stage, intake: IntakeServer, asked: dict[str, Any], told: str
) -> None:
    assert told in refusal(scene, **asked)
    assert intake.rows == []


def test_too_short_a_life_is_refused_by_the_client_itself(scene: Stage) -> None:
    with pytest.raises(ParamValidationError, match="RequestTTLSeconds"):
        invoke(scene, InputLocation="s3://b/k", RequestTTLSeconds=59)


def test_such_an_endpoint_is_not_invoked_at_once(scene: Stage) -> None:
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        scene.client().invoke_endpoint(EndpointName=ENDPOINT, Body=b"x")
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        scene.client().invoke_endpoint_with_response_stream(EndpointName=ENDPOINT, Body=b"x")


def test_many_at_once_are_handed_over_in_groups(scene: Stage, intake: IntakeServer) -> None:
    clients = [scene.client() for _ in range(8)]

    def go(client: Any) -> str:
        answers = [
            client.invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation="s3://b/k")
            for _ in range(25)
        ]
        return ",".join(answer["OutputLocation"] for answer in answers)

    with ThreadPoolExecutor(8) as pool:
        told = [place for line in pool.map(go, clients) for place in line.split(",")]
    assert sorted(told) == sorted(f"s3://box/out/{row[1]}.out" for row in intake.rows)


def test_what_control_refuses_is_refused(scene: Stage, intake: IntakeServer) -> None:
    intake.refuse = "The endpoint is not there any more."
    assert "not there any more" in refusal(scene, InputLocation="s3://b/k")


def test_a_group_whose_acknowledgement_is_lost_is_handed_in_again_with_the_same_ids(
    scene: Stage, intake: IntakeServer
) -> None:
    intake.hang_up = True
    answer = invoke(scene, InputLocation="s3://b/k")
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 202
    first, second = intake.groups
    assert (first["again"], second["again"]) == (False, True)
    assert first["requests"] == second["requests"]


def test_without_an_acknowledgement_there_is_no_202(scene: Stage, intake: IntakeServer) -> None:
    intake.answers = False
    began = time.monotonic()
    with pytest.raises(ClientError) as caught:
        invoke(scene, InputLocation="s3://b/k")
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (
        "ServiceUnavailable",
        503,
    )
    assert 4 < time.monotonic() - began < 40
    intake.answers = True


def test_inline_bodies_that_wait_count_in_the_edges_buffer(
    scene: Stage, intake: IntakeServer
) -> None:
    intake.answers = False
    client = scene.client(max_pool_connections=30)

    def go(_: int) -> int:
        try:
            client.invoke_endpoint_async(EndpointName=ENDPOINT, Body=b"x" * 100_000)
        except ClientError as error:
            return 1 if "Too many bytes" in str(error) else 0
        return 0

    with ThreadPoolExecutor(20) as pool:
        refused = sum(pool.map(go, range(20)))
    assert refused >= 10
    intake.answers = True
    wait_until(lambda: _accepted(scene))


def _accepted(scene: Stage) -> bool:
    try:
        invoke(scene, Body=b"x" * 100_000)
    except ClientError:
        return False
    return True
