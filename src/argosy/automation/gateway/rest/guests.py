"""API keys and usage plans: who may come, how fast and how often."""

from dataclasses import dataclass
from typing import Any

from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.quotas import Quotas
from argosy.automation.gateway.rest.stage import Method
from argosy.automation.gateway.throttle import Throttles
from argosy.state.apis import API_KEY, USAGE_PLAN
from argosy.state.records import Record, Records


@dataclass(frozen=True)
class _Admitted:
    """A key's plan for a stage."""

    key: str
    plan: str
    document: dict[str, Any]
    stage: dict[str, Any]


class Guests:
    """The keys and plans of a platform, read again when they have changed."""

    def __init__(self, records: Records, throttles: Throttles, quotas: Quotas) -> None:
        self._records = records
        self._throttles = throttles
        self._quotas = quotas
        self._known: dict[tuple[str, str, str, str, str], _Admitted | None] = {}

    def forget(self) -> None:
        """Keys or plans have changed."""
        self._known.clear()
        self._quotas.forget()

    def check(self, exchange: Exchange, method: Method, value: str | None) -> None:
        """`value`: what the client sent as its key. Raises Refused."""
        admitted = self._find(exchange, value or "")
        if admitted is None:
            raise Refused("INVALID_API_KEY")
        exchange.api_key, exchange.api_key_id = value or "", admitted.key
        self._check_rates(exchange, method, admitted)
        quota = admitted.document.get("quota")
        if not self._quotas.take(admitted.plan, admitted.key, quota, exchange.received):
            raise Refused("QUOTA_EXCEEDED")

    def _check_rates(self, exchange: Exchange, method: Method, admitted: _Admitted) -> None:
        throttles = admitted.stage.get("throttle") or {}
        name = f"{method.path}/{method.document['httpMethod']}"
        own = throttles.get(name) or throttles.get(name.lstrip("/"))
        place = exchange.place
        key = "plan", admitted.plan, admitted.key
        if own is not None and not self._throttles.allow(
            (*key, place.api_id, place.stage, name), own.get("rateLimit"), own.get("burstLimit")
        ):
            raise Refused("THROTTLED")
        rates = admitted.document.get("throttle") or {}
        if not self._throttles.allow(key, rates.get("rateLimit"), rates.get("burstLimit")):
            raise Refused("THROTTLED")

    def _find(self, exchange: Exchange, value: str) -> _Admitted | None:
        place = exchange.place
        known = place.account, place.region, place.api_id, place.stage, value
        if known in self._known:
            return self._known[known]
        if len(self._known) > 10_000:
            self._known.clear()
        found = self._known[known] = self._look(exchange, value) if value else None
        return found

    def _look(self, exchange: Exchange, value: str) -> _Admitted | None:
        place = exchange.place
        where = place.account, place.region
        keys = self._records.find(API_KEY, *where)
        key = next((one for one in keys if one.document["value"] == value), None)
        if key is None or not key.document["enabled"]:
            return None
        for plan in self._records.find(USAGE_PLAN, *where):
            stage = _stage_of(plan, place.api_id, place.stage)
            if stage is not None and key.name in plan.document["keys"]:
                return _Admitted(key.name, plan.name, plan.document, stage)
        return None


def _stage_of(plan: Record, api: str, stage: str) -> dict[str, Any] | None:
    for one in plan.document["apiStages"]:
        if one.get("apiId") == api and one.get("stage") == stage:
            found: dict[str, Any] = one
            return found
    return None
