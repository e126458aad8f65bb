"""The app of the distribution protocol: which function answers which path, and errors."""

import errno
import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import parse_qsl, unquote

from argosy.api.asgi import ClientGone, Receive, Scope, Send, head_of
from argosy.api.distribution.blobs import BlobRoutes
from argosy.api.distribution.http import Asked, OciError, Reply, as_error, as_json, send_reply
from argosy.api.distribution.manifests import ManifestRoutes
from argosy.api.distribution.uploads import UploadRoutes
from argosy.api.distribution.workshop import Workshop
from argosy.ground.errors import ApiError
from argosy.ground.names import new_request_id
from argosy.objects.errors import StoreError
from argosy.oci.names import Owner, is_repository
from argosy.wire import HttpRequest

Route = Callable[..., Awaitable[Reply]]

_CODES = {
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "LayersNotFoundException": (400, "MANIFEST_BLOB_UNKNOWN"),
    "ReferencedImagesNotFoundException": (400, "MANIFEST_BLOB_UNKNOWN"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "InvalidParameterException": (400, "MANIFEST_INVALID"),
}
"""ECR's code of an error → status and code of the distribution specification."""

log = logging.getLogger(__name__)


class Distribution:
    """A bare ASGI callable for one event loop."""

    def __init__(self, workshop: Workshop) -> None:
        manifests, blobs = ManifestRoutes(workshop), BlobRoutes(workshop)
        uploads = UploadRoutes(workshop)
        self._routes = [
            (re.compile(pattern), methods) for pattern, methods in _table(manifests, blobs, uploads)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = head_of(scope)
        request_id = request.headers.get("x-argosy-request-id") or new_request_id()
        try:
            reply = await self._answer(request, receive, request_id)
        except ClientGone:
            return
        await send_reply(reply, request_id, head_only=request.method == "HEAD", send=send)

    async def _answer(self, request: HttpRequest, receive: Receive, request_id: str) -> Reply:
        try:
            return await self._route(request, receive)
        except OciError as error:
            return as_error(error)
        except ApiError as error:
            status, code = _CODES.get(error.code, (error.status, "DENIED"))
            return as_error(OciError(status, code, error.message))
        except StoreError as error:
            log.error("request %s: %s", request_id, error)
            return as_error(OciError(503, "UNAVAILABLE", str(error)))
        except OSError as error:
            return as_error(_no_room(error, request_id))
        except ClientGone:
            raise
        except Exception:
            log.exception("request %s: the registry failed", request_id)
            message = f"Argosy failed; look for request {request_id} in its logs."
            return as_error(OciError(500, "UNKNOWN", message))

    async def _route(self, request: HttpRequest, receive: Receive) -> Reply:
        path = unquote(request.path)
        for pattern, methods in self._routes:
            match = pattern.fullmatch(path)
            if match is None:
                continue
            _check_name(match)
            route = methods.get(request.method)
            if route is None:
                allowed = {"Allow": ", ".join(methods)}
                raise OciError(405, "UNSUPPORTED", f"Use {allowed['Allow']}.", allowed)
            return await route(_asked(request, receive), *match.groups())
        raise OciError(404, "UNSUPPORTED", f"No {path[:200]} here.")


def _table(
    manifests: ManifestRoutes, blobs: BlobRoutes, uploads: UploadRoutes
) -> list[tuple[str, Mapping[str, Route]]]:
    """The whole protocol; the first pattern that fits counts."""
    return [
        (r"/v2/", {"GET": _base, "HEAD": _base}),
        (r"/v2/_catalog", {"GET": manifests.catalog}),
        (r"/v2/(.+)/tags/list", {"GET": manifests.tags}),
        (
            r"/v2/(.+)/manifests/([^/]+)",
            {
                "GET": manifests.get,
                "HEAD": manifests.get,
                "PUT": manifests.put,
                "DELETE": manifests.delete,
            },
        ),
        (r"/v2/(.+)/blobs/uploads/?", {"POST": uploads.begin}),
        (
            r"/v2/(.+)/blobs/uploads/([^/]+)",
            {
                "GET": uploads.status,
                "PATCH": uploads.append,
                "PUT": uploads.finish,
                "DELETE": uploads.cancel,
            },
        ),
        (
            r"/v2/(.+)/blobs/([^/]+)",
            {"GET": blobs.get, "HEAD": blobs.head, "DELETE": blobs.delete},
        ),
    ]


async def _base(asked: Asked) -> Reply:
    """The protocol is spoken here, and the token is good."""
    return as_json({})


def _asked(request: HttpRequest, receive: Receive) -> Asked:
    headers = request.headers
    return Asked(
        method=request.method,
        query=dict(parse_qsl(request.query, keep_blank_values=True)),
        headers=headers,
        owner=Owner(headers.get("x-argosy-account", ""), headers.get("x-argosy-region", "")),
        receive=receive,
    )


def _check_name(match: re.Match[str]) -> None:
    if match.groups() and not is_repository(match[1]):
        raise OciError(400, "NAME_INVALID", f"{match[1][:200]!r} is not a repository's name.")


def _no_room(error: OSError, request_id: str) -> OciError:
    log.error("request %s: %s", request_id, error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OciError(507, "UNKNOWN", "The disk is full. Make room and push again.")
    return OciError(500, "UNKNOWN", f"Argosy failed; look for request {request_id} in its logs.")
