"""Zips for functions, and an engine that answers without running anything."""

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from argosy.ground.functions import FunctionVersion, Invoked

ROLE = "arn:aws:iam::000000000000:role/functions"


def zipped(**files: str) -> bytes:
    """A zip with these modules: NAME → NAME.py."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in files.items():
            file.writestr(zipfile.ZipInfo(f"{name}.py"), text)
    return packed.getvalue()


def create(client: Any, name: str, source: str = "", **members: Any) -> dict[str, Any]:
    """A function of `app.py` with this source, its handler being `app.handler`."""
    return dict(
        client.create_function(
            **{
                "FunctionName": name,
                "Runtime": "python3.12",
                "Role": ROLE,
                "Handler": "app.handler",
                "Code": {"ZipFile": zipped(app=source or "def handler(event, context): ...")},
                **members,
            }
        )
    )


def invoke(client: Any, name: str, event: Any = None, **members: Any) -> Any:
    """The function's answer, decoded; an error's too."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event), **members)
    return json.loads(answer["Payload"].read())


@dataclass
class FakeFunctions:
    """Remembers what it is asked to run; `answer` says what comes of it."""

    answer: Callable[[FunctionVersion, Any], Any] = lambda version, event: event
    asked: list[tuple[FunctionVersion, Any, dict[str, Any]]] = field(default_factory=list)

    async def invoke(
        self,
        version: FunctionVersion,
        payload: bytes,
        *,
        tail: bool = False,
        client_context: str = "",
        request_id: str = "",
        trace: str = "",
    ) -> Invoked:
        event = json.loads(payload)
        told = {"client_context": client_context, "request_id": request_id, "trace": trace}
        self.asked.append((version, event, told))
        answer = self.answer(version, event)
        if isinstance(answer, Invoked):
            return answer
        return Invoked(
            payload=json.dumps(answer).encode(),
            log_tail=b"the log" if tail else b"",
            version=version.version,
            request_id=request_id,
        )
