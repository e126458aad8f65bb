"""Event-stream messages, as botocore's own decoder reads them."""

import json

from botocore.eventstream import EventStreamBuffer
from hypothesis import given
from hypothesis import strategies as st

from argosy.edge.eventstream import payload_part, stream_error


@given(st.lists(st.binary(max_size=2000), min_size=1, max_size=5))
def test_payload_parts_are_read_back(payloads: list[bytes]) -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(payload_part(payload) for payload in payloads))
    events = list(buffer)
    assert [event.payload for event in events] == payloads
    assert events[0].headers == {
        ":message-type": "event",
        ":event-type": "PayloadPart",
        ":content-type": "application/octet-stream",
    }


def test_a_broken_stream_is_an_exception_with_its_code() -> None:
    buffer = EventStreamBuffer()
    buffer.add_data(stream_error("StreamBroken", "ü"))
    (event,) = list(buffer)
    assert event.headers[":exception-type"] == "ModelStreamError"
    assert json.loads(event.payload) == {"Message": "ü", "ErrorCode": "StreamBroken"}
