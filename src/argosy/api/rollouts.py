"""The internal routes behind `argosy rollout`: begin one, and turn one back."""

import math
from typing import Any

from argosy.api.internal import Order
from argosy.ground.errors import ApiError, ArgosyError
from argosy.ground.names import iam_arn, new_request_id
from argosy.means import Means
from argosy.services.registry import Call, Caller
from argosy.services.sagemaker import rollouts

ROUTE = "/_argosy/rollouts"


class Rollouts:
    """Takes orders; what they ask for is written down as UpdateEndpoint does."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def orders(self) -> dict[str, Order]:
        """For `api.internal`: "METHOD /path" → async function of account and body."""
        return {f"POST {ROUTE}": self.begin, f"DELETE {ROUTE}": self.turn_back}

    async def begin(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """{"endpoint", "region", "config", "percents", "every_s", "guards"} → {"arn"}."""
        call = self._call(account, body)
        percents = [_number(one) for one in body.get("percents") or ()]
        try:
            arn = rollouts.roll_out(
                call,
                _text(body, "endpoint"),
                _text(body, "config"),
                percents,
                _number(body.get("every_s", 0)),
                str(body.get("guards") or ""),
            )
        except ApiError as error:
            raise ArgosyError(error.message) from None
        return {"arn": arn}

    async def turn_back(self, account: str, body: dict[str, Any]) -> dict[str, Any]:
        """{"endpoint", "region", "reason"} → {"config"}: the one that stays."""
        reason = str(body.get("reason") or "It was rolled back by hand.")
        try:
            config = rollouts.roll_back(
                self._call(account, body), _text(body, "endpoint"), reason[:1024]
            )
        except ApiError as error:
            raise ArgosyError(error.message) from None
        return {"config": config}

    def _call(self, account: str, body: dict[str, Any]) -> Call:
        means = self._means
        region = str(body.get("region") or means.settings.region)
        return Call(
            service="sagemaker",
            operation="UpdateEndpoint",
            input={},
            caller=Caller(account, region, iam_arn(account, "root"), account),
            request_id=new_request_id(),
            records=means.records,
            settings=means.settings,
            clock=means.clock,
            messaging=means.messaging,
            metrics=means.metrics,
        )


def _text(body: dict[str, Any], name: str) -> str:
    found = body.get(name)
    if not isinstance(found, str) or not found:
        raise ArgosyError(f"{name} is missing.")
    return found


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ArgosyError(f"{value!r} is not a number.")
    return float(value)
