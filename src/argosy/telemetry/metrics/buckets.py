"""Values as keys of a sketch: the bits of the number itself, which sort as the numbers do.

A rough key stands for a bucket, of which there are 32 for each power of two. It is the bits of the
bucket's middle: a value is never more than 1.6 % away, and no table is needed to read one. Only for
numbers that are not negative.
"""

import struct

_FLOAT = struct.Struct("<d")
_BITS = struct.Struct("<q")
ROUGH_BITS = 47
"""Bits of the number that a bucket does not tell apart: 52 of the fraction, but 5."""
_HALF = 1 << (ROUGH_BITS - 1)


def key_of(value: float) -> int:
    """The key of exactly this value; 0 for zero. `value` is finite and not negative."""
    key: int = _BITS.unpack(_FLOAT.pack(value + 0.0))[0]
    return max(key, 0)


def value_of(key: int) -> float:
    """The value that a key stands for."""
    value: float = _FLOAT.unpack(_BITS.pack(key))[0]
    return value


def rough(key: int) -> int:
    """The key of the bucket; the same again for a rough key. Zero is a bucket of its own."""
    return (key >> ROUGH_BITS << ROUGH_BITS) | _HALF if key else 0
