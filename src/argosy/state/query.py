"""What a List call asks of the records: filters, an order, and pages that stand still.

Paging is by key, not by offset: the token holds the place of the last record given, so records
that come or go between two calls neither repeat nor hide another. A token belongs to one order.
"""

import base64
import json
import operator
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from argosy.state.table import records

SortBy = Literal["name", "created", "modified", "status"]


class BadToken(Exception):
    """The paging token was not made by this query's order, or was altered."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """Filters (all must hold), order and page size of one List call; times in epoch seconds."""

    prefix: str = ""
    """How the name begins."""
    name_contains: str = ""
    """Part of the name, whatever its case."""
    created_after: float | None = None
    """At or after; `…_before` is strictly before."""
    created_before: float | None = None
    modified_after: float | None = None
    modified_before: float | None = None
    status: str | None = None
    member_contains: tuple[str, str] | None = None
    """A member of the document ("asked.Name") and a part of its text, whatever its case."""
    sort_by: SortBy = "created"
    descending: bool = False
    limit: int = 100
    after: str = field(default="", repr=False)
    """`Page.next` of the page before, or ""."""


def statement(kind: str, account: str, region: str, query: Query) -> sa.Select[Any]:
    """The SELECT of one page and one record more; raises BadToken."""
    columns = records.c
    wanted = sa.select(records).where(
        columns.kind == kind, columns.account == account, columns.region == region
    )
    for condition in _filters(query):
        wanted = wanted.where(condition)
    if query.after:
        wanted = wanted.where(_beyond(query))
    return wanted.order_by(*_order(query)).limit(query.limit + 1)


def token_after(query: Query, sort_value: str | float, name: str) -> str:
    """The token that continues after this record."""
    place = [query.sort_by, query.descending, sort_value, name]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _filters(query: Query) -> list[sa.ColumnElement[bool]]:
    columns = records.c
    conditions = [
        compare(column, bound)
        for column, compare, bound in (
            (columns.created, operator.ge, query.created_after),
            (columns.created, operator.lt, query.created_before),
            (columns.modified, operator.ge, query.modified_after),
            (columns.modified, operator.lt, query.modified_before),
            (columns.status, operator.eq, query.status),
        )
        if bound is not None
    ]
    if query.prefix:
        conditions += begins(query.prefix)
    if query.name_contains:
        part = query.name_contains.lower()
        conditions.append(columns.name_lower.contains(part, autoescape=True))
    if query.member_contains:
        member, part = query.member_contains
        text = sa.func.lower(sa.func.json_extract(columns.document, f"$.{member}"))
        conditions.append(text.contains(part.lower(), autoescape=True))
    return conditions


def begins(prefix: str) -> list[sa.ColumnElement[bool]]:
    """That a name begins so; the primary key finds them."""
    after = prefix[:-1] + chr(ord(prefix[-1]) + 1)
    return [records.c.name >= prefix, records.c.name < after]


def _order(query: Query) -> list[sa.ColumnElement[Any]]:
    keys = [records.c[query.sort_by], records.c.name]
    return [key.desc() if query.descending else key.asc() for key in keys]


def _beyond(query: Query) -> sa.ColumnElement[bool]:
    value, name = _place(query)
    key, tie = records.c[query.sort_by], records.c.name
    if query.descending:
        return sa.or_(key < value, sa.and_(key == value, tie < name))
    return sa.or_(key > value, sa.and_(key == value, tie > name))


def _place(query: Query) -> tuple[str | float, str]:
    """Sort value and name out of the token."""
    try:
        padded = query.after + "=" * (-len(query.after) % 4)
        place = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        sort_by, descending, value, name = place
        if [sort_by, descending] != [query.sort_by, query.descending]:
            raise BadToken(query.after)
        if query.sort_by in ("created", "modified"):
            return _number(value), _text(name)
        return _text(value), _text(name)
    except (ValueError, TypeError, OverflowError, RecursionError):
        raise BadToken(query.after) from None


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError("not a number")
    return float(value)


def _text(value: Any) -> str:
    """Text that a database can take: lone surrogates raise UnicodeEncodeError, a ValueError."""
    if not isinstance(value, str):
        raise TypeError("not text")
    value.encode()
    return value
