"""Why an object cannot be transformed, as sentences that can stand in a FailureReason.

CannotTransform       the object, or this attempt at it, has failed
├── BadInput          the object's content is at fault: it will never succeed
├── BadAnswer         what the model answered cannot be used
├── ModelRefused      the model answered an error, for as often as it was asked
└── ModelLost         the model is not there any more; another instance may do it
GivenUp               nobody wants it any more
"""

from argosy.ground.errors import ArgosyError


class CannotTransform(ArgosyError):
    """`final`: it will fail wherever it is done. `first`, `last`: the records, from 0."""

    kind = "InternalServerError"
    final = True

    def __init__(self, message: str, *, first: int = -1, count: int = 0) -> None:
        super().__init__(message)
        self.first = first
        self.count = count
        self.start = -1
        self.end = -1

    @property
    def reason(self) -> str:
        """As it is shown."""
        return f"{self.kind}: {self}"


class BadInput(CannotTransform):
    """The content cannot be split, read or filtered as the job asks."""

    kind = "ClientError"


class BadAnswer(CannotTransform):
    """The answer does not fit the records."""

    kind = "AlgorithmError"


class ModelRefused(CannotTransform):
    """Its status and its text."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def reason(self) -> str:
        kind = "ClientError" if 400 <= self.status < 500 else "AlgorithmError"
        return f"{kind}: {self}"


class ModelLost(CannotTransform):
    """Its connection broke again and again."""

    kind = "AlgorithmError"
    final = False


class GivenUp(Exception):
    """Control took the task back."""
