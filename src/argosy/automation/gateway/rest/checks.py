"""Request validators: parameters that must be there, bodies that must fit a model."""

import asyncio
import contextlib
import json
from concurrent.futures import ThreadPoolExecutor

from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.ground.gateway.schemas import MAX_CPU_S, Schema, TooLong

_SMALL = 8 * 1024
"""Bytes of a body that is looked at where it stands, for a moment; all else is, in a thread."""
_MOMENT_S = 0.05
_AT_ONCE = 2


class Checks:
    """For all REST APIs of a platform. A large body takes long to look at; others do not wait."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="models")

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(self, exchange: Exchange, stage: RestStage, method: Method) -> None:
        """Raises Refused."""
        name = method.document.get("requestValidatorId")
        validator = (stage.parts.get("validators") or {}).get(name) if name else None
        if validator is None:
            return
        if validator["validateRequestParameters"]:
            _check_parameters(exchange, method)
        if validator["validateRequestBody"]:
            await self._check_body(exchange, stage, method)

    async def _check_body(self, exchange: Exchange, stage: RestStage, method: Method) -> None:
        models = method.document["requestModels"]
        model = models.get(exchange.media_type) or models.get("$default")
        schema = stage.schema(model) if model is not None else None
        if schema is None:
            return
        wrong = await self._wrong_with(schema, exchange.request.body)
        if wrong:
            exchange.error = "; ".join(wrong)[:1000]
            raise Refused("BAD_REQUEST_BODY", detail=exchange.error)

    async def _wrong_with(self, schema: Schema, body: bytes) -> list[str]:
        if len(body) <= _SMALL:
            with contextlib.suppress(TooLong):
                return _looked_at(schema, body, _MOMENT_S)
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, _looked_at, schema, body, MAX_CPU_S)
        except TooLong:
            return ["it takes too long to look at"]


def _looked_at(schema: Schema, body: bytes, seconds: float) -> list[str]:
    """Raises TooLong."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ["the body is not JSON"]
    return schema.wrong_with(value, seconds)


def _check_parameters(exchange: Exchange, method: Method) -> None:
    missing = [
        name.rpartition(".")[2] if ".header." not in name else name.partition(".header.")[2]
        for name, needed in method.document["requestParameters"].items()
        if needed and not _given(exchange, name)
    ]
    if missing:
        raise Refused(
            "BAD_REQUEST_PARAMETERS",
            f"Missing required request parameters: [{', '.join(missing)}]",
        )


def _given(exchange: Exchange, name: str) -> bool:
    where, _, rest = name.removeprefix("method.request.").partition(".")
    if where in ("header", "multivalueheader"):
        return bool(exchange.request.header(rest.lower()))
    if where == "path":
        return bool(exchange.path_parameters.get(rest))
    return any(key == rest and value for key, value in exchange.query)
