"""A stage of a REST API, compiled from the deployment that it serves. Pure."""

import fnmatch
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.automation.gateway.exchange import Place, decoded
from argosy.automation.gateway.router import Router, parts_of
from argosy.ground.gateway.schemas import Schema, whole
from argosy.state.records import Record

log = logging.getLogger(__name__)

_LONGEST_MS = 29_000


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a resource, as it was deployed."""

    document: Mapping[str, Any]
    resource_id: str
    path: str
    settings: Mapping[str, Any]
    """Of the stage, for this method: throttling and the like."""
    settings_key: str

    @property
    def integration(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.document.get("methodIntegration") or {}
        return found

    @property
    def timeout_s(self) -> float:
        return (self.integration.get("timeoutInMillis") or _LONGEST_MS) / 1000


@dataclass(frozen=True, slots=True)
class Matched:
    """The resource that a path leads to."""

    methods: Mapping[str, Method]
    variables: dict[str, str]
    encoded: dict[str, str]
    """The same variables as they stand in the path."""


NOWHERE = Matched({}, {}, {})


@dataclass(frozen=True)
class RestStage:
    """What requests to one stage go by."""

    place: Place
    router: Router[dict[str, Method]]
    parts: Mapping[str, Any]
    """What the deployment holds (`state.apis.REST_PARTS`)."""
    closed: bool
    """disableExecuteApiEndpoint."""
    log_group: str
    log_format: str
    binary: tuple[str, ...]
    schemas: dict[str, Schema] = field(default_factory=dict)
    """By model, as they are needed."""

    def find(self, path: str) -> Matched | None:
        """What answers a path as it came, percent-encoded: an encoded slash divides nothing, and
        one at the end does not matter."""
        encoded = parts_of(path.rstrip("/") if len(path) > 1 else path)
        parts = [decoded(part) for part in encoded]
        found = self.router.find(parts, ("",))
        if found is None:
            return None
        return Matched(found.leaf, found.variables(parts), found.variables(encoded))

    def schema(self, model: str) -> Schema | None:
        """The schema of a model; None where there is no such model."""
        found = self.schemas.get(model)
        if found is None:
            held = self.parts.get("models") or {}
            if model not in held:
                return None
            texts = {name: json.loads(one["schema"]) for name, one in held.items()}
            found = self.schemas[model] = Schema(whole(model, texts))
        return found


def compile_stage(api: Record, stage: Mapping[str, Any], parts: Mapping[str, Any]) -> RestStage:
    """`stage`: of the API's document; `parts`: of the deployment that it serves."""
    place = Place(
        kind="rest",
        account=api.account,
        region=api.region,
        api_id=api.name,
        api_name=api.document["name"],
        stage=stage["stageName"],
        variables=dict(stage.get("variables") or {}),
        deployment=stage["deploymentId"],
    )
    router: Router[dict[str, Method]] = Router()
    for resource in parts["resources"].values():
        methods = {
            name: _method(name, document, resource, stage)
            for name, document in resource["resourceMethods"].items()
        }
        if methods:
            router.add(resource["path"], "", methods)
    logs = stage.get("accessLogSettings") or {}
    return RestStage(
        place=place,
        router=router,
        parts=parts,
        closed=bool(api.document.get("disableExecuteApiEndpoint")),
        log_group=logs.get("destinationArn") or "",
        log_format=logs.get("format") or "",
        binary=tuple(parts.get("binaryMediaTypes") or ()),
    )


def _method(
    name: str, document: Mapping[str, Any], resource: Mapping[str, Any], stage: Mapping[str, Any]
) -> Method:
    key, settings = _settings(stage.get("methodSettings") or {}, resource["path"], name)
    return Method(document, resource["id"], resource["path"], settings, key)


def _settings(
    given: Mapping[str, Mapping[str, Any]], path: str, method: str
) -> tuple[str, Mapping[str, Any]]:
    """Those of the method go before those for all."""
    for key in (f"{path.lstrip('/')}/{method}", f"*/{method}", "*/*"):
        if key in given:
            return key, given[key]
    matching = [key for key in given if fnmatch.fnmatchcase(f"{path.lstrip('/')}/{method}", key)]
    return (matching[0], given[matching[0]]) if matching else ("", {})
