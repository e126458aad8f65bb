"""The TensorFlow runtime: SavedModels and Keras files behind TF Serving's predict form.

The request and its answer are those of SageMaker's TensorFlow Serving container: rows in
"instances" give "predictions", columns in "inputs" give "outputs"; custom attributes choose model,
version and method; code/inference.py may stand around the call. JSON in these forms is all that is
written. Requests of rows that wait together are predicted together where the model's signature
leaves the number of rows open.
"""

from __future__ import annotations

import os
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes import script
from argosy.runtimes import tensorflow_archive as archive
from argosy.runtimes.answers import Answer, Body, content_head
from argosy.runtimes.base import Model, Place
from argosy.runtimes.frames import decode_head
from argosy.runtimes.media import JSON, choose, media_type
from argosy.runtimes.tensorflow_bodies import JSONLINES, attributes, request_of
from argosy.runtimes.tensorflow_errors import answer_to
from argosy.runtimes.tensorflow_http import Loopback
from argosy.runtimes.tensorflow_loading import import_tensorflow, load_all, set_threads
from argosy.runtimes.tensorflow_script import Script, handlers_of
from argosy.runtimes.tensorflow_servables import (
    Servables,
    Signatures,
    check_method,
    chosen,
    predict,
    rendered,
)
from argosy.runtimes.tensorflow_signature import Arrays, as_rows

_CACHED_HEADS = 4096


def prepare() -> None:
    """Import TensorFlow, and Keras with it."""
    import_tensorflow()


def load(place: Place) -> Model:
    """The models of an unpacked archive; raises LoadError or what the user's code raises."""
    tf = import_tensorflow()
    set_threads(tf)
    program = script.find(place)
    # Before the models, for it may register classes of Keras that they are made of.
    handlers = handlers_of(script.import_program(program)) if program else None
    servables = load_all(tf, archive.find(place.model_dir), _default_model())
    return Script(handlers, Loopback(servables)) if handlers else Serving(servables)


def _default_model() -> str:
    """The name in the environment; the container's own default is the text None."""
    name = os.environ.get("TFS_DEFAULT_MODEL_NAME", "").strip()
    return "" if name == "None" else name


class Form(NamedTuple):
    """What requests that may be answered together have in common."""

    media: str
    head: bytes
    name: str
    version: str
    method: str


class Serving:
    """A `Model` without a script."""

    def __init__(self, servables: Servables) -> None:
        self._servables = servables
        self._forms: dict[bytes, Form] = {}
        self._merges = os.environ.get("SAGEMAKER_TFS_ENABLE_BATCHING", "").lower() != "false"

    def form(self, head: bytes) -> Form:
        form = self._forms.get(head)
        if form is None:
            if len(self._forms) >= _CACHED_HEADS:  # heads with an inference id never come again
                self._forms.clear()
            form = self._forms[head] = _parse(head)
        return form

    def answer(self, head: bytes, body: Body) -> Answer:
        return self._alone(self.form(head), body)

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        assert isinstance(form, Form)
        together = self._together(form, bodies) if self._merges and len(bodies) > 1 else None
        return together or [self._alone(form, body) for body in bodies]

    def _alone(self, form: Form, body: Body) -> Answer:
        try:
            signatures = self._signatures(form)
            return Answer(200, form.head, predict(signatures, request_of(form.media, body)))
        except (Exception, SystemExit) as error:
            return answer_to(error)

    def _signatures(self, form: Form) -> Signatures:
        check_method(form.method)
        return self._servables.find(form.name, form.version)

    def _together(self, form: Form, bodies: Sequence[Body]) -> list[Answer] | None:
        """All answers at once, or None when any of the requests is out of the ordinary."""
        try:
            signature = chosen(self._signatures(form), None)
            if not signature.batches:
                return None
            given = [signature.rows(_instances(form.media, body)) for body in bodies]
            counts = [len(next(iter(arrays.values()))) for arrays in given]
            rows = as_rows(signature.run(_joined(given)))
            if len(rows) != sum(counts):
                return None
        except Exception:  # one of them is at fault; each alone says which
            return None
        ends = np.cumsum(counts).tolist()
        parts = (rows[end - count : end] for end, count in zip(ends, counts, strict=True))
        return [Answer(200, form.head, rendered(part)) for part in parts]


def _instances(media: str, body: Body) -> Any:
    """The rows of a request that has nothing but rows; raises ValueError or Fault."""
    request = request_of(media, body)
    if request.keys() != {"instances"}:
        raise ValueError
    return request["instances"]


def _joined(given: list[Arrays]) -> Arrays:
    """Inputs of several requests, one after the other; raises ValueError when rows differ."""
    return {name: np.concatenate([arrays[name] for arrays in given]) for name in given[0]}


def _parse(head: bytes) -> Form:
    fields = decode_head(head)
    named = attributes(fields.get("custom-attributes", ""))
    return Form(
        media_type(fields.get("content-type", "")),
        content_head(_answered_type(fields.get("accept", ""))),
        named.get("tfs-model-name", ""),
        named.get("tfs-model-version", ""),
        named.get("tfs-method", ""),
    )


def _answered_type(accept: str) -> str:
    """JSON lines where they are asked for (the answer is one line), else JSON, as TF Serving."""
    return choose(accept, JSON, (JSON, JSONLINES)) or JSON
