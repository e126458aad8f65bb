"""The engine of batch transform: each record once and in order, whatever way it is split."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
