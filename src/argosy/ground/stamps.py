"""Times as AWS's documents write them. Pure."""

from datetime import UTC, datetime


def seconds_stamp(at: float) -> str:
    """Epoch seconds → "2026-01-31T08:00:00Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
