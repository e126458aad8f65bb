"""The worker's loop: reads all that waits, predicts once, sends once per connection and turn.

One thread, one model. It never waits for company: whatever has come while the last prediction
ran is the next batch. Pings and cancellations are seen between two predictions.
"""

from __future__ import annotations

import gc
import json
import selectors
import socket
import sys
from typing import NamedTuple

from argosy.runtimes import frames, loading
from argosy.runtimes.answers import Answer, Fault, failure
from argosy.runtimes.base import Model, Ruined, Runtime
from argosy.runtimes.batch import parameters
from argosy.runtimes.connection import Closed, Connection, Frame
from argosy.runtimes.streams import Streaming
from argosy.runtimes.waiting import Request, Waiting

_JOIN_BELOW = 1 << 16
_MOST_WAITING = 64 << 20  # bytes of unanswered requests from which on nothing more is read

LOADED_ALREADY = b'{"ok": false, "reason": "this worker has loaded a model already"}'
_RUINED = 70  # EX_SOFTWARE
_NOT_LOADED = failure(Fault(503, "the model is not loaded yet"))


class Split(NamedTuple):
    """A LOAD that wants several processes, and what is open: a crew has to go on from here."""

    listener: socket.socket
    connections: list[Connection]
    agent: Connection
    order: Frame


class Server:
    """Serves frames on a listening socket until it is drained."""

    def __init__(
        self,
        listener: socket.socket | None,
        runtime: Runtime,
        agent: socket.socket | None = None,
        *,
        splits: bool = False,
    ) -> None:
        """`agent`: a connection that is there already; without a listener, the only one.

        splits: `run` shall return, with `split` set, when a LOAD wants several processes.
        """
        self._runtime = runtime
        self._splits = splits
        self.split: Split | None = None
        self._model: Model | None = None
        self._waiting = Waiting()
        self._streams: list[Streaming] = []
        self._connections: set[Connection] = set()
        self._ruined = False
        self._draining = False
        self._drainer: Connection | None = None
        self._listener = listener
        self._selector = selectors.DefaultSelector()
        if listener is not None:
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ, None)
        if agent is not None:
            self._add(agent)

    def run(self) -> None:
        """Serve; returns when a DRAIN has been carried out, or `split` is set.

        Raises SystemExit when the model can answer nothing any more, after the last answer.
        """
        try:
            while not self._over():
                self._listen()
                self._work()
                self._flush()
            if self._ruined:
                sys.exit(_RUINED)
        finally:
            if self.split is None:
                self._close()
            self._selector.close()

    def _close(self) -> None:
        for connection in list(self._connections):
            self._drop(connection)
        if self._listener is not None:
            self._listener.close()

    def _over(self) -> bool:
        if self._listener is None and not self._connections:
            return True
        if self._ruined:
            return not any(one.has_output for one in self._connections)
        return self.split is not None or self._drained()

    def _drained(self) -> bool:
        if not self._draining or self._waiting or self._streams:
            return False
        others = self._connections - {self._drainer}
        return not others and not any(one.has_output for one in self._connections)

    # reading

    def _listen(self) -> None:
        if self._waiting.bytes > _MOST_WAITING:
            return
        busy = self._waiting or any(not one.request.connection.full for one in self._streams)
        for key, events in self._selector.select(0 if busy else None):
            if key.data is None:
                self._accept()
            elif events & selectors.EVENT_READ:
                self._receive(key.data)

    def _accept(self) -> None:
        while self._listener is not None:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # nobody is left, or there are no descriptors: they stay in the queue
                return
            self._add(sock)

    def _add(self, sock: socket.socket) -> None:
        connection = Connection(sock)
        self._connections.add(connection)
        self._selector.register(sock, selectors.EVENT_READ, connection)

    def _receive(self, connection: Connection) -> None:
        try:
            received = connection.receive()
        except Closed:
            self._drop(connection)
            return
        model = self._model
        for frame in received:
            kind, request_id, head, body, _ = frame
            if model is not None and (kind == frames.REQUEST or kind == frames.STREAM):
                request = Request(connection, request_id, kind == frames.STREAM, head, body)
                self._waiting.add(model.form(head), request)
            else:
                self._control(connection, frame)
                model = self._model

    def _control(self, connection: Connection, frame: Frame) -> None:
        if frame.kind in (frames.REQUEST, frames.STREAM):
            _respond(connection, frame.request_id, _NOT_LOADED)
        elif frame.kind == frames.CANCEL:
            self._cancel(connection, frame.request_id)
        elif frame.kind == frames.PING:
            status = 503 if self._model is None else 200
            connection.send(frames.encode(frames.PONG, frame.request_id, status))
        elif frame.kind == frames.LOAD:
            self._load(connection, frame)
        elif frame.kind == frames.PARAMETERS:
            _respond(connection, frame.request_id, parameters(1))
        elif frame.kind == frames.DRAIN:
            self._drain(connection)
        else:
            self._drop(connection)

    def _cancel(self, connection: Connection, request_id: int) -> None:
        self._waiting.cancel(connection, request_id)
        self._end_streams(connection, request_id)

    def _load(self, connection: Connection, frame: Frame) -> None:
        if self._model is not None:
            body = LOADED_ALREADY
        elif self._splits and self._listener and loading.processes(frame.body) > 1:
            self.split = Split(self._listener, list(self._connections), connection, frame)
            return
        else:
            self._model, result = loading.load(self._runtime, frame.body)
            sys.stdout.flush()
            gc.freeze()  # the model lives as long as the process: let no collection walk over it
            body = json.dumps(result).encode()
        connection.send(frames.encode(frames.LOADED, frame.request_id, 0, b"", body))

    def _drain(self, connection: Connection) -> None:
        if not self._draining and self._listener is not None:
            self._accept()  # who connected in time is served
            self._selector.unregister(self._listener)
            self._listener.close()
        self._draining = True
        self._drainer = connection

    def _drop(self, connection: Connection) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._selector.unregister(connection.sock)
        connection.close()
        self._waiting.drop(connection)
        self._end_streams(connection, None)

    def _end_streams(self, connection: Connection, request_id: int | None) -> None:
        """Close the streams of a connection, or the one of that id."""
        for stream in list(self._streams):
            request = stream.request
            if request.connection is connection and request_id in (None, request.request_id):
                self._streams.remove(stream)
                stream.close()

    # answering

    def _work(self) -> None:
        if self._ruined:
            return
        if self._waiting and self._model is not None:
            form, batch = self._waiting.take()
            try:
                if form is None:
                    answers = [self._model.answer(batch[0].head, batch[0].body)]
                else:
                    answers = self._model.answer_all(form, [request.body for request in batch])
            except Ruined as error:
                self._ruined = True
                answers = [failure(error)] * len(batch)
            for index, answer in enumerate(answers):
                self._answer(batch[index], answer)
        for stream in list(self._streams):
            if not stream.request.connection.full and not stream.step():
                self._streams.remove(stream)

    def _answer(self, request: Request, answer: Answer) -> None:
        if isinstance(answer.body, bytes):
            _respond(request.connection, request.request_id, answer)
        else:
            self._streams.append(Streaming(request, answer))

    # sending

    def _flush(self) -> None:
        for connection in list(self._connections):
            if connection.has_output:
                try:
                    connection.flush()
                except Closed:
                    self._drop(connection)
                    continue
                self._watch(connection)

    def _watch(self, connection: Connection) -> None:
        """Ask for what is of use: room to send, and input while not too much is unsent."""
        events = selectors.EVENT_WRITE if connection.has_output else 0
        if not connection.full:
            events |= selectors.EVENT_READ
        if self._selector.get_key(connection.sock).events != events:
            self._selector.modify(connection.sock, events, connection)


def _respond(connection: Connection, request_id: int, answer: Answer) -> None:
    status, head, body = answer
    assert isinstance(body, bytes)
    if len(body) < _JOIN_BELOW:
        connection.send(frames.encode(frames.RESPONSE, request_id, status, head, body))
    else:
        connection.send(frames.prefix(frames.RESPONSE, request_id, status, head, len(body)))
        connection.send(body)
