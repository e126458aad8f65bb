"""The gateway as a whole: the door to all APIs of a platform, and what runs beside it."""

import asyncio
import logging
import secrets
from time import perf_counter

from argosy.automation.gateway import access_log
from argosy.automation.gateway.access_log import AccessLogs
from argosy.automation.gateway.authorizing import Verdicts
from argosy.automation.gateway.book import Book
from argosy.automation.gateway.calling import FunctionCaller
from argosy.automation.gateway.context import log_context
from argosy.automation.gateway.exchange import Exchange, decoded, new_number
from argosy.automation.gateway.http.answering import HttpAnswering
from argosy.automation.gateway.http.authorizers import Authorizers
from argosy.automation.gateway.http.stage import DEFAULT, HttpStage
from argosy.automation.gateway.measuring import Measuring
from argosy.automation.gateway.outgoing import Outgoing
from argosy.automation.gateway.quotas import Quotas
from argosy.automation.gateway.rest.answering import RestAnswering
from argosy.automation.gateway.rest.guests import Guests
from argosy.automation.gateway.rest.stage import RestStage
from argosy.automation.gateway.throttle import Throttles
from argosy.automation.gateway.tools import Tools
from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.ground.functions import Functions
from argosy.ground.tasks import cancel
from argosy.means import Means
from argosy.state.api_usage import ApiUsage
from argosy.state.apis import API_KEY, HTTP_API, KINDS, USAGE_PLAN

log = logging.getLogger(__name__)

_EVERY_S = 1.0

Stage = RestStage | HttpStage


class Gateway:
    """`answer` is the door (`ground.doors.Door`)."""

    def __init__(self, means: Means, functions: Functions) -> None:
        self._means = means
        self._usage = ApiUsage(means.records.transactions)
        self._quotas = Quotas(self._usage)
        self._throttles = Throttles()
        self._verdicts = Verdicts()
        self._outgoing = Outgoing()
        self._guests = Guests(means.records, self._throttles, self._quotas)
        self._book = Book(means.records, self._verdicts.forget)
        self._measuring = Measuring(means.metrics)
        tools = Tools(means, FunctionCaller(means, functions), self._outgoing)
        self._rest = RestAnswering(tools, self._guests, self._throttles, self._verdicts)
        self._authorizers = Authorizers(tools, self._verdicts)
        self._http = HttpAnswering(tools, self._throttles, self._authorizers)
        self._logs = AccessLogs(
            means.data_dir.logs, means.settings.log_stream_mb << 20, secrets.token_hex(6)
        )
        self._flushing: asyncio.Task[None] | None = None
        means.records.listen(self._written)

    async def start(self) -> None:
        """Publish what is counted, every second."""
        self._flushing = asyncio.create_task(self._flush_always())

    async def stop(self) -> None:
        """Write what has been counted; requests are not answered any more."""
        await cancel(self._flushing)
        self._flush()
        self._outgoing.close()
        self._rest.close()
        self._logs.close()

    async def reset(self) -> None:
        """Forget everything; the records are gone already."""
        self._quotas.clear()
        self._usage.delete_all()
        self._throttles.clear()
        self._verdicts.clear()
        self._authorizers.clear()
        self._measuring.clear()
        self._logs.close()

    async def answer(self, request: DoorRequest) -> DoorAnswer:
        """The door. What comes is `<api id>/<stage>/<path>`."""
        found = self._find(request)
        if found is None:
            return self._nowhere(request)
        exchange, stage = found
        try:
            if isinstance(stage, RestStage):
                answer = await self._rest.answer(exchange, stage)
            else:
                answer = await self._http.answer(exchange, stage)
        except asyncio.CancelledError:
            self._done(exchange, stage, 499, 0)
            raise
        except Exception as error:
            log.exception("request %s: the gateway failed", request.request_id)
            exchange.error = type(error).__name__
            answer = _failed()
        self._done(exchange, stage, answer.status, len(answer.body))
        return answer

    def _nowhere(self, request: DoorRequest) -> DoorAnswer:
        """There is no such API, or no such stage of it."""
        if self._book.kind(request.path.partition("/")[0]) == HTTP_API:
            headers = [("Content-Type", "application/json"), ("Apigw-Requestid", new_number())]
            return DoorAnswer(404, headers, b'{"message":"Not Found"}')
        return _forbidden(request)

    def _find(self, request: DoorRequest) -> tuple[Exchange, Stage] | None:
        """The stage that is meant: the first part of the path, or else an HTTP API's $default."""
        api_id, _, rest = request.path.partition("/")
        name, _, below = rest.partition("/")
        stage = self._book.find(api_id, decoded(name)) if name else None
        if stage is None and self._book.kind(api_id) == HTTP_API:
            stage, below = self._book.find(api_id, DEFAULT), rest
        if stage is None:
            return None
        raw, own = "/" + below, "/" + rest
        if isinstance(stage, HttpStage):
            own = decoded(raw if stage.place.stage == DEFAULT else own)
        now = self._means.clock.now()
        exchange = Exchange(request, stage.place, decoded(raw), now, raw_path=raw, own_path=own)
        return exchange, stage

    def _done(self, exchange: Exchange, stage: Stage, status: int, length: int) -> None:
        """Count the request, and write it down where its stage wants that."""
        latency_s = perf_counter() - exchange.begun
        self._measuring.take(exchange, status, latency_s)
        if exchange.error and exchange.log_level in ("ERROR", "INFO"):
            self._explain(exchange)
        group = access_log.group_of(stage.log_group) if stage.log_group else ""
        if group:
            place = exchange.place
            context = log_context(exchange, status, length, int(latency_s * 1000))
            text = access_log.line(stage.log_format, context)
            self._logs.write(
                place.account, place.region, group, place.stage, text, exchange.received
            )

    def _explain(self, exchange: Exchange) -> None:
        """Execution logs: why a request failed; what it held is not written down."""
        place = exchange.place
        group = f"API-Gateway-Execution-Logs_{place.api_id}/{place.stage}"
        text = f"({exchange.request.request_id}) {exchange.error_kind}: {exchange.error}"
        self._logs.write(place.account, place.region, group, place.stage, text, exchange.received)

    def _written(self, kind: str) -> None:
        if kind in KINDS:
            self._book.touch()
        if kind in (API_KEY, USAGE_PLAN):
            self._guests.forget()

    async def _flush_always(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            self._flush()

    def _flush(self) -> None:
        """What cannot be written now is kept for the next time; metrics are lost."""
        try:
            self._quotas.flush()
            self._measuring.flush(self._means.clock.now())
        except OSError as error:
            log.warning("what was counted of APIs cannot be written: %s", error)


def _forbidden(request: DoorRequest) -> DoorAnswer:
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request.request_id),
        ("x-amzn-ErrorType", "ForbiddenException"),
    ]
    return DoorAnswer(403, headers, b'{"message":"Forbidden"}')


def _failed() -> DoorAnswer:
    body = b'{"message":"Internal server error"}'
    return DoorAnswer(500, [("Content-Type", "application/json")], body)
