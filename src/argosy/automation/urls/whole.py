"""The door behind which functions answer HTTP."""

from argosy.automation.means import Means
from argosy.automation.urls.code_links import fetched
from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.state.function_links import PATH


class FunctionUrls:
    """A `Door` for `ground.doors.FUNCTION_URL`."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def __call__(self, request: DoorRequest) -> DoorAnswer:
        name, _, path = request.path.partition("/")
        if name == PATH:
            return await fetched(self._means, path, request)
        return DoorAnswer(403, [("Content-Type", "application/json")], b'{"Message":"Forbidden"}')
