"""What a container is told of an invocation besides its body."""

from argosy.runtimes.bridge.calls import request_line
from argosy.runtimes.frames import encode_head


def test_a_container_is_told_of_the_trace() -> None:
    head = encode_head({"traceparent": "00-a-b-01", "tracestate": "x=1", "trace-id": "Root=1"})
    lines = request_line(head, b"/invocations").split(b"\r\n")
    assert lines[0] == b"POST /invocations HTTP/1.1"
    assert set(lines[1:-1]) == {
        b"traceparent: 00-a-b-01",
        b"tracestate: x=1",
        b"X-Amzn-Trace-Id: Root=1",
    }
