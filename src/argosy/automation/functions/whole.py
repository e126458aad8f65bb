"""The engine of functions as a whole."""

from argosy.automation.means import Means
from argosy.ground.errors import ServiceException
from argosy.ground.functions import FunctionVersion, Invoked


class FunctionEngine:
    """Runs versions of functions; implements `ground.functions.Functions`."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def start(self) -> None:
        """Make ready to run."""

    async def stop(self) -> None:
        """End all environments."""

    async def reset(self) -> None:
        """The same, and be ready again."""

    async def invoke(
        self,
        version: FunctionVersion,
        payload: bytes,
        *,
        tail: bool = False,
        client_context: str = "",
        request_id: str = "",
        trace: str = "",
    ) -> Invoked:
        """See `Functions.invoke`."""
        raise ServiceException("Functions cannot be run yet.")
