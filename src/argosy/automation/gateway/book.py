"""Finds the stage that a request came to: compiled when it is first asked for, until it changes."""

from collections.abc import Callable

from argosy.automation.gateway.http.stage import HttpStage
from argosy.automation.gateway.http.stage import compile_stage as compile_http
from argosy.automation.gateway.rest.stage import RestStage
from argosy.automation.gateway.rest.stage import compile_stage as compile_rest
from argosy.state.apis import HTTP_API, REST_API, deployed
from argosy.state.records import Record, Records

Key = tuple[str, str, str]


class Book:
    """The APIs of a platform, by their ids."""

    def __init__(self, records: Records, changed: Callable[[str], None]) -> None:
        """`changed(api id)` is called when an API is another, or gone."""
        self._records = records
        self._changed = changed
        self._dirty = True
        self._apis: dict[str, tuple[str, Key, int]] = {}
        """Kind, key and version of each."""
        self._read: dict[str, Record] = {}
        self._stages: dict[tuple[str, str], RestStage | HttpStage | None] = {}

    def touch(self) -> None:
        """An API has been written."""
        self._dirty = True

    def find(self, api_id: str, stage: str) -> RestStage | HttpStage | None:
        """None: there is no such API, or no such stage of it."""
        if self._dirty:
            self._refresh()
        key = api_id, stage
        if key in self._stages:
            return self._stages[key]
        api = self._api(api_id)
        if api is None or stage not in api.document["stages"]:
            return None
        found = self._stages[key] = self._compiled(api, stage)
        return found

    def kind(self, api_id: str) -> str:
        """REST_API, HTTP_API, or "" for none."""
        if self._dirty:
            self._refresh()
        known = self._apis.get(api_id)
        return known[0] if known else ""

    def _refresh(self) -> None:
        self._dirty = False
        now = {
            name: (kind, (account, region, name), version)
            for kind in (REST_API, HTTP_API)
            for (account, region, name), version in self._records.versions(kind).items()
        }
        for api_id in [one for one, known in self._apis.items() if now.get(one) != known]:
            self._read.pop(api_id, None)
            self._stages = {key: one for key, one in self._stages.items() if key[0] != api_id}
            self._changed(api_id)
        self._apis = now

    def _api(self, api_id: str) -> Record | None:
        known = self._apis.get(api_id)
        if known is None:
            return None
        found = self._read.get(api_id) or self._records.get(known[0], *known[1])
        if found is not None:
            self._read[api_id] = found
        return found

    def _compiled(self, api: Record, stage: str) -> RestStage | HttpStage | None:
        document = api.document["stages"][stage]
        number = document.get("deploymentId")
        deployment = deployed(self._records, api, number) if number else None
        if deployment is None:
            return None
        parts = deployment.document["parts"]
        compiled = compile_rest if api.kind == REST_API else compile_http
        return compiled(api, document, parts)
