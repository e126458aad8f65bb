"""How a model without a script speaks: which types stand in for absent headers, how bodies are
read, how predictions are written. This is the common one; `argosy.runtimes.algorithm_mode` has
that of Amazon's XGBoost container.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from argosy.runtimes import decoders, encoders
from argosy.runtimes.answers import Answer, Body
from argosy.runtimes.decoders import Merged, Table
from argosy.runtimes.media import JSON, WRITABLE, media_type


class Dialect:
    """JSON where nothing is said; an answer is the predictions, or `{"predictions": …}`."""

    offered: Sequence[str] = WRITABLE

    def __init__(self, answers_in: str = JSON) -> None:
        """`answers_in` is the type of answers when the client accepts any; the container's
        SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT goes before it."""
        wanted = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "").strip()
        self.answers_in = media_type(wanted) if wanted else answers_in

    def reads(self, content_type: str) -> str:
        """The type that a request of that Content-Type is read as, known or not."""
        return media_type(content_type)

    def without_body(self) -> Answer | None:
        """The answer to an empty body, when that is nothing wrong."""
        return None

    def decode(self, media: str, body: Body) -> Table:
        """The rows of one body; raises Fault."""
        return decoders.decode(media, body)

    def decode_together(self, media: str, bodies: Sequence[Body]) -> Merged | None:
        """The rows of several bodies, or None when any of them is out of the ordinary."""
        return decoders.decode_together(media, bodies)

    def encode(self, predictions: Any, media: str, wrapped: bool) -> bytes:
        """The predictions for one request."""
        return encoders.encode(predictions, media, wrapped)

    def encode_each(
        self, predictions: Any, counts: Sequence[int], wrapped: Sequence[bool], media: str
    ) -> list[bytes]:
        """The predictions for several requests apart, each as `encode` has it."""
        return encoders.encode_each(predictions, counts, wrapped, media)
