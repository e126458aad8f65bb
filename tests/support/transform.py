"""What the tests of batch transform's engine share: a small model, and a control that keeps books.

`RowModel` answers frames by a function; `Book` deals out tasks and notes what porters report, as
control does, over whatever the test connects it with.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from argosy.runtimes import frames

Answering = Callable[[dict[str, str], bytes], tuple[int, bytes]]


class RowModel:
    """Serves frames on a Unix socket, a thread for each connection."""

    def __init__(self, path: Path, answering: Answering) -> None:
        self.answering = answering
        self.parameters: tuple[int, bytes] = (404, b"")
        self.content_type = "text/csv"
        self.requests: list[bytes] = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(path))
        self._listener.listen(64)
        self.address = f"unix:{path}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        with sock, sock.makefile("rb") as stream, contextlib.suppress(OSError):
            while top := stream.read(frames.HEAD_SIZE):
                length, number, _, head_length, kind = frames.HEAD.unpack(top)
                head, body = stream.read(head_length), stream.read(length - head_length)
                if kind == frames.PARAMETERS:
                    status, answer = self.parameters
                else:
                    status, answer = self._answer(frames.decode_head(head), body)
                said = frames.encode_head({"content-type": self.content_type})
                sock.sendall(frames.encode(frames.RESPONSE, number, status, said, answer))

    def _answer(self, head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        with self._lock:
            self.requests.append(body)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            return self.answering(head, body)
        finally:
            with self._lock:
                self.open -= 1


@contextlib.contextmanager
def row_model(path: Path, answering: Answering) -> Iterator[RowModel]:
    model = RowModel(path, answering)
    try:
        yield model
    finally:
        model.close()


def each_line(rule: Callable[[bytes], bytes]) -> Answering:
    """A model that answers every line by a rule."""

    def answering(head: dict[str, str], body: bytes) -> tuple[int, bytes]:
        return 200, b"".join(rule(line) + b"\n" for line in body.splitlines() if line)

    return answering


Send = Callable[[dict[str, Any]], None]


class Book:
    """A little control: one job's objects, their pieces, and who does what."""

    def __init__(self, objects: list[dict[str, Any]], runs: int = 1) -> None:
        """`runs`: into how many ranges a shared object is cut."""
        self.lock = threading.RLock()
        self.changed = threading.Condition(self.lock)
        self.objects = objects
        self.runs = runs
        self.pieces: list[dict[int, dict[str, Any]]] = [{} for _ in objects]
        self.uploads: dict[int, str | None] = {}
        self.opened: set[int] = set()
        self.done: set[int] = set()
        self.failed: list[dict[str, Any]] = []
        self.records = 0
        self.ready: dict[str, Any] | None = None
        self.waiting: list[dict[str, Any]] = []
        self.held: dict[str, tuple[str, dict[str, Any]]] = {}
        self.wanting: list[tuple[str, Send]] = []
        self._count = 0
        for number, one in enumerate(objects):
            self._begin(number, one)

    def _begin(self, number: int, one: dict[str, Any]) -> None:
        if one.get("shared"):
            self._queue(number, task="open", input=one["input"], etag=one["etag"], size=one["size"])
        else:
            self._run(number, 0, None)

    def _queue(self, which: int, **task: Any) -> None:
        self._count += 1
        output = self.objects[which]["output"]
        task |= {"id": f"t{self._count}", "object": which, "output": output}
        self.waiting.append(task)

    def _run(self, number: int, start: int, end: int | None) -> None:
        one, known = self.objects[number], self.pieces[number]
        whole = start == 0 and end is None and number not in self.uploads
        used = max((piece["number"] for piece in known.values()), default=0)
        self._queue(
            number,
            task="run",
            start=start,
            end=end,
            whole=whole,
            upload_id=self.uploads.get(number),
            number=used + 1 if end is None else 1,
            last_number=9_998,
            temporary=one["temporary"],
            **{name: one[name] for name in ("input", "etag", "size")},
        )

    # porters

    def told(self, porter: str, send: Send, message: dict[str, Any]) -> None:
        """A porter said something."""
        with self.lock:
            if "ready" in message:
                self.ready = message["ready"]
            elif "want" in message:
                self.wanting += [(porter, send)] * message["want"]
            else:
                self._note(porter, message)
                send({"acked": [message["key"]]})
            self._deal()
            self.changed.notify_all()

    def came_back(self, porter: str, holding: list[str]) -> None:
        """A porter is connected (again): what it does not hold is to be done by others."""
        with self.lock:
            self.wanting = [one for one in self.wanting if one[0] != porter]
            for task_id, (holder, task) in list(self.held.items()):
                if holder == porter and task_id not in holding:
                    del self.held[task_id]
                    self._again(task)
            self._deal()

    def left(self, porter: str) -> None:
        """A porter is gone: what it held is to be done by others."""
        with self.lock:
            self.wanting = [one for one in self.wanting if one[0] != porter]
            for task_id, (holder, task) in list(self.held.items()):
                if holder == porter:
                    del self.held[task_id]
                    self._again(task)
            self._deal()

    def _again(self, task: dict[str, Any]) -> None:
        if task["task"] != "run":
            self.waiting.append(task)
            return
        start = task["start"]
        while start in self.pieces[task["object"]]:
            start = self.pieces[task["object"]][start]["end"]
        if task["end"] is None or start < task["end"]:
            self._run(task["object"], start, task["end"])
        else:
            self._perhaps_whole(task["object"])

    def _deal(self) -> None:
        while self.waiting and self.wanting:
            porter, send = self.wanting.pop(0)
            task = self.waiting.pop(0)
            self.held[task["id"]] = (porter, task)
            send({"tasks": [task]})

    def _note(self, porter: str, message: dict[str, Any]) -> None:
        kind = next(name for name in message if name != "key")
        said = message[kind]
        if kind == "failed" and said["task"] is None:
            self.failed.append(said)
            return
        if self.held.get(said["task"], ("",))[0] != porter:
            return
        getattr(self, f"_note_{kind}")(said)

    def _note_opened(self, said: dict[str, Any]) -> None:
        number = said["object"]
        self.uploads[number] = said["upload_id"]
        if self.held[said["task"]][1]["task"] == "open":
            del self.held[said["task"]]
            size = said.get("units") or self.objects[number]["size"]
            edges = [size * index // self.runs for index in range(self.runs + 1)]
            for start, end in pairwise(edges):
                if end > start:
                    self._run(number, start, end)

    def _note_piece(self, said: dict[str, Any]) -> None:
        self.pieces[said["object"]][said["start"]] = said
        self.records += said["records"]

    def _note_finished(self, said: dict[str, Any]) -> None:
        del self.held[said["task"]]
        if said["whole"]:
            self.done.add(said["object"])
            self.records += said["records"]
        else:
            self._perhaps_whole(said["object"])

    def _perhaps_whole(self, number: int) -> None:
        tasks = [task for _, task in self.held.values()] + self.waiting
        if any(task["object"] == number for task in tasks):
            return
        pieces = [self.pieces[number][start] for start in sorted(self.pieces[number])]
        for before, after in pairwise(pieces):
            assert before["end"] == after["start"]
        self._queue(number, task="assemble", upload_id=self.uploads.get(number), pieces=pieces)

    def _note_assembled(self, said: dict[str, Any]) -> None:
        del self.held[said["task"]]
        self.done.add(said["object"])

    def _note_failed(self, said: dict[str, Any]) -> None:
        _, task = self.held.pop(said["task"])
        if said["final"]:
            self.failed.append(said)
        else:
            self._again(task)

    @property
    def over(self) -> bool:
        return bool(self.failed) or len(self.done) == len(self.objects)

    def wait(self, seconds: float = 60.0) -> None:
        """Until all objects are done or one failed."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.over, seconds), f"{self.done=} {self.held=}"
