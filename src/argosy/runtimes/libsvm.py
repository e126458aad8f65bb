"""libsvm text into sparse rows: `[label] index:value index:value …`, one row a line.

Indices count from 0, as XGBoost reads them. A label and `qid:` are skipped, as is what follows a
`#`; what is not named is not there. Refuses anything else.
"""

from __future__ import annotations

from typing import Any

from argosy.runtimes import sparse
from argosy.runtimes.answers import Body, Fault


def read(body: Body) -> Any:
    """The rows as a sparse matrix of open width (see `argosy.runtimes.sparse`).

    Raises Fault 400 when the body is not libsvm, UnicodeDecodeError when it is no text.
    """
    text = body.decode("utf-8-sig").strip()
    if not text:
        raise Fault(400, "the libsvm body has no rows; send at least one")
    columns: list[int] = []
    values: list[float] = []
    ends = [0]
    for number, line in enumerate(text.split("\n")):
        for index, value in _cells(line, number):
            columns.append(index)
            values.append(value)
        ends.append(len(columns))
    return sparse.matrix(values, columns, ends)


def _cells(line: str, number: int) -> list[tuple[int, float]]:
    tokens = line.partition("#")[0].split()
    if tokens and ":" not in tokens[0]:
        _label(tokens.pop(0), number)
    return [_cell(token, number) for token in tokens if not token.startswith("qid:")]


def _label(token: str, number: int) -> None:
    try:
        float(token)
    except ValueError:
        raise Fault(
            400,
            f"row {number} of the libsvm body begins with {token[:20]!r}, which is neither a"
            " label nor index:value",
        ) from None


def _cell(token: str, number: int) -> tuple[int, float]:
    name, _, text = token.partition(":")
    try:
        if "_" in token:  # Python's numbers may have it
            raise ValueError
        index, value = int(name), float(text)
    except ValueError:
        raise Fault(
            400,
            f"row {number} of the libsvm body has {token[:20]!r} where index:value is expected,"
            " such as 3:0.5",
        ) from None
    if not 0 <= index < sparse.OPEN:
        raise Fault(
            400, f"row {number} of the libsvm body has the index {index}; they count from 0"
        )
    return index, value
