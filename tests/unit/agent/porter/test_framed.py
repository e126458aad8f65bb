"""RecordIO, TFRecord and Gzip: records as they are, alone without their frames, errors by name."""

import gzip
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent.porter.transform.batch import joined
from argosy.agent.porter.transform.failures import BadInput
from argosy.agent.porter.transform.framed import framed_batches
from argosy.agent.porter.transform.gunzip import Gunzip
from argosy.agent.porter.transform.lines import Payload
from argosy.agent.porter.transform.whole import whole_batch
from argosy.runtimes import recordio

MAGIC = struct.pack("<I", 0xCED7230A)
PAYLOAD = Payload(100, 100)


def framed(content: bytes, kind: str, payload: Payload = PAYLOAD, **more: bool) -> list[bytes]:
    single = more.get("single", False)
    batches = framed_batches(io.BytesIO(content), kind, 0, payload, single=single)
    return [joined(batch.body) for batch in batches]


def recordio_of(data: bytes, flag: int = 0) -> bytes:
    return MAGIC + struct.pack("<I", flag << 29 | len(data)) + data + b"\0" * (-len(data) % 4)


def crc32c(data: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def tfrecord_of(data: bytes) -> bytes:
    def masked(value: bytes) -> bytes:
        crc = crc32c(value)
        return struct.pack("<I", (((crc >> 15) | (crc << 17)) + 0xA282EAD8) & 0xFFFFFFFF)

    length = struct.pack("<Q", len(data))
    return length + masked(length) + data + masked(data)


@given(st.lists(st.binary(max_size=60), max_size=12), st.sampled_from(["RecordIO", "TFRecord"]))
def test_records_are_packed_as_they_are_and_alone_without_frames(
    records: list[bytes], kind: str
) -> None:
    encode = recordio_of if kind == "RecordIO" else tfrecord_of
    content = b"".join(map(encode, records))
    packed = framed(content, kind)
    assert b"".join(packed) == content
    assert all(len(body) <= 100 for body in packed)
    assert framed(content, kind, single=True) == records


def test_what_our_own_runtimes_write_is_split() -> None:
    content = recordio.write(np.arange(12.0).reshape(4, 3))
    singles = framed(content, "RecordIO", single=True)
    assert len(singles) == 4
    assert b"".join(framed(content, "RecordIO")) == content


def test_a_record_in_several_parts_is_one_record() -> None:
    content = recordio_of(b"abcd", 1) + recordio_of(b"efgh", 2) + recordio_of(b"ij", 3)
    content += recordio_of(b"next")
    assert framed(content, "RecordIO", single=True) == [
        b"abcd" + MAGIC + b"efgh" + MAGIC + b"ij",
        b"next",
    ]
    assert framed(content, "RecordIO") == [content]


@pytest.mark.parametrize("kind", ["RecordIO", "TFRecord"])
def test_another_format_is_refused_by_its_first_bytes(kind: str) -> None:
    with pytest.raises(BadInput, match=f"the content is not {kind}.*check SplitType"):
        framed(b"1,2,3\n4,5,6\n7,8,9\n", kind)


@pytest.mark.parametrize("kind", ["RecordIO", "TFRecord"])
def test_the_record_that_is_cut_off_is_named(kind: str) -> None:
    encode = recordio_of if kind == "RecordIO" else tfrecord_of
    content = encode(b"first") + encode(b"second")
    for size in range(len(encode(b"first")) + 1, len(content)):
        with pytest.raises(BadInput, match="ends in the middle") as caught:
            framed(content[:size], kind)
        assert caught.value.first == 1


@pytest.mark.parametrize("kind", ["RecordIO", "TFRecord"])
@pytest.mark.parametrize("single", [False, True])
def test_a_record_beyond_the_limit_is_named_and_not_read(kind: str, single: bool) -> None:
    encode = recordio_of if kind == "RecordIO" else tfrecord_of
    content = encode(b"fits") + encode(b"x" * 5000) + encode(b"fits")
    with pytest.raises(BadInput, match="longer than MaxPayloadInMB") as caught:
        framed(content, kind, single=single)
    assert caught.value.first == 1


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(1, 5000))
def test_gzip_of_several_members_is_one_content(members: list[bytes], size: int) -> None:
    packed = b"".join(map(gzip.compress, members))
    source = Gunzip(io.BytesIO(packed))
    found = b"".join(iter(lambda: source.read(size), b""))
    assert found == b"".join(members)
    skip = len(found) // 2
    assert Gunzip(io.BytesIO(packed + b"\0" * 7), skip).read(10_000) == found[skip:][:10_000]


def test_gzip_that_is_cut_off_or_none_is_refused() -> None:
    packed = gzip.compress(b"content" * 1000)
    for size in (5, 30, len(packed) - 1):
        with pytest.raises(BadInput, match="in the middle of its Gzip data"):
            Gunzip(io.BytesIO(packed[:size])).read(10_000)
    with pytest.raises(BadInput, match="check CompressionType"):
        Gunzip(io.BytesIO(b"1,2,3\n4,5,6\n")).read(100)
    assert Gunzip(io.BytesIO(b"")).read(100) == b""


def test_a_bomb_is_only_as_large_as_what_is_read_of_it() -> None:
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = bomb.compress(bytes(64 << 20)) + bomb.flush()
    with pytest.raises(BadInput, match="larger than MaxPayloadInMB"):
        list(whole_batch(lambda: Gunzip(io.BytesIO(packed)), Payload(1 << 20, 1 << 20)))


def test_a_whole_object_is_one_batch_and_an_empty_one_none() -> None:
    [batch] = whole_batch(lambda: io.BytesIO(b"x" * 100), PAYLOAD)
    assert (joined(batch.body), batch.end, batch.records) == (b"x" * 100, 100, 1)
    assert list(whole_batch(lambda: io.BytesIO(b""), PAYLOAD)) == []
    with pytest.raises(BadInput, match="SplitType is None"):
        list(whole_batch(lambda: io.BytesIO(b"x" * 101), PAYLOAD))


def test_where_payloads_are_unbounded_a_large_object_is_streamed() -> None:
    content = b"0123456789" * 1000
    [batch] = whole_batch(lambda: io.BytesIO(content), Payload(100, 1 << 20))
    assert batch.size == len(content)
    assert [joined(batch.body), joined(batch.body)] == [content, content]
