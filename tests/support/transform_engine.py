"""An engine in this process, with a model, a store and a book of its own."""

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from argosy.agent.porter.data_log import DataLog
from argosy.agent.porter.job import Surroundings
from argosy.agent.porter.link import Link
from argosy.agent.porter.transform.engine import Engine
from argosy.ground.instances import ContainerSpec, InstanceSpec
from argosy.ground.settings import Settings
from argosy.ground.work import TRANSFORM
from tests.support.tiny_store import TinyStore, etag
from tests.support.transform import Book


class DirectLink:
    """A link without a socket: what is told goes to the book, which answers at once."""

    def __init__(self, name: str, book: Book) -> None:
        self._name, self._book = name, book
        self.engine: Engine | None = None
        self.messages: list[dict[str, Any]] = []

    def tell(self, message: dict[str, Any]) -> bool:
        self.messages.append(message)
        # By another thread, as a socket would: the engine may hold its own locks.
        threading.Thread(
            target=self._book.told, args=(self._name, self._answer, message), daemon=True
        ).start()
        return True

    def report(self, key: str, message: dict[str, Any]) -> None:
        self.messages.append(message)
        self._book.told(self._name, self._answer, message)

    def acknowledged(self, keys: list[str]) -> None:
        pass

    def _answer(self, message: dict[str, Any]) -> None:
        assert self.engine is not None
        self.engine.told(message)


class Lines:
    """A data-log that is remembered."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines += text.splitlines()


def spec_for(store: TinyStore, job: dict[str, Any]) -> InstanceSpec:
    """An instance that does nothing but that job."""
    return InstanceSpec(
        instance_id="i-1",
        account="1",
        region="us-east-1",
        zone="a",
        owner="transform/job",
        deployment="d",
        variant="v",
        containers=(ContainerSpec(name="c", image="i", runtime="sklearn"),),
        log_group="g",
        log_stream="s",
        store=store.access,
        work={"kind": TRANSFORM, "job": job},
    )


def job_of(**members: Any) -> dict[str, Any]:
    """A job on lines of CSV, with members changed: `split`, `accept`, … by their short names."""
    read = {"ContentType": members.pop("content_type", "text/csv")}
    read["SplitType"] = members.pop("split", "Line")
    read["CompressionType"] = members.pop("compression", "None")
    written = {"Accept": members.pop("accept", "text/csv")}
    written["AssembleWith"] = members.pop("assemble", "Line")
    return {"name": "job", "TransformInput": read, "TransformOutput": written, **members}


def put_objects(
    store: TinyStore, contents: list[bytes], *, shared: bool = False
) -> list[dict[str, Any]]:
    """Objects as the book has them."""
    store.buckets |= {"in", "out"}
    found = []
    for number, content in enumerate(contents):
        found.append(
            {
                "input": store.put(f"in/{number}.csv", content),
                "etag": etag(content),
                "size": len(content),
                "output": f"s3://out/{number}.csv.out",
                "temporary": f"s3://out/_temporary/job/{number}/",
                "shared": shared,
            }
        )
    return found


@contextlib.contextmanager
def engine(
    job: dict[str, Any], store: TinyStore, addresses: tuple[str, ...], book: Book, name: str = "p"
) -> Iterator[tuple[Engine, DirectLink, Lines]]:
    """An engine that works until the end of the block."""
    link, log = DirectLink(name, book), Lines()
    made = Engine(
        Surroundings(
            spec_for(store, job),
            addresses,
            Settings(),
            cast(Link, link),
            cast(DataLog, log),
        )
    )
    link.engine = made
    made.begin()
    made.told({"connected": True})
    try:
        yield made, link, log
    finally:
        made.finish()


def outputs(store: TinyStore, count: int) -> list[bytes]:
    """What was written for each object."""
    return [store.objects.get(f"out/{number}.csv.out", b"MISSING") for number in range(count)]


def settled(path: Path) -> Path:
    """A path short enough for a socket."""
    assert len(str(path)) < 100
    return path
