"""Wildcards: which texts fit "a*b". Linear, where a regular expression is not."""

from collections.abc import Sequence


def split(pattern: str) -> list[str]:
    r"""The texts between the stars; \* and \\ are a star and a backslash.

    Raises ValueError for a backslash before anything else.
    """
    pieces, piece, letters = [], "", iter(pattern)
    for letter in letters:
        if letter == "*":
            pieces.append(piece)
            piece = ""
        elif letter == "\\":
            escaped = next(letters, "")
            if escaped not in ("*", "\\"):
                raise ValueError(r"only \* and \\ can be escaped")
            piece += escaped
        else:
            piece += letter
    return [*pieces, piece]


def like(value: str, pieces: Sequence[str]) -> bool:
    """Whether the pieces stand in the value in this order, the outer ones at its ends.

    Each is looked for at its earliest place. One piece alone is the whole value.
    """
    first, *others = pieces
    if not others:
        return value == first
    if not value.startswith(first):
        return False
    place = len(first)
    *inner, last = others
    for piece in inner:
        found = value.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return len(value) - len(last) >= place and value.endswith(last)
