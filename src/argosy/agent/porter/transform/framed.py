"""RecordIO and TFRecord: records that say how long they are, packed into mini-batches.

Alone, a record goes without its frame and padding; several go as they are (TransformInput,
"SplitType", SageMaker API reference). A file of another format is refused by its first bytes.
Checksums of lengths are checked, those of TFRecord's data are left to the model's reader.
Sources: dmlc-core recordio.h; TensorFlow, "TFRecord and tf.train.Example".
"""

import struct
from collections.abc import Callable, Iterator

from argosy.agent.porter.transform.batch import Batch
from argosy.agent.porter.transform.failures import BadInput
from argosy.agent.porter.transform.lines import Payload, Source

_CHUNK = 1 << 20
_MAGIC = 0xCED7230A
_MAGIC_BYTES = struct.pack("<I", _MAGIC)
_RECORDIO = struct.Struct("<II")
_TFRECORD = struct.Struct("<QI")
_WHOLE, _BEGINS, _ENDS = 0, 1, 3
_CRC_DELTA = 0xA282EAD8

Frame = tuple[bytes, bytes]
"""A record as it is in the object, and its data alone."""


class _Feed:
    """Exactly as many bytes as are asked for, of a source that gives what it likes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._held = b""
        self._offset = 0

    def take(self, size: int) -> bytes:
        """`size` bytes; fewer only at the end."""
        if len(self._held) - self._offset < size:
            parts = [self._held[self._offset :]]
            missing = size - len(parts[0])
            while missing > 0 and (data := self._source.read(max(_CHUNK, missing))):
                parts.append(data)
                missing -= len(data)
            self._held, self._offset = b"".join(parts), 0
        data = self._held[self._offset : self._offset + size]
        self._offset += len(data)
        return data


def framed_batches(
    source: Source, split_type: str, start: int, payload: Payload, *, single: bool
) -> Iterator[Batch]:
    """Batches of a source that begins at `start`, which is where a record begins.

    split_type: "RecordIO" or "TFRecord". Raises BadInput.
    """
    read = _recordio if split_type == "RecordIO" else _tfrecord
    batches = _alone if single else _packed
    return batches(_frames(read, _Feed(source), payload), start, payload)


def _alone(frames: Iterator[Frame], start: int, payload: Payload) -> Iterator[Batch]:
    for number, (raw, data) in enumerate(frames):
        if len(data) > payload.most:
            raise payload.too_long(number)
        yield Batch([data], start, start + len(raw), number, 1)
        start += len(raw)


def _packed(frames: Iterator[Frame], start: int, payload: Payload) -> Iterator[Batch]:
    held: list[bytes] = []
    size = number = 0
    for raw, _ in frames:
        if len(raw) > payload.most:
            raise payload.too_long(number + len(held))
        if held and size + len(raw) > payload.packed:
            yield Batch([b"".join(held)], start, start + size, number, len(held))
            start, number, held, size = start + size, number + len(held), [], 0
        held.append(raw)
        size += len(raw)
    if held:
        yield Batch([b"".join(held)], start, start + size, number, len(held))


_Reader = Callable[[_Feed, int, int], Frame | None]


def _frames(read: _Reader, feed: _Feed, payload: Payload) -> Iterator[Frame]:
    number, longest = 0, payload.most + 64
    while (frame := read(feed, number, longest)) is not None:
        yield frame
        number += 1


def _recordio(feed: _Feed, number: int, longest: int) -> Frame | None:
    """One record, which has several parts where its data holds the magic number."""
    raws: list[bytes] = []
    parts: list[bytes] = []
    size = 0
    while True:
        head = feed.take(_RECORDIO.size)
        if not head and not raws:
            return None
        raw, data, flag = _part(feed, head, number, longest)
        size += len(raw)
        raws.append(raw)
        parts.append(data)
        if size > longest:
            return b"".join(raws), b"".join(parts)  # the packer refuses it
        if flag in (_WHOLE, _ENDS):
            return b"".join(raws), _MAGIC_BYTES.join(parts)


def _part(feed: _Feed, head: bytes, number: int, longest: int) -> tuple[bytes, bytes, int]:
    if len(head) < _RECORDIO.size:
        raise _truncated("RecordIO", number)
    magic, word = _RECORDIO.unpack(head)
    if magic != _MAGIC:
        raise BadInput(
            f"the content is not RecordIO: a record begins with 0x{magic:08x} instead of the "
            f"magic number 0x{_MAGIC:08x}; check SplitType and CompressionType",
            first=number,
            count=1,
        )
    flag, length = word >> 29, word & 0x1FFFFFFF
    padded = length + (-length % 4)
    body = feed.take(min(padded, longest))
    if len(body) < min(padded, longest):
        raise _truncated("RecordIO", number)
    return head + body, body[:length], flag


def _tfrecord(feed: _Feed, number: int, longest: int) -> Frame | None:
    head = feed.take(_TFRECORD.size)
    if not head:
        return None
    if len(head) < _TFRECORD.size:
        raise _truncated("TFRecord", number)
    length, checksum = _TFRECORD.unpack(head)
    if _masked_crc(head[:8]) != checksum:
        raise BadInput(
            "the content is not TFRecord: the checksum of a record's length is wrong; check "
            "SplitType and CompressionType",
            first=number,
            count=1,
        )
    body = feed.take(min(length + 4, longest))
    if len(body) < min(length + 4, longest):
        raise _truncated("TFRecord", number)
    return head + body, body[:length]


def _truncated(name: str, number: int) -> BadInput:
    return BadInput(f"the object ends in the middle of a {name} record", first=number, count=1)


def _table() -> list[int]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte >> 1) ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC_TABLE = _table()


def _masked_crc(data: bytes) -> int:
    """CRC-32C (Castagnoli), masked as TFRecord's are."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ (crc >> 8)
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _CRC_DELTA) & 0xFFFFFFFF
