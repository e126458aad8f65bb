"""The predictor around a model that takes a matrix of numbers and looks at each row by itself.

Gradient boosters are such models. Checks the width before the model does, as their own errors are
long, or no errors at all but wrong numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from argosy.runtimes import sparse
from argosy.runtimes.answers import Fault
from argosy.runtimes.estimator import picked


class Numeric:
    """A `Predictor` (see `argosy.runtimes.tabular`)."""

    known = True
    row_wise = True

    def __init__(
        self,
        predict: Callable[[Any], Any],
        width: int | None,
        names: Sequence[str] | None = None,
        errors: tuple[type[Exception], ...] = (),
        takes_sparse: bool = True,
    ) -> None:
        """`predict` takes float64 rows × `width`; `errors` of it blame the rows."""
        self._predict = predict
        self._width = width
        self.names = list(names) if names else None
        self._errors: tuple[type[Exception], ...] = (ValueError, TypeError, *errors)
        self._takes_sparse = takes_sparse

    def predict(self, matrix: Any) -> Any:
        """Predictions for a matrix of numbers, dense or sparse; raises Fault 400."""
        if self._width is not None and matrix.shape[1:] != (self._width,):
            raise Fault(
                400, f"the rows have {_columns(matrix)} features, the model takes {self._width}"
            )
        try:
            return self._predict(matrix)
        except self._errors as error:
            raise Fault(400, _first_line(error)) from error

    def predict_table(self, rows: Any) -> Any:
        """Predictions for what a decoder gave; one row may come without its outer list."""
        if isinstance(rows, list):
            rows = np.array(picked(rows, self.names or list(rows[0])), dtype=object)
        if sparse.is_sparse(rows):
            rows = sparse.fit(rows, self._width)
            return self.predict(rows if self._takes_sparse else sparse.dense(rows))
        try:
            rows = np.asarray(rows).astype(np.float64, copy=False)
        except (ValueError, TypeError) as error:
            raise Fault(400, f"the model takes numbers: {error}") from None
        return self.predict(rows.reshape(1, -1) if rows.ndim == 1 else rows)


def _columns(matrix: Any) -> str:
    return str(matrix.shape[1]) if matrix.ndim == 2 else f"{matrix.ndim - 1} dimensions of"


def _first_line(error: Exception) -> str:
    """Without the stack trace that foreign libraries write into their messages."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
