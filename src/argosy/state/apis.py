"""APIs of API Gateway as records: what is being edited, and what has been deployed.

A REST or HTTP API is one document with all its parts. A deployment is a copy of the parts that
requests go by, in a record of its own that nobody changes; stages, in the API's document, name
the deployment that they serve. Nothing here answers a request.
"""

import secrets
import string
from typing import Any

from argosy.state.records import Record, Records

REST_API = "rest-api"
HTTP_API = "http-api"
REST_DEPLOYMENT = "rest-api-deployment"
HTTP_DEPLOYMENT = "http-api-deployment"
API_KEY = "api-key"
USAGE_PLAN = "usage-plan"
ACCOUNT = "api-gateway-account"

KINDS = frozenset({REST_API, HTTP_API, REST_DEPLOYMENT, HTTP_DEPLOYMENT, API_KEY, USAGE_PLAN})

REST_PARTS = (
    "resources",
    "models",
    "validators",
    "authorizers",
    "gatewayResponses",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "apiKeySource",
)
HTTP_PARTS = ("routes", "integrations", "authorizers", "corsConfiguration")

_ALPHABET = string.ascii_lowercase + string.digits


def new_id(length: int = 10) -> str:
    """Lower-case letters and digits, as API Gateway's ids are."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def find_api(records: Records, kind: str, api_id: str) -> Record | None:
    """The API of this id, whosever it is: a request to it may come from anybody."""
    for account, region, name in records.versions(kind):
        if name == api_id:
            return records.get(kind, account, region, name)
    return None


def deployment_name(api_id: str, deployment_id: str) -> str:
    """What the record of a deployment is called."""
    return f"{api_id}/{deployment_id}"


def deployed(records: Records, api: Record, deployment_id: str) -> Record | None:
    """A deployment of the API, or None."""
    kind = REST_DEPLOYMENT if api.kind == REST_API else HTTP_DEPLOYMENT
    return records.get(kind, api.account, api.region, deployment_name(api.name, deployment_id))


def deploy(records: Records, api: Record, now: float, description: str = "", **more: Any) -> str:
    """Keep a copy of the API's parts as they are; returns the deployment's id."""
    kind, parts = (
        (REST_DEPLOYMENT, REST_PARTS) if api.kind == REST_API else (HTTP_DEPLOYMENT, HTTP_PARTS)
    )
    number = new_id(6)
    document = {
        "id": number,
        "description": description,
        "parts": {part: api.document.get(part) for part in parts},
        **more,
    }
    name = deployment_name(api.name, number)
    records.create(kind, api.account, api.region, name, document, now=now)
    return number


def deployments(records: Records, api: Record) -> list[Record]:
    """All of them, oldest first."""
    kind = REST_DEPLOYMENT if api.kind == REST_API else HTTP_DEPLOYMENT
    return records.find(kind, api.account, api.region, prefix=f"{api.name}/")


def delete_api(records: Records, api: Record) -> None:
    """With its deployments, in one commit."""
    with records.transaction():
        for one in deployments(records, api):
            records.delete(one.kind, one.account, one.region, one.name)
        records.delete(api.kind, api.account, api.region, api.name)
