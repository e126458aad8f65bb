"""A worker predicts what the model predicts, for many at once and in every format."""

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from argosy.runtimes import frames
from argosy.runtimes.media import PARQUET
from tests.contracts.runtimes.kits import (
    CSV,
    JSON,
    LIBSVM,
    NPY,
    Kit,
    as_csv,
    as_json,
    as_libsvm,
    as_npy,
)
from tests.support.worker_client import Reply, Worker, WorkerClient

BOTH_JSON = {"content_type": JSON, "accept": JSON}


@pytest.mark.parametrize("write", [as_json, as_csv, as_npy])
@pytest.mark.parametrize("accept", [JSON, CSV, NPY])
def test_predictions_equal_those_of_the_model_in_this_process(
    kit: Kit, client: WorkerClient, write: Callable[[Any], bytes], accept: str
) -> None:
    content_type = {as_json: JSON, as_csv: CSV, as_npy: NPY}[write]
    reply = client.predict(write(kit.rows), content_type, accept)
    assert (reply.status, reply.head["content-type"]) == (200, accept)
    expected = kit.predictions.tolist()
    assert read(reply) == (kit.json(expected) if accept == JSON else expected)


def test_parquet_is_answered_by_parquet(kit: Kit, client: WorkerClient) -> None:
    stream = io.BytesIO()
    pq.write_table(pa.table({f"f{at}": column for at, column in enumerate(kit.rows.T)}), stream)
    reply = client.predict(stream.getvalue(), PARQUET, PARQUET)
    assert (reply.status, reply.head["content-type"]) == (200, PARQUET)
    table = pq.read_table(io.BytesIO(reply.body))
    assert table.column_names == ["prediction"]
    assert table["prediction"].to_pylist() == kit.predictions.tolist()


def read(reply: Reply) -> Any:
    if reply.head["content-type"] == CSV:
        return [float(line) for line in reply.body.decode().splitlines()]
    if reply.head["content-type"] == NPY:
        return np.load(io.BytesIO(reply.body)).tolist()
    return reply.json()


def test_a_body_without_content_type_has_the_default_one_and_so_has_the_answer(
    kit: Kit, client: WorkerClient
) -> None:
    write = {JSON: as_json, LIBSVM: as_libsvm}[kit.reads]
    reply = client.predict(write(kit.rows[:3]))
    assert reply.head["content-type"] == kit.answers_in
    assert read(reply) == kit.predictions[:3].tolist()


def test_instances_are_answered_by_predictions_and_inputs_by_a_list(
    kit: Kit, client: WorkerClient
) -> None:
    rows, expected = kit.rows[:2].tolist(), kit.predictions[:2].tolist()
    instances = client.predict(json.dumps({"instances": rows}).encode(), JSON, JSON)
    inputs = client.predict(json.dumps({"inputs": rows}).encode(), JSON, JSON)
    assert instances.json() == kit.json(expected, wrapped=True)
    assert inputs.json() == kit.json(expected)


def test_one_row_needs_no_outer_list(kit: Kit, client: WorkerClient) -> None:
    reply = client.predict(as_json(kit.rows[60]), JSON, JSON)
    assert reply.json() == kit.json([kit.predictions[60]])


def test_the_first_acceptable_type_is_answered(kit: Kit, client: WorkerClient) -> None:
    reply = client.predict(as_json(kit.rows[:1]), JSON, "image/png, text/csv;q=0.8, */*")
    assert reply.head["content-type"] == CSV


def test_requests_that_wait_together_each_get_their_own_rows(
    kit: Kit, client: WorkerClient
) -> None:
    counts = [1 + index % 4 for index in range(120)]
    asked = [
        (frames.REQUEST, as_json(kit.rows[index : index + counts[index]]), BOTH_JSON)
        for index in range(120)
    ]
    ids = client.send_many(asked)
    replies = {reply.request_id: reply.json() for reply in (client.read() for _ in ids)}
    for index, request_id in enumerate(ids):
        expected = kit.predictions[index : index + counts[index]].tolist()
        assert replies[request_id] == kit.json(expected)


def test_forms_that_wait_together_are_each_answered_in_their_own(
    kit: Kit, client: WorkerClient
) -> None:
    asked = []
    for index in range(30):
        row = kit.rows[index : index + 1]
        asked.append((frames.REQUEST, as_json(row), BOTH_JSON))
        asked.append((frames.REQUEST, as_csv(row), {"content_type": CSV, "accept": CSV}))
        wrapped = json.dumps({"instances": row.tolist()}).encode()
        asked.append((frames.REQUEST, wrapped, BOTH_JSON))
    ids = client.send_many(asked)
    replies = {reply.request_id: reply.body for reply in (client.read() for _ in ids)}
    for index in range(30):
        one = kit.predictions[index : index + 1].tolist()
        whole, line, wrapped = (replies[each] for each in ids[3 * index : 3 * index + 3])
        assert json.loads(whole) == kit.json(one)
        assert line.decode() == f"{one[0]}\n"
        assert json.loads(wrapped) == kit.json(one, wrapped=True)


def test_a_bad_request_in_a_batch_hurts_no_other(kit: Kit, client: WorkerClient) -> None:
    bad = [
        b"[[1,2],[3",
        b"",
        b"[[1,2]]",
        b"[[1,2,3,4]],[[5,6,7,8]]",
        b'[["a",2,3,4]]',
        b"[[1,2,3,4]",
        b"]",
    ]
    asked = []
    for index, body in enumerate(bad):
        asked.append((frames.REQUEST, as_json(kit.rows[index * 20]), BOTH_JSON))
        asked.append((frames.REQUEST, body, BOTH_JSON))
    ids = client.send_many(asked)
    replies = {reply.request_id: reply for reply in (client.read() for _ in ids)}
    for index in range(len(bad)):
        assert replies[ids[2 * index]].json() == kit.json([kit.predictions[index * 20]])
        status = replies[ids[2 * index + 1]].status
        assert status in (400, kit.unreadable, kit.empty)


def test_many_connections_at_once_get_their_own_answers(kit: Kit, loaded: Worker) -> None:
    wrong: list[int] = []

    def ask(first: int) -> None:
        with loaded.connect() as client:
            for index in range(first, len(kit.rows), 8):
                answer = client.predict(as_csv(kit.rows[index : index + 1]), CSV, JSON).json()
                if answer != kit.json([kit.predictions[index]]):
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
