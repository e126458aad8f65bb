"""A user's own handlers, what they raise and what they stream."""

import json
from pathlib import Path
from textwrap import dedent

import pytest

from argosy.runtimes import frames
from tests.contracts.runtimes.kits import CSV, JSON, Kit, Scripted, as_csv, as_json
from tests.support.worker_client import running_worker

FULL_SCRIPT = """
    import json, os
    from helper import scale

    print("loading", os.environ["GREETING"])

    def input_fn(body, content_type):
        assert isinstance(body, str)
        return scale(json.loads(body)["rows"])

    def predict_fn(data, model, context):
        who = context.get_request_header(0, "X-Amzn-SageMaker-Custom-Attributes")
        context.set_response_header(0, "X-Amzn-SageMaker-Custom-Attributes", f"for {who}")
        return PREDICTION

    def output_fn(prediction, accept):
        return json.dumps({"labels": prediction.tolist(), "accept": accept}), "application/x-mine"
"""


def test_a_script_has_its_handlers_its_helpers_and_its_environment(
    kit: Kit, scripted: Scripted
) -> None:
    (scripted.model_dir / "code" / "helper.py").write_text("def scale(rows):\n    return rows\n")
    code = dedent(kit.model_fn) + dedent(FULL_SCRIPT.replace("PREDICTION", kit.predict))
    with scripted.serve(code, {"GREETING": "hello"}) as client:
        body = json.dumps({"rows": kit.rows[:5].tolist()}).encode()
        reply = client.predict(body, JSON, custom_attributes="me")
    assert reply.json() == {"labels": kit.predictions[:5].tolist(), "accept": JSON}
    assert reply.head == {"content-type": "application/x-mine", "custom-attributes": "for me"}
    assert "loading hello" in scripted.worker.log.read_text()


def test_a_script_with_only_model_fn_gets_the_default_handlers(
    kit: Kit, scripted: Scripted
) -> None:
    with scripted.serve(kit.model_fn, {"SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT": CSV}) as client:
        assert client.predict(as_csv(kit.rows[:1]), CSV, JSON).json() == [kit.predictions[0]]
        assert client.predict(as_json(kit.rows[:1]), JSON).head["content-type"] == CSV
        assert client.predict(b"<a/>", "application/xml").status == 415
        assert client.predict(as_json(kit.rows[:1]), JSON, "image/png").status == 406
        assert client.predict(b"[[1,2]]", JSON).status == 400


def test_sagemaker_program_may_lie_in_the_submit_directory(
    script: Scripted, tmp_path: Path
) -> None:
    submitted = tmp_path / "submitted"
    submitted.mkdir()
    (submitted / "train.py").write_text("def transform_fn(m, b, c, a):\n    return 'from train'\n")
    (script.model_dir / "code").rmdir()
    environment = {
        "SAGEMAKER_PROGRAM": "train.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": str(submitted),
    }
    with script.worker.connect() as client:
        assert client.load(script.model_dir, environment) == {"ok": True}
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


def test_what_a_script_raises_becomes_its_answer_and_the_worker_lives(script: Scripted) -> None:
    with script.serve(FAILING_SCRIPT) as client:
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
    assert "RuntimeError: no luck" in script.worker.log.read_text()


def test_a_handler_that_ends_the_process_ends_the_connection(script: Scripted) -> None:
    code = """
        import os
        def transform_fn(model, body, content_type, accept):
            os._exit(7)
    """
    with script.serve(code) as client:
        with pytest.raises(ConnectionError):
            client.predict(b"x")
        assert script.worker.wait() == 7


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


def test_a_generator_streams_its_pieces_and_ends(script: Scripted) -> None:
    with script.serve(STREAMING_SCRIPT) as client:
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
    script: Scripted,
) -> None:
    with script.serve(STREAMING_SCRIPT) as client:
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


THREADS_SCRIPT = """
    import threadpoolctl
    def transform_fn(model, body, content_type, accept):
        return [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
"""


def test_a_model_has_one_thread_unless_its_environment_says_otherwise(
    scripted: Scripted, kit: Kit, tmp_path: Path
) -> None:
    with scripted.serve(THREADS_SCRIPT) as client:
        assert set(client.predict(b"x").json()) == {1}
    (tmp_path / "other").mkdir()
    with running_worker(tmp_path / "other", kit.runtime) as worker, worker.connect() as client:
        assert client.load(scripted.model_dir, {"OMP_NUM_THREADS": "2"}) == {"ok": True}
        assert set(client.predict(b"x").json()) == {2}
