"""The loaded models of an archive by name and version, and TF Serving's predict call on them.

Refuses what a predict call cannot be: classify and regress, which need tf.Example protocol
buffers. Reads no HTTP; `tensorflow_http` and `tensorflow` put their own around it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from argosy.runtimes.answers import Fault
from argosy.runtimes.base import LoadError
from argosy.runtimes.tensorflow_signature import Signature, as_columns, as_rows

DEFAULT_SIGNATURE = "serving_default"

Signatures = Mapping[str, Signature]


class Servables:
    """`models` has the signatures of every version of every model; `default` names a model."""

    def __init__(self, models: Mapping[str, Mapping[int, Signatures]], default: str = "") -> None:
        if default and default not in models:
            raise LoadError(
                f"TFS_DEFAULT_MODEL_NAME is {default}, which is not in the archive; it has"
                f" {', '.join(models)}"
            )
        self._models = models
        self.default = default or next(iter(models))

    def find(self, name: str, version: str) -> Signatures:
        """Of the default model without a name, of the latest version without one; Fault 404."""
        versions = self._models.get(name or self.default)
        if versions is None:
            raise Fault(404, f"Servable not found for request: Latest({name})")
        if not version:
            return versions[max(versions)]
        if not version.isdecimal() or int(version) not in versions:
            raise Fault(404, f"Servable not found for request: Specific({name}, {version})")
        return versions[int(version)]

    def versions(self, name: str) -> list[int]:
        """Versions of a model, latest first; Fault 404."""
        self.find(name, "")
        return sorted(self._models[name or self.default], reverse=True)


def check_method(method: str) -> None:
    """Raises Fault 400 for anything but predict."""
    if method not in ("", "predict"):
        raise Fault(400, f"the method {method} is not served; only predict is")


def predict(signatures: Signatures, request: Mapping[str, Any]) -> bytes:
    """The answer to a predict request (TF Serving's REST API); raises Fault, or what fails."""
    signature = chosen(signatures, request.get("signature_name"))
    if ("instances" in request) == ("inputs" in request):
        raise Fault(400, 'the request must have exactly one of "instances" and "inputs"')
    if "instances" in request:
        return rendered(as_rows(signature.run(signature.rows(request["instances"]))))
    outputs = signature.run(signature.columns(request["inputs"]))
    return json.dumps({"outputs": as_columns(outputs)}).encode()


def rendered(rows: list[Any]) -> bytes:
    """The answer to a request of rows."""
    return json.dumps({"predictions": rows}).encode()


def chosen(signatures: Signatures, name: Any) -> Signature:
    """The signature of that name; without a name the default, or the only one. Fault 400."""
    if name is None:
        name = DEFAULT_SIGNATURE
        if len(signatures) == 1:
            return next(iter(signatures.values()))
    found = signatures.get(name) if isinstance(name, str) else None
    if found is None:
        raise Fault(
            400,
            f'Serving signature name: "{name}" not found in signature def; the model has'
            f" {', '.join(signatures)}",
        )
    return found
