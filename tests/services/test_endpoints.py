"""Endpoints through boto3: intent written, statuses and refusals as SageMaker's."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state import endpoints as ep
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:endpoint/"
Make = Callable[..., str]
Refused = Callable[..., str]
Settle = Callable[..., None]


def record_of(server: ApiServer, name: str) -> Any:
    return server.records.get("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, name)


def variant(described: dict[str, Any], name: str) -> dict[str, Any]:
    return next(v for v in described["ProductionVariants"] if v["VariantName"] == name)


def test_creating_says_so_and_shows_what_is_launched(sagemaker: Any, make_config: Make) -> None:
    make_config("one", a=(0.7, 2))
    created = sagemaker.create_endpoint(EndpointName="Ep", EndpointConfigName="one")
    described = sagemaker.describe_endpoint(EndpointName="Ep")
    assert created["EndpointArn"] == described["EndpointArn"] == ARN + "ep"
    assert described["EndpointStatus"] == "Creating"
    assert described["EndpointConfigName"] == "one"
    assert "PendingDeploymentSummary" not in described
    status = variant(described, "a")["VariantStatus"][0]
    assert (status["Status"], status["StatusMessage"]) == ("Creating", "Launching 2 instance(s).")


def test_an_endpoint_in_service_shows_each_variant(sagemaker: Any, endpoint: str) -> None:
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    made = datetime.fromtimestamp(1_700_000_000, UTC)
    assert described["EndpointStatus"] == "InService"
    assert described["CreationTime"] == described["LastModifiedTime"] == made
    assert "FailureReason" not in described
    assert described["ProductionVariants"] == [
        {
            "VariantName": name,
            "DeployedImages": [
                {"SpecifiedImage": image, "ResolvedImage": image, "ResolutionTime": made}
            ],
            "CurrentWeight": weight,
            "DesiredWeight": weight,
            "CurrentInstanceCount": count,
            "DesiredInstanceCount": count,
        }
        for name, image, weight, count in (("a", "image-0", 0.7, 2), ("b", "image-1", 0.3, 1))
    ]


def test_the_deployment_holds_copies_of_config_and_models(
    sagemaker: Any, server: ApiServer, endpoint: str
) -> None:
    sagemaker.delete_endpoint_config(EndpointConfigName="one")
    sagemaker.delete_model(ModelName="one-a")
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"] == "one"
    live = record_of(server, endpoint).document["live"]
    (container,) = ep.containers_of(live["models"]["one-a"])
    assert container["ModelDataUrl"] == "s3://b/m.tar.gz"
    assert ep.variant_config(live, "a")["InstanceType"] == "ml.m5.large"


@pytest.mark.parametrize("again", ["Ep", "EP", "ep"])
def test_a_name_that_is_taken_in_any_case_is_refused(
    sagemaker: Any, endpoint: str, refused: Refused, again: str
) -> None:
    message = refused(sagemaker.create_endpoint, EndpointName=again, EndpointConfigName="one")
    assert message == f'Cannot create already existing endpoint "{ARN}ep".'


def test_a_missing_endpoint_is_named_by_its_arn(sagemaker: Any, refused: Refused) -> None:
    change = [{"VariantName": "v", "DesiredWeight": 1}]
    missing = f'Could not find endpoint "{ARN}nope".'
    assert refused(sagemaker.describe_endpoint, EndpointName="Nope") == missing
    assert refused(sagemaker.delete_endpoint, EndpointName="Nope") == missing
    assert (
        refused(sagemaker.update_endpoint, EndpointName="Nope", EndpointConfigName="c") == missing
    )
    assert (
        refused(
            sagemaker.update_endpoint_weights_and_capacities,
            EndpointName="Nope",
            DesiredWeightsAndCapacities=change,
        )
        == missing
    )


def test_a_missing_config_is_named_and_nothing_created(
    sagemaker: Any, endpoint: str, refused: Refused
) -> None:
    config = "arn:aws:sagemaker:us-east-1:000000000000:endpoint-config/gone"
    missing = f'Could not find endpoint configuration "{config}".'
    asked = {"EndpointConfigName": "Gone"}
    assert refused(sagemaker.create_endpoint, EndpointName="new", **asked) == missing
    assert refused(sagemaker.update_endpoint, EndpointName=endpoint, **asked) == missing
    assert [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]] == [endpoint]
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "InService"


def test_a_model_deleted_since_the_config_was_made_is_named(
    sagemaker: Any, make_config: Make, refused: Refused
) -> None:
    make_config("one")
    sagemaker.delete_model(ModelName="one-only")
    message = refused(sagemaker.create_endpoint, EndpointName="e", EndpointConfigName="one")
    assert message.startswith("Could not find model ")


@pytest.mark.parametrize(
    "status", ["Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"]
)
def test_an_endpoint_in_progress_is_left_alone(
    sagemaker: Any, endpoint: str, settle: Settle, refused: Refused, status: str
) -> None:
    settle(endpoint, status)
    busy = f'Cannot update in-progress endpoint "{ARN}ep".'
    asked = {"EndpointName": endpoint}
    changes = [{"VariantName": "a", "DesiredWeight": 1}]
    assert refused(sagemaker.delete_endpoint, **asked) == busy
    assert refused(sagemaker.update_endpoint, EndpointConfigName="one", **asked) == busy
    assert (
        refused(
            sagemaker.update_endpoint_weights_and_capacities,
            DesiredWeightsAndCapacities=changes,
            **asked,
        )
        == busy
    )
    assert sagemaker.describe_endpoint(**asked)["EndpointStatus"] == status


def test_a_failed_endpoint_says_why_and_can_only_be_deleted(
    sagemaker: Any, make_config: Make, settle: Settle, refused: Refused
) -> None:
    make_config("one")
    sagemaker.create_endpoint(EndpointName="e", EndpointConfigName="one")
    settle("e", "Failed", "x" * 2000)
    described = sagemaker.describe_endpoint(EndpointName="e")
    assert described["FailureReason"] == "x" * 1024
    assert described["EndpointConfigName"] == "one"
    message = refused(sagemaker.update_endpoint, EndpointName="e", EndpointConfigName="one")
    assert "its status is Failed" in message
    sagemaker.delete_endpoint(EndpointName="e")
    assert sagemaker.describe_endpoint(EndpointName="e")["EndpointStatus"] == "Deleting"


def test_a_deleted_endpoint_is_deleting_until_control_removes_it(
    sagemaker: Any, server: ApiServer, endpoint: str, refused: Refused
) -> None:
    sagemaker.delete_endpoint(EndpointName=endpoint)
    assert sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointStatus"] == "Deleting"
    assert "already existing" in refused(
        sagemaker.create_endpoint, EndpointName=endpoint, EndpointConfigName="one"
    )
    server.records.delete("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, endpoint)
    assert "Could not find" in refused(sagemaker.describe_endpoint, EndpointName=endpoint)


def test_boto3s_waiters_understand_the_answers(
    sagemaker: Any, server: ApiServer, endpoint: str
) -> None:
    once = {"Delay": 1, "MaxAttempts": 1}
    sagemaker.get_waiter("endpoint_in_service").wait(EndpointName=endpoint, WaiterConfig=once)
    server.records.delete("endpoint", DEFAULT_ACCOUNT, DEFAULT_REGION, endpoint)
    sagemaker.get_waiter("endpoint_deleted").wait(EndpointName=endpoint, WaiterConfig=once)


def test_every_write_rings_the_doorbell(sagemaker: Any, server: ApiServer, endpoint: str) -> None:
    rung: list[str] = []
    server.records.listen(rung.append)
    changes = [{"VariantName": "a", "DesiredWeight": 1}]
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=endpoint, DesiredWeightsAndCapacities=changes
    )
    assert rung == ["endpoint", "event"]
