"""Invocations through a real edge, by a real boto3 client, from fake workers that can misbehave."""

import concurrent.futures
import contextlib
import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.stage import ACCOUNT, ENDPOINT, Stage, stage, variant, wait_until


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    """One edge, two variants: blue on two workers, green on one that times out after 1 s."""
    with stage() as built:
        built.start_feed()
        blue = variant("blue", built.worker("b1"), built.worker("b2"), weight=3)
        green = variant("green", built.worker("g1"), weight=1, timeout_s=1.0)
        idle = variant("idle", built.worker("i1"), weight=0)
        built.on_disk(built.table(blue, green, idle))
        built.start_edge()
        built.blue_green = (blue, green, idle)  # type: ignore[attr-defined]
        yield built


def invoke(scene: Stage, body: Any, **more: Any) -> Any:
    client = more.pop("client", None) or scene.client()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.invoke_endpoint(EndpointName=ENDPOINT, Body=data, **more)


def told(answer: Any) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(answer["Body"].read())
    return value


def refused(scene: Stage, body: Any, **more: Any) -> ClientError:
    with pytest.raises(ClientError) as caught:
        invoke(scene, body, **more)
    return caught.value


def test_the_answer_is_the_models_with_type_variant_and_request_id(scene: Stage) -> None:
    answer = invoke(scene, b"1,2\n", ContentType="text/csv", TargetVariant="green")
    assert answer["Body"].read() == b"1,2\n"
    assert answer["ContentType"] == "text/csv"
    assert answer["InvokedProductionVariant"] == "green"
    assert answer["ResponseMetadata"]["RequestId"]


def test_everything_the_model_may_know_reaches_it(scene: Stage) -> None:
    answer = invoke(
        scene,
        {"tell": True},
        ContentType="application/json",
        Accept="application/x-npy",
        CustomAttributes="trace=1",
        InferenceId="id-1",
        SessionId="NEW_SESSION",
    )
    assert told(answer)["head"] == {
        "content-type": "application/json",
        "accept": "application/x-npy",
        "custom-attributes": "trace=1",
        "inference-id": "id-1",
        "session-id": "NEW_SESSION",
    }


def test_what_the_model_says_in_headers_reaches_the_client(scene: Stage) -> None:
    answer = invoke(scene, b"x", CustomAttributes="back", SessionId="NEW_SESSION")
    assert answer["CustomAttributes"] == "back"
    assert answer["NewSessionId"].startswith("s-1;")


def test_traffic_is_shared_by_weight_and_never_reaches_a_weight_of_zero(scene: Stage) -> None:
    client = scene.client()
    shares = Counter(
        invoke(scene, b"x", client=client)["InvokedProductionVariant"] for _ in range(400)
    )
    assert shares["idle"] == 0
    assert 250 < shares["blue"] < 350


def test_a_weight_of_zero_is_still_reached_by_name(scene: Stage) -> None:
    answer = invoke(scene, b"x", TargetVariant="idle")
    assert answer["InvokedProductionVariant"] == "idle"


def test_all_instances_of_a_variant_get_work(scene: Stage) -> None:
    client = scene.client()
    workers = {
        told(invoke(scene, {"tell": True}, client=client, TargetVariant="blue"))["worker"]
        for _ in range(20)
    }
    assert workers == {"b1", "b2"}


def test_a_models_error_comes_back_as_one(scene: Stage) -> None:
    error = refused(scene, {"status": 400, "text": "no such feature"})
    assert error.response["Error"]["Code"] == "ModelError"
    assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert error.response["OriginalStatusCode"] == 400
    assert error.response["OriginalMessage"] == "no such feature"
    assert error.response["LogStreamArn"].endswith("log-group:/aws/sagemaker/Endpoints/iris")
    message = error.response["Error"]["Message"]
    assert message.startswith(
        'Received client error (400) from primary with message "no such feature". See '
    )
    assert message.endswith(f"in account {ACCOUNT} for more information.")


def test_a_models_failure_is_a_server_error(scene: Stage) -> None:
    error = refused(scene, {"status": 500, "text": "x" * 5000})
    message = error.response["Error"]["Message"]
    assert message.startswith("Received server error (500) from primary")
    assert len(message) <= 2048


def test_a_model_that_sleeps_too_long_gives_a_timeout(scene: Stage) -> None:
    error = refused(scene, {"sleep": 30}, TargetVariant="green")
    assert error.response["OriginalStatusCode"] == 0
    assert "Your invocation timed out while waiting" in error.response["Error"]["Message"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"TargetVariant": "red"}, "Variant red not found for Request"),
        ({"TargetModel": "a.tar.gz"}, "TargetModel"),
        ({"TargetContainerHostname": "one"}, "TargetContainerHostname"),
        ({"InferenceComponentName": "one"}, "InferenceComponentName"),
        ({"EnableExplanations": "`true`"}, "EnableExplanations"),
    ],
)
def test_what_cannot_be_served_is_refused_with_a_sentence(
    scene: Stage, more: dict[str, str], words: str
) -> None:
    error = refused(scene, b"x", **more)
    assert error.response["Error"]["Code"] == "ValidationError"
    assert words in error.response["Error"]["Message"]


def test_an_unknown_endpoint_is_named(scene: Stage) -> None:
    with pytest.raises(ClientError, match=f"Endpoint nope of account {ACCOUNT} not found."):
        scene.client().invoke_endpoint(EndpointName="nope", Body=b"x")


def test_an_asynchronous_call_is_refused(scene: Stage) -> None:
    with pytest.raises(ClientError, match="AsyncInferenceConfig"):
        scene.client().invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation="s3://b/k")


@pytest.mark.parametrize("size", [100_000, 5_000_000, 25 * 1024 * 1024])
def test_large_bodies_arrive_whole(scene: Stage, size: int) -> None:
    body = b'{"tell": "' + os.urandom(size // 2).hex().encode()[: size - 12] + b'"}'
    answer = told(invoke(scene, body))
    assert answer["length"] == len(body)
    assert answer["sha256"] == hashlib.sha256(body).hexdigest()


def test_large_answers_arrive_whole(scene: Stage) -> None:
    assert len(invoke(scene, {"size": 20_000_000})["Body"].read()) == 20_000_000


def test_a_body_over_the_limit_is_refused(scene: Stage) -> None:
    error = refused(scene, b"x" * (25 * 1024 * 1024 + 1))
    assert error.response["Error"]["Code"] == "ValidationError"
    assert "less than or equal to 26214400" in error.response["Error"]["Message"]


def test_an_answer_over_the_limit_is_a_model_error(scene: Stage) -> None:
    error = refused(scene, {"size": 25 * 1024 * 1024 + 1})
    assert "could not load the entire response body" in error.response["Error"]["Message"]


def stream(scene: Stage, asked: dict[str, Any], **more: str) -> Any:
    answer = scene.client().invoke_endpoint_with_response_stream(
        EndpointName=ENDPOINT, Body=json.dumps(asked).encode(), Accept="text/plain", **more
    )
    scene.closing.append(answer["Body"].close)
    return answer


def test_a_streamed_answer_comes_in_its_pieces(scene: Stage) -> None:
    answer = stream(scene, {"stream": ["one", "two", "three"]})
    assert answer["ContentType"] == "text/plain"
    assert answer["InvokedProductionVariant"] in ("blue", "green")
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    assert parts == [b"one", b"two", b"three"]


def test_what_a_client_asks_for_again_is_done_in_the_same_way(scene: Stage) -> None:
    """Later requests of one client take a shorter way through the edge."""
    client = scene.client()
    for number in range(3):
        plain = client.invoke_endpoint_with_response_stream(
            EndpointName=ENDPOINT, Body=b'{"stream": ["a", "b"]}'
        )
        assert [e["PayloadPart"]["Bytes"] for e in plain["Body"]] == [b"a", b"b"]
        asked = {"CustomAttributes": f"n={number}", "TargetVariant": "idle", "InferenceId": "i"}
        answer = invoke(scene, b"x", client=client, **asked)
        assert answer["CustomAttributes"] == f"n={number}"
        assert answer["InvokedProductionVariant"] == "idle"
        with pytest.raises(ClientError, match="AsyncInferenceConfig"):
            client.invoke_endpoint_async(EndpointName=ENDPOINT, InputLocation="s3://b/k")


def test_a_model_that_does_not_stream_answers_in_one_piece(scene: Stage) -> None:
    parts = [event["PayloadPart"]["Bytes"] for event in stream(scene, {"x": 1})["Body"]]
    assert parts == [b'{"x": 1}']


def test_a_stream_that_breaks_says_so(scene: Stage) -> None:
    events = iter(stream(scene, {"stream": ["one"], "break": True})["Body"])
    assert next(events)["PayloadPart"]["Bytes"] == b"one"
    with pytest.raises(ClientError, match=r"ModelStreamError.*it broke"):
        next(events)


def test_an_error_before_the_first_piece_is_a_model_error(scene: Stage) -> None:
    with pytest.raises(ClientError) as caught:
        stream(scene, {"stream": [], "break": True})
    assert caught.value.response["Error"]["Code"] == "ModelError"


def test_a_stream_that_stalls_is_ended(scene: Stage) -> None:
    answer = stream(scene, {"stream": ["one", "two"], "every": 30}, TargetVariant="green")
    events = iter(answer["Body"])
    next(events)
    with pytest.raises(ClientError, match="ModelStreamError"):
        next(events)


def test_a_client_that_goes_away_has_its_call_cancelled(scene: Stage) -> None:
    client = scene.client(read_timeout=0.3)
    before = told(invoke(scene, {"tell": True}, TargetVariant="idle"))["cancelled"]
    with pytest.raises(Exception, match="Read timeout"):
        invoke(scene, {"sleep": 20}, client=client, TargetVariant="idle")
    client.close()
    wait_until(
        lambda: told(invoke(scene, {"tell": True}, TargetVariant="idle"))["cancelled"] > before
    )


def totals_of(scene: Stage) -> Counter[str]:
    """All deltas the edge has told so far, added up."""
    totals: Counter[str] = Counter()
    for line in scene.feed.metrics if scene.feed else ():
        for deltas in line:
            assert deltas["endpoint"] == f"{ACCOUNT}/us-east-1/{ENDPOINT}"
            for name in ("invocations", "errors_4xx", "errors_5xx", "model_errors"):
                totals[name] += deltas[name]
            for name in ("model_latency", "overhead_latency"):
                totals[name] += sum(deltas.get(name, {}).values())
    return totals


def test_what_happened_is_told_to_control() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w"))))
        scene.start_edge()
        failing = ({"status": 400, "text": ""}, {"status": 503, "text": ""}, {"die": True})
        for body in (b"x", b"x", *failing):
            with contextlib.suppress(ClientError):
                invoke(scene, body)
        totals = wait_until(lambda: t if (t := totals_of(scene))["invocations"] >= 5 else None)
        assert totals == {
            "invocations": 5,
            "errors_4xx": 1,
            "errors_5xx": 2,
            "model_errors": 3,
            "model_latency": 4,
            "overhead_latency": 4,
        }


class Load:
    """Clients that invoke without pause and without retries, until told to stop.

    `seen` counts the answers of each worker.
    """

    def __init__(self, scene: Stage, clients: int = 4) -> None:
        self.seen: Counter[str] = Counter()
        self._stop = threading.Event()
        self._pool = concurrent.futures.ThreadPoolExecutor(clients)
        self._runs = [self._pool.submit(self._run, scene, scene.client()) for _ in range(clients)]

    def _run(self, scene: Stage, client: Any) -> None:
        while not self._stop.is_set():
            self.seen[told(invoke(scene, {"tell": True}, client=client))["worker"]] += 1

    def stop(self) -> None:
        """End it; raises what any client got instead of an answer."""
        self._stop.set()
        for run in self._runs:
            run.result()
        self._pool.shutdown()


def test_a_change_of_fleets_under_load_costs_no_request() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w0"))))
        scene.start_edge()
        load = Load(scene)
        for turn in range(3):
            wait_until(lambda turn=turn: load.seen[f"w{turn}"] > 20)
            scene.publish(scene.table(variant("v", scene.worker(f"w{turn + 1}"))))
            scene.workers[f"w{turn}"].kill()
        wait_until(lambda: load.seen["w3"] > 20)
        load.stop()


def test_with_two_instances_a_killed_worker_costs_no_request() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w1"), scene.worker("w2"))))
        scene.start_edge()
        load = Load(scene)
        wait_until(lambda: load.seen["w1"] > 20)
        scene.workers["w1"].kill()
        before = load.seen["w2"]
        wait_until(lambda: load.seen["w2"] > before + 100)
        load.stop()


def test_what_a_dead_worker_had_not_answered_goes_to_another_one() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w1"), scene.worker("w2"))))
        scene.start_edge()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(invoke, scene, {"sleep": 1.0}) for _ in range(2)]
            wait_until(lambda: scene.feed and scene.feed.metrics)
            scene.workers["w1"].kill()
            assert [answer.result()["Body"].read() for answer in answers] == [b"slept"] * 2


def stages_of(scene: Stage) -> Counter[str]:
    """How often each container of a pipeline answered."""
    answered: Counter[str] = Counter()
    for line in scene.feed.metrics if scene.feed else ():
        for deltas in line:
            if deltas["part"]:
                answered[deltas["container"]] += sum(deltas["model_latency"].values())
    return answered


@pytest.mark.parametrize("stage_of_death", [0, 1])
def test_a_pipeline_that_loses_a_container_begins_again_elsewhere(stage_of_death: int) -> None:
    """The answer of the first container is what the second one is told to do."""
    with stage() as scene:
        scene.start_feed()
        pairs = [(scene.worker(f"a{n}"), scene.worker(f"b{n}")) for n in range(2)]
        instances = [
            {**first, "addresses": first["addresses"] + second["addresses"]}
            for first, second in pairs
        ]
        chained = variant("v", *instances)
        chained["containers"] = [{"name": n, "multi_model": False} for n in ("first", "second")]
        scene.on_disk(scene.table(chained))
        scene.start_edge()
        sleep = {"sleep": 1.0}
        asked = sleep if stage_of_death == 0 else {"status": 200, "text": json.dumps(sleep)}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            answers = [pool.submit(invoke, scene, asked) for _ in range(2)]
            wait_until(lambda: scene.feed and scene.feed.metrics)
            scene.workers["ab"[stage_of_death] + "0"].kill()
            assert [answer.result()["Body"].read() for answer in answers] == [b"slept"] * 2
        wait_until(lambda: stages_of(scene)["second"] >= 2)
        assert stages_of(scene)["first"] >= 2


def test_a_request_that_kills_workers_kills_two_and_is_then_given_up() -> None:
    with stage() as scene:
        scene.start_feed()
        workers = [scene.worker(f"w{n}") for n in range(3)]
        scene.on_disk(scene.table(variant("v", *workers)))
        scene.start_edge()
        error = refused(scene, {"die": True})
        assert error.response["Error"]["Code"] == "ServiceUnavailable"
        wait_until(lambda: [p.poll() for p in scene.workers.values()].count(9) == 2)
        assert invoke(scene, b"x")["Body"].read() == b"x"


def test_without_an_instance_the_service_is_unavailable_and_comes_back() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w1"))))
        scene.start_edge()
        scene.workers["w1"].kill()
        scene.workers["w1"].wait()
        error = wait_until(lambda: refused(scene, b"x"))
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        scene.publish(scene.table(variant("v", scene.worker("w2"))))
        assert invoke(scene, b"x")["Body"].read() == b"x"


def test_more_requests_than_an_instance_may_hold_are_throttled() -> None:
    with stage(max_in_flight=2) as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w1"))))
        scene.start_edge()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            answers = [pool.submit(invoke, scene, {"sleep": 1.0}) for _ in range(3)]
            errors = [answer.exception() for answer in answers]
        assert sum(error is None for error in errors) == 2
        (throttled,) = [error for error in errors if isinstance(error, ClientError)]
        assert throttled.response["Error"]["Code"] == "ThrottlingException"


@pytest.mark.parametrize("status", ["Creating", "Failed", "Deleting", "OutOfService"])
def test_an_endpoint_that_does_not_serve_says_why(status: str) -> None:
    with stage() as scene:
        scene.on_disk(scene.table(variant("v"), status=status))
        scene.start_edge()
        error = refused(scene, b"x")
        assert error.response["Error"]["Code"] == "ValidationError"
        assert status in error.response["Error"]["Message"]


def test_weights_that_are_all_zero_are_refused() -> None:
    with stage() as scene:
        scene.on_disk(scene.table(variant("v", scene.worker("w"), weight=0)))
        scene.start_edge()
        assert "weight of 0" in str(refused(scene, b"x"))
        assert invoke(scene, b"x", TargetVariant="v")["Body"].read() == b"x"


def test_with_control_away_the_edge_serves_and_joins_when_it_is_back() -> None:
    with stage() as scene:
        scene.on_disk(scene.table(variant("v", scene.worker("w1"))))
        scene.start_edge()
        assert invoke(scene, b"x")["Body"].read() == b"x"
        scene.start_feed()
        scene.publish(scene.table(variant("v", scene.worker("w2"))))
        assert told(invoke(scene, {"tell": True}))["worker"] == "w2"


def test_a_table_that_cannot_be_read_changes_nothing() -> None:
    with stage() as scene:
        scene.start_feed()
        scene.on_disk(scene.table(variant("v", scene.worker("w1"))))
        scene.start_edge()
        (edge,) = wait_until(lambda: scene.feed and scene.feed.edges)
        for line in (b"junk", b"[]", b'{"table": {"version": 1}}', b'{"table": 5}'):
            edge.write(line + b"\n")
        wait_until(lambda: scene.edge_log().count("ERROR") >= 3)
        assert invoke(scene, b"x")["Body"].read() == b"x"


def test_a_large_table_comes_in_one_line() -> None:
    with stage() as scene:
        scene.start_feed()
        worker = scene.worker("w1")
        scene.on_disk(scene.table(variant("v")))
        scene.start_edge()
        table = scene.table(variant("v", worker))
        for number in range(20_000):
            table["endpoints"][f"{ACCOUNT}/us-east-1/e{number}"] = {
                "status": "InService", "config": "c", "variants": [variant("v")],
            }  # fmt: skip
        scene.publish(table)
        assert invoke(scene, b"x")["Body"].read() == b"x"
