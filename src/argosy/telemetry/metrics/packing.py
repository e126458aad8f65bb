"""Samples as bytes: a few for a plain number, about two for each bucket of a distribution.

A packed sample is a byte of flags, then numbers. Whole numbers are written as variable-length
integers, others as eight bytes; what follows from the rest is left out.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping

from argosy.telemetry.metrics.buckets import ROUGH_BITS, key_of, rough
from argosy.telemetry.metrics.sample import Sample

_ONE_VALUE = 1
"""All values are the same: count and value tell everything."""
_SKETCH = 2
_ROUGH = 4
_WHOLE = 8
"""Every number but the count is whole and not negative."""
_WHOLE_COUNTS = 16
_SHORT_KEYS = 32
"""The lower half of every key is zero, as it is for whole numbers up to two million."""
_SHORT_BITS = 32

_COMPRESSION = 6
_FLOAT = struct.Struct("<d")
_MOST_WHOLE = 1 << 53


def pack(sample: Sample) -> bytes:
    """The sample as bytes, which tell where they end."""
    out = bytearray(1)
    flags = 0
    one = sample.minimum == sample.maximum and _plain(sample)
    numbers = [sample.minimum] if one else [sample.minimum, sample.maximum, sample.total]
    if one:
        flags |= _ONE_VALUE
    if all(_is_whole(number) for number in numbers):
        flags |= _WHOLE
    sketch = None if one else sample.sketch
    counts = [sample.count] if sketch is None else [sample.count, *sketch.values()]
    if all(_is_whole(count) for count in counts):
        flags |= _WHOLE_COUNTS
    _put(out, sample.count, flags & _WHOLE_COUNTS)
    for number in numbers:
        _put(out, number, flags & _WHOLE)
    if sketch is not None:
        flags |= _SKETCH | _keys_of(sample)
        _put_sketch(out, sketch, flags)
    out[0] = flags
    return bytes(out)


def unpack(data: bytes, offset: int = 0) -> tuple[Sample, int]:
    """The sample that begins at `offset`, and where it ends."""
    flags = data[offset]
    count, offset = _get(data, offset + 1, flags & _WHOLE_COUNTS)
    minimum, offset = _get(data, offset, flags & _WHOLE)
    if flags & _ONE_VALUE:
        sketch = {key_of(minimum): count} if minimum >= 0 else None
        return Sample(count, minimum * count, minimum, minimum, sketch), offset
    maximum, offset = _get(data, offset, flags & _WHOLE)
    total, offset = _get(data, offset, flags & _WHOLE)
    if not flags & _SKETCH:
        return Sample(count, total, minimum, maximum), offset
    length, offset = get_integer(data, offset)
    end = offset + length
    packed = _Packed(data[offset:end], flags)
    return Sample(count, total, minimum, maximum, packed, bool(flags & _ROUGH)), end


class _Packed(Mapping[int, float]):
    """A sketch that is unpacked when somebody looks at it: most look only at the sum."""

    __slots__ = ("_data", "_flags", "_sketch")

    def __init__(self, data: bytes, flags: int) -> None:
        self._data = data
        self._flags = flags
        self._sketch: dict[int, float] | None = None

    def _look(self) -> dict[int, float]:
        if self._sketch is None:
            self._sketch = _get_sketch(self._data, self._flags)
        return self._sketch

    def __getitem__(self, key: int) -> float:
        return self._look()[key]

    def __iter__(self) -> Iterator[int]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())


def put_integer(out: bytearray, number: int) -> None:
    """Append a number that is not negative, seven bits a byte."""
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)


def get_integer(data: bytes, offset: int) -> tuple[int, int]:
    """The number at `offset`, and where it ends."""
    number = shift = 0
    while True:
        byte = data[offset]
        offset += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, offset
        shift += 7


def _plain(sample: Sample) -> bool:
    """Whether it is what `Sample.of` makes of its one value."""
    made = Sample.of(sample.minimum, sample.count)
    return made == sample


def _is_whole(number: float) -> bool:
    return 0 <= number < _MOST_WHOLE and number == int(number)


def _put(out: bytearray, number: float, whole: int) -> None:
    if whole:
        put_integer(out, int(number))
    else:
        out += _FLOAT.pack(number)


def _get(data: bytes, offset: int, whole: int) -> tuple[float, int]:
    if whole:
        return get_integer(data, offset)
    number: float = _FLOAT.unpack_from(data, offset)[0]
    return number, offset + 8


def _keys_of(sample: Sample) -> int:
    """The flag that says how its keys are written."""
    if sample.rough:
        return _ROUGH
    short = all(key >> _SHORT_BITS << _SHORT_BITS == key for key in sample.sketch or ())
    return _SHORT_KEYS if short else 0


def _put_sketch(out: bytearray, sketch: Mapping[int, float], flags: int) -> None:
    """How long it is, then keys as what they exceed the one before by, each with its count."""
    packed = bytearray()
    before = 0
    for key in sorted(sketch):
        number = _number_of(key, flags)
        put_integer(packed, number - before)
        _put(packed, sketch[key], flags & _WHOLE_COUNTS)
        before = number
    put_integer(out, len(packed))
    out += packed


def _get_sketch(data: bytes, flags: int) -> dict[int, float]:
    sketch: dict[int, float] = {}
    number = offset = 0
    while offset < len(data):
        step, offset = get_integer(data, offset)
        number += step
        key = _key_of(number, flags)
        sketch[key], offset = _get(data, offset, flags & _WHOLE_COUNTS)
    return sketch


def _number_of(key: int, flags: int) -> int:
    """The key without what is the same in all; of a bucket 0 for zero, so others move up by one."""
    if flags & _ROUGH:
        return (key >> ROUGH_BITS) + 1 if key else 0
    return key >> _SHORT_BITS if flags & _SHORT_KEYS else key


def _key_of(number: int, flags: int) -> int:
    if flags & _ROUGH:
        return rough(((number - 1) << ROUGH_BITS) | 1) if number else 0
    return number << _SHORT_BITS if flags & _SHORT_KEYS else number


def pack_points(points: Mapping[int, Sample]) -> bytes:
    """Samples by a number of their own that is not negative, smallest first, compressed."""
    out = bytearray()
    for number in sorted(points):
        put_integer(out, number)
        out += pack(points[number])
    return zlib.compress(bytes(out), _COMPRESSION)


def unpack_points(compressed: bytes) -> Iterator[tuple[int, Sample]]:
    """What `pack_points` packed."""
    data = zlib.decompress(compressed)
    offset = 0
    while offset < len(data):
        number, offset = get_integer(data, offset)
        sample, offset = unpack(data, offset)
        yield number, sample
