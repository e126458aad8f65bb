"""Several processes of one model: SAGEMAKER_MODEL_SERVER_WORKERS.

A worker that is told to load a model for several forks as many, each with the ordinary `Server`,
and becomes their crew: it hands each request to the process with least to do, and the answer
back. It loads no model and runs no user code. When one of the processes ends, all of them end,
the same way: an instance is the unit of replacement.
"""

from __future__ import annotations

import os
import select
import selectors
import signal
import socket
import time
from typing import NoReturn

from argosy.runtimes import forks, frames
from argosy.runtimes.base import Runtime
from argosy.runtimes.batch import parameters
from argosy.runtimes.connection import Closed, Connection, Frame
from argosy.runtimes.mates import Everybody, Loading, Mate, Passing, Pinging
from argosy.runtimes.server import LOADED_ALREADY, Server, Split

_MOST_UNSENT = 64 << 20  # bytes that processes have not taken from which on nothing more is read
_END_S = 2.0


class Crew:
    """Serves what a `Server` would have, until it is drained."""

    def __init__(self, split: Split, runtime: Runtime, size: int) -> None:
        self._listener = split.listener
        self._asked: dict[Connection, dict[int, tuple[Mate, int]]] = {}
        self._draining = False
        self._drainer: Connection | None = None
        self._turn = 0
        self._mates: list[Mate] = []
        for _ in range(size):
            self._mates.append(_fork(split, runtime, self._mates))
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, None)
        for connection in split.connections:
            self._add(connection)
        self._ask_all(frames.LOAD, Loading(split.agent, split.order.request_id), split.order)

    def run(self) -> None:
        """Serve; returns when a DRAIN has been carried out. May end the process before."""
        while not self._drained():
            self._watch()
            for key, events in self._selector.select():
                if key.data is None:
                    self._accept()
                elif isinstance(key.data, Mate):
                    self._hear(key.data, events)
                else:
                    self._receive(key.data, events)
            self._flush()
        self._dismiss()

    def _drained(self) -> bool:
        if not self._draining or self._asked.keys() - {self._drainer}:
            return False
        if any(self._asked.values()):
            return False
        return not any(one.has_output for one in self._asked)

    # askers

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:  # nobody is left, or there are no descriptors: they stay in the queue
                return
            self._add(Connection(sock))

    def _add(self, connection: Connection) -> None:
        self._asked[connection] = {}

    def _receive(self, connection: Connection, events: int) -> None:
        if not events & selectors.EVENT_READ or connection not in self._asked:
            return
        try:
            received = connection.receive()
        except Closed:
            self._drop(connection)
            return
        for frame in received:
            if connection in self._asked:
                self._obey(connection, frame)

    def _obey(self, connection: Connection, frame: Frame) -> None:
        if frame.kind in (frames.REQUEST, frames.STREAM):
            self._pass(connection, frame)
        elif frame.kind == frames.CANCEL:
            self._cancel(connection, frame.request_id)
        elif frame.kind == frames.PING:
            self._ask_all(frames.PING, Pinging(connection, frame.request_id), frame)
        elif frame.kind == frames.DRAIN:
            self._drain(connection)
        elif frame.kind == frames.PARAMETERS:
            status, head, body = parameters(len(self._mates))
            assert isinstance(body, bytes)
            answer = frames.encode(frames.RESPONSE, frame.request_id, status, head, body)
            connection.send(answer)
        elif frame.kind == frames.LOAD:
            connection.send(frames.encode(frames.LOADED, frame.request_id, 0, b"", LOADED_ALREADY))
        else:
            self._drop(connection)

    def _pass(self, connection: Connection, frame: Frame) -> None:
        """To the process with least to do; among such, in turn."""
        self._turn += 1
        order = range(self._turn, self._turn + len(self._mates))
        mates = (self._mates[index % len(self._mates)] for index in order)
        mate = min(mates, key=lambda one: len(one.errands))
        open_here = self._asked[connection]
        errand = Passing(connection, frame.request_id, open_here)
        number = mate.ask(frame.kind, errand, frame.head, bytes(frame.body))
        open_here[frame.request_id] = (mate, number)

    def _cancel(self, connection: Connection, request_id: int) -> None:
        mate, number = self._asked[connection].pop(request_id, (None, 0))
        if mate is not None:
            mate.cancel(number)

    def _ask_all(self, kind: int, errand: Everybody, frame: Frame) -> None:
        errand.missing = len(self._mates)
        for mate in self._mates:
            mate.ask(kind, errand, frame.head, bytes(frame.body))

    def _drain(self, connection: Connection) -> None:
        if not self._draining:
            self._accept()  # who connected in time is served
            self._selector.unregister(self._listener)
            self._listener.close()
        self._draining = True
        self._drainer = connection

    def _drop(self, connection: Connection) -> None:
        if connection not in self._asked:
            return
        self._unregister(connection)
        for mate, number in self._asked.pop(connection).values():
            mate.cancel(number)
        connection.close()

    # processes

    def _hear(self, mate: Mate, events: int) -> None:
        if not events & selectors.EVENT_READ:
            return
        try:
            for frame in mate.connection.receive():
                mate.take(frame)
        except Closed:
            _end_like(mate.pid)

    def _dismiss(self) -> None:
        """The processes end by themselves when they are left; one that does not, is killed."""
        for connection in list(self._asked):
            self._drop(connection)
        self._selector.close()
        deadline = time.monotonic() + _END_S
        for mate in self._mates:
            mate.connection.close()
        for mate in self._mates:
            if not _ends(mate.pid, deadline - time.monotonic()):
                os.kill(mate.pid, signal.SIGKILL)
            os.waitpid(mate.pid, 0)

    # both

    def _flush(self) -> None:
        for mate in self._mates:
            try:
                mate.connection.flush()
            except Closed:
                _end_like(mate.pid)
        for connection in list(self._asked):
            try:
                connection.flush()
            except Closed:
                self._drop(connection)

    def _watch(self) -> None:
        """Ask for what is of use; read nothing from one side that the other does not take."""
        unsent = sum(mate.connection.unsent for mate in self._mates)
        blocked = any(connection.full for connection in self._asked)
        for connection in self._asked:
            self._register(connection, connection, unsent <= _MOST_UNSENT and not connection.full)
        for mate in self._mates:
            self._register(mate.connection, mate, not blocked)

    def _register(self, connection: Connection, data: Mate | Connection, reads: bool) -> None:
        events = selectors.EVENT_WRITE if connection.has_output else 0
        events |= selectors.EVENT_READ if reads else 0
        key = self._selector.get_map().get(connection.sock)
        if key is None and events:
            self._selector.register(connection.sock, events, data)
        elif key is not None and not events:
            self._selector.unregister(connection.sock)
        elif key is not None and key.events != events:
            self._selector.modify(connection.sock, events, data)

    def _unregister(self, connection: Connection) -> None:
        if connection.sock in self._selector.get_map():
            self._selector.unregister(connection.sock)


def _fork(split: Split, runtime: Runtime, others: list[Mate]) -> Mate:
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:

        def serve() -> None:
            mine.close()
            split.listener.close()
            for connection in (*split.connections, *(mate.connection for mate in others)):
                connection.close()
            Server(None, runtime, theirs).run()

        forks.live(parent, serve)
    theirs.close()
    return Mate(pid, mine)


def _ends(pid: int, seconds: float) -> bool:
    """Whether a child ends in that time."""
    descriptor = os.pidfd_open(pid)
    try:
        return bool(select.select([descriptor], [], [], max(0.0, seconds))[0])
    finally:
        os.close(descriptor)


def _end_like(pid: int) -> NoReturn:
    """End as this child did, which closed its connection; with it go the others."""
    if not _ends(pid, _END_S):
        os.kill(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status < 0:
        if -status not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(-status, signal.SIG_DFL)
        os.kill(os.getpid(), -status)
    os._exit(status & 0xFF)
