"""The verbs a request passes, in order. Each is a step that may raise an ApiError.

identify         who calls, and which service the credential scope names
find_operation   by X-Amz-Target, Action, or method and path
parse            the body into Python values, by botocore's model
validate         the values against botocore's model
dispatch         the handler in argosy.services
serialize        the result into the service's protocol

A verb that has to wait returns an awaitable; the next one comes when that is done.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from argosy import wire
from argosy.api.dispatch import Dispatch
from argosy.api.exchange import Exchange
from argosy.ground.errors import UnknownOperationException
from argosy.services import registry
from argosy.services.registry import Caller

Verb = Callable[[Exchange], Awaitable[None] | None]

SERVICES = {
    "apigateway": "apigateway",
    "application-autoscaling": "application-autoscaling",
    "ec2": "ec2",
    "ecr": "ecr",
    "events": "events",
    "iam": "iam",
    "lambda": "lambda",
    "logs": "logs",
    "monitoring": "cloudwatch",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "scheduler": "scheduler",
    "sns": "sns",
    "sqs": "sqs",
    "sts": "sts",
}
"""Credential scope → botocore's service, for those that control answers.

The runtime shares the scope "sagemaker", but the edge answers it; of S3 only the calls about a
bucket's notifications come here.
"""


_SECOND = "/v2/"
"""Both services of API Gateway have one scope; these paths are the newer one's."""


def verbs(dispatch: Dispatch) -> list[Verb]:
    """The whole life of a call."""
    return [identify, find_operation, parse, validate, dispatcher(dispatch), serialize]


def identify(exchange: Exchange) -> None:
    headers = exchange.request.headers
    exchange.caller = Caller(
        account=headers.get("x-argosy-account", ""),
        region=headers.get("x-argosy-region", ""),
        arn=headers.get("x-argosy-arn", ""),
        user_id=headers.get("x-argosy-user-id", ""),
    )
    name = SERVICES.get(exchange.scope_service)
    if name is None:
        raise UnknownOperationException(
            f"Argosy does not offer the service {exchange.scope_service[:64]!r}; "
            f"it offers {', '.join(sorted(SERVICES))}."
        )
    if name == "apigateway" and exchange.request.path.startswith(_SECOND):
        name = "apigatewayv2"
    exchange.service = wire.load(name)


def find_operation(exchange: Exchange) -> None:
    assert exchange.service is not None
    exchange.match = wire.find_operation(exchange.service, exchange.request)
    if registry.find(exchange.service.name, exchange.match.operation) is None:
        raise UnknownOperationException(
            f"Argosy does not offer {exchange.service.name}:{exchange.match.operation}."
        )


def parse(exchange: Exchange) -> None:
    assert exchange.service is not None
    assert exchange.match is not None
    exchange.input = wire.parse(exchange.service, exchange.match, exchange.request)


def validate(exchange: Exchange) -> None:
    assert exchange.service is not None
    assert exchange.match is not None
    wire.validate(exchange.service, exchange.match.operation, exchange.input)


def dispatcher(dispatch: Dispatch) -> Verb:
    def call(exchange: Exchange) -> Awaitable[None] | None:
        assert exchange.service is not None
        assert exchange.match is not None
        assert exchange.caller is not None
        result = dispatch(
            exchange.service.name,
            exchange.match.operation,
            exchange.input,
            exchange.caller,
            exchange.request_id,
            exchange.request.headers.get("host", ""),
            exchange.request.headers.get("x-amzn-trace-id", ""),
        )
        if isinstance(result, dict):
            exchange.result = result
            return None
        return _wait_for(result, exchange)

    return call


async def _wait_for(result: Awaitable[dict[str, Any]], exchange: Exchange) -> None:
    exchange.result = await result


def serialize(exchange: Exchange) -> None:
    assert exchange.service is not None
    assert exchange.match is not None
    exchange.response = wire.serialize(
        exchange.service,
        exchange.match.operation,
        exchange.result,
        exchange.request_id,
        exchange.request,
    )
