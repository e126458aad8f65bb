"""FIFO queues, whatever is done to them: groups stay in order, and no two receivers share one."""

import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from argosy.ground.clock import ManualClock
from argosy.messaging import Messaging
from argosy.messaging.receiving import Wish, handle_of
from argosy.messaging.sending import Letter
from argosy.state.database import open_database
from argosy.state.messages import Message
from argosy.state.records import Records

HOLD_S = 30


class Fifo(RuleBasedStateMachine):
    """The queue beside a model: what each group holds, and until when something of it is held."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = ManualClock()
        self.engine = open_database(Path(self.folder.name) / "a.db")
        self.messaging = Messaging(Records(self.engine), self.clock)
        self.queue = self.messaging.queues.create(
            "000000000000", "us-east-1", "q.fifo", {"FifoQueue": "true"}, {}
        )
        self.sent = 0
        self.groups: dict[str, list[str]] = {"a": [], "b": []}
        self.held: dict[str, tuple[Message, float]] = {}

    def teardown(self) -> None:
        self.engine.dispose()
        self.folder.cleanup()

    def busy(self, group: str) -> bool:
        now = self.clock.now()
        return any(until > now and one.message_group == group for one, until in self.held.values())

    @rule(group=st.sampled_from("ab"), letters=st.integers(1, 3))
    def send(self, group: str, letters: int) -> None:
        for _ in range(letters):
            self.sent += 1
            body = str(self.sent)
            letter = Letter(body, group=group, deduplication=body)
            self.messaging.sending.send(self.queue, letter, "me", self.clock.now())
            self.groups[group].append(body)

    @rule(most=st.integers(1, 10))
    def receive(self, most: int) -> None:
        free = {group for group in self.groups if not self.busy(group)}
        taken = self.messaging.receiving.take(self.queue, Wish(most=most, hold_s=HOLD_S))
        for group in self.groups:
            got = [one.body for one in taken if one.message_group == group]
            assert got == self.groups[group][: len(got)]
            assert not got or group in free
        assert len(taken) == min(most, sum(len(self.groups[group]) for group in free))
        for one in taken:
            self.held[one.body] = (one, self.clock.now() + HOLD_S)

    @rule(place=st.integers(0, 9))
    def delete(self, place: int) -> None:
        now = self.clock.now()
        held = [one for one, until in self.held.values() if until > now]
        if held:
            one = held[place % len(held)]
            self.messaging.receiving.delete(self.queue, handle_of(one))
            self.groups[one.message_group].remove(one.body)
            del self.held[one.body]

    @rule(place=st.integers(0, 9), seconds=st.sampled_from([0, 5, 60]))
    def change(self, place: int, seconds: int) -> None:
        now = self.clock.now()
        held = [one for one, until in self.held.values() if until > now]
        if held:
            one = held[place % len(held)]
            self.messaging.receiving.change_visibility(self.queue, handle_of(one), seconds)
            self.held[one.body] = (one, now + seconds)

    @rule(seconds=st.sampled_from([1, 10, 31]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(seconds)


TestFifo = Fifo.TestCase
TestFifo.settings = settings(max_examples=15, stateful_step_count=30, deadline=None)
