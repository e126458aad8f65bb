"""The connection to an instance, against a worker that is a bare socket server."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from argosy.edge.link import Link
from argosy.runtimes import frames


class Call:
    """Notes what the link reports."""

    def __init__(self) -> None:
        self.sent = 0.0
        self.frames: list[tuple[int, int, bytes, bytes]] = []
        self.ended = ""
        self.done = asyncio.Event()

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        self.frames.append((kind, status, head, body))
        last = kind != frames.PART
        if last:
            self.done.set()
        return last

    def lost(self, link: Link) -> None:
        self.ended = "lost"
        self.done.set()

    def overdue(self, link: Link) -> None:
        self.ended = "overdue"


@asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link, asyncio.StreamReader, asyncio.StreamWriter]]:
    """A link and the worker's end of its connection."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "w.sock"
        ends: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()
        writers: list[asyncio.StreamWriter] = []

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            ends.put_nowait((reader, writer))

        server = await asyncio.start_unix_server(accept, path)
        ready = asyncio.Event()
        link = Link("i-1", f"unix:{path}", ready.set)
        link.connect()
        reader, writer = await asyncio.wait_for(ends.get(), 5)
        await asyncio.wait_for(ready.wait(), 5)
        try:
            yield link, reader, writer
        finally:
            link.drain()
            server.close()
            await asyncio.sleep(0.001)
            for end in writers:
                end.transport.abort()
            await asyncio.sleep(0)


def send(link: Link, call: Call, body: bytes = b"") -> int:
    return link.send(call, frames.REQUEST, b"", [body], len(body))


def test_what_is_sent_in_one_turn_goes_out_in_one_write() -> None:
    async def scenario() -> None:
        async with linked() as (link, reader, _):
            for _ in range(5):
                send(link, Call(), b"x")
            data = await reader.read(65536)
            assert len(data) == 5 * (frames.HEAD_SIZE + 1)

    asyncio.run(scenario())


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from([0, 1, 100, 70_000, 300_000]), min_size=1, max_size=6),
    st.lists(st.integers(1, 200_000), max_size=6),
    st.randoms(use_true_random=False),
)
def test_answers_find_their_calls_in_any_order_and_any_pieces(
    sizes: list[int], cuts: list[int], dice: object
) -> None:
    async def scenario() -> None:
        async with linked() as (link, _, writer):
            calls = {send(link, call): (call, size) for size in sizes for call in [Call()]}
            order = list(calls)
            dice.shuffle(order)  # type: ignore[attr-defined]
            stream = b"".join(
                frames.encode(frames.RESPONSE, n, 200, b"h:%d\n" % n, b"%d" % n * calls[n][1])
                for n in order
            )
            for cut in [*cuts, len(stream)]:
                writer.write(stream[:cut])
                stream = stream[cut:]
                await writer.drain()
                await asyncio.sleep(0)
            for number, (call, size) in calls.items():
                await asyncio.wait_for(call.done.wait(), 5)
                body = b"%d" % number * size
                assert call.frames == [(frames.RESPONSE, 200, b"h:%d\n" % number, body)]
            assert link.load == 0

    asyncio.run(scenario())


def test_a_cancelled_call_is_told_to_the_worker_and_its_answer_dropped() -> None:
    async def scenario() -> None:
        async with linked() as (link, reader, writer):
            gone, other = Call(), Call()
            number = send(link, gone)
            link.cancel(number)
            kept = send(link, other)
            heads = [frames.HEAD.unpack(await reader.readexactly(16)) for _ in range(3)]
            assert [head[4] for head in heads] == [frames.REQUEST, frames.CANCEL, frames.REQUEST]
            writer.write(frames.encode(frames.RESPONSE, number, 200))
            writer.write(frames.encode(frames.RESPONSE, kept, 200))
            await asyncio.wait_for(other.done.wait(), 5)
            assert gone.frames == []

    asyncio.run(scenario())


def test_a_lost_connection_hands_the_calls_back_and_is_made_anew() -> None:
    async def scenario() -> None:
        async with linked() as (link, _, writer):
            call = Call()
            send(link, call)
            writer.close()
            await asyncio.wait_for(call.done.wait(), 5)
            assert call.ended == "lost"
            async with asyncio.timeout(5):
                while not link.ready:
                    await asyncio.sleep(0.005)

    asyncio.run(scenario())


def test_a_drained_link_closes_when_its_last_answer_has_come() -> None:
    async def scenario() -> None:
        async with linked() as (link, reader, writer):
            call = Call()
            number = send(link, call)
            link.drain()
            assert not link.ready
            await reader.readexactly(16)
            writer.write(frames.encode(frames.RESPONSE, number, 200, b"", b"ok"))
            assert await asyncio.wait_for(reader.read(), 5) == b""
            assert call.frames[0][3] == b"ok"

    asyncio.run(scenario())


def test_only_calls_that_waited_too_long_are_overdue() -> None:
    async def scenario() -> None:
        async with linked() as (link, _, _):
            link.timeout_s = 10
            old, young = Call(), Call()
            old.sent, young.sent = 100.0, 105.0
            send(link, old)
            send(link, young)
            link.sweep(111.0)
            assert (old.ended, young.ended) == ("overdue", "")

    asyncio.run(scenario())


def test_a_worker_that_talks_nonsense_is_dropped() -> None:
    async def scenario() -> None:
        async with linked() as (link, _, writer):
            call = Call()
            send(link, call)
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3)
            await asyncio.wait_for(call.done.wait(), 5)
            assert call.ended == "lost"

    asyncio.run(scenario())
