"""CBOR (RFC 8949) as far as Smithy's RPC v2 protocol uses it.

Values: None, bool, int of 64 bits, float, str, bytes, list, dict with text as keys, and `Moment`
for tag 1. Other tags are passed over, as the protocol asks. Written are definite lengths and
doubles only. Sizes that the data cannot have, and nesting beyond what any service has, are refused.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MOST_NESTED = 64

_BREAK = 0xFF
_INDEFINITE = 31
_EPOCH = 1
_SIMPLE: dict[int, Any] = {20: False, 21: True, 22: None, 23: None}
_FLOATS = {25: struct.Struct(">e"), 26: struct.Struct(">f"), 27: struct.Struct(">d")}
_LENGTHS = {24: 1, 25: 2, 26: 4, 27: 8}
_DOUBLE = struct.Struct(">Bd")


class NotCbor(ValueError):
    """The bytes are not one whole CBOR value of the kinds that are known here."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time: tag 1."""

    seconds: float
    """Since the epoch."""


def loads(data: bytes) -> Any:
    """The one value that the bytes are. Raises NotCbor."""
    reader = _Reader(data)
    value = reader.value(0)
    if reader.place != len(data):
        raise NotCbor("bytes are left over")
    return value


def dumps(value: Any) -> bytes:
    """The value as CBOR."""
    out = bytearray()
    _write(out, value)
    return bytes(out)


class _Reader:
    """Reads values one after the other; `place` is where the next one begins."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.place = 0
        self._major: list[Callable[[int, int], Any]] = [
            lambda info, depth: self._number(info),
            lambda info, depth: -1 - self._number(info),
            lambda info, depth: self._string(2, info),
            lambda info, depth: self._text(info),
            self._array,
            self._map,
            self._tagged,
            lambda info, depth: self._simple(info),
        ]

    def value(self, depth: int) -> Any:
        if depth > MOST_NESTED:
            raise NotCbor("it is nested too deeply")
        first = self._take(1)[0]
        return self._major[first >> 5](first & 31, depth)

    def _take(self, size: int) -> bytes:
        end = self.place + size
        if end > len(self._data):
            raise NotCbor("it ends too early")
        taken = self._data[self.place : end]
        self.place = end
        return taken

    def _number(self, info: int) -> int:
        if info < 24:
            return info
        if info not in _LENGTHS:
            raise NotCbor("a length is not known")
        return int.from_bytes(self._take(_LENGTHS[info]), "big")

    def _at_break(self) -> bool:
        if self.place < len(self._data) and self._data[self.place] == _BREAK:
            self.place += 1
            return True
        return False

    def _string(self, major: int, info: int) -> bytes:
        if info != _INDEFINITE:
            return self._take(self._number(info))
        pieces = []
        while not self._at_break():
            first = self._take(1)[0]
            if first >> 5 != major or first & 31 == _INDEFINITE:
                raise NotCbor("a string has a piece that is none")
            pieces.append(self._take(self._number(first & 31)))
        return b"".join(pieces)

    def _text(self, info: int) -> str:
        try:
            return self._string(3, info).decode("utf-8")
        except UnicodeDecodeError:
            raise NotCbor("text is not UTF-8") from None

    def _array(self, info: int, depth: int) -> list[Any]:
        if info != _INDEFINITE:
            return [self.value(depth + 1) for _ in range(self._count(info))]
        items: list[Any] = []
        while not self._at_break():
            items.append(self.value(depth + 1))
        return items

    def _map(self, info: int, depth: int) -> dict[str, Any]:
        items: dict[str, Any] = {}
        if info == _INDEFINITE:
            while not self._at_break():
                self._pair(items, depth)
            return items
        for _ in range(self._count(info)):
            self._pair(items, depth)
        return items

    def _pair(self, items: dict[str, Any], depth: int) -> None:
        key = self._key()
        items[key] = self.value(depth + 1)

    def _count(self, info: int) -> int:
        """How many items follow; each takes a byte at least."""
        count = self._number(info)
        if count > len(self._data) - self.place:
            raise NotCbor("it ends too early")
        return count

    def _key(self) -> str:
        first = self._take(1)[0]
        if first >> 5 != 3:
            raise NotCbor("a map's key is not text")
        return self._text(first & 31)

    def _tagged(self, info: int, depth: int) -> Any:
        tag = self._number(info)
        value = self.value(depth + 1)
        if tag != _EPOCH:
            return value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise NotCbor("a timestamp is not a number")
        return Moment(value)

    def _simple(self, info: int) -> Any:
        if info in _FLOATS:
            form = _FLOATS[info]
            return form.unpack(self._take(form.size))[0]
        if info in _SIMPLE:
            return _SIMPLE[info]
        raise NotCbor("a simple value is not known")


def _head(out: bytearray, major: int, number: int) -> None:
    if number < 24:
        out.append(major << 5 | number)
        return
    for info, size in _LENGTHS.items():
        if number < 1 << (8 * size):
            out.append(major << 5 | info)
            out += number.to_bytes(size, "big")
            return
    raise ValueError(f"{number} has more than 64 bits")


def _write(out: bytearray, value: Any) -> None:
    if value is None or isinstance(value, bool):
        out.append({False: 0xF4, True: 0xF5, None: 0xF6}[value])
    elif isinstance(value, int):
        _head(out, 0 if value >= 0 else 1, value if value >= 0 else -1 - value)
    elif isinstance(value, float):
        out += _DOUBLE.pack(0xFB, value)
    elif isinstance(value, Moment):
        out.append(0xC0 | _EPOCH)
        _write(out, value.seconds)
    else:
        _write_long(out, value)


def _write_long(out: bytearray, value: Any) -> None:
    """Strings, lists and maps."""
    if isinstance(value, bytes):
        _head(out, 2, len(value))
        out += value
    elif isinstance(value, str):
        encoded = value.encode("utf-8")
        _head(out, 3, len(encoded))
        out += encoded
    elif isinstance(value, list):
        _head(out, 4, len(value))
        for item in value:
            _write(out, item)
    elif isinstance(value, dict):
        _head(out, 5, len(value))
        for key, item in value.items():
            _write_long(out, key)
            _write(out, item)
    else:
        raise TypeError(f"CBOR has no {type(value).__name__}")
