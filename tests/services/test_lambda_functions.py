"""Functions of Lambda: made, changed, published, named by aliases, invoked, removed."""

import base64
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.ground.functions import Invoked
from argosy.ground.lineage import onward
from argosy.state.invocations import Invocations
from tests.support.api_client import ApiServer
from tests.support.lambda_functions import ROLE, FakeFunctions, create, invoke, zipped

KEY = "arn:aws:kms:us-east-1:000000000000:key/12345678-1234-1234-1234-123456789012"
ARN = "arn:aws:lambda:us-east-1:000000000000:function"


@pytest.fixture(scope="module")
def one_engine() -> FakeFunctions:
    return FakeFunctions()


@pytest.fixture(scope="module")
def one_server(
    tmp_path_factory: pytest.TempPathFactory, one_engine: FakeFunctions
) -> Iterator[ApiServer]:
    with ApiServer(tmp_path_factory.mktemp("lambda"), functions=one_engine) as server:
        yield server


@pytest.fixture(scope="module")
def client(one_server: ApiServer) -> Any:
    return one_server.client("lambda")


@pytest.fixture
def engine(one_engine: FakeFunctions) -> FakeFunctions:
    one_engine.__init__()  # type: ignore[misc]
    return one_engine


@pytest.fixture(autouse=True)
def server(one_server: ApiServer) -> ApiServer:
    """The server with nothing in it."""
    one_server.records.delete_all()
    return one_server


def refused(call: Any, **members: Any) -> tuple[int, str, str]:
    with pytest.raises(ClientError) as caught:
        call(**members)
    answer = caught.value.response
    error = answer["Error"]
    return answer["ResponseMetadata"]["HTTPStatusCode"], error["Code"], error["Message"]


def test_a_function_is_made_shown_and_listed(client: Any) -> None:
    made = create(client, "shown", Environment={"Variables": {"A1": "b"}}, Tags={"t": "1"})
    client.get_waiter("function_active_v2").wait(FunctionName="shown")
    got = client.get_function(FunctionName=f"{ARN}:shown")
    shown = got["Configuration"]
    assert made["FunctionArn"] == f"{ARN}:shown"
    assert (shown["Version"], shown["Timeout"], shown["MemorySize"]) == ("$LATEST", 3, 128)
    assert shown["Environment"] == {"Variables": {"A1": "b"}}
    digest = hashlib.sha256(zipped(app="def handler(event, context): ...")).digest()
    assert shown["CodeSha256"] == base64.b64encode(digest).decode()
    assert got["Tags"] == {"t": "1"}
    assert [one["FunctionName"] for one in client.list_functions()["Functions"]] == ["shown"]


def test_a_name_is_taken_once_and_gone_when_deleted(client: Any) -> None:
    create(client, "once")
    assert refused(create, client=client, name="once")[:2] == (409, "ResourceConflictException")
    client.delete_function(FunctionName="once")
    status, code, message = refused(client.get_function, FunctionName="once")
    assert (status, code, message) == (
        404, "ResourceNotFoundException", f"Function not found: {ARN}:once",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Runtime": "nodejs20.x"}, "InvalidParameterValueException"),
        ({"Handler": "a b"}, "ValidationException"),
        ({"Timeout": 901}, "ValidationException"),
        ({"MemorySize": 10_241}, "ValidationException"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"BIG": "x" * 4096}}}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": b"no zip"}}, "InvalidParameterValueException"),
        ({"Code": {"ZipFile": zipped(a="x"), "S3Bucket": "aaa"}}, "InvalidParameterValueException"),
        ({"Code": {"S3Bucket": "aaa", "S3Key": "k"}}, "InvalidParameterValueException"),
        (
            {"Code": {"ZipFile": zipped(a="x"), "SourceKMSKeyArn": KEY}},
            "InvalidParameterValueException",
        ),
        ({"PackageType": "Image", "Code": {"ImageUri": "i"}}, "InvalidParameterValueException"),
        ({"Layers": [f"{ARN[:-8]}layer:x:1"]}, "InvalidParameterValueException"),
        ({"VpcConfig": {"SubnetIds": ["subnet-1"]}}, "InvalidParameterValueException"),
        ({"DeadLetterConfig": {"TargetArn": "arn:aws:s3:::b"}}, "InvalidParameterValueException"),
    ],
)
def test_what_a_function_cannot_have_is_refused(
    client: Any, members: dict[str, Any], code: str
) -> None:
    status, given, message = refused(create, client=client, name="refused", **members)
    assert (status, given) == (400, code), message
    assert client.list_functions()["Functions"] == []


def test_functions_of_images_are_refused_where_no_container_engine_is_named(client: Any) -> None:
    image = {"PackageType": "Image", "Code": {"ImageUri": "localhost/x:1"}}
    status, code, message = refused(create, client=client, name="boxed", **image)
    assert (status, code) == (400, "InvalidParameterValueException")
    assert "ARGOSY_CONTAINER_ENGINE" in message


def test_a_function_of_a_zip_takes_nothing_that_is_an_images(client: Any) -> None:
    create(client, "zipped")
    for call, members in (
        (client.update_function_code, {"ImageUri": "localhost/x:1"}),
        (client.update_function_configuration, {"ImageConfig": {"Command": ["a"]}}),
        (client.create_function, {"Code": {"ImageUri": "i"}, "Role": ROLE}),
    ):
        status, code, message = refused(call, FunctionName="zipped", **members)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert "Please don't provide Image" in message


def test_code_and_configuration_change_and_versions_do_not(client: Any) -> None:
    create(client, "changing", Publish=True, MemorySize=256)
    before = client.get_function_configuration(FunctionName="changing")
    changed = client.update_function_configuration(
        FunctionName="changing", MemorySize=512, RevisionId=before["RevisionId"]
    )
    client.update_function_code(FunctionName="changing", ZipFile=zipped(app="x = 2"))
    client.get_waiter("function_updated_v2").wait(FunctionName="changing")

    latest = client.get_function_configuration(FunctionName="changing")
    first = client.get_function_configuration(FunctionName="changing", Qualifier="1")
    assert (latest["MemorySize"], first["MemorySize"]) == (512, 256)
    assert latest["CodeSha256"] != first["CodeSha256"] == before["CodeSha256"]
    assert first["FunctionArn"] == f"{ARN}:changing:1"
    status, code, _ = refused(
        client.update_function_configuration,
        FunctionName="changing",
        Timeout=5,
        RevisionId=changed["RevisionId"],
    )
    assert (status, code) == (412, "PreconditionFailedException")


@pytest.mark.parametrize("qualifier", ["1", "live"])
def test_neither_a_version_nor_an_alias_is_changed(client: Any, qualifier: str) -> None:
    made = create(client, f"fixed-{qualifier}", Publish=True)
    client.create_alias(FunctionName=made["FunctionName"], Name="live", FunctionVersion="1")
    named = f"{made['FunctionName']}:{qualifier}"

    for call, members in (
        (client.update_function_code, {"ZipFile": zipped(app="x = 3")}),
        (client.update_function_configuration, {"Timeout": 9}),
    ):
        status, code, message = refused(call, FunctionName=named, **members)
        assert (status, code) == (400, "InvalidParameterValueException")
        assert "unqualified function ARN" in message

    now = client.get_function_configuration(FunctionName=made["FunctionName"])
    assert (now["CodeSha256"], now["Timeout"]) == (made["CodeSha256"], made["Timeout"])


def test_a_dry_run_changes_nothing(client: Any) -> None:
    made = create(client, "dry")
    dry = client.update_function_code(FunctionName="dry", ZipFile=zipped(app="y"), DryRun=True)
    assert dry["CodeSha256"] != made["CodeSha256"]
    now = client.get_function_configuration(FunctionName="dry")
    assert now["CodeSha256"] == made["CodeSha256"]


def test_a_version_is_published_only_when_something_changed(client: Any) -> None:
    create(client, "published")
    first = client.publish_version(FunctionName="published", Description="one")
    again = client.publish_version(FunctionName="published")
    client.update_function_configuration(FunctionName="published", Timeout=9)
    second = client.publish_version(FunctionName="published")
    assert [one["Version"] for one in (first, again, second)] == ["1", "1", "2"]
    listed = client.list_versions_by_function(FunctionName="published")["Versions"]
    assert [one["Version"] for one in listed] == ["$LATEST", "1", "2"]
    assert listed[0]["FunctionArn"] == f"{ARN}:published:$LATEST"
    assert listed[1]["Description"] == "one"


def test_an_update_that_changes_nothing_is_no_reason_for_a_version(client: Any) -> None:
    create(client, "unchanged", Environment={"Variables": {"STAGE": "test"}}, Publish=True)
    code = zipped(app="def handler(event, context): ...")
    again = client.update_function_code(FunctionName="unchanged", ZipFile=code, Publish=True)
    client.update_function_configuration(
        FunctionName="unchanged", Timeout=3, Environment={"Variables": {"STAGE": "test"}}
    )
    assert again["Version"] == client.publish_version(FunctionName="unchanged")["Version"] == "1"
    other = zipped(app="def handler(event, context): return 1")
    changed = client.update_function_code(FunctionName="unchanged", ZipFile=other, Publish=True)
    assert changed["Version"] == "2"


def test_a_function_may_be_as_the_sagemaker_sdk_makes_it(client: Any) -> None:
    empty = {"VpcConfig": {}, "Environment": {}, "Layers": []}
    made = create(client, "helper", Runtime="python3.8", Timeout=120, **empty)
    assert made["State"] == "Active"
    assert not {"VpcConfig", "Environment", "Layers"} & made.keys()


def test_a_function_has_a_name_of_64_letters_at_most(client: Any) -> None:
    create(client, "n" * 64)
    with pytest.raises(ClientError, match="less than or equal to 64") as caught:
        create(client, "n" * 65)
    assert caught.value.response["Error"]["Code"] == "ValidationException"


def test_an_invocation_answers_what_the_function_does(client: Any, engine: FakeFunctions) -> None:
    create(client, "echo")
    context = base64.b64encode(b'{"custom": {}}').decode()
    answer = client.invoke(
        FunctionName="echo", Payload=b'{"a": 1}', LogType="Tail", ClientContext=context
    )
    assert json.loads(answer["Payload"].read()) == {"a": 1}
    assert (answer["StatusCode"], answer["ExecutedVersion"]) == (200, "$LATEST")
    assert base64.b64decode(answer["LogResult"]) == b"the log"
    assert engine.asked[0][2]["client_context"] == '{"custom": {}}'
    assert "FunctionError" not in answer


def test_a_failure_is_an_answer_too(client: Any, engine: FakeFunctions) -> None:
    create(client, "failing")
    engine.answer = lambda *_: Invoked(payload=b'{"errorMessage": "no"}', error="Unhandled")
    answer = client.invoke(FunctionName="failing")
    assert (answer["StatusCode"], answer["FunctionError"]) == (200, "Unhandled")
    assert json.loads(answer["Payload"].read())["errorMessage"] == "no"


@pytest.mark.parametrize(
    ("payload", "status", "code"),
    [
        (b"{", 400, "InvalidRequestContentException"),
        (b'{"a": NaN}', 400, "InvalidRequestContentException"),
        ('{"a": 1}'.encode("utf-16"), 400, "InvalidRequestContentException"),
        (b'"' + b"x" * (6 << 20) + b'"', 413, "RequestTooLargeException"),
    ],
)
def test_payloads_that_are_wrong_never_reach_the_function(
    client: Any, engine: FakeFunctions, payload: bytes, status: int, code: str
) -> None:
    create(client, "strict")
    assert refused(client.invoke, FunctionName="strict", Payload=payload)[:2] == (status, code)
    assert engine.asked == []


def test_an_invocation_of_a_kind_that_there_is_not_is_refused(
    client: Any, engine: FakeFunctions
) -> None:
    create(client, "usual")
    for member in ("TenantId", "DurableExecutionName"):
        code = refused(client.invoke, FunctionName="usual", **{member: "one"})[1]
        assert code == "InvalidParameterValueException"
    assert engine.asked == []


def test_an_event_is_queued_and_answered_at_once(
    client: Any, server: ApiServer, engine: FakeFunctions
) -> None:
    create(client, "later")
    answer = client.invoke(FunctionName="later", InvocationType="Event", Payload=b'{"b": 2}')
    assert (answer["StatusCode"], answer["Payload"].read()) == (202, b"")
    queue = Invocations(server.records.transactions)
    (waiting,) = queue.due_of(f"{ARN}:later", server.clock.now(), 5)
    assert waiting.payload == b'{"b": 2}'
    assert engine.asked == []


def test_a_dry_run_runs_nothing(client: Any, engine: FakeFunctions) -> None:
    create(client, "unrun")
    answer = client.invoke(FunctionName="unrun", InvocationType="DryRun")
    assert (answer["StatusCode"], engine.asked) == (204, [])


def test_what_is_not_there_cannot_be_invoked(client: Any) -> None:
    create(client, "there")
    for name in ("nowhere", "there:7", "there:live"):
        status, code, message = refused(client.invoke, FunctionName=name)
        assert (status, code) == (404, "ResourceNotFoundException")
        assert message == f"Function not found: {ARN}:{name}"
    code = refused(client.invoke, FunctionName="there:1", Qualifier="2")[1]
    assert code == "InvalidParameterValueException"


def test_a_chain_that_came_by_too_often_is_stopped(
    client: Any, server: ApiServer, engine: FakeFunctions
) -> None:
    create(client, "looping")
    trace = ""
    for _ in range(16):
        trace = onward(trace, f"{ARN}:looping")

    def add_header(request: Any, **_: Any) -> None:
        request.headers["X-Amzn-Trace-Id"] = trace

    client = server.client("lambda")
    client.meta.events.register("before-sign.lambda.Invoke", add_header)
    assert refused(client.invoke, FunctionName="looping")[1] == "RecursiveInvocationException"
    client.put_function_recursion_config(FunctionName="looping", RecursiveLoop="Allow")
    assert invoke(client, "looping", [1]) == [1]


def test_tags_come_and_go(client: Any) -> None:
    create(client, "tagged", Tags={"a": "1"})
    arn = f"{ARN}:tagged"
    client.tag_resource(Resource=arn, Tags={"b": "2"})
    client.untag_resource(Resource=arn, TagKeys=["a"])
    assert client.list_tags(Resource=arn)["Tags"] == {"b": "2"}
    assert ROLE in client.get_function(FunctionName="tagged")["Configuration"]["Role"]


def test_the_older_form_of_an_event_is_queued_too(client: Any, server: ApiServer) -> None:
    create(client, "older")
    assert client.invoke_async(FunctionName="older", InvokeArgs=b"[1]")["Status"] == 202
    assert Invocations(server.records.transactions).count_of(f"{ARN}:older") == 1


def test_two_changes_of_the_code_at_once_are_told_apart(client: Any, server: ApiServer) -> None:
    create(client, "twice")
    clients = [server.client("lambda") for _ in range(2)]
    # Large enough that one is still unpacked when the other comes.
    sources = [zipped(app=f"x = {number!r}" + "#" * (8 << 20)) for number in range(2)]

    def update(number: int) -> str:
        try:
            clients[number].update_function_code(FunctionName="twice", ZipFile=sources[number])
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(2) as pool:
        outcomes = set(pool.map(update, range(2)))
    assert outcomes in ({"", "ResourceConflictException"}, {""})
    shown = client.get_function_configuration(FunctionName="twice")
    digests = [base64.b64encode(hashlib.sha256(one).digest()).decode() for one in sources]
    assert shown["CodeSha256"] in digests


def test_functions_are_listed_in_pages_that_hold_each_once(client: Any) -> None:
    for number in range(7):
        create(client, f"paged-{number}")
    pages = client.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 3})
    names = [one["FunctionName"] for page in pages for one in page["Functions"]]
    assert names == [f"paged-{number}" for number in range(7)]
    assert refused(client.list_functions, Marker="?")[1] == "InvalidParameterValueException"
