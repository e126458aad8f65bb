"""Links into the JupyterLab of a notebook instance, which is started when one is asked for.

JupyterLab listens on loopback of this machine: who comes from elsewhere needs a tunnel.
"""

import asyncio
import secrets
from importlib.util import find_spec
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.runtimes.notebook_links import token_for
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.notebooks import found
from argosy.state import notebooks
from argosy.state.records import Record, Stale

LINK_S = 300
"""A link is good for so long."""
_SESSION_S = 43_200
_PATIENCE_S = 55.0
_LOOK_EVERY_S = 0.05


@operation("sagemaker", "CreatePresignedNotebookInstanceUrl")
async def create_presigned_notebook_instance_url(call: Call) -> dict[str, Any]:
    """Answers once JupyterLab does."""
    if find_spec("jupyterlab") is None:
        raise ValidationException(
            "JupyterLab is not installed beside this platform: pip install 'argosy[notebooks]'."
        )
    _wish(call)
    record = await _served(call)
    machine = record.document["machine"]
    seconds = call.input.get("SessionExpirationDurationInSeconds") or _SESSION_S
    token = token_for(machine["secret"], call.clock.now() + LINK_S, seconds)
    return {"AuthorizedUrl": f"{machine['url']}/lab?token={token}"}


def _wish(call: Call) -> None:
    """Ask for JupyterLab: it is started unless it runs."""
    while True:
        record = _in_service(call)
        machine = {**record.document["machine"], "wish": secrets.token_hex(8)}
        document = {**record.document, "machine": machine}
        try:
            call.records.update(record, now=call.clock.now(), document=document, touch=False)
        except Stale:
            continue
        return


async def _served(call: Call) -> Record:
    """The record once JupyterLab answers for it. Raises ValidationException."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                record = _in_service(call)
                machine = record.document["machine"]
                if machine["url"] and machine["granted"] == machine["wish"]:
                    return record
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
