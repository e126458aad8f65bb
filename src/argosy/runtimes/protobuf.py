"""As much of Protocol Buffers' wire format as RecordIO records need: fields in, fields out.

Knows no schema; unknown fields are given like any other. Source: protobuf.dev, "Encoding".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

VARINT, WIDE, LENGTH, NARROW = 0, 1, 2, 5
_SIZES = {WIDE: 8, NARROW: 4}


class Field(NamedTuple):
    """One field of a message: its bytes (of a varint: as they are on the wire)."""

    number: int
    kind: int
    data: memoryview


def fields(message: memoryview) -> Iterator[Field]:
    """The fields of a message, in order; raises ValueError when it is damaged."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        start = position
        if kind == VARINT:
            _, position = _varint(message, position)
        elif kind == LENGTH:
            length, start = _varint(message, position)
            position = start + length
        elif kind in _SIZES:
            position += _SIZES[kind]
        else:
            raise ValueError(f"a field has the unknown wire type {kind}")
        if position > len(message):
            raise ValueError("a field is longer than its message")
        yield Field(key >> 3, kind, message[start:position])


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """The number at that position and the position behind it."""
    value = 0
    for count in range(10):
        if position + count >= len(data):
            break
        byte = data[position + count]
        value |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return value, position + count + 1
    raise ValueError("a number is cut off or too long")


def varints(data: bytes) -> Any:
    """Packed varints as an array of uint64; raises ValueError when the last one is cut off."""
    octets = np.frombuffer(data, np.uint8)
    last = np.flatnonzero(octets < 0x80)
    if not len(octets):
        return np.zeros(0, np.uint64)
    if not len(last) or last[-1] != len(octets) - 1:
        raise ValueError("a number is cut off")
    first = np.concatenate([[0], last[:-1] + 1])
    lengths = last - first + 1
    if lengths.max() > 10:
        raise ValueError("a number is too long")
    place = np.arange(len(octets)) - np.repeat(first, lengths)
    parts = (octets & 0x7F).astype(np.uint64) << (7 * place).astype(np.uint64)
    return np.bitwise_or.reduceat(parts, first)


def message(parts: Iterable[tuple[int, bytes]]) -> bytes:
    """A message of length-delimited fields (strings, messages, packed numbers)."""
    return b"".join(
        _encoded(number << 3 | LENGTH) + _encoded(len(data)) + data for number, data in parts
    )


def _encoded(value: int) -> bytes:
    octets = bytearray()
    while value >= 0x80:
        octets.append(value & 0x7F | 0x80)
        value >>= 7
    octets.append(value)
    return bytes(octets)
