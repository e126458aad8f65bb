"""A stage of an HTTP API, compiled from the deployment that it serves. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.automation.gateway.exchange import Place
from argosy.automation.gateway.router import Router, parts_of
from argosy.state.records import Record

DEFAULT = "$default"
_USUAL_TIMEOUT_MS = 30_000


@dataclass(frozen=True, slots=True)
class Route:
    """A route, and the integration behind it."""

    key: str
    document: Mapping[str, Any]
    integration: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def timeout_s(self) -> float:
        return (self.integration.get("timeoutInMillis") or _USUAL_TIMEOUT_MS) / 1000


@dataclass(frozen=True)
class HttpStage:
    """What requests to one stage go by."""

    place: Place
    router: Router[Route]
    fallback: Route | None
    """Of $default."""
    authorizers: Mapping[str, Mapping[str, Any]]
    cors: Mapping[str, Any] | None
    closed: bool
    log_group: str
    log_format: str

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The most specific route: fixed parts before variables, a method before ANY, and
        $default last."""
        parts = parts_of(path)
        found = self.router.find(parts, (method, "ANY"))
        if found is not None:
            return found.leaf, found.variables(parts)
        return None if self.fallback is None else (self.fallback, {})


def compile_stage(api: Record, stage: Mapping[str, Any], parts: Mapping[str, Any]) -> HttpStage:
    """`stage`: of the API's document; `parts`: of the deployment that it serves."""
    place = Place(
        kind="http",
        account=api.account,
        region=api.region,
        api_id=api.name,
        api_name=api.document["name"],
        stage=stage["stageName"],
        variables=dict(stage.get("stageVariables") or {}),
        deployment=stage["deploymentId"],
    )
    router: Router[Route] = Router()
    fallback = None
    for document in parts["routes"].values():
        route = _route(document, parts["integrations"], stage)
        if route.key == DEFAULT:
            fallback = route
            continue
        method, _, path = route.key.partition(" ")
        router.add(path, method, route)
    logs = stage.get("accessLogSettings") or {}
    return HttpStage(
        place=place,
        router=router,
        fallback=fallback,
        authorizers=parts.get("authorizers") or {},
        cors=parts.get("corsConfiguration"),
        closed=bool(api.document.get("disableExecuteApiEndpoint")),
        log_group=logs.get("destinationArn") or "",
        log_format=logs.get("format") or "",
    )


def _route(
    document: Mapping[str, Any], integrations: Mapping[str, Any], stage: Mapping[str, Any]
) -> Route:
    key = document["routeKey"]
    target = (document.get("target") or "").removeprefix("integrations/")
    usual = stage.get("defaultRouteSettings") or {}
    settings = (stage.get("routeSettings") or {}).get(key) or usual
    return Route(key, document, integrations.get(target) or {}, settings)
