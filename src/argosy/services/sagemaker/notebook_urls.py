"""Links into the JupyterLab of a notebook instance, which is started when one is asked for.

A link leads to the public port, under the name by which this call reached it, and is exchanged for
a session there (`control.machines.entrance`).
"""

import asyncio
import secrets
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.notebooks import TOKEN, site_path
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.notebooks import found
from argosy.state import notebooks
from argosy.state.machines import Machine
from argosy.state.notebook_links import with_link
from argosy.state.records import Record, Stale

_SESSION_S = 43_200
_PATIENCE_S = 55.0
_LOOK_EVERY_S = 0.05


@operation("sagemaker", "CreatePresignedNotebookInstanceUrl")
async def create_presigned_notebook_instance_url(call: Call) -> dict[str, Any]:
    """Answers once JupyterLab does, and edges know the way to it."""
    if find_spec("jupyterlab") is None:
        raise ValidationException(
            "JupyterLab is not installed beside this platform: pip install 'argosy[notebooks]'."
        )
    _change(call, lambda machine: ({**machine, "wish": secrets.token_hex(8)}, ""))
    await _served(call)
    seconds = call.input.get("SessionExpirationDurationInSeconds") or _SESSION_S
    now = call.clock.now()
    record, token = _change(call, lambda machine: with_link(machine, seconds, now))
    await call.routed()
    return {"AuthorizedUrl": f"{call.base}{site_path(notebooks.site_of(record))}?{TOKEN}={token}"}


def _change(call: Call, change: Callable[[Machine], tuple[Machine, str]]) -> tuple[Record, str]:
    """Have the machine of one that is in service changed; the record, and what `change` said."""
    while True:
        record = _in_service(call)
        machine, said = change(record.document["machine"])
        document = {**record.document, "machine": machine}
        try:
            call.records.update(record, now=call.clock.now(), document=document, touch=False)
        except Stale:
            continue
        return record, said


async def _served(call: Call) -> None:
    """Return once JupyterLab answers. Raises ValidationException."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                machine = _in_service(call).document["machine"]
                if machine["address"] and machine["granted"] == machine["wish"]:
                    return
                await asyncio.sleep(_LOOK_EVERY_S)
    except TimeoutError:
        raise ValidationException(
            f"JupyterLab did not come up within {_PATIENCE_S:g} s; see the log stream "
            f"{call.input['NotebookInstanceName']}/jupyter.log in {notebooks.LOG_GROUP}."
        ) from None


def _in_service(call: Call) -> Record:
    record = found(call)
    if record.status != notebooks.IN_SERVICE:
        raise ValidationException(
            f"Status ({record.status}) not in ([{notebooks.IN_SERVICE}]). Unable to create a "
            f"presigned URL for Notebook Instance ({record.document['arn']})."
        )
    return record
