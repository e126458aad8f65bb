"""Objects that cannot be transformed: the error names the records, and nothing is written."""

import gzip
import json
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.tiny_store import TinyStore, tiny_store
from tests.support.transform import Book, RowModel, each_line, row_model
from tests.support.transform_engine import engine, job_of, outputs, put_objects

MAGIC = struct.pack("<I", 0xCED7230A)


@pytest.fixture
def store() -> Iterator[TinyStore]:
    with tiny_store() as running:
        yield running


@pytest.fixture
def model(tmp_path: Path) -> Iterator[RowModel]:
    with row_model(tmp_path / "m.sock", each_line(lambda line: b"1")) as running:
        yield running


def fail(
    job: dict[str, Any], store: TinyStore, model: RowModel, content: bytes
) -> tuple[dict[str, Any], list[str]]:
    """What is reported of an object that cannot be done, and what is logged."""
    book = Book(put_objects(store, [content]))
    with engine(job, store, (model.address,), book) as (_, _, log):
        book.wait()
    assert outputs(store, 1) == [b"MISSING"]
    [failed] = book.failed
    return failed, log.lines


def refusing(bad: bytes, status: int, text: bytes) -> Any:
    """A model that fails where a body holds `bad`."""
    well = each_line(lambda line: b"1")

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return (status, text) if bad in body else well(head, body)

    return answering


def test_a_models_refusal_names_the_records_and_its_own_words(
    store: TinyStore, model: RowModel
) -> None:
    text = json.dumps({"error": "ValueError", "error-message": "could not read 'oops'"}).encode()
    model.answering = refusing(b"oops", 400, text)
    content = b"1,2\n" * 600_000 + b"oops\n" + b"3,4\n" * 10
    failed, lines = fail(job_of(MaxPayloadInMB=1), store, model, content)
    assert failed["reason"] == "ClientError: 400: could not read 'oops'"
    assert failed["final"]
    assert failed["from_record"] <= 600_001 <= failed["to_record"]
    assert failed["from_record"] > 300_000
    assert content[failed["from"] : failed["to"]].count(b"oops") == 1
    assert lines[-3:] == [
        "in/0.csv: ClientError: 400",
        "in/0.csv: Message:",
        "in/0.csv: 400: could not read 'oops'",
    ]
    assert sum(b"oops" in body for body in model.requests) == 1


def test_with_single_records_the_one_that_fails_is_named(store: TinyStore, model: RowModel) -> None:
    model.answering = refusing(b"oops", 422, b"no")
    job = job_of(BatchStrategy="SingleRecord")
    failed, _ = fail(job, store, model, b"1\n2\n\noops\n4\n")
    assert (failed["from_record"], failed["to_record"]) == (3, 3)
    assert failed["reason"] == "ClientError: 422: no"


def test_server_errors_are_tried_again_as_often_as_the_job_says(
    store: TinyStore, model: RowModel
) -> None:
    model.answering = lambda head, body: (503, b"busy")
    job = job_of(ModelClientConfig={"InvocationsMaxRetries": 2, "InvocationsTimeoutInSeconds": 9})
    failed, _ = fail(job, store, model, b"1\n")
    assert failed["reason"] == "AlgorithmError: 503: busy"
    assert len(model.requests) == 3


def test_a_server_error_that_passes_is_not_noticed(store: TinyStore, model: RowModel) -> None:
    left = [503, 500]
    well = each_line(lambda line: b"1")
    model.answering = lambda head, body: (left.pop(), b"") if left else well(head, body)
    book = Book(put_objects(store, [b"1\n2\n"]))
    with engine(job_of(), store, (model.address,), book):
        book.wait()
    assert outputs(store, 1) == [b"1\n1\n"]


def test_an_answer_that_never_comes_is_given_up(store: TinyStore, model: RowModel) -> None:
    over = threading.Event()
    model.answering = lambda head, body: (200, b"") if over.wait(60) else (500, b"")
    client = {"InvocationsMaxRetries": 0, "InvocationsTimeoutInSeconds": 1}
    failed, _ = fail(job_of(ModelClientConfig=client), store, model, b"1\n")
    over.set()
    assert failed["reason"] == "AlgorithmError: the model did not answer within 1 seconds"


@pytest.mark.parametrize(
    ("job", "content", "reason", "record"),
    [
        (
            job_of(MaxPayloadInMB=1),
            b"short\n" + b"x" * (1 << 20) + b"\nshort\n",
            "ClientError: one record is longer than MaxPayloadInMB (1 MB); raise MaxPayloadInMB or "
            "check SplitType",
            2,
        ),
        (
            job_of(split="None", MaxPayloadInMB=1),
            b"x" * (2 << 20),
            "ClientError: the object is larger than MaxPayloadInMB (1 MB) and SplitType is None; "
            "raise MaxPayloadInMB or split it",
            1,
        ),
        (
            job_of(split="RecordIO"),
            MAGIC + struct.pack("<I", 4) + b"good" + b"this is no record",
            "ClientError: the content is not RecordIO: a record begins with 0x73696874 instead of "
            "the magic number 0xced7230a; check SplitType and CompressionType",
            2,
        ),
        (
            job_of(split="TFRecord"),
            b"1,2,3\n" * 9,
            "ClientError: the content is not TFRecord: the checksum of a record's length is wrong; "
            "check SplitType and CompressionType",
            1,
        ),
        (
            job_of(compression="Gzip"),
            b"1,2,3\n" * 9,
            "ClientError: the object cannot be decompressed as Gzip (Error -3 while decompressing "
            "data: incorrect header check); check CompressionType",
            None,
        ),
        (
            job_of(compression="Gzip"),
            gzip.compress(b"1,2,3\n" * 99_999)[:-20],
            "ClientError: the object ends in the middle of its Gzip data; upload it again",
            None,
        ),
        (
            job_of(DataProcessing={"InputFilter": "$[1:]"}),
            b"1,2,3\n1,2,3\n1\n1,2,3\n",
            "ClientError: InputFilter: the JSONPath $[1:] matches nothing in a row of 1 cells",
            3,
        ),
        (
            job_of(
                content_type="application/jsonlines",
                accept="application/jsonlines",
                DataProcessing={"InputFilter": "$.features"},
            ),
            b'{"features": 1}\n{"features": 1\n',
            "ClientError: the record '{\"features\": 1' is not JSON (Expecting ',' delimiter: "
            "line 1 column 15 (char 14))",
            2,
        ),
        (
            job_of(
                content_type="application/jsonlines",
                accept="application/jsonlines",
                DataProcessing={"JoinSource": "Input", "OutputFilter": "$.nothing"},
            ),
            b'{"a": 1}\n',
            "ClientError: OutputFilter: the JSONPath $.nothing matches nothing in "
            '{"a": 1, "SageMakerOutput": 1}',
            1,
        ),
        (
            job_of(
                content_type="application/x-parquet",
                accept="application/x-parquet",
            ),
            b"this is no parquet at all",
            "ClientError: the object is not a Parquet file that can be read: Parquet magic bytes "
            "not found in footer. Either the file is corrupted or this is not a parquet file.",
            None,
        ),
    ],
)
def test_what_is_wrong_with_an_object_is_said(
    store: TinyStore,
    model: RowModel,
    job: dict[str, Any],
    content: bytes,
    reason: str,
    record: int | None,
) -> None:
    model.content_type = job["TransformOutput"]["Accept"]
    failed, _ = fail(job, store, model, content)
    assert (failed["reason"], failed["final"]) == (reason, True)
    assert failed.get("from_record") == failed.get("to_record") == record


def test_a_wrong_number_of_answers_is_said(store: TinyStore, model: RowModel) -> None:
    model.answering = lambda head, body: (200, b"1\n")
    job = job_of(DataProcessing={"JoinSource": "Input"})
    failed, _ = fail(job, store, model, b"1,2\n3,4\n5,6\n")
    assert failed["reason"] == (
        "AlgorithmError: the model answered 1 lines to 3 records; DataProcessing needs one line "
        "for each record"
    )
    assert (failed["from_record"], failed["to_record"]) == (1, 3)


def test_an_object_that_changed_is_said_to_have(store: TinyStore, model: RowModel) -> None:
    objects = put_objects(store, [b"1\n2\n"])
    store.put("in/0.csv", b"3\n4\n5\n")
    book = Book(objects)
    with engine(job_of(), store, (model.address,), book):
        book.wait()
    assert book.failed[0]["reason"] == (
        "ClientError: The object s3://in/0.csv was changed while it was being read."
    )
    assert book.failed[0]["final"]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("in", "ClientError: There is no object s3://in/0.csv."),
        ("out", "ClientError: The bucket out does not exist."),
    ],
)
def test_what_is_missing_is_named(
    store: TinyStore, model: RowModel, missing: str, reason: str
) -> None:
    objects = put_objects(store, [b"1\n2\n"])
    if missing == "in":
        store.objects.clear()
    else:
        store.buckets.remove("out")
    book = Book(objects)
    with engine(job_of(), store, (model.address,), book):
        book.wait()
    assert (book.failed[0]["reason"], book.failed[0]["final"]) == (reason, True)


def test_an_object_that_vanishes_is_not_half_transformed(store: TinyStore, model: RowModel) -> None:
    well = each_line(lambda line: b"1")

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        store.objects.pop("in/0.csv", None)
        return well(head, body)

    model.answering = answering
    store.cuts = [3 << 20]
    failed, _ = fail(job_of(MaxPayloadInMB=1), store, model, b"1,2,3,4\n" * 1_000_000)
    assert failed["reason"] == "ClientError: There is no object s3://in/0.csv."


def test_what_no_instance_can_do_fails_the_job(store: TinyStore, model: RowModel) -> None:
    book = Book(put_objects(store, [b"1\n"]))
    job = job_of(content_type="image/png", DataProcessing={"JoinSource": "Input"})
    with engine(job, store, (model.address,), book):
        book.wait()
    assert book.failed[0]["task"] is None
    assert "not on image/png" in book.failed[0]["reason"]


def test_what_was_taken_back_is_written_nowhere(store: TinyStore, model: RowModel) -> None:
    begun, over = threading.Event(), threading.Event()

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        begun.set()
        over.wait(60)
        return 200, b"1\n"

    model.answering = answering
    book = Book(put_objects(store, [b"1\n", b"2\n", b"3\n"]))
    with engine(job_of(), store, (model.address,), book) as (made, link, _):
        assert begun.wait(60)
        made.told({"tasks": [{"task": "abandon"}]})
        assert made.holding() == []
        over.set()
    assert outputs(store, 3) == [b"MISSING"] * 3
    assert not [message for message in link.messages if "finished" in message]


def test_one_object_that_was_taken_back_leaves_the_others_alone(
    store: TinyStore, model: RowModel
) -> None:
    begun, over = threading.Event(), threading.Event()
    well = each_line(lambda line: b"1")

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if body == b"slow\n":
            begun.set()
            over.wait(60)
        return well(head, body)

    model.answering = answering
    book = Book(put_objects(store, [b"slow\n", b"2\n", b"3\n"]))
    with engine(job_of(MaxConcurrentTransforms=2), store, (model.address,), book) as (made, _, _):
        assert begun.wait(60)
        made.told({"tasks": [{"task": "abandon", "ids": ["t1"]}]})
        over.set()
        with book.changed:
            assert book.changed.wait_for(lambda: book.done == {1, 2}, 60)
    assert outputs(store, 3) == [b"MISSING", b"1\n", b"1\n"]
