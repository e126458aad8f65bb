"""Porters, control, answers and the store break at any moment: each row is there once, in order.

Pieces are made small, so that there are many moments to break at.
"""

import contextlib
import dataclasses
import gzip
import json
import os
import random
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from argosy.agent.porter.transform import merging, numbering, output
from argosy.ground.files import write_json
from argosy.ground.instances import SPEC_FILE
from argosy.ground.paths import DataDir
from tests.support import tiny_store as tiny
from tests.support.tiny_store import TinyStore, tiny_store
from tests.support.transform import Book, RowModel, each_line, row_model
from tests.support.transform_engine import (
    engine,
    job_of,
    outputs,
    put_objects,
    spec_for,
)


@pytest.fixture
def store() -> Iterator[TinyStore]:
    with tiny_store() as running:
        yield running


@pytest.fixture
def model(tmp_path: Path) -> Iterator[RowModel]:
    with row_model(tmp_path / "m.sock", each_line(lambda line: b"<" + line + b">")) as running:
        yield running


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (merging, numbering):
        monkeypatch.setattr(module, "MIN_PART", 40_000)
    monkeypatch.setattr(merging, "_MERGED", 60_000)
    monkeypatch.setattr(output, "HELD", 60_000)
    monkeypatch.setattr(output, "PASSED", 500_000)
    monkeypatch.setattr(tiny, "LEAST_PART", 40_000)


def rows(count: int, width: int) -> bytes:
    return b"".join(b"%0*d\n" % (width, number) for number in range(count))


def marked(content: bytes) -> bytes:
    return b"".join(b"<" + line + b">\n" for line in content.splitlines())


class Killer:
    """Stands between an engine's link and the book: from some message on, the porter is dead."""

    def __init__(self, book: Book, lives: int) -> None:
        self.book = book
        self.lives = lives
        self.killed = threading.Event()

    def told(self, name: str, send: Any, message: dict[str, Any]) -> None:
        with self.book.lock:
            if self.killed.is_set():
                return
            self.lives -= "piece" in message or "finished" in message or "opened" in message
            if self.lives >= 0:
                self.book.told(name, send, message)
                return
            if self.lives % 2:  # it was noted, and the porter never heard
                self.book.told(name, lambda answer: None, message)
            self.killed.set()
            self.book.left(name)


class _Between:
    """What an engine takes for its book."""

    def __init__(self, killer: Killer) -> None:
        self.told = killer.told


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("seed", range(12))
def test_porters_may_die_at_any_piece(store: TinyStore, model: RowModel, seed: int) -> None:
    luck = random.Random(seed)
    shared = luck.random() < 0.6
    content = rows(luck.randrange(5_000, 20_000), luck.randrange(10, 200))
    job = job_of(MaxPayloadInMB=1, MaxConcurrentTransforms=luck.randrange(1, 4))
    stored = [content, content[:70_000]]
    if not shared and luck.random() < 0.6:
        job["TransformInput"]["CompressionType"] = "Gzip"
        stored = [gzip.compress(one, 1) for one in stored]
    book = Book(put_objects(store, stored, shared=shared), luck.randrange(1, 6))
    count, rest = 0, 15
    while not book.over and rest:
        names = [f"p{count}", f"q{count}"]
        count, rest = count + 1, rest - 1
        lives = [luck.randrange(8) if rest else 10_000 for _ in names]
        killers = [Killer(book, life) for life in lives]
        store.cuts = [luck.randrange(200_000)] if luck.random() < 0.3 else []
        live(job, store, model, book, names, killers)
    assert not book.failed
    assert outputs(store, 2) == [marked(content), marked(content[:70_000])]


def live(
    job: dict[str, Any],
    store: TinyStore,
    model: RowModel,
    book: Book,
    names: list[str],
    killers: list[Killer],
) -> None:
    """Two porters work until both are dead or all is done. Their last deeds may still go on."""
    address = (model.address,)
    first, second = (_Between(killer) for killer in killers)
    with (
        engine(job, store, address, first, names[0]),  # type: ignore[arg-type]
        engine(job, store, address, second, names[1]),  # type: ignore[arg-type]
        book.changed,
    ):
        over = lambda: book.over or all(killer.killed.is_set() for killer in killers)  # noqa: E731
        while not book.changed.wait_for(over, 0.2):
            pass


@pytest.mark.usefixtures("small_pieces")
def test_a_store_that_stumbles_all_the_time_loses_nothing(
    store: TinyStore, model: RowModel
) -> None:
    content, luck = rows(60_000, 60), random.Random(5)
    store.failures += [luck.choice([500, 503, 0, 0]) for _ in range(200)]
    store.cuts += [luck.choice([-1, 0, luck.randrange(300_000)]) for _ in range(100)]
    book = Book(put_objects(store, [content], shared=True), 4)
    with engine(job_of(MaxPayloadInMB=1), store, (model.address,), book):
        book.wait()
    assert not book.failed
    assert outputs(store, 1) == [marked(content)]
    assert len(store.failures) < 170
    assert len(store.cuts) < 95


def test_a_model_that_drops_connections_is_asked_again(store: TinyStore, model: RowModel) -> None:
    well, luck = model.answering, random.Random(3)

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        if luck.random() < 0.2:
            raise OSError("the model falls over")
        return well(head, body)

    model.answering = answering
    contents = [rows(50, number) for number in range(1, 60)]
    book = Book(put_objects(store, contents))
    with engine(job_of(MaxConcurrentTransforms=2), store, (model.address,), book):
        book.wait()
    assert not book.failed
    assert outputs(store, len(contents)) == [marked(content) for content in contents]


class Control:
    """A control that listens where porters connect, and can be cut off from them."""

    def __init__(self, path: Path, book: Book) -> None:
        self._book = book
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break all connections: whatever was on its way is lost."""
        with self._book.lock:
            connections, self._connections = self._connections, []
            for one in connections:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.cut()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            with self._book.lock:
                self._connections.append(sock)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        def send(message: dict[str, Any]) -> None:
            try:
                sock.sendall(json_line(message))
            except OSError:
                return

        with contextlib.suppress(ConnectionError), sock, sock.makefile("rb") as lines:
            name = ""
            for line in lines:
                message = json_of(line)
                if "hello" in message:
                    name = message["hello"]["instance"]
                    self._book.came_back(name, message["hello"]["holding"])
                else:
                    self._book.told(name, send, message)


def json_line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


def json_of(line: bytes) -> dict[str, Any]:
    return json.loads(line)  # type: ignore[no-any-return]


def start_porter(data_dir: DataDir, store: TinyStore, model: RowModel, name: str) -> Any:
    """A porter as its agent starts it."""
    folder = data_dir.instance(name)
    folder.mkdir(parents=True, exist_ok=True)
    spec = dataclasses.replace(spec_for(store, job_of(MaxPayloadInMB=1)), instance_id=name)
    write_json(folder / SPEC_FILE, spec.to_json(), sync=False)
    command = [sys.executable, "-m", "argosy.agent.porter", "--instance", name]
    environment = {**os.environ, "ARGOSY_DATA_DIR": str(data_dir.root)}
    return subprocess.Popen([*command, "--address", model.address], env=environment)


def test_porters_and_control_may_be_killed_while_one_object_is_shared(
    store: TinyStore, model: RowModel, tmp_path: Path
) -> None:
    data_dir = DataDir.at(tmp_path)
    data_dir.work_socket.parent.mkdir(parents=True, exist_ok=True)
    content, luck = rows(300_000, 150), random.Random(1)
    book = Book(put_objects(store, [content], shared=True), 4)
    control = Control(data_dir.work_socket, book)
    porters = {name: start_porter(data_dir, store, model, name) for name in ("one", "two")}
    try:
        for count in range(1, 5):
            with book.changed:
                enough = partial(lambda least: len(book.pieces[0]) >= least or book.over, count)
                assert book.changed.wait_for(enough, 60)
            name = luck.choice(sorted(porters))
            if luck.random() < 0.5:
                control.cut()
                continue
            porters[name].kill()
            porters[name].wait()
            book.left(name)
            porters[name] = start_porter(data_dir, store, model, name)
        book.wait()
    finally:
        for porter in porters.values():
            porter.terminate()
            porter.wait(20)
        control.close()
    assert not book.failed
    assert outputs(store, 1) == [marked(content)]
