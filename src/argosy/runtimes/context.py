"""The `context` a handler of the user's script may ask for: headers in, headers out.

Offers the methods of the model server's context that scripts use; headers are named as in HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_PREFIX = "X-Amzn-SageMaker-"
_HEADERS = {
    "content-type": "Content-Type",
    "accept": "Accept",
    **{
        name: _PREFIX + name.title()
        for name in (
            "custom-attributes",
            "session-id",
            "new-session-id",
            "closed-session-id",
            "inference-id",
            "target-model",
        )
    },
}
_FIELDS = {header.lower(): field for field, header in _HEADERS.items()}
_ANSWERED = ("custom-attributes", "new-session-id", "closed-session-id")


class Context:
    """One request as its handlers see it. `index` is always 0: requests come one by one."""

    def __init__(
        self, fields: Mapping[str, str], model_dir: str, gpu_id: int | None = None
    ) -> None:
        self._fields = fields
        self._answered: dict[str, str] = {}
        self.system_properties: dict[str, Any] = {"model_dir": model_dir, "gpu_id": gpu_id}

    def get_request_header(self, index: int, key: str) -> str | None:
        """A header of the request, or None."""
        return self._fields.get(_field(key))

    def get_all_request_header(self, index: int) -> dict[str, str]:
        """Every header of the request."""
        return {_HEADERS.get(name, name): value for name, value in self._fields.items()}

    def get_response_headers(self, index: int) -> dict[str, str]:
        """The headers set so far."""
        return {_HEADERS.get(name, name): value for name, value in self._answered.items()}

    def set_response_header(self, index: int, key: str, value: str) -> None:
        """Set a header of the answer: Content-Type, Custom-Attributes or a session id."""
        self._answered[_field(key)] = str(value)

    def set_response_content_type(self, index: int, value: str) -> None:
        """Set the answer's Content-Type."""
        self._answered["content-type"] = str(value)

    @property
    def content_type(self) -> str | None:
        """What a handler has set as the answer's Content-Type."""
        return self._answered.get("content-type")

    def answered(self) -> dict[str, str]:
        """Fields of the answer's head beside content-type."""
        return {name: self._answered[name] for name in _ANSWERED if name in self._answered}


def _field(header: str) -> str:
    return _FIELDS.get(header.lower(), header.lower())
