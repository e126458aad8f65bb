"""The inference components of an endpoint, which must not lose it."""

from collections.abc import Collection

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.finding import COMPONENT
from argosy.state.records import Record


def refuse_homeless(call: Call, endpoint: Record, variants: Collection[str] = ()) -> None:
    """Raise ValidationException when a component lives in another variant than these."""
    homeless = [
        record.name
        for record in call.records.find(COMPONENT, endpoint.account, endpoint.region)
        if record.document["component_of"]["endpoint"] == endpoint.name
        and record.document["component_of"]["variant"] not in variants
    ]
    if homeless:
        raise ValidationException(
            f'Endpoint "{endpoint.document["arn"]}" has inference components that would lose '
            f"their variant: {', '.join(homeless[:10])}. Delete them first."
        )
