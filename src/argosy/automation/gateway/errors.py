"""What ends a request before an integration has answered it."""

from collections.abc import Sequence

from argosy.ground.gateway.responses import DEFAULTS


class Refused(Exception):
    """An answer of the gateway itself; `kind` is one of API Gateway's response types."""

    def __init__(
        self,
        kind: str,
        message: str = "",
        status: int = 0,
        detail: str = "",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        """message and status in place of the kind's own; `detail` is only for access logs,
        `headers` only for answers of HTTP APIs."""
        super().__init__(kind)
        default = DEFAULTS[kind]
        self.kind = kind
        self.message = message or default.message
        self.status = status or default.status
        self.error_type = default.error_type
        self.detail = detail
        self.headers = tuple(headers)

    @property
    def said(self) -> str | None:
        """The text of the answer; some kinds have none."""
        return self.message or None


def misconfigured(detail: str) -> Refused:
    """What is the fault of whoever made the API: said to the client without a reason."""
    return Refused("API_CONFIGURATION_ERROR", detail=detail)
