"""What belongs to functions of Lambda: policies, aliases, layers, what becomes of events."""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.state.function_policy import allows
from tests.support.api_client import ApiServer
from tests.support.lambda_functions import FakeFunctions, create, zipped

ARN = "arn:aws:lambda:us-east-1:000000000000:function"


@pytest.fixture(scope="module")
def one_engine() -> FakeFunctions:
    return FakeFunctions(answer=lambda version, event: version.version)


@pytest.fixture(scope="module")
def one_server(
    tmp_path_factory: pytest.TempPathFactory, one_engine: FakeFunctions
) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("lambda"), functions=one_engine) as server:
        yield server


@pytest.fixture(scope="module")
def client(one_server: ApiServer) -> Any:
    return one_server.client("lambda")


@pytest.fixture(autouse=True)
def server(one_server: ApiServer) -> ApiServer:
    """The server with nothing in it."""
    one_server.records.delete_all()
    return one_server


def refusal(call: Any, **members: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**members)
    return str(caught.value.response["Error"]["Code"])


def test_a_permission_lets_a_service_in_until_it_is_removed(client: Any, server: ApiServer) -> None:
    create(client, "f")
    client.add_permission(
        FunctionName="f",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::data",
        SourceAccount="000000000000",
    )
    asked = (server.records, f"{ARN}:f", "s3.amazonaws.com", "arn:aws:s3:::data", "000000000000")
    assert allows(*asked)
    policy = json.loads(client.get_policy(FunctionName="f")["Policy"])
    assert policy["Statement"][0]["Principal"] == {"Service": "s3.amazonaws.com"}
    assert policy["Statement"][0]["Resource"] == f"{ARN}:f"

    client.remove_permission(FunctionName="f", StatementId="bucket")
    assert not allows(*asked)
    assert refusal(client.get_policy, FunctionName="f") == "ResourceNotFoundException"


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"StatementId": "there"}, "ResourceConflictException"),
        ({"Principal": "nobody"}, "InvalidParameterValueException"),
        ({"Qualifier": "none"}, "ResourceNotFoundException"),
        ({"Qualifier": "$LATEST"}, "InvalidParameterValueException"),
        ({"RevisionId": "other"}, "PreconditionFailedException"),
        ({"FunctionUrlAuthType": "NONE"}, "InvalidParameterValueException"),
    ],
)
def test_permissions_that_are_wrong_are_refused(
    client: Any, members: dict[str, Any], code: str
) -> None:
    create(client, "f")
    good = {
        "FunctionName": "f",
        "StatementId": "there",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
    }
    client.add_permission(**good)
    assert refusal(client.add_permission, **{**good, "StatementId": "new", **members}) == code


def test_an_alias_names_a_version_and_another_after_its_update(client: Any) -> None:
    create(client, "f", Publish=True)
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.update_function_configuration(FunctionName="f", Timeout=4)
    client.publish_version(FunctionName="f")

    def runs() -> str:
        return str(json.loads(client.invoke(FunctionName="f:live")["Payload"].read()))

    assert runs() == "1"
    client.update_alias(FunctionName="f", Name="live", FunctionVersion="2")
    assert runs() == "2"
    client.update_alias(
        FunctionName="f",
        Name="live",
        RoutingConfig={"AdditionalVersionWeights": {"1": 0.5}},
    )
    shown = client.get_alias(FunctionName="f", Name="live")
    assert shown["RoutingConfig"] == {"AdditionalVersionWeights": {"1": 0.5}}
    assert shown["AliasArn"] == f"{ARN}:f:live"
    assert {runs() for _ in range(60)} == {"1", "2"}
    assert refusal(client.delete_function, FunctionName="f", Qualifier="1") == (
        "ResourceConflictException"
    )
    client.delete_alias(FunctionName="f", Name="live")
    assert client.list_aliases(FunctionName="f")["Aliases"] == []


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"FunctionVersion": "9"}, "ResourceNotFoundException"),
        ({"FunctionName": "nobody"}, "ResourceNotFoundException"),
        ({"Name": "taken"}, "ResourceConflictException"),
        (
            {"RoutingConfig": {"AdditionalVersionWeights": {"1": 0.5}}},
            "InvalidParameterValueException",
        ),
    ],
)
def test_aliases_that_are_wrong_are_refused(
    client: Any, members: dict[str, Any], code: str
) -> None:
    create(client, "f", Publish=True)
    client.create_alias(FunctionName="f", Name="taken", FunctionVersion="1")
    good = {"FunctionName": "f", "Name": "new", "FunctionVersion": "1"}
    assert refusal(client.create_alias, **{**good, **members}) == code


def test_a_layer_is_published_used_and_deleted_under_its_user(client: Any) -> None:
    layer = client.publish_layer_version(
        LayerName="shared", Content={"ZipFile": zipped(lib="x")}, CompatibleRuntimes=["python3.12"]
    )
    again = client.publish_layer_version(LayerName="shared", Content={"ZipFile": zipped(lib="y")})
    assert (layer["Version"], again["Version"]) == (1, 2)
    made = create(client, "f", Layers=[layer["LayerVersionArn"]])
    assert made["Layers"][0]["Arn"] == layer["LayerVersionArn"]
    assert made["Layers"][0]["CodeSize"] == len(zipped(lib="x"))

    versions = client.list_layer_versions(LayerName="shared")["LayerVersions"]
    assert [one["Version"] for one in versions] == [2, 1]
    fitting = client.list_layers(CompatibleRuntime="python3.12")["Layers"]
    assert fitting[0]["LatestMatchingVersion"]["Version"] == 1
    client.delete_layer_version(LayerName="shared", VersionNumber=1)
    assert client.get_function_configuration(FunctionName="f")["Layers"]
    assert "Layers" not in client.update_function_configuration(FunctionName="f", Layers=[])
    assert (
        client.publish_layer_version(LayerName="shared", Content={"ZipFile": zipped(lib="z")})[
            "Version"
        ]
        == 3
    )
    code = refusal(client.get_layer_version, LayerName="shared", VersionNumber=1)
    assert code == "ResourceNotFoundException"
    by_arn = client.get_layer_version_by_arn(Arn=again["LayerVersionArn"])
    assert by_arn["Version"] == 2


def test_permissions_of_layers_are_kept(client: Any) -> None:
    client.publish_layer_version(LayerName="open", Content={"ZipFile": zipped(lib="x")})
    place = {"LayerName": "open", "VersionNumber": 1}
    client.add_layer_version_permission(
        **place, StatementId="all", Action="lambda:GetLayerVersion", Principal="*"
    )
    policy = json.loads(client.get_layer_version_policy(**place)["Policy"])
    assert policy["Statement"][0]["Principal"] == "*"
    root = "arn:aws:iam::111111111111:root"
    for name, principal in (("number", "111111111111"), ("arn", root)):
        statement = client.add_layer_version_permission(
            **place, StatementId=name, Action="lambda:GetLayerVersion", Principal=principal
        )["Statement"]
        assert json.loads(statement)["Principal"] == {"AWS": root}
        client.remove_layer_version_permission(**place, StatementId=name)
    client.remove_layer_version_permission(**place, StatementId="all")
    assert refusal(client.get_layer_version_policy, **place) == "ResourceNotFoundException"


def test_what_becomes_of_events_is_set_by_version(client: Any) -> None:
    create(client, "f", Publish=True)
    queue = {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:q"}}
    client.put_function_event_invoke_config(
        FunctionName="f", MaximumRetryAttempts=0, DestinationConfig=queue
    )
    client.update_function_event_invoke_config(FunctionName="f", MaximumEventAgeInSeconds=90)
    client.put_function_event_invoke_config(FunctionName="f", Qualifier="1", MaximumRetryAttempts=1)
    assert refusal(client.put_function_event_invoke_config, FunctionName="f") == (
        "InvalidParameterValueException"
    )
    shown = client.get_function_event_invoke_config(FunctionName="f")
    assert (shown["MaximumRetryAttempts"], shown["MaximumEventAgeInSeconds"]) == (0, 90)
    assert shown["DestinationConfig"]["OnFailure"] == queue["OnFailure"]
    listed = client.list_function_event_invoke_configs(FunctionName="f")
    arns = [one["FunctionArn"] for one in listed["FunctionEventInvokeConfigs"]]
    assert arns == [f"{ARN}:f:$LATEST", f"{ARN}:f:1"]
    client.delete_function_event_invoke_config(FunctionName="f")
    code = refusal(client.get_function_event_invoke_config, FunctionName="f")
    assert code == "ResourceNotFoundException"


@pytest.mark.parametrize("arn", ["arn:aws:s3:::b", f"{ARN}:f", "arn:aws:sqs:r:1:q.fifo"])
def test_destinations_that_are_wrong_are_refused(client: Any, arn: str) -> None:
    create(client, "f")
    config = {"OnSuccess": {"Destination": arn}}
    with pytest.raises(ClientError, match="Exception"):
        client.put_function_event_invoke_config(FunctionName="f", DestinationConfig=config)


def test_reserved_concurrency_leaves_some_to_others(client: Any) -> None:
    create(client, "f")
    client.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=900)
    got = client.get_function(FunctionName="f")["Concurrency"]
    assert got == {"ReservedConcurrentExecutions": 900}
    limits = client.get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] == 900 + limits["UnreservedConcurrentExecutions"]
    create(client, "g")
    code = refusal(
        client.put_function_concurrency, FunctionName="g", ReservedConcurrentExecutions=1
    )
    assert code == "InvalidParameterValueException"
    client.delete_function_concurrency(FunctionName="f")
    assert "Concurrency" not in client.get_function(FunctionName="f")


def test_everything_of_a_function_goes_with_it(client: Any, server: ApiServer) -> None:
    create(client, "f", Publish=True)
    create(client, "fx")
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    client.put_function_event_invoke_config(FunctionName="f:live", MaximumRetryAttempts=0)
    client.delete_function(FunctionName="f")
    left = {
        record.name
        for kind in (
            "function",
            "function-version",
            "function-alias",
            "function-event-invoke-config",
        )
        for record in server.records.find(kind)
    }
    assert left == {"fx"}


def test_a_zip_with_a_link_is_refused_in_lambdas_words(client: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        link = zipfile.ZipInfo("app.py")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    with pytest.raises(ClientError, match="Could not unzip uploaded file"):
        create(client, "f", Code={"ZipFile": packed.getvalue()})


@pytest.mark.parametrize(("service", "taken"), [("lambda", True), ("ec2", False)])
def test_a_role_must_let_lambda_in(
    client: Any, server: ApiServer, service: str, taken: bool
) -> None:
    principal = {"Service": f"{service}.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam = server.client("iam")
    role = iam.create_role(RoleName="given", AssumeRolePolicyDocument=policy)["Role"]["Arn"]
    if taken:
        assert create(client, "f", Role=role)["Role"] == role
    else:
        with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
            create(client, "f", Role=role)


def test_mappings_are_of_queues_and_functions_that_fit(client: Any, server: ApiServer) -> None:
    create(client, "f", Timeout=20)
    sqs = server.client("sqs")
    sqs.create_queue(QueueName="q")
    sqs.create_queue(QueueName="short", Attributes={"VisibilityTimeout": "10"})
    sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})
    queues = "arn:aws:sqs:us-east-1:000000000000"
    good = {"FunctionName": "f", "EventSourceArn": f"{queues}:q"}
    made = client.create_event_source_mapping(**good)
    assert (made["State"], made["BatchSize"]) == ("Creating", 10)
    assert made["FunctionArn"] == f"{ARN}:f"
    invalid = "InvalidParameterValueException"
    for members, code in (
        ({}, "ResourceConflictException"),
        ({"FunctionName": "g"}, "ResourceNotFoundException"),
        ({"EventSourceArn": f"{queues}:none"}, invalid),
        ({"EventSourceArn": f"{queues}:short"}, invalid),
        ({"EventSourceArn": "arn:aws:kinesis:us-east-1:000000000000:stream/s"}, invalid),
        ({"EventSourceArn": f"{queues}:q.fifo", "BatchSize": 11}, invalid),
        ({"FunctionName": f"{ARN}:f:$LATEST", "BatchSize": 11}, invalid),
        ({"FilterCriteria": {"Filters": [{"Pattern": "{"}]}}, invalid),
        ({"StartingPosition": "LATEST"}, invalid),
    ):
        assert refusal(client.create_event_source_mapping, **{**good, **members}) == code, members
    update = {"UUID": made["UUID"], "BatchSize": 5}
    assert refusal(client.update_event_source_mapping, **update) == "ResourceInUseException"
    assert client.delete_event_source_mapping(UUID=made["UUID"])["State"] == "Deleting"
