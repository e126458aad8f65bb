"""Where a request goes, told by its path and by the scope of its credential. Pure.

One URL serves every AWS service: the service is named in the credential scope; a request without
one is taken for S3 when it looks like it (presigned V2, forms, anonymous reads), else it is
somebody who forgot to sign. The registry of images is the exception: its protocol lives under /v2/
and is not signed (no bucket can be called "v2": names have three letters or more). Neither are the
links in SNS's messages, which subscribers visit, nor GET /metrics, which Prometheus sends with a
token, nor need be what comes to an API or a function's URL (`edge/doors.py`), nor what a browser
asks a notebook instance for (`edge/notebooks.py`).
"""

from enum import Enum, auto
from typing import NamedTuple
from urllib.parse import unquote

from argosy.edge.doors import door_path
from argosy.ground.doors import API
from argosy.ground.notebooks import PREFIX as NOTEBOOKS
from argosy.ground.notebooks import TOKEN, split_path


class Kind(Enum):
    """What is to be done with a request."""

    INVOKE = auto()
    INVOKE_STREAM = auto()
    INVOKE_ASYNC = auto()
    HEALTH = auto()
    RESET = auto()
    STORE = auto()
    REGISTRY = auto()
    LINK = auto()
    METRICS = auto()
    GATEWAY = auto()
    FUNCTION_URL = auto()
    NOTEBOOK = auto()
    NOTEBOOK_LINK = auto()
    CONTROL = auto()


class Route(NamedTuple):
    """A kind, and the endpoint's name where the kind is an invocation; for a door and a notebook
    the path."""

    kind: Kind
    endpoint: str = ""


_RUNTIME = {
    "invocations": Kind.INVOKE,
    "invocations-response-stream": Kind.INVOKE_STREAM,
    "async-invocations": Kind.INVOKE_ASYNC,
}
_OWN = {"health": Kind.HEALTH, "reset": Kind.RESET, "clock": Kind.RESET}
_CERTIFICATE = "/SimpleNotificationService-"
_LINKED = ("ConfirmSubscription", "Unsubscribe")
RUNTIME_KINDS = frozenset(_RUNTIME.values())
DOOR_KINDS = frozenset({Kind.GATEWAY, Kind.FUNCTION_URL})


def route(
    method: str,
    path: str,
    query: str,
    service: str,
    target: str | None,
    content_type: str,
    host: str = "",
) -> Route:
    """`service` is that of the credential scope ("" for none), `target` is X-Amz-Target."""
    behind = door_path(path, host)
    if behind:
        return Route(Kind.GATEWAY if behind.startswith(API) else Kind.FUNCTION_URL, behind)
    if path.startswith(("/_argosy/", NOTEBOOKS)):
        return _own(method, path, query)
    if not service and path == "/metrics" and method == "GET":
        return Route(Kind.METRICS)
    if not service and path.startswith("/v2/"):
        return Route(Kind.REGISTRY)
    if not service and method == "GET" and is_link(path, query):
        return Route(Kind.LINK)
    if service == "s3" or (not service and _presigned_v2(query)):
        return Route(Kind.CONTROL if is_notification(path, query) else Kind.STORE)
    runtime = _runtime(path)
    if runtime is not None:
        return runtime
    if service or target is not None:
        return Route(Kind.CONTROL)
    if method == "POST" and path == "/" and not content_type.startswith("multipart/form-data"):
        return Route(Kind.CONTROL)
    return Route(Kind.CONTROL if is_notification(path, query) else Kind.STORE)


def is_notification(path: str, query: str) -> bool:
    """True for the notification configuration of a bucket, which the store mistakes for a bucket.

    Decoded first, as the store would.
    """
    names = {unquote(part.partition("=")[0]) for part in query.split("&")}
    return "notification" in names


def is_link(path: str, query: str) -> bool:
    """True for what SNS's messages link to: to confirm or end a subscription, and the certificate.

    A bucket's name has no capitals, and listing buckets has no Action.
    """
    if path.startswith(_CERTIFICATE):
        return True
    return path == "/" and any(f"Action={name}" in query.split("&") for name in _LINKED)


def is_bucket(path: str) -> bool:
    """True when the path names a bucket and nothing in it."""
    bucket, _, key = path.lstrip("/").partition("/")
    return bool(bucket) and not key


def _own(method: str, path: str, query: str) -> Route:
    """What no service of AWS is asked for: our own routes, and the sites of notebook instances.

    A link to such a site is control's business, all else there JupyterLab's.
    """
    if not path.startswith(NOTEBOOKS):
        return Route(_OWN.get(path[9:], Kind.CONTROL))
    linked = any(part.startswith(f"{TOKEN}=") for part in query.split("&"))
    if linked and method == "GET" and split_path(path)[1] in ("", "/"):
        return Route(Kind.NOTEBOOK_LINK, path)
    return Route(Kind.NOTEBOOK, path)


def _runtime(path: str) -> Route | None:
    parts = path.split("/")
    if len(parts) == 4 and parts[0] == "" and parts[1] == "endpoints" and parts[3] in _RUNTIME:
        return Route(_RUNTIME[parts[3]], unquote(parts[2]))
    return None


def _presigned_v2(query: str) -> bool:
    return "AWSAccessKeyId=" in query and "Signature=" in query
