"""A model without a script: rows in, one prediction per row out, by Content-Type and Accept.

Requests that wait together are decoded and predicted together when all of them are plain tables
of numbers; whatever is unusual or wrong about one is found out by answering each alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Protocol

import numpy as np

from argosy.runtimes.answers import Answer, Body, failure, refusal
from argosy.runtimes.decoders import Table
from argosy.runtimes.dialect import Dialect
from argosy.runtimes.forms import Form, Forms

_INPUT_ERRORS = (ValueError, TypeError)


class Predictor(Protocol):
    """What a framework gives: from rows to predictions."""

    row_wise: bool
    """Each row's prediction depends on that row alone, so requests may be merged."""

    def predict(self, matrix: Any) -> Any:
        """Predictions for a float64 matrix; ValueError and TypeError blame the input."""
        ...

    def predict_table(self, rows: Any) -> Any:
        """Predictions for any rows a decoder gives (array of any kind, sparse, or dicts).

        Where a body names its columns and the predictor has `names` (a list of str), all of which
        are among them, the array has these columns, in this order.
        """
        ...


class Tabular:
    """A `Model` around a predictor."""

    def __init__(self, predictor: Predictor, dialect: Dialect | None = None) -> None:
        self._predictor = predictor
        self._dialect = dialect or Dialect()
        self._forms = Forms(self._dialect)

    def form(self, head: bytes) -> Form:
        return self._forms.of(head)

    def answer(self, head: bytes, body: Body) -> Answer:
        return self.answer_all(self.form(head), [body])[0]

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        assert isinstance(form, Form)
        return self._together(form, bodies) or [self._alone(form, body) for body in bodies]

    def _together(self, form: Form, bodies: Sequence[Body]) -> list[Answer] | None:
        """All answers at once, or None when any of the requests is out of the ordinary."""
        if form.write is None or not (self._predictor.row_wise or len(bodies) == 1):
            return None
        merged = self._dialect.decode_together(form.read, bodies)
        if merged is None:
            return None
        try:
            plain = type(merged.matrix) is np.ndarray
            predict = self._predictor.predict if plain else self._predictor.predict_table
            predictions = np.asarray(predict(merged.matrix))
            if predictions.ndim == 0 or len(predictions) != merged.matrix.shape[0]:
                return None
            texts = self._dialect.encode_each(
                predictions, merged.counts, merged.wrapped, form.write
            )
        except (Exception, SystemExit):  # one of them is at fault; each alone says which
            return None
        head = form.head
        return [Answer(200, head, text) for text in texts]

    def _alone(self, form: Form, body: Body) -> Answer:
        try:
            return self._answered(form, body)
        except (Exception, SystemExit) as error:
            return failure(error)

    def _answered(self, form: Form, body: Body) -> Answer:
        nothing = None if body else self._dialect.without_body()
        if nothing:
            return nothing
        table = self._dialect.decode(form.read, body)
        write = self._forms.written(form)
        try:
            predictions = self._predictor.predict_table(_in_order(table, self._predictor))
        except _INPUT_ERRORS as error:
            if isinstance(error, AttributeError):  # scikit-learn's NotFittedError is both
                raise
            return refusal(error, 400)
        return Answer(200, form.head, self._dialect.encode(predictions, write, table.wrapped))


def _in_order(table: Table, predictor: Predictor) -> Any:
    """The rows with the columns as the model has them, where both sides name them alike."""
    wanted: list[str] | None = getattr(predictor, "names", None)
    rows: Any = table.rows
    if table.names is None or wanted is None or not set(wanted) <= set(table.names):
        return rows
    return rows[:, [table.names.index(name) for name in wanted]]
