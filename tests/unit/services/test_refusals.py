"""The table of what is not supported: every line names a member that the API really has."""

import botocore.session
import pytest
from botocore.model import Shape

from argosy.ground.errors import ValidationException
from argosy.services.sagemaker import refusals

LINES = [(name, line.path) for name, lines in refusals._TABLE.items() for line in lines]


@pytest.fixture(scope="module")
def sagemaker() -> object:
    return botocore.session.get_session().get_service_model("sagemaker")


@pytest.mark.parametrize(("operation", "path"), LINES)
def test_a_line_leads_to_a_member_of_the_model(
    sagemaker: botocore.model.ServiceModel, operation: str, path: str
) -> None:
    shape: Shape = sagemaker.operation_model(operation).input_shape
    for step in path.split("."):
        if shape.type_name == "map":
            return  # its keys are the user's
        shape = shape.members[step.removesuffix("[]")]
        if step.endswith("[]"):
            shape = shape.member


def test_the_text_names_the_place_and_the_feature() -> None:
    variant = {"VariantName": "v", "ModelName": "m"}
    asked = {"ProductionVariants": [variant, {**variant, "ServerlessConfig": {}}]}
    with pytest.raises(ValidationException) as raised:
        refusals.refuse_unsupported("CreateEndpointConfig", asked)
    assert raised.value.message == (
        "ProductionVariants[1].ServerlessConfig: this version does not support serverless variants."
    )


def test_what_asks_for_nothing_special_passes() -> None:
    refusals.refuse_unsupported("CreateModel", {"PrimaryContainer": {"Image": "i"}})
    refusals.refuse_unsupported("CreateModel", {"Containers": [], "PrimaryContainer": None})
    refusals.refuse_unsupported("DescribeModel", {"ModelName": "m"})
