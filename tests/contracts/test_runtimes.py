"""What every runtime must do, asked of a real worker process over its socket (no sandbox)."""

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression

from argosy.runtimes import frames
from tests.support.worker_client import Reply, Worker, WorkerClient, running_worker

JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"


@dataclass(frozen=True)
class Kit:
    """One runtime: how to save a model of its framework, and what that model predicts locally."""

    runtime: str
    rows: Any
    """Float rows that the model takes."""
    predictions: Any
    save: Callable[[Path], None]
    """Write the archive's content, without a script."""


def sklearn_kit() -> Kit:
    rows, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    return Kit(
        "sklearn",
        rows,
        model.predict(rows),
        lambda folder: joblib.dump(model, folder / "model.joblib"),
    )


KITS = {"sklearn": sklearn_kit}


@pytest.fixture(scope="module", params=sorted(KITS))
def kit(request: pytest.FixtureRequest) -> Kit:
    return KITS[request.param]()


@pytest.fixture(scope="module")
def model_dir(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked archive without a script."""
    folder = tmp_path_factory.mktemp("plain") / "model"
    folder.mkdir()
    kit.save(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(kit: Kit, model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that serves the kit's model."""
    with running_worker(tmp_path_factory.mktemp("run"), kit.runtime) as worker:
        with worker.connect() as client:
            assert client.load(model_dir) == {"ok": True}
        yield worker


@pytest.fixture(scope="module")
def empty(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker without a model; loads that fail leave it so."""
    with running_worker(tmp_path_factory.mktemp("empty"), kit.runtime) as worker:
        yield worker


@pytest.fixture
def client(loaded: Worker) -> Iterator[WorkerClient]:
    with loaded.connect() as client:
        yield client


class Scripted:
    """A worker that serves the kit's model through a script."""

    def __init__(self, worker: Worker, folder: Path, kit: Kit) -> None:
        self.worker = worker
        self.model_dir = folder / "model"
        (self.model_dir / "code").mkdir(parents=True)
        kit.save(self.model_dir)

    def load(self, code: str, environment: dict[str, str] | None = None) -> dict[str, Any]:
        (self.model_dir / "code" / "inference.py").write_text(dedent(code))
        with self.worker.connect() as client:
            return client.load(self.model_dir, environment)

    def serve(self, code: str, environment: dict[str, str] | None = None) -> WorkerClient:
        assert self.load(code, environment) == {"ok": True}
        return self.worker.connect()


@pytest.fixture
def scripted(kit: Kit, tmp_path: Path) -> Iterator[Scripted]:
    with running_worker(tmp_path, kit.runtime) as worker:
        yield Scripted(worker, tmp_path / "ml", kit)


def as_csv(rows: Any) -> bytes:
    return "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist()).encode()


def as_npy(rows: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, rows)
    return stream.getvalue()


def as_json(rows: Any) -> bytes:
    return json.dumps(rows.tolist()).encode()


# predictions


@pytest.mark.parametrize("write", [as_json, as_csv, as_npy])
@pytest.mark.parametrize("accept", [JSON, CSV, NPY])
def test_predictions_equal_those_of_the_model_in_this_process(
    kit: Kit, client: WorkerClient, write: Callable[[Any], bytes], accept: str
) -> None:
    content_type = {as_json: JSON, as_csv: CSV, as_npy: NPY}[write]
    reply = client.predict(write(kit.rows), content_type, accept)
    assert (reply.status, reply.head["content-type"]) == (200, accept)
    assert read(reply) == kit.predictions.tolist()


def read(reply: Reply) -> Any:
    if reply.head["content-type"] == CSV:
        return [int(line) for line in reply.body.decode().splitlines()]
    if reply.head["content-type"] == NPY:
        return np.load(io.BytesIO(reply.body)).tolist()
    return reply.json()


def test_a_body_without_content_type_is_json_and_so_is_the_answer(
    kit: Kit, client: WorkerClient
) -> None:
    reply = client.predict(as_json(kit.rows[:3]))
    assert reply.head["content-type"] == JSON
    assert reply.json() == kit.predictions[:3].tolist()


def test_instances_are_answered_by_predictions_and_inputs_by_a_list(
    kit: Kit, client: WorkerClient
) -> None:
    rows, expected = kit.rows[:2].tolist(), kit.predictions[:2].tolist()
    instances = client.predict(json.dumps({"instances": rows}).encode(), JSON)
    inputs = client.predict(json.dumps({"inputs": rows}).encode(), JSON)
    assert instances.json() == {"predictions": expected}
    assert inputs.json() == expected


def test_one_row_needs_no_outer_list(kit: Kit, client: WorkerClient) -> None:
    assert client.predict(as_json(kit.rows[60]), JSON).json() == [kit.predictions[60]]


def test_the_first_acceptable_type_is_answered(kit: Kit, client: WorkerClient) -> None:
    reply = client.predict(as_json(kit.rows[:1]), JSON, "image/png, text/csv;q=0.8, */*")
    assert reply.head["content-type"] == CSV


def test_requests_that_wait_together_each_get_their_own_rows(
    kit: Kit, client: WorkerClient
) -> None:
    counts = [1 + index % 4 for index in range(120)]
    asked = [
        (frames.REQUEST, as_json(kit.rows[index : index + counts[index]]), {"content_type": JSON})
        for index in range(120)
    ]
    ids = client.send_many(asked)
    replies = {reply.request_id: reply.json() for reply in (client.read() for _ in ids)}
    for index, request_id in enumerate(ids):
        expected = kit.predictions[index : index + counts[index]].tolist()
        assert replies[request_id] == expected


def test_forms_that_wait_together_are_each_answered_in_their_own(
    kit: Kit, client: WorkerClient
) -> None:
    asked = []
    for index in range(30):
        row = kit.rows[index : index + 1]
        asked.append((frames.REQUEST, as_json(row), {"content_type": JSON}))
        asked.append((frames.REQUEST, as_csv(row), {"content_type": CSV, "accept": CSV}))
        wrapped = json.dumps({"instances": row.tolist()}).encode()
        asked.append((frames.REQUEST, wrapped, {"content_type": JSON}))
    ids = client.send_many(asked)
    replies = {reply.request_id: reply.body for reply in (client.read() for _ in ids)}
    for index in range(30):
        text = str(kit.predictions[index]).encode()
        expected = [b"[" + text + b"]", text + b"\n", b'{"predictions": [' + text + b"]}"]
        assert [replies[one] for one in ids[3 * index : 3 * index + 3]] == expected


def test_a_bad_request_in_a_batch_hurts_no_other(kit: Kit, client: WorkerClient) -> None:
    bad = [
        b"[[1,2],[3",
        b"",
        b"[[1,2]]",
        b"[[1,2,3,4]],[[5,6,7,8]]",
        b"[[NaN,2,3,4]]",
        b"[[1,2,3,4]",
        b"]",
    ]
    asked = []
    for index, body in enumerate(bad):
        asked.append((frames.REQUEST, as_json(kit.rows[index * 20]), {"content_type": JSON}))
        asked.append((frames.REQUEST, body, {"content_type": JSON}))
    ids = client.send_many(asked)
    replies = {reply.request_id: reply for reply in (client.read() for _ in ids)}
    for index in range(len(bad)):
        assert replies[ids[2 * index]].json() == [kit.predictions[index * 20]]
        assert replies[ids[2 * index + 1]].status == 400


def test_many_connections_at_once_get_their_own_answers(kit: Kit, loaded: Worker) -> None:
    wrong: list[int] = []

    def ask(first: int) -> None:
        with loaded.connect() as client:
            for index in range(first, len(kit.rows), 8):
                answer = client.predict(as_csv(kit.rows[index : index + 1]), CSV).json()
                if answer != [kit.predictions[index]]:
                    wrong.append(index)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_large_bodies_come_whole_and_are_answered_whole(kit: Kit, client: WorkerClient) -> None:
    times = 25_000_000 // (len(kit.rows) * 32)
    reply = client.predict(as_npy(np.tile(kit.rows, (times, 1))), NPY, NPY)
    answered = np.load(io.BytesIO(reply.body))
    assert np.array_equal(answered, np.tile(kit.predictions, times))


def test_an_asker_who_reads_late_stops_nobody_else(kit: Kit, loaded: Worker) -> None:
    rows = as_npy(np.tile(kit.rows, (1000, 1)))
    with loaded.connect() as lazy, loaded.connect() as other:
        ids = [lazy.send(frames.REQUEST, rows, content_type=NPY, accept=NPY) for _ in range(3)]
        assert other.predict(as_json(kit.rows[0]), JSON).status == 200
        assert [lazy.read().status for _ in ids] == [200, 200, 200]


# bad input


@pytest.mark.parametrize(
    ("content_type", "body", "says"),
    [
        (JSON, b"", "empty"),
        (JSON, b"{", "cannot be read"),
        (JSON, b"5", "list of rows"),
        (JSON, b"[]", "no rows"),
        (JSON, b'{"rows": [[1]]}', "instances"),
        (JSON, b"[[1,2,3,4],[1,2]]", "row 1 has 2 values"),
        (JSON, b"[[1,2,3]]", "3 features"),
        (JSON, b'[["a","b","c","d"]]', "convert"),
        (JSON, b"[[1,2,3,NaN]]", "NaN"),
        (JSON, b'[[1,2,3,{"a":1}]]', "numbers, strings or null"),
        (JSON, b"[[1,2,3,1" + b"0" * 400 + b"]]", "cannot be read"),
        (JSON, b"[" * 100_000, "nested"),
        (JSON, b"\xff\xfe\x00", "cannot be read"),
        (CSV, b"\n\n", "no rows"),
        (CSV, b"1,2,3,4\n1,2\n", "row 1 has 2 values"),
        (CSV, b"1,2,3\n", "3 features"),
        (CSV, b"a,b,c,d\n", "convert"),
        (NPY, b"no", "numpy.save"),
        (NPY, b"\x93NUMPY\x01\x00v\x00" + b"x" * 118, "header"),
        ("application/x-npz", b"PK", "NPZ"),
    ],
)
def test_a_body_that_cannot_be_predicted_is_a_400_that_says_why(
    client: WorkerClient, content_type: str, body: bytes, says: str
) -> None:
    reply = client.predict(body, content_type)
    assert reply.status == 400
    assert says in reply.json()["error-message"]
    assert "stack-trace" not in reply.json()


def test_a_pickle_inside_an_npy_body_is_refused(client: WorkerClient) -> None:
    reply = client.predict(as_npy(np.array([{"a": 1}], dtype=object)), NPY)
    assert reply.status == 400
    assert "Python objects" in reply.json()["error-message"]


def test_a_content_type_nobody_reads_is_a_415(client: WorkerClient) -> None:
    assert client.predict(b"<a/>", "application/xml").status == 415


def test_an_accept_nobody_writes_is_a_406(kit: Kit, client: WorkerClient) -> None:
    assert client.predict(as_json(kit.rows[0]), JSON, "image/png").status == 406


# Shrinking talks to the worker again and again; the worker is meant to be shared.
fuzzed = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=20,
)


@fuzzed
@given(body=st.binary(max_size=200), content_type=st.sampled_from([JSON, CSV, NPY, "", "a/b"]))
def test_any_bytes_are_answered_without_a_server_error(
    client: WorkerClient, body: bytes, content_type: str
) -> None:
    assert 200 <= client.predict(body, content_type).status < 500
    assert client.ping() == 200


@fuzzed
@given(value=json_values | json_values.map(lambda value: {"instances": value}))
def test_any_json_is_answered_without_a_server_error(client: WorkerClient, value: Any) -> None:
    assert 200 <= client.predict(json.dumps(value).encode(), JSON).status < 500


@fuzzed
@given(body=st.binary(max_size=100), at=st.integers(0, 127))
def test_a_damaged_npy_is_answered_without_a_server_error(
    kit: Kit, client: WorkerClient, body: bytes, at: int
) -> None:
    good = as_npy(kit.rows[:2])
    damaged = good[:at] + body + good[at + len(body) :]
    assert 200 <= client.predict(damaged, NPY).status < 500


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, b"\0" * 16])
def test_a_connection_that_speaks_no_frames_is_closed_and_others_go_on(
    loaded: Worker, client: WorkerClient, garbage: bytes
) -> None:
    with loaded.connect() as stranger:
        stranger.send_bytes(garbage)
        with pytest.raises(ConnectionError):
            stranger.read()
    assert client.ping() == 200


# life: ping, load, drain, cancel


def test_a_worker_without_model_answers_503_and_then_200(kit: Kit, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    kit.save(folder)
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as client:
        assert client.ping() == 503
        assert client.predict(as_json(kit.rows[0]), JSON).status == 503
        assert client.load(folder) == {"ok": True}
        assert client.ping() == 200
        assert "already" in client.load(folder)["reason"]


def test_loading_after_the_imports_is_quick(kit: Kit, model_dir: Path, tmp_path: Path) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as client:
        started = time.monotonic()
        assert client.load(model_dir) == {"ok": True}
        assert time.monotonic() - started < 0.5  # 2 ms on an idle machine


def test_a_drained_worker_leaves_once_its_other_askers_have(
    kit: Kit, model_dir: Path, tmp_path: Path
) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as agent:
        agent.load(model_dir)
        with worker.connect() as edge:
            assert edge.ping() == 200
            agent.send(frames.DRAIN)
            assert agent.ping() == 200
            assert edge.predict(as_json(kit.rows[0]), JSON).status == 200
            with pytest.raises(ConnectionRefusedError):
                worker.connect()
        assert worker.wait() == 0


def test_a_drained_worker_answers_what_it_has_taken(
    kit: Kit, model_dir: Path, tmp_path: Path
) -> None:
    with running_worker(tmp_path, kit.runtime) as worker, worker.connect() as agent:
        agent.load(model_dir)
        asked = [(frames.REQUEST, as_json(kit.rows[i]), {"content_type": JSON}) for i in range(50)]
        ids = agent.send_many([*asked, (frames.DRAIN, b"", {})])
        assert [agent.read().status for _ in ids[:-1]] == [200] * 50
        assert worker.wait() == 0


def test_a_cancelled_request_that_has_not_begun_is_not_run(scripted: Scripted) -> None:
    ran = scripted.model_dir / "ran"
    code = f"""
        import time
        def transform_fn(model, body, content_type, accept):
            with open({str(ran)!r}, "a") as file:
                file.write(body)
            time.sleep(0.3)
            return body
    """
    with scripted.serve(code) as client:
        first, second, third = client.send_many(
            [(frames.REQUEST, text, {}) for text in (b"a", b"b", b"c")]
        )
        client.send_bytes(frames.encode(frames.CANCEL, second))
        assert [client.read().request_id for _ in range(2)] == [first, third]
        assert ran.read_text() == "ac"


def test_requests_of_an_asker_who_left_are_not_run(scripted: Scripted) -> None:
    ran = scripted.model_dir / "ran"
    code = f"""
        import time
        def transform_fn(model, body, content_type, accept):
            with open({str(ran)!r}, "a") as file:
                file.write(body)
            time.sleep(0.3)
            return body
    """
    with scripted.serve(code) as client:
        gone = scripted.worker.connect()
        gone.send_many([(frames.REQUEST, text, {}) for text in (b"a", b"b", b"c")])
        gone.close()
        assert client.predict(b"d").body == b"d"
        assert client.predict(b"e").body == b"e"
        assert not {"b", "c"} & set(ran.read_text())  # "a" may have begun before its asker left


# scripts


FULL_SCRIPT = """
    import json, os, joblib
    from helper import scale

    def model_fn(model_dir):
        print("loading", os.environ["GREETING"])
        return joblib.load(os.path.join(model_dir, "model.joblib"))

    def input_fn(body, content_type):
        assert isinstance(body, str)
        return scale(json.loads(body)["rows"])

    def predict_fn(data, model, context):
        who = context.get_request_header(0, "X-Amzn-SageMaker-Custom-Attributes")
        context.set_response_header(0, "X-Amzn-SageMaker-Custom-Attributes", f"for {who}")
        return model.predict(data)

    def output_fn(prediction, accept):
        return json.dumps({"labels": prediction.tolist(), "accept": accept}), "application/x-mine"
"""


def test_a_script_has_its_handlers_its_helpers_and_its_environment(
    kit: Kit, scripted: Scripted
) -> None:
    (scripted.model_dir / "code" / "helper.py").write_text("def scale(rows):\n    return rows\n")
    with scripted.serve(FULL_SCRIPT, {"GREETING": "hello"}) as client:
        body = json.dumps({"rows": kit.rows[:5].tolist()}).encode()
        reply = client.predict(body, JSON, custom_attributes="me")
    assert reply.json() == {"labels": kit.predictions[:5].tolist(), "accept": JSON}
    assert reply.head == {"content-type": "application/x-mine", "custom-attributes": "for me"}
    assert "loading hello" in scripted.worker.log.read_text()


def test_a_script_with_only_model_fn_gets_the_default_handlers(
    kit: Kit, scripted: Scripted
) -> None:
    code = """
        import joblib
        def model_fn(model_dir):
            return joblib.load(model_dir + "/model.joblib")
    """
    with scripted.serve(code, {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": CSV}) as client:
        assert client.predict(as_csv(kit.rows[:1]), CSV, JSON).json() == [kit.predictions[0]]
        assert client.predict(as_json(kit.rows[:1]), JSON).head["content-type"] == CSV
        assert client.predict(b"<a/>", "application/xml").status == 415
        assert client.predict(as_json(kit.rows[:1]), JSON, "image/png").status == 406
        assert client.predict(b"[[1,2]]", JSON).status == 400


def test_sagemaker_program_may_lie_in_the_submit_directory(
    kit: Kit, scripted: Scripted, tmp_path: Path
) -> None:
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    (submitted / "train.py").write_text("def transform_fn(m, b, c, a):\n    return 'from train'\n")
    (scripted.model_dir / "code").rmdir()
    environment = {
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": str(submitted),
    }
    with scripted.worker.connect() as client:
        assert client.load(scripted.model_dir, environment) == {"ok": True}
        assert client.predict(b"1").body == b"from train"


FAILING_SCRIPT = """
    import sys

    class Teapot(Exception):
        status_code = 418

    def transform_fn(model, body, content_type, accept):
        if body == "exit":
            sys.exit(3)
        if body == "teapot":
            raise Teapot("short and stout")
        if body == "memory":
            bytearray(1 << 60)
        if body == "object":
            return object()
        raise RuntimeError("no " + body)
"""


def test_what_a_script_raises_becomes_its_answer_and_the_worker_lives(scripted: Scripted) -> None:
    with scripted.serve(FAILING_SCRIPT) as client:
        error = client.predict(b"luck")
        assert error.status == 500
        assert error.json()["error-message"] == "no luck"
        assert "inference.py" in error.json()["stack-trace"]
        assert client.predict(b"teapot").status == 418
        assert [client.predict(body).status for body in (b"exit", b"memory", b"object")] == [
            500
        ] * 3
        assert client.predict(b"\xff").status == 400
        assert client.ping() == 200
    assert "RuntimeError: no luck" in scripted.worker.log.read_text()


def test_a_handler_that_ends_the_process_ends_the_connection(scripted: Scripted) -> None:
    code = """
        import os
        def transform_fn(model, body, content_type, accept):
            os._exit(7)
    """
    with scripted.serve(code) as client:
        with pytest.raises(ConnectionError):
            client.predict(b"x")
        assert scripted.worker.wait() == 7


STREAMING_SCRIPT = """
    import time

    def transform_fn(model, body, content_type, accept):
        if body == "quick":
            return "quick"
        return pieces(body)

    def pieces(body):
        for index in range(1000 if body == "slow" else 3):
            if body == "breaks" and index == 2:
                raise RuntimeError("broke")
            if body == "fails":
                raise ValueError("failed")
            yield f"{body}-{index} "
            if body == "slow":
                time.sleep(0.01)
"""


def test_a_generator_streams_its_pieces_and_ends(scripted: Scripted) -> None:
    with scripted.serve(STREAMING_SCRIPT) as client:
        replies = list(client.stream(b"a", accept="text/plain"))
        assert [reply.kind for reply in replies] == [frames.PART] * 3 + [frames.END]
        assert b"".join(reply.body for reply in replies) == b"a-0 a-1 a-2 "
        assert replies[0].head == {"content-type": "text/plain"}
        assert replies[-1].status == 200

        joined = client.predict(b"b")
        assert (joined.kind, joined.body) == (frames.RESPONSE, b"b-0 b-1 b-2 ")

        broken = list(client.stream(b"breaks"))
        assert [reply.kind for reply in broken] == [frames.PART, frames.PART, frames.END]
        assert broken[-1].status == 500
        assert b"broke" in broken[-1].body

        failed = list(client.stream(b"fails"))
        assert [(reply.kind, reply.status) for reply in failed] == [(frames.RESPONSE, 500)]
        assert client.predict(b"fails").status == 500


def test_a_stream_lets_others_in_between_two_pieces_and_can_be_cancelled(
    scripted: Scripted,
) -> None:
    with scripted.serve(STREAMING_SCRIPT) as client:
        slow, quick = client.send_many(
            [(frames.STREAM, b"slow", {}), (frames.REQUEST, b"quick", {})]
        )
        order = [client.read() for _ in range(3)]
        assert [reply.request_id for reply in order] == [slow, quick, slow]
        client.send_bytes(frames.encode(frames.CANCEL, slow))
        ping = client.send(frames.PING)
        while client.read().request_id != ping:
            pass
        assert [client.predict(b"quick").body for _ in range(3)] == [b"quick"] * 3


# loads that fail


def failed_load(empty: Worker, folder: Path, environment: dict[str, str] | None = None) -> str:
    with empty.connect() as client:
        answer = client.load(folder, environment)
        assert answer["ok"] is False
        assert client.ping() == 503
        return str(answer["reason"])


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def model_fn(model_dir:\n    pass\n", "inference.py has a syntax error in line 1"),
        ("import absent_module\n", "'absent_module'"),
        ("import sys\nsys.exit(4)\n", "sys.exit(4)"),
        (
            "def model_fn(d):\n    raise KeyError('lost')\n",
            "'lost' (inference.py, line 2, in model_fn)",
        ),
        ("def model_fn():\n    pass\n", "model_fn of the script takes 0 parameters"),
        (
            "def transform_fn(a, b, c, d):\n    pass\ndef input_fn(a, b):\n    pass\n",
            "transform_fn together with input_fn",
        ),
        ("x = 1\n", "no model_fn"),
    ],
)
def test_a_script_that_cannot_serve_fails_to_load_with_one_sentence(
    empty: Worker, tmp_path: Path, code: str, says: str
) -> None:
    folder = tmp_path / "model" / "code"
    folder.mkdir(parents=True)
    (folder / "inference.py").write_text(code)
    reason = failed_load(empty, folder.parent)
    assert says in reason
    assert "\n" not in reason
    assert "Traceback" in empty.log.read_text()


def test_a_program_that_is_nowhere_is_named(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path, {"SAGEMAKER_PROGRAM": "serve.py"})
    assert "SAGEMAKER_PROGRAM names serve.py" in reason
    with empty.connect() as client:
        client.load(tmp_path, {"SAGEMAKER_PROGRAM": ""})  # the worker is shared: leave no trace


def test_an_empty_archive_says_what_was_expected(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path)
    assert "no model file" in reason
    assert "nothing" in reason


def test_a_damaged_order_is_answered(empty: Worker) -> None:
    with empty.connect() as client:
        assert client.ask(frames.LOAD, b"{").json()["ok"] is False


def test_a_model_that_ends_the_process_while_loading_ends_the_worker(scripted: Scripted) -> None:
    with pytest.raises(ConnectionError):
        scripted.load("import os\nos._exit(9)\n")
    assert scripted.worker.wait() == 9


# scikit-learn in particular


class ExitsWhenUnpickled:
    def __reduce__(self) -> Any:
        return (exit, (5,))


def test_a_pickle_that_exits_fails_to_load(empty: Worker, tmp_path: Path) -> None:
    joblib.dump(ExitsWhenUnpickled(), tmp_path / "model.joblib")
    assert "sys.exit(5)" in failed_load(empty, tmp_path)


def test_several_model_files_are_listed(empty: Worker, tmp_path: Path) -> None:
    for name in ("a.pkl", "b.joblib"):
        joblib.dump(LinearRegression(), tmp_path / name)
    assert "several model files (a.pkl, b.joblib)" in failed_load(empty, tmp_path)


def test_a_pickle_of_an_absent_module_names_it(empty: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cabsent_module\nModel\n.")
    assert "needs the Python module 'absent_module'" in failed_load(empty, tmp_path)


def test_a_pickle_of_an_absent_class_says_where_to_put_it(empty: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"c__main__\nNotebookModel\n.")
    reason = failed_load(empty, tmp_path)
    assert "NotebookModel" in reason
    assert "code/" in reason


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"\x80\x05\x95\xff"])
def test_a_damaged_pickle_says_so(empty: Worker, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(content)
    assert "model.pkl could not be read as a model" in failed_load(empty, tmp_path)


def test_something_that_cannot_predict_is_named(empty: Worker, tmp_path: Path) -> None:
    joblib.dump({"weights": [1]}, tmp_path / "model.joblib")
    assert "holds a dict, which has no predict method" in failed_load(empty, tmp_path)
