"""Bodies that clients compress: PutMetricData's may be gzip."""

import gzip

import pytest

from argosy import wire
from argosy.ground.errors import SerializationException
from argosy.wire import HttpRequest
from argosy.wire.compression import MOST_BYTES

SERVICE = wire.load("cloudwatch")


def parse(body: bytes, encoding: str = "gzip") -> dict[str, object]:
    headers = {
        "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
        "content-type": "application/x-amz-json-1.0",
        "content-encoding": encoding,
    }
    request = HttpRequest("POST", "/", "", headers, body)
    return wire.parse(SERVICE, wire.find_operation(SERVICE, request), request)


def test_a_compressed_body_is_read() -> None:
    assert parse(gzip.compress(b'{"Namespace":"N"}')) == {"Namespace": "N"}


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (b"plain", "gzip", "not valid gzip"),
        (gzip.compress(b'{"Namespace":"N"}', mtime=0)[:-6], "gzip", "too early"),
        (gzip.compress(b" " * (MOST_BYTES + 1), mtime=0), "gzip", "more than 10 MiB"),
        (b"", "br", "'br' is not known"),
    ],
)
def test_what_cannot_be_expanded_is_refused(body: bytes, encoding: str, words: str) -> None:
    with pytest.raises(SerializationException, match=words):
        parse(body, encoding)
