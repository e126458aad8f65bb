"""A record: one row of the table, as plain data."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Record:
    """A resource; its key is (kind, account, region, name)."""

    kind: str
    account: str
    region: str
    name: str
    document: dict[str, Any]
    status: str
    """Empty where a kind has none."""
    version: int
    """Grows with every update."""
    created: float
    modified: float
    """Epoch seconds, as `created`."""


@dataclass(frozen=True)
class Page:
    """Some records in the order asked for; `next` continues, "" at the end."""

    records: list[Record]
    next: str = ""
