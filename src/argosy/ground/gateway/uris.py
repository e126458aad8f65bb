"""URIs of integrations: a function, an action or path of an AWS service, or a URL."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

_AWS = re.compile(r"arn:[\w-]+:apigateway:([\w-]+):((?:[\w-]+\.)?[\w-]+):(path|action)/(.*)", re.S)
_INVOKED = re.compile(r"/?2015-03-31/functions/(.+)/invocations")
_VARIABLE = re.compile(r"\$\{stageVariables\.([A-Za-z0-9_]+)\}")
_HTTP = re.compile(r"https?://[^/\s]+(/\S*)?")


@dataclass(frozen=True, slots=True)
class AwsTarget:
    """An AWS service, as an integration names it."""

    region: str
    service: str
    """What signatures are scoped to: "sagemaker" for runtime.sagemaker."""
    path: str
    """"/" where an action is named."""
    action: str = ""
    function: str = ""
    """ARN of the function, for a path that invokes one."""


def aws_target(uri: str) -> AwsTarget | None:
    """None when it is not the ARN of an integration."""
    found = _AWS.fullmatch(uri)
    if found is None:
        return None
    region, service, kind, rest = found.groups()
    scope = service.rpartition(".")[2]
    if kind == "action":
        return AwsTarget(region, scope, "/", rest)
    invoked = _INVOKED.fullmatch(rest)
    if scope == "lambda" and invoked is not None:
        return AwsTarget(region, scope, f"/{rest}", function=unquote(invoked.group(1)))
    return AwsTarget(region, scope, f"/{rest.lstrip('/')}")


def is_url(uri: str) -> bool:
    """Whether it is an HTTP URL, perhaps with {parameters} in it."""
    return _HTTP.fullmatch(uri) is not None


def with_variables(text: str, variables: dict[str, str]) -> str:
    """The text with ${stageVariables.x} put in; what is not set is left out."""
    return _VARIABLE.sub(lambda found: variables.get(found.group(1), ""), text)
