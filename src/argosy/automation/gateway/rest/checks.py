"""Request validators: parameters that must be there, bodies that must fit a model."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor

from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.ground.gateway.schemas import Schema

_SMALL = 8 * 1024
"""Bytes of a body that is looked at where it stands; a larger one is, in a thread."""
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
        body = exchange.request.body
        if len(body) <= _SMALL:
            wrong = _wrong_with(schema, body)
        else:
            loop = asyncio.get_running_loop()
            wrong = await loop.run_in_executor(self._threads, _wrong_with, schema, body)
        if wrong:
            exchange.error = "; ".join(wrong)[:1000]
            raise Refused("BAD_REQUEST_BODY", detail=exchange.error)


def _wrong_with(schema: Schema, body: bytes) -> list[str]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return ["the body is not JSON"]
    return schema.wrong_with(value)


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
