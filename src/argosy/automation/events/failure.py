"""Why something cannot be delivered, in the words of dead letters."""


class Undeliverable(Exception):
    """It was not delivered. `code`: EventBridge's ERROR_CODE; `again`: another try may succeed."""

    def __init__(self, code: str, message: str, *, again: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.again = again


NO_RESOURCE = "NO_RESOURCE"
NO_PERMISSIONS = "NO_PERMISSIONS"
INVALID_PARAMETER = "INVALID_PARAMETER"
INVALID_JSON = "INVALID_JSON"
ERROR_FROM_TARGET = "ERROR_FROM_TARGET"
THROTTLING = "THROTTLING"
INTERNAL_ERROR = "INTERNAL_ERROR"
HOP = "THIRD_ACCOUNT_HOP_DETECTED"
