"""A porter's asynchronous requests: a small store, models made of threads, a link made of lists."""

import base64
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from argosy.agent.porter.asynchronous import job as jobs
from argosy.agent.porter.asynchronous.job import AsyncJob
from argosy.agent.porter.asynchronous.types import type_of
from argosy.agent.porter.job import Surroundings
from argosy.ground.instances import ContainerSpec
from argosy.ground.settings import Settings
from argosy.runtimes import frames
from tests.support.control_builders import instance
from tests.support.endpoints import until
from tests.support.tiny_store import TinyStore, tiny_store

Answer = Callable[[dict[str, str], bytes], tuple[int, dict[str, str], Any]]
"""(head, body) → status, head, and the body or a list of its parts."""


def echo(head: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    return 200, {"content-type": "x/" + head["content-type"]}, body


class Model:
    """A worker on a Unix socket; a thread for each connection."""

    def __init__(self, path: Path, answer: Answer = echo) -> None:
        self.answer = answer
        self.heads: list[dict[str, str]] = []
        self.running = self.most = 0
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen()
        self.address = f"unix:{path}"
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection, connection.makefile("rb") as stream:
                while fixed := stream.read(frames.HEAD_SIZE):
                    length, number, _, size, _ = frames.HEAD.unpack(fixed)
                    head = frames.decode_head(stream.read(size))
                    body = stream.read(length - size)
                    connection.sendall(self._answered(number, head, body))
        except OSError:
            pass  # the porter went away, or the test is over

    def _answered(self, number: int, head: dict[str, str], body: bytes) -> bytes:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
            self.heads.append(head)
        status, fields, answer = self.answer(head, body)
        with self._lock:
            self.running -= 1
        told = frames.encode_head(fields)
        if isinstance(answer, list):
            return _parts(number, told, answer)
        return frames.encode(frames.RESPONSE, number, status, told, answer)


def _parts(number: int, head: bytes, answer: list[bytes | Exception]) -> bytes:
    """An answer in parts; an exception among them breaks it off."""
    sent = b""
    for part in answer:
        if isinstance(part, Exception):
            return sent + frames.encode(frames.END, number, 500, b"", str(part).encode())
        sent += frames.encode(frames.PART, number, 200, b"" if sent else head, part)
    return sent + frames.encode(frames.END, number, 200)


class Link:
    """Remembers what control was told."""

    def __init__(self) -> None:
        self.reports: dict[str, dict[str, Any]] = {}
        self.told: list[dict[str, Any]] = []
        self.acked: list[str] = []

    def report(self, key: str, message: dict[str, Any]) -> None:
        self.reports[key] = message["done"]

    def tell(self, message: dict[str, Any]) -> bool:
        self.told.append(message)
        return True

    def acknowledged(self, keys: list[str]) -> None:
        self.acked += keys


class Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


class Scene:
    def __init__(self, store: TinyStore, models: list[Model], concurrency: int) -> None:
        self.store, self.models = store, models
        self.link, self.log = Link(), Log()
        names = [f"c{number}" for number in range(1, len(models) + 1)]
        spec = replace(
            instance().spec,
            containers=tuple(ContainerSpec(name=n, image="x", runtime="sklearn") for n in names),
            store=store.access,
            work={"kind": "async", "concurrency": concurrency},
        )
        addresses = tuple(model.address for model in models)
        around = Surroundings(spec, addresses, Settings(), self.link, self.log)  # type: ignore[arg-type]
        self.job = AsyncJob(around)
        store.buckets |= {"box"}

    def give(self, number: str = "r", **order: Any) -> None:
        asked = {
            "id": number,
            "input": "s3://box/in",
            "inference_id": number.upper(),
            "timeout_s": 30,
            "output": f"s3://box/{number}.out",
            "failure": f"s3://box/{number}.failed",
            "again": False,
            "respond": [],
            **order,
        }
        self.job.told({"take": asked})

    def ended(self, number: str = "r") -> dict[str, Any]:
        return dict(until(lambda: self.link.reports.get(number)))


Make = Callable[..., Scene]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Make]:
    made: list[Scene] = []
    with tiny_store() as store:

        def make(*answers: Answer, concurrency: int = 2) -> Scene:
            models = [
                Model(tmp_path / f"m{number}", answer)
                for number, answer in enumerate(answers or (echo,))
            ]
            made.append(Scene(store, models, concurrency))
            return made[-1]

        yield make
        for one in made:
            one.job.finish()
            for model in one.models:
                model.close()


def put(scene: Scene, body: bytes, content_type: str = "text/csv", name: str = "box/in") -> None:
    scene.store.put(name, body)
    scene.store.types[name] = content_type


def test_a_payload_goes_to_the_model_as_it_was_stored_and_the_answer_back(scene: Make) -> None:
    one = scene()
    put(one, b"1,2\n")
    one.give(accept="application/json", custom_attributes="a=1")
    done = one.ended()

    assert one.store.objects["box/r.out"] == b"1,2\n"
    assert one.store.types["box/r.out"] == done["content_type"] == "x/text/csv"
    assert one.models[0].heads == [
        {
            "content-type": "text/csv",
            "accept": "application/json",
            "custom-attributes": "a=1",
            "inference-id": "R",
        }
    ]
    assert (done["ok"], done["status"]) == (True, 200)
    assert all(done["times"][name] > 0 for name in ("download_us", "model_us", "upload_us"))
    assert one.log.lines[0].startswith("[R] Inference request succeeded. ModelLatency: ")


def test_large_bodies_pass_in_parts(scene: Make) -> None:
    one = scene()
    payload = bytes(range(256)) * (80 << 10)
    put(one, payload)
    one.give()
    one.ended()
    assert one.store.objects["box/r.out"] == payload
    assert one.store.left == 0


def test_an_answer_in_parts_is_written_as_it_comes(scene: Make) -> None:
    parts = [bytes([number]) * (1 << 20) for number in range(12)]
    one = scene(lambda head, body: (200, {"content-type": "a/b"}, parts if body else [b"1", b"2"]))
    put(one, b"in")
    put(one, b"", name="box/empty")
    one.give("large")
    one.give("small", input="s3://box/empty")
    assert one.ended("large")["content_type"] == "a/b"
    assert one.ended("small")["ok"]
    assert one.store.objects["box/large.out"] == b"".join(parts)
    assert one.store.objects["box/small.out"] == b"12"


@pytest.mark.parametrize("size", [10, 12 << 20])
def test_an_answer_that_breaks_off_is_no_answer(scene: Make, size: int) -> None:
    said = iter([[b"x" * size, RuntimeError("out of ideas")], [b"fine"]])
    one = scene(lambda head, body: (200, {"content-type": "a/b"}, next(said)), concurrency=1)
    put(one, b"in")
    one.give("a")
    one.give("b")
    a, b = one.ended("a"), one.ended("b")
    assert a["reason"] == "ModelError: The answer broke off: out of ideas."
    assert b["ok"]
    assert "box/a.out" not in one.store.objects
    assert one.store.left == 0


def test_the_type_of_the_request_is_stronger_than_the_stored_one(scene: Make) -> None:
    one = scene()
    put(one, b"x", "text/csv")
    one.give(content_type="application/x-mine")
    one.ended()
    assert one.models[0].heads[0]["content-type"] == "application/x-mine"


@pytest.mark.parametrize(
    ("stored", "key", "told"),
    [
        ("text/csv", "a.json", "text/csv"),
        ("binary/octet-stream", "a/input.JSON", "application/json"),
        ("application/octet-stream", "rows.csv", "text/csv"),
        ("binary/octet-stream", "a", "binary/octet-stream"),
        ("", "a", "application/octet-stream"),
    ],
)
def test_an_untold_type_is_read_from_the_keys_ending(stored: str, key: str, told: str) -> None:
    assert type_of(stored, f"s3://box/{key}") == told


def test_an_inline_payload_needs_no_store_to_come_from(scene: Make) -> None:
    one = scene()
    one.give(input="", body=base64.b64encode(b"1").decode(), content_type="text/csv")
    one.ended()
    assert one.store.objects["box/r.out"] == b"1"


def test_several_containers_are_asked_one_after_another(scene: Make) -> None:
    one = scene(
        lambda head, body: (200, {"content-type": "x/middle"}, body + b"-first"),
        lambda head, body: (200, {"content-type": "x/end"}, body + b"-second"),
    )
    put(one, b"in")
    one.give(accept="any/thing")
    done = one.ended()
    assert one.store.objects["box/r.out"] == b"in-first-second"
    assert one.models[1].heads[0]["content-type"] == "x/middle"
    assert one.models[1].heads[0]["accept"] == "any/thing"
    assert done["content_type"] == "x/end"


def test_what_a_container_says_of_an_error_is_the_failure_object(scene: Make) -> None:
    one = scene(echo, lambda head, body: (500, {}, b"boom" * 20_000))
    put(one, b"in")
    one.give(respond=[False])
    done = one.ended()

    told = one.store.objects["box/r.failed"].decode()
    assert told.startswith('ModelError: Received server error (500) from c2 with message "boomboom')
    assert 64_000 < len(told) < 70_000
    assert done["reason"][:60] == told[:60]
    assert len(done["reason"]) < 1400
    assert (done["ok"], done["status"], done["kind"]) == (False, 500, "invocation")
    assert done["response"]["content"] == told
    assert "box/r.out" not in one.store.objects


def test_who_accepts_json_is_told_of_failures_in_json(scene: Make) -> None:
    one = scene(lambda head, body: (400, {}, b'bad "rows"'))
    put(one, b"in")
    one.give(accept="application/json")
    done = one.ended()
    assert json.loads(one.store.objects["box/r.failed"])[:80] == done["reason"][:80]


def test_a_slot_goes_on_after_a_failure(scene: Make) -> None:
    said = iter([(500, {}, b"no"), (200, {"content-type": "a/b"}, b"yes")])
    one = scene(lambda head, body: next(said), concurrency=1)
    put(one, b"in")
    one.give("a")
    one.give("b")
    one.ended("a")
    one.ended("b")
    assert one.store.objects["box/b.out"] == b"yes"


def test_a_missing_payload_and_a_missing_output_bucket_are_told_apart(scene: Make) -> None:
    one = scene()
    one.give("a")
    a = one.ended("a")
    put(one, b"in")
    one.give("b", output="s3://nowhere/b.out")
    b = one.ended("b")

    assert (a["kind"], b["kind"]) == ("download", "upload")
    assert "Failed to download s3://box/in: There is no object" in a["reason"]
    assert "Failed to write s3://nowhere/b.out: The bucket nowhere" in b["reason"]
    assert one.store.objects["box/b.failed"].decode() == b["reason"]


def test_a_model_that_takes_too_long_is_given_up_and_the_slot_goes_on(scene: Make) -> None:
    waiting = threading.Event()

    def slow(head: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        if head["inference-id"] == "A":
            waiting.wait(30)
        return echo(head, body)

    one = scene(slow, concurrency=1)
    put(one, b"in")
    one.give("a", timeout_s=0.2)
    one.give("b")
    a, b = one.ended("a"), one.ended("b")
    waiting.set()
    assert "did not answer within 0.2 s (InvocationTimeoutSeconds); container c1" in a["reason"]
    assert b["ok"]


def test_never_more_are_open_than_the_concurrency_and_as_many_when_there_are(scene: Make) -> None:
    together = threading.Barrier(3)

    def meet(head: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        together.wait(30)
        return echo(head, body)

    one = scene(meet, concurrency=3)
    put(one, b"in")
    for number in range(9):
        one.give(str(number))
    for number in range(9):
        one.ended(str(number))
    assert one.models[0].most == 3
    assert len(one.job._threads) <= 3


def test_an_answer_that_is_there_from_before_is_not_made_again(scene: Make) -> None:
    one = scene()
    put(one, b"old answer", "text/plain", "box/r.out")
    one.give(again=True)
    done = one.ended()
    assert (done["ok"], done["content_type"]) == (True, "text/plain")
    assert one.models[0].heads == []


def test_a_failure_that_is_there_from_before_is_told_again(scene: Make) -> None:
    one = scene()
    put(one, b'"ClientError: no"', "application/json", "box/r.failed")
    one.give(again=True)
    done = one.ended()
    assert (done["ok"], done["reason"]) == (False, "ClientError: no")
    assert one.models[0].heads == []


def test_a_request_that_left_nothing_behind_is_done_again(scene: Make) -> None:
    one = scene()
    put(one, b"in")
    one.give(again=True)
    assert one.ended()["ok"]
    assert one.store.objects["box/r.out"] == b"in"


def test_a_place_that_is_none_fails_the_request_and_no_more(scene: Make) -> None:
    one = scene(concurrency=1)
    put(one, b"in")
    one.give("a", output="s3://")
    one.give("b")
    assert "is not an S3 URI" in one.ended("a")["reason"]
    assert one.ended("b")["ok"]


def test_a_name_that_the_client_chose_is_written_over(scene: Make) -> None:
    one = scene()
    put(one, b"in")
    put(one, b"of another request", name="box/r.out")
    one.give(again=True, named=True)
    assert one.ended()["ok"]
    assert one.store.objects["box/r.out"] == b"in"


def test_a_name_of_ours_is_written_once(scene: Make) -> None:
    one = scene()
    put(one, b"in")
    put(one, b"first", name="box/r.out")
    one.give()
    assert one.ended()["ok"]
    assert one.store.objects["box/r.out"] == b"first"


def test_a_response_for_the_notice_is_text_or_base64_and_small(scene: Make) -> None:
    one = scene(lambda head, body: (200, {"content-type": head["content-type"]}, body))
    for number, body, content_type in (
        ("a", "zwölf".encode(), "text/csv"),
        ("b", b"\xff\x00", "application/x-npy"),
        ("c", b"x" * (128 * 1024 + 1), "text/csv"),
    ):
        put(one, body, content_type, f"box/{number}")
        one.give(number, input=f"s3://box/{number}", respond=[True])
    assert one.ended("a")["response"] == {"content": "zwölf", "encoding": "UTF-8"}
    assert one.ended("b")["response"] == {"content": "/wA=", "encoding": "BASE64"}
    assert "response" not in one.ended("c")


def test_what_is_not_acknowledged_is_still_held(scene: Make) -> None:
    one = scene()
    put(one, b"in")
    one.give("a")
    one.give("b")
    one.ended("a")
    one.ended("b")
    assert sorted(one.job.holding()) == ["a", "b"]
    one.job.told({"acked": ["a"]})
    assert one.job.holding() == ["b"]
    assert one.link.acked == ["a"]


def test_a_store_that_is_away_is_waited_for(scene: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one = scene()
    put(one, b"in")
    one.store.failures += [503] * 4
    one.give()
    assert one.ended()["ok"]
    assert one.store.objects["box/r.out"] == b"in"


def test_an_instance_that_leaves_ends_what_is_open_and_gives_the_rest_back(scene: Make) -> None:
    going = threading.Event()

    def hold(head: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        going.wait(30)
        return echo(head, body)

    one = scene(hold)
    put(one, b"in")
    one.give("a")
    until(lambda: one.models[0].running)
    leaving = threading.Thread(target=one.job.finish)
    leaving.start()
    until(lambda: {"leaving": True} in one.link.told)
    until(lambda: one.job._leaving.is_set())
    one.give("b")
    going.set()
    leaving.join(30)

    assert one.link.reports["a"]["ok"]
    assert {"back": ["b"]} in one.link.told
    assert one.job.holding() == ["a"]


def test_a_process_that_lives_on_and_breaks_connections_fails_the_request(
    scene: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "_DEATH_IS_SEEN_S", 0.01)

    def hang_up(head: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        raise OSError("gone")

    one = scene(hang_up)
    put(one, b"in")
    one.give()
    done = one.ended()
    assert "The connection to the model broke: its process ended." in done["reason"]
    assert one.store.objects["box/r.failed"].decode() == done["reason"]


def test_threads_that_have_nothing_to_do_end(scene: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "_IDLE_S", 0.01)
    one = scene()
    put(one, b"in")
    one.give("a")
    one.ended("a")
    until(lambda: not one.job._threads)
    one.give("b")
    assert one.ended("b")["ok"]
