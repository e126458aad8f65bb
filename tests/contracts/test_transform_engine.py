"""The engine of batch transform: each record once and in order, whatever way it is split."""

import gzip
import hashlib
import io
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from argosy.runtimes import recordio
from tests.support.tiny_store import TinyStore, tiny_store
from tests.support.transform import Book, RowModel, each_line, row_model
from tests.support.transform_engine import engine, job_of, outputs, put_objects


@pytest.fixture
def store() -> Iterator[TinyStore]:
    with tiny_store() as running:
        yield running


@pytest.fixture
def model(tmp_path: Path) -> Iterator[RowModel]:
    with row_model(tmp_path / "m.sock", each_line(lambda line: b"<" + line + b">")) as running:
        yield running


def transform(
    job: dict[str, Any],
    store: TinyStore,
    model: RowModel,
    contents: list[bytes],
    *,
    shared: bool = False,
    runs: int = 1,
) -> Book:
    """Do a job; the book of it."""
    book = Book(put_objects(store, contents, shared=shared), runs)
    with engine(job, store, (model.address,), book):
        book.wait()
    return book


def rows(count: int, width: int = 10) -> bytes:
    return b"".join(b"%0*d\n" % (width, number) for number in range(count))


def marked(content: bytes) -> bytes:
    return b"".join(b"<" + line + b">\n" for line in content.splitlines())


def test_small_objects_are_transformed_whole(store: TinyStore, model: RowModel) -> None:
    contents = [rows(number) for number in range(1, 40)] + [b"", b"no newline"]
    book = transform(job_of(), store, model, contents)
    assert not book.failed
    assert outputs(store, len(contents)) == [marked(content) for content in contents]
    assert store.left == 0
    assert book.records == sum(content.count(b"\n") for content in contents) + 1


def test_a_large_object_becomes_pieces_and_then_one_object(
    store: TinyStore, model: RowModel
) -> None:
    content = rows(150_000, 200)
    book = transform(job_of(MaxPayloadInMB=1), store, model, [content])
    assert not book.failed
    assert len(book.pieces[0]) >= 3
    assert outputs(store, 1) == [marked(content)]
    assert store.left == 0
    assert book.records == 150_000


def test_a_shared_object_is_done_by_several_engines(store: TinyStore, model: RowModel) -> None:
    content = rows(200_000, 200) + b"the last one"
    book = Book(put_objects(store, [content], shared=True), runs=5)
    job = job_of(MaxPayloadInMB=1)
    with (
        engine(job, store, (model.address,), book, "one"),
        engine(job, store, (model.address,), book, "two"),
    ):
        book.wait()
    assert not book.failed
    assert outputs(store, 1) == [marked(content)]
    assert store.left == 0


def test_single_records_go_one_by_one_in_order(store: TinyStore, model: RowModel) -> None:
    content = rows(300)
    job = job_of(BatchStrategy="SingleRecord", MaxConcurrentTransforms=8)
    book = transform(job, store, model, [content])
    assert outputs(store, 1) == [marked(content)]
    assert sorted(model.requests) == sorted(content.splitlines())
    assert model.most_open <= 8
    assert book.records == 300


def test_no_more_is_asked_at_once_than_the_job_allows(store: TinyStore, model: RowModel) -> None:
    well = model.answering
    together = threading.Barrier(3)

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        together.wait(60)
        return well(head, body)

    model.answering = answering
    contents = [b"%d\n" % number for number in range(30)]
    transform(job_of(MaxConcurrentTransforms=3), store, model, contents)
    assert outputs(store, 30) == [marked(content) for content in contents]
    assert model.most_open == 3


@pytest.mark.parametrize("assemble", ["None", "Line"])
def test_answers_are_joined_as_the_job_asks(
    store: TinyStore, model: RowModel, assemble: str
) -> None:
    model.answering = lambda head, body: (200, b"{" + body + b"}")
    job = job_of(BatchStrategy="SingleRecord", assemble=assemble)
    transform(job, store, model, [b"1\n2\n3"])
    assert outputs(store, 1) == [b"{1}{2}{3}" if assemble == "None" else b"{1}\n{2}\n{3}\n"]


def test_what_the_container_says_holds_where_the_job_says_nothing(
    store: TinyStore, model: RowModel
) -> None:
    said = {"MaxConcurrentTransforms": 3, "MaxPayloadInMB": 2, "BatchStrategy": "SINGLE_RECORD"}
    model.parameters = (200, json.dumps(said).encode())
    book = transform(job_of(MaxPayloadInMB=1), store, model, [b"1\n2\n"])
    assert book.ready == {
        "MaxConcurrentTransforms": 3,
        "MaxPayloadInMB": 1,
        "BatchStrategy": "SingleRecord",
    }
    assert sorted(model.requests) == [b"1", b"2"]


def test_without_a_word_of_anybody_the_defaults_hold(store: TinyStore, model: RowModel) -> None:
    book = transform(job_of(), store, model, [b"1\n2\n"])
    assert book.ready == {
        "MaxConcurrentTransforms": 1,
        "MaxPayloadInMB": 6,
        "BatchStrategy": "MultiRecord",
    }


def test_whole_objects_are_one_request_each(store: TinyStore, model: RowModel) -> None:
    model.answering = lambda head, body: (200, b"%d" % len(body))
    contents = [bytes(size) for size in (1, 10, 1 << 20)]
    job = job_of(split="None", content_type="image/png", accept="", assemble="None")
    model.content_type = "text/plain"
    transform(job, store, model, contents)
    assert outputs(store, 3) == [b"1", b"10", b"1048576"]
    assert store.types["out/0.csv.out"] == "text/plain"


def test_an_unbounded_payload_is_sent_without_being_held(store: TinyStore, model: RowModel) -> None:
    model.answering = lambda head, body: (200, hashlib.sha256(body).hexdigest().encode())
    content = os.urandom(9 << 20)
    job = job_of(split="None", MaxPayloadInMB=0)
    packed = job_of(split="None", MaxPayloadInMB=0, compression="Gzip")
    transform(job, store, model, [content])
    [plain] = outputs(store, 1)
    transform(packed, store, model, [gzip.compress(content, 1)])
    assert outputs(store, 1) == [plain] == [hashlib.sha256(content).hexdigest().encode() + b"\n"]


def test_gzip_objects_are_split_by_what_they_hold(store: TinyStore, model: RowModel) -> None:
    content = rows(70_000, 200)
    members = gzip.compress(content[: len(content) // 2], 1) + gzip.compress(
        content[len(content) // 2 :], 1
    )
    book = transform(job_of(MaxPayloadInMB=1, compression="Gzip"), store, model, [members])
    assert outputs(store, 1) == [marked(content)]
    assert len(book.pieces[0]) >= 2


@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_recordio_keeps_its_frames_only_in_company(
    store: TinyStore, model: RowModel, strategy: str
) -> None:
    content = recordio.write(np.arange(40.0).reshape(10, 4))
    model.answering = lambda head, body: (200, body)
    job = job_of(
        split="RecordIO",
        content_type="application/x-recordio-protobuf",
        accept="application/x-recordio-protobuf",
        assemble="None",
        BatchStrategy=strategy,
    )
    transform(job, store, model, [content])
    if strategy == "MultiRecord":
        assert (outputs(store, 1), model.requests) == ([content], [content])
    else:
        assert len(model.requests) == 10
        assert all(request in content for request in model.requests)
        assert len(outputs(store, 1)[0]) == len(content) - 10 * 8 - 10 * (
            -len(model.requests[0]) % 4
        )


def test_filters_and_joins_hold_in_all_of_a_large_object(store: TinyStore, model: RowModel) -> None:
    content = b"".join(
        b"%d,%d,%d\n" % (number, number + 1, number % 7) for number in range(200_000)
    )
    rules = {"InputFilter": "$[1:]", "JoinSource": "Input", "OutputFilter": "$[0,-1]"}
    model.answering = each_line(lambda line: b"%d" % sum(map(int, line.split(b","))))
    job = job_of(DataProcessing=rules, MaxPayloadInMB=1, MaxConcurrentTransforms=4)
    book = transform(job, store, model, [content])
    expected = [b"%d,%d" % (number, number + 1 + number % 7) for number in range(200_000)]
    assert outputs(store, 1)[0].splitlines() == expected
    assert book.records == 200_000


def test_inference_ids_are_of_one_time_and_all_different(store: TinyStore, model: RowModel) -> None:
    job = job_of(DataCaptureConfig={"GenerateInferenceId": True}, created=1_790_000_000.5)
    transform(job, store, model, [rows(50), rows(50)])
    cells = [line.split(b",") for one in outputs(store, 2) for line in one.splitlines()]
    assert len({inference_id for _, inference_id, _ in cells}) == 100
    assert {time for _, _, time in cells} == {b"2026-09-21T14:13:20Z"}


def test_requests_pass_through_all_containers(
    store: TinyStore, model: RowModel, tmp_path: Path
) -> None:
    seen = []

    def second(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        seen.append(head)
        return 200, body.replace(b"<", b"[").replace(b">", b"]")

    model.content_type = "text/between"
    book = Book(put_objects(store, [b"1\n2\n"]))
    with (
        row_model(tmp_path / "n.sock", second) as other,
        engine(job_of(), store, (model.address, other.address), book),
    ):
        book.wait()
    assert outputs(store, 1) == [b"[1]\n[2]\n"]
    assert seen == [{"content-type": "text/between", "accept": "text/csv"}]


def parquet_of(*groups: list[float], name: str = "x") -> bytes:
    sink = io.BytesIO()
    with pq.ParquetWriter(sink, pa.schema([(name, pa.float64())])) as writer:
        for group in groups:
            writer.write_table(pa.table({name: group}))
    return sink.getvalue()


def doubled(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
    table = pq.read_table(io.BytesIO(body))
    return 200, parquet_of([2 * value for value in table.column("x").to_pylist()], name="y")


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("strategy", ["SingleRecord", "MultiRecord"])
def test_parquet_comes_and_goes_by_row_groups(
    store: TinyStore, model: RowModel, shared: bool, strategy: str
) -> None:
    parquet = "application/x-parquet"
    groups = [[float(10 * group + row) for row in range(10)] for group in range(7)]
    model.answering, model.content_type = doubled, parquet
    job = job_of(content_type=parquet, accept=parquet, BatchStrategy=strategy)
    book = transform(job, store, model, [parquet_of(*groups)], shared=shared, runs=3)
    assert not book.failed
    found = pq.read_table(io.BytesIO(outputs(store, 1)[0]))
    assert found.column("y").to_pylist() == [2 * value for group in groups for value in group]
    assert book.records == 70
    assert len(model.requests) == (70 if strategy == "SingleRecord" else 7)


def test_parquet_may_be_answered_in_text(store: TinyStore, model: RowModel) -> None:
    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        values = pq.read_table(io.BytesIO(body)).column("x").to_pylist()
        return 200, b"".join(b"%d\n" % value for value in values)

    model.answering = answering
    groups = [[float(number)] * 3 for number in range(4)]
    job = job_of(content_type="application/x-parquet")
    transform(job, store, model, [parquet_of(*groups)], shared=True, runs=2)
    assert outputs(store, 1) == [b"".join(b"%d\n" % value for one in groups for value in one)]


def test_a_row_group_larger_than_a_payload_goes_in_several(
    store: TinyStore, model: RowModel
) -> None:
    values = [float(number) for number in range(400_000)]
    parquet = "application/x-parquet"
    model.answering, model.content_type = doubled, parquet
    job = job_of(content_type=parquet, accept=parquet, MaxPayloadInMB=1)
    transform(job, store, model, [parquet_of(values)])
    assert max(map(len, model.requests)) <= 1 << 20
    found = pq.read_table(io.BytesIO(outputs(store, 1)[0]))
    assert found.column("y").to_pylist() == [2 * value for value in values]
