"""What integrations work with."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from time import perf_counter
from typing import TypeVar

from argosy.automation.gateway.calling import FunctionCaller
from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.outgoing import Outgoing
from argosy.means import Means

T = TypeVar("T")


@dataclass(frozen=True)
class Tools:
    """Of one platform."""

    means: Means
    caller: FunctionCaller
    outgoing: Outgoing


async def within(exchange: Exchange, seconds: float, asked: Awaitable[T]) -> T:
    """What an integration gave in time; how long it took is noted. Raises Refused."""
    begun = perf_counter()
    try:
        async with asyncio.timeout(seconds):
            return await asked
    except TimeoutError:
        raise Refused(
            "INTEGRATION_TIMEOUT", detail="Execution failed due to a timeout error"
        ) from None
    finally:
        exchange.integration_s = perf_counter() - begun
