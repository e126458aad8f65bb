"""Operations asked from inside (`ground/operations.py`): validated and answered like requests."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from argosy import wire
from argosy.api.dispatch import Dispatch
from argosy.api.verbs import SERVICES
from argosy.ground.errors import UnknownOperationException
from argosy.ground.names import new_request_id
from argosy.ground.operations import Asker
from argosy.services import registry
from argosy.services.registry import Caller


class OperationsInside:
    """Those of one platform. What is asked before `open` waits for it."""

    def __init__(self) -> None:
        self._dispatch: Dispatch | None = None
        self._opened = asyncio.Event()

    def open(self, dispatch: Dispatch) -> None:
        """From now on handlers can be called."""
        self._dispatch = dispatch
        self._opened.set()

    async def call(
        self, service: str, operation: str, members: dict[str, Any], asker: Asker
    ) -> dict[str, Any]:
        """See `ground.operations.Operations`."""
        await self._opened.wait()
        assert self._dispatch is not None
        model = _offered(service, operation)
        value = wire.read_members(model, operation, members)
        wire.validate(model, operation, value)
        result = self._dispatch(service, operation, value, _caller(asker), new_request_id())
        answer = await result if isinstance(result, Awaitable) else result
        return wire.write_members(model, operation, answer)


def _offered(service: str, operation: str) -> wire.Service:
    """The model of an operation that there is. Raises UnknownOperationException."""
    if service not in SERVICES.values() or registry.find(service, operation) is None:
        raise UnknownOperationException(f"Argosy does not offer {service}:{operation}.")
    return wire.load(service)


def _caller(asker: Asker) -> Caller:
    """The identity; a role's session has an id of its own, made of the role's and its name."""
    arn = asker.identity
    role, is_session, session = arn.rpartition(":assumed-role/")[2].rpartition("/")
    user_id = f"{role}:{session}" if is_session and ":assumed-role/" in arn else asker.account
    return Caller(asker.account, asker.region, arn, user_id)
