"""Lengths of time as ISO 8601 writes them, with a sign: -PT1H, P1D, PT1H30M. Pure."""

import re

_FORM = re.compile(
    r"([+-]?)P(?:([0-9.]+)W)?(?:([0-9.]+)D)?(?:T(?:([0-9.]+)H)?(?:([0-9.]+)M)?(?:([0-9.]+)S)?)?"
)
_SECONDS = (604_800.0, 86_400.0, 3_600.0, 60.0, 1.0)
_LONGEST_S = 366 * 86_400.0


class BadDuration(ValueError):
    """The text is no duration; the sentence says what one looks like."""


def parse(text: str) -> float:
    """Seconds. Raises BadDuration; years and months have no fixed length and are none."""
    match = _FORM.fullmatch(text.strip())
    parts = match.groups()[1:] if match else ()
    if match is None or not any(parts):
        raise BadDuration(f"{text!r} is not a duration: write -PT1H, PT0H or -P1D, for example.")
    try:
        seconds = sum(
            float(part) * unit for part, unit in zip(parts, _SECONDS, strict=True) if part
        )
    except ValueError:
        raise BadDuration(f"{text!r} is not a duration.") from None
    if seconds > _LONGEST_S:
        raise BadDuration(f"{text!r} is longer than a year.")
    return -seconds if match[1] == "-" else seconds
