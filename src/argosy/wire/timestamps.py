"""Timestamps in the three forms of the protocols: epoch seconds, ISO 8601, RFC 822.

Reading takes any of the three, since clients differ; writing gives exactly the one asked for.
Everything is UTC.
"""

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

UNIX = "unixTimestamp"
ISO = "iso8601"
RFC822 = "rfc822"


def read(value: str | float) -> datetime:
    """An aware datetime; raises ValueError when it is none or out of the calendar."""
    try:
        if isinstance(value, str):
            return _from_text(value.strip())
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, OSError, TypeError, IndexError) as error:
        raise ValueError(str(error)) from None


def write(value: datetime | float, form: str) -> str | float:
    """Epoch seconds as a float with milliseconds, or text."""
    if form == UNIX:
        return round(value.timestamp() if isinstance(value, datetime) else float(value), 3)
    moment = value if isinstance(value, datetime) else datetime.fromtimestamp(value, UTC)
    moment = moment.astimezone(UTC)
    if form == RFC822:
        return format_datetime(moment, usegmt=True)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.replace(tzinfo=None).isoformat(timespec=precision) + "Z"


def _from_text(text: str) -> datetime:
    for form in (_from_number, datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = form(text)
        except ValueError:
            continue
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    raise ValueError(f"not a timestamp: {text[:40]!r}")


def _from_number(text: str) -> datetime:
    return datetime.fromtimestamp(float(text), UTC)
