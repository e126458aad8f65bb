"""What the contract suite must know of a runtime: a model, its files, what it says to bad input."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Kit:
    """One runtime: how to save a model of its framework, and what that model predicts locally."""

    runtime: str
    rows: Any
    """Float rows that the model takes, four features each."""
    predictions: Any
    """One number per row."""
    save: Callable[[Path], object]
    """Write the archive's content, without a script."""
    model_fn: str
    """Source of a script's model_fn that loads what `save` wrote."""
    predict: str = "model.predict(data)"
    """What a script's predict_fn returns for `data`, nested lists, and `model`."""
    says: Mapping[str, str] = field(default_factory=dict)
    """Part of the message when rows have too few "columns", "text" in them, or a "nan"; without
    an entry for one of them the model takes such rows."""
    reads: str = "application/json"
    """The Content-Type that is assumed where a request has none."""
    answers_in: str = "application/json"
    """The type of answers where a request accepts any."""
    unreadable: int = 400
    """The status of a body that cannot be read."""
    empty: int = 400
    """The status where there is no body."""
    scores: bool = False
    """JSON answers are {"predictions": [{"score": …}]}, whatever was asked."""

    def json(self, predictions: Any, wrapped: bool = False) -> Any:
        """What the JSON answer with these predictions holds."""
        if self.scores:
            return {"predictions": [{"score": one} for one in predictions]}
        return {"predictions": list(predictions)} if wrapped else list(predictions)
