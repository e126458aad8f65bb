"""A connection of the worker: what was given to it is sent, however slow the other side is."""

import contextlib
import socket
from collections.abc import Iterator

import pytest

from argosy.runtimes.connection import Connection

Pair = tuple[Connection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    mine, theirs = socket.socketpair()
    with mine, theirs:
        theirs.setblocking(False)
        yield Connection(mine), theirs


def read(sock: socket.socket) -> bytes:
    """All that is there."""
    data = b""
    with contextlib.suppress(BlockingIOError):
        while more := sock.recv(1 << 20):
            data += more
    return data


def test_nothing_is_lost_when_the_socket_is_full_already(pair: Pair) -> None:
    connection, theirs = pair
    with contextlib.suppress(BlockingIOError):
        while True:
            connection.sock.send(b"-")

    connection.send(b"one")
    connection.flush()
    connection.send(b"two")
    assert connection.has_output

    read(theirs)
    connection.flush()
    assert read(theirs) == b"onetwo"
    assert not connection.has_output


def test_what_is_too_much_for_the_socket_goes_out_piece_by_piece(pair: Pair) -> None:
    connection, theirs = pair
    sent = [bytes([number]) * 1_000_003 for number in range(5)]
    for data in sent:
        connection.send(data)
    received = b""
    while connection.has_output:
        connection.flush()
        received += read(theirs)
    assert received == b"".join(sent)
