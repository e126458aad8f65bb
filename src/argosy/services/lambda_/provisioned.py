"""Lambda: provisioned concurrency, which Argosy does not have.

An environment that has run stays ready anyway, and a new one starts from a process that is warm.
"""

from typing import Any

from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ProvisionedConcurrencyConfigNotFoundException,
)
from argosy.services.lambda_.finding import function_named, named, named_there
from argosy.services.registry import Call, operation


@operation("lambda", "PutProvisionedConcurrencyConfig")
def put_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    """Raises InvalidParameterValueException."""
    named_there(call)
    raise InvalidParameterValueException(
        "Argosy does not provision environments: those that have run stay ready, and new ones "
        "start from a warm process. Leave provisioned concurrency out."
    )


@operation("lambda", "GetProvisionedConcurrencyConfig")
def get_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    """Raises ProvisionedConcurrencyConfigNotFoundException."""
    named_there(call)
    raise ProvisionedConcurrencyConfigNotFoundException(
        "No Provisioned Concurrency Config found for this function"
    )


@operation("lambda", "DeleteProvisionedConcurrencyConfig")
def delete_provisioned_concurrency_config(call: Call) -> dict[str, Any]:
    """There is none: nothing is to be done."""
    named_there(call)
    return {}


@operation("lambda", "ListProvisionedConcurrencyConfigs")
def list_provisioned_concurrency_configs(call: Call) -> dict[str, Any]:
    function_named(call, named(call)[0])
    return {"ProvisionedConcurrencyConfigs": []}
