"""A model without a script that takes arrays of any rank, one or several, and gives arrays.

For the frameworks of tensors. A JSON body may name the model's inputs and ask for its outputs by
name: {"inputs": {"x": …, "y": …}, "outputs": ["z"]}; `"outputs": "all"` asks for every one.

Requests that wait together are predicted together, joined along the first axis, where the model
is row-wise and their arrays are alike; whatever goes wrong then is found out by answering each
alone.
"""

from __future__ import annotations

import itertools
import json
import os
import re
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from argosy.runtimes import decoders, encoders
from argosy.runtimes.answers import Answer, Body, Fault, failure
from argosy.runtimes.dialect import Dialect
from argosy.runtimes.forms import Form, Forms
from argosy.runtimes.media import JSON

ALL = "all"
_MOST = 1024
_NAMED = re.compile(rb'"inputs"\s*:\s*\{|"outputs"')


class Asked(NamedTuple):
    """What one body holds."""

    value: Any
    """Rows as a decoder gives them, or a dict of arrays by the name of the model's input."""
    wrapped: bool = False
    """The body was {"instances": …}, which is answered by {"predictions": …}."""
    outputs: tuple[str, ...] = ()
    """Names of the outputs asked for; empty for what the model gives of itself."""
    names: tuple[str, ...] | None = None
    """The columns' names, where the body gives them for an array of rows."""


class Network(Protocol):
    """What a framework gives: from arrays to arrays."""

    row_wise: bool
    """Along the first axis each element's prediction depends on that element alone."""
    rank: int
    """The least number of axes from which on the first one counts rows."""

    def feed(self, asked: Asked, media: str) -> tuple[Any, ...]:
        """The model's inputs as numpy arrays, from a body of that type.

        Raises Fault 400 for what the model cannot take.
        """
        ...

    def run(self, feed: tuple[Any, ...], outputs: tuple[str, ...]) -> Any:
        """An array, a tuple or dict of arrays, or a list of one item per row.

        Raises Fault 400 when the input is to blame.
        """
        ...


class Request(NamedTuple):
    """One request that can be predicted."""

    asked: Asked
    feed: tuple[Any, ...]


class Arrays:
    """A `Model` around a network."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._forms = Forms(Dialect())
        self._most = batch_size() or _MOST

    def form(self, head: bytes) -> Form:
        return self._forms.of(head)

    def answer(self, head: bytes, body: Body) -> Answer:
        return self.answer_all(self.form(head), [body])[0]

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        assert isinstance(form, Form)
        answers: dict[int, Answer] = {}
        alike: dict[Hashable, list[tuple[int, Request]]] = {}
        for index, body in enumerate(bodies):
            try:
                request = self._read(form, body)
            except (Exception, SystemExit) as error:
                answers[index] = failure(error)
            else:
                alike.setdefault(self._likeness(request, index), []).append((index, request))
        for group in alike.values():
            for start in range(0, len(group), self._most):
                answers.update(self._group(form, group[start : start + self._most]))
        return [answers[index] for index in range(len(bodies))]

    def _read(self, form: Form, body: Body) -> Request:
        asked = read(form.read, body)
        self._forms.written(form)
        return Request(asked, self._network.feed(asked, form.read))

    def _likeness(self, request: Request, index: int) -> Hashable:
        """What requests must have in common to be joined; its own index when it is never."""
        feed, network = request.feed, self._network
        if not network.row_wise or any(array.ndim < network.rank for array in feed):
            return index
        if len({len(array) for array in feed}) != 1:
            return index
        return request.asked.outputs, tuple((array.shape[1:], array.dtype.str) for array in feed)

    def _group(self, form: Form, group: list[tuple[int, Request]]) -> dict[int, Answer]:
        requests = [request for _, request in group]
        answers = self._together(form, requests) if len(group) > 1 else None
        if answers is None:
            answers = [self._alone(form, request) for request in requests]
        return {group[place][0]: answer for place, answer in enumerate(answers)}

    def _together(self, form: Form, requests: list[Request]) -> list[Answer] | None:
        """All answers at once, or None when something about them is out of the ordinary."""
        feed = _joined([request.feed for request in requests])
        try:
            result = self._network.run(feed, requests[0].asked.outputs)
            parts = _split(result, [len(one.feed[0]) for one in requests])
            return [
                Answer(200, form.head, _encode(parts[place], form, request))
                for place, request in enumerate(requests)
            ]
        except (Exception, SystemExit):  # one of them is at fault; each alone says which
            return None

    def _alone(self, form: Form, request: Request) -> Answer:
        try:
            result = self._network.run(request.feed, request.asked.outputs)
            return Answer(200, form.head, _encode(result, form, request))
        except (Exception, SystemExit) as error:
            return failure(error)


def batch_size() -> int:
    """How many requests may be joined, as TorchServe's variable says it; 0 where it does not."""
    text = os.environ.get("SAGEMAKER_TS_BATCH_SIZE", "").strip()
    return int(text) if text.isdecimal() else 0


def row_wise(otherwise: bool) -> bool:
    """What the model's environment says in ARGOSY_ROW_WISE (0 or 1), else `otherwise`."""
    said = os.environ.get("ARGOSY_ROW_WISE", "").strip()
    return said == "1" if said in ("0", "1") else otherwise


def read(media: str, body: Body) -> Asked:
    """One body; raises Fault 400 (cannot be read) or 415 (a type that nothing here reads)."""
    value = _object(media, body)
    if value is None:
        table = decoders.decode(media, body)
        return Asked(table.rows, table.wrapped, names=table.names)
    outputs = _outputs(value.get("outputs", []))
    for name in ("instances", "inputs"):
        if name in value:
            return Asked(_arrays(value[name]), name == "instances", outputs)
    raise Fault(400, 'a JSON object must hold the rows as "instances" or "inputs"')


def _object(media: str, body: Body) -> dict[str, Any] | None:
    """A JSON object that names inputs or outputs; None for any other body."""
    if media != JSON or not _NAMED.search(body):
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _outputs(value: Any) -> tuple[str, ...]:
    names = [value] if value == ALL else value
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Fault(400, '"outputs" must be a list of the names of outputs, or "all"')
    return tuple(names)


def _arrays(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _array(item) for name, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(row, dict) for row in value):
        return value
    return _array(value)


def _array(value: Any) -> Any:
    try:
        return decoders.as_array(value if isinstance(value, list) else [value])
    except (ValueError, TypeError, OverflowError) as error:
        raise Fault(400, f"the values cannot be read as numbers or text: {error}") from None


def _joined(feeds: list[tuple[Any, ...]]) -> tuple[Any, ...]:
    return tuple(np.concatenate([feed[one] for feed in feeds]) for one in range(len(feeds[0])))


def _split(result: Any, counts: list[int]) -> list[Any]:
    """The result of joined requests apart; raises ValueError when its rows are not theirs."""
    places = range(len(counts))
    if isinstance(result, dict):
        parts = {name: _split(value, counts) for name, value in result.items()}
        return [{name: part[place] for name, part in parts.items()} for place in places]
    if isinstance(result, tuple):
        pieces = [_split(value, counts) for value in result]
        return [tuple(piece[place] for piece in pieces) for place in places]
    if getattr(result, "ndim", 1) == 0 or len(result) != sum(counts):
        raise ValueError("not one result per row")
    ends = [0, *itertools.accumulate(counts)]
    return [result[ends[place] : ends[place + 1]] for place in places]


def _encode(result: Any, form: Form, request: Request) -> bytes:
    if form.write != JSON and not isinstance(result, np.ndarray):
        raise Fault(406, f"this model's answer is no single array: accept {JSON}")
    return encoders.encode(result, form.write or JSON, request.asked.wrapped)
