"""Control's HTTP face: errors have the protocol's form, and nothing a client sends is a 500."""

import json
import logging
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy import __version__, wire
from argosy.api.app import App
from argosy.api.asgi import MAX_BODY
from argosy.api.beside import Beside
from argosy.api.handlers import import_handlers
from argosy.ground.clock import ManualClock
from argosy.ground.settings import Settings
from argosy.services import registry
from argosy.services.registry import Call
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.apps import dispatch
from tests.support.asgi import Answer, ask

IDENTITY = {
    "x-argosy-account": "000000000000",
    "x-argosy-region": "us-east-1",
    "x-argosy-arn": "arn:aws:iam::000000000000:root",
    "x-argosy-user-id": "000000000000",
    "x-argosy-request-id": "req-1",
}
JSON = {"content-type": "application/x-amz-json-1.1"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    import_handlers()
    engine = open_database(tmp_path_factory.mktemp("app") / "app.db")
    yield Records(engine)
    engine.dispose()


@pytest.fixture(scope="module")
def app(records: Records, tmp_path_factory: pytest.TempPathFactory) -> App:
    folder = str(tmp_path_factory.mktemp("data"))
    return App(dispatch(records, Settings(data_dir=folder), ManualClock()))


def sagemaker(app: App, operation: str, body: bytes, **headers: str) -> Answer:
    told = (
        IDENTITY
        | JSON
        | {
            "x-argosy-service": "sagemaker",
            "x-amz-target": f"SageMaker.{operation}",
        }
    )
    return ask(app, "POST", "/", told | headers, body)


def query(app: App, service: str, body: bytes, **headers: str) -> Answer:
    return ask(app, "POST", "/", IDENTITY | FORM | {"x-argosy-service": service} | headers, body)


def test_health_needs_no_signature(app: App) -> None:
    answer = ask(app, "GET", "/_argosy/health")

    assert (answer.status, answer.json) == (200, {"status": "ok", "version": __version__})


def test_internal_routes_come_from_outside(records: Records) -> None:
    async def status() -> dict[str, Any]:
        return {"endpoints": []}

    beside = Beside(internal={"GET /_argosy/status": status})
    app = App(dispatch(records, Settings(), ManualClock()), beside)

    assert ask(app, "GET", "/_argosy/status").json == {"endpoints": []}
    assert ask(app, "POST", "/_argosy/status").status == 405
    assert ask(app, "GET", "/_argosy/nothing").status == 404


@pytest.mark.parametrize(("allowed", "status"), [(False, 403), (True, 200)])
def test_reset_only_runs_when_it_is_allowed(records: Records, allowed: bool, status: int) -> None:
    done = []

    async def reset() -> None:
        done.append("reset")

    settings = Settings(allow_reset=allowed)
    beside = Beside(internal={"POST /_argosy/reset": reset})
    app = App(dispatch(records, settings, ManualClock()), beside)

    assert ask(app, "POST", "/_argosy/reset").status == status
    assert done == (["reset"] if allowed else [])


def test_json_errors_have_type_and_message(app: App) -> None:
    answer = sagemaker(app, "DescribeModel", b'{"ModelName": "nobody"}')

    assert answer.status == 400
    assert answer.headers["content-type"] == "application/x-amz-json-1.1"
    assert answer.headers["x-amzn-requestid"] == "req-1"
    assert answer.json == {
        "__type": "ValidationException",
        "message": 'Could not find model "arn:aws:sagemaker:us-east-1:000000000000:model/nobody".',
    }


def test_query_errors_are_wrapped(app: App) -> None:
    answer = query(app, "iam", b"Action=GetRole&Version=2010-05-08&RoleName=Nobody")
    root = fromstring(answer.body)
    space = "{https://iam.amazonaws.com/doc/2010-05-08/}"

    assert answer.status == 404
    assert root.tag == space + "ErrorResponse"
    assert root.findtext(f"{space}Error/{space}Type") == "Sender"
    assert root.findtext(f"{space}Error/{space}Code") == "NoSuchEntity"
    assert root.findtext(f"{space}RequestId") == "req-1"


def test_s3_errors_stand_bare(app: App) -> None:
    told = IDENTITY | {"x-argosy-service": "s3"}
    answer = ask(app, "PUT", "/bucket", told, b"<Not", query="notification")
    root = fromstring(answer.body)

    assert answer.status == 400
    assert (root.tag, root.findtext("Code")) == ("Error", "SerializationException")


@pytest.mark.parametrize(
    ("headers", "named"),
    [
        ({"x-argosy-service": "dynamodb"}, "'dynamodb'"),
        ({"x-argosy-service": "sagemaker"}, "without X-Amz-Target"),
        ({"x-argosy-service": "sagemaker", "x-amz-target": "SageMaker.Nope"}, "SageMaker.Nope"),
        ({"x-argosy-service": "sagemaker", "x-amz-target": "Other.ListModels"}, "Other.ListModels"),
        ({"x-argosy-service": "sagemaker", "x-amz-target": "SageMaker.ListApps"}, "ListApps"),
        ({"x-argosy-service": "logs", "x-amz-target": "Logs_20140328.Nope"}, "Logs_20140328.Nope"),
    ],
)
def test_what_is_not_offered_is_named(app: App, headers: dict[str, str], named: str) -> None:
    answer = ask(app, "POST", "/", IDENTITY | JSON | headers, b"{}")

    assert answer.status == 400
    assert answer.json["__type"] == "UnknownOperationException"
    assert named in answer.json["message"]


@pytest.mark.parametrize(
    "body", [b"Action=Nope&Version=2010-05-08", b"", b"Action=GetRole&Version=1999-01-01"]
)
def test_an_unknown_action_is_refused(app: App, body: bytes) -> None:
    assert b"UnknownOperationException" in query(app, "iam", body).body


def test_s3_calls_that_belong_to_the_store_are_not_answered_here(app: App) -> None:
    answer = ask(app, "GET", "/bucket", IDENTITY | {"x-argosy-service": "s3"})

    assert b"Argosy does not offer s3:ListObjects" in answer.body


DEEP = b'{"ModelName":' + b"[" * 200_000


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b'{"MaxResults": NaN}',
        b'{"MaxResults": 1e999}',
        b'{"MaxResults": ' + b"9" * 6000 + b"}",
        b'{"MaxResults": 99999999999}',
        b'{"MaxResults": "7"}',
        b'{"MaxResults": true}',
        b'{"MaxResults": 1.5}',
        b'{"NameContains": 1}',
        b'{"NameContains": {"a": 1}}',
        b'{"NameContains": "\\ud800"}',
        b'{"CreationTimeAfter": "yesterday"}',
        b'{"CreationTimeAfter": 1e300}',
        b'{"CreationTimeAfter": []}',
        b"\xff\xfe{}",
        DEEP,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_a_body_that_cannot_be_read_says_so(app: App, body: bytes) -> None:
    answer = sagemaker(app, "ListModels", body)

    assert (answer.status, answer.json["__type"]) == (400, "SerializationException")
    assert len(answer.body) < 1000


def test_wrong_types_are_told_by_place_and_never_by_value(app: App) -> None:
    body = b'{"ModelName": "m", "PrimaryContainer": {"Environment": {"PASSWORD": ["s3cr3t"]}}}'

    assert sagemaker(app, "CreateModel", body).json["message"] == (
        "Expected a string at 'PrimaryContainer.Environment.PASSWORD', found a list."
    )


@pytest.mark.parametrize("given_type", ["text/plain", "", "multipart/form-data"])
def test_a_wrong_content_type_is_refused(app: App, given_type: str) -> None:
    answer = sagemaker(app, "ListModels", b"{}", **{"content-type": given_type})

    assert answer.json["__type"] == "SerializationException"
    assert b"SerializationException" in query(app, "iam", b"", **{"content-type": given_type}).body


def test_unknown_members_are_ignored_as_aws_does(app: App) -> None:
    answer = sagemaker(app, "ListModels", b'{"Colour": {"deep": [1]}, "MaxResults": 1}')

    assert (answer.status, answer.json) == (200, {"Models": []})


def test_an_empty_body_is_an_empty_object(app: App) -> None:
    assert sagemaker(app, "ListModels", b"").status == 200


def test_document_types_in_xml_are_refused(app: App) -> None:
    body = b'<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>'
    told = IDENTITY | {"x-argosy-service": "s3"}

    assert b"document type" in ask(app, "PUT", "/b", told, body, query="notification").body


def test_a_body_over_the_limit_is_refused(app: App) -> None:
    answer = sagemaker(app, "ListModels", b" " * (MAX_BODY + 1))

    assert (answer.status, answer.json["message"]) == (400, "The body is larger than 68 MiB.")


@pytest.fixture
def broken_handler() -> Iterator[None]:
    """DescribeApp, answered by something that fails."""

    def fail(call: Call) -> dict[str, Any]:
        raise RuntimeError("wires crossed")

    registry.operation("sagemaker", "DescribeApp")(fail)
    yield
    del registry._table["sagemaker", "DescribeApp"]


@pytest.mark.usefixtures("broken_handler")
def test_a_failing_handler_is_logged_with_its_request_id_and_hidden(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = sagemaker(
            app,
            "DescribeApp",
            b'{"DomainId": "d-1", "AppType": "JupyterServer", "AppName": "app-s3cr3t"}',
        )

    assert (answer.status, answer.json["__type"]) == (500, "InternalFailure")
    assert "req-1" in answer.json["message"]
    assert b"wires" not in answer.body
    assert "request req-1: sagemaker:DescribeApp failed" in caplog.text
    assert "s3cr3t" not in caplog.text


# From here on: whatever is sent, the answer is a refusal or a success, never a 500.

FUZZ = settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["ModelName", "Tags", "Key", "Image", "x"]), inner)
    ),
    max_leaves=12,
)
OFFERED = [
    "CreateModel",
    "CreateEndpointConfig",
    "CreateEndpoint",
    "UpdateEndpoint",
    "ListModels",
    "AddTags",
    "ListEndpoints",
    "DescribeEndpoint",
]


def shaped(shape: Any, depth: int = 0) -> st.SearchStrategy[Any]:
    """JSON that fits a shape more or less: enough to get past the reader now and then."""
    if depth > 4:
        return ANY_JSON
    kind = shape.type_name
    if kind == "structure":
        members = {name: shaped(one, depth + 1) for name, one in shape.members.items()}
        needed = {name: members.pop(name) for name in shape.required_members}
        return st.fixed_dictionaries(needed, optional=members)
    if kind == "list":
        return st.lists(shaped(shape.member, depth + 1), max_size=2)
    if kind == "map":
        return st.dictionaries(st.text(max_size=5), shaped(shape.value, depth + 1), max_size=2)
    if kind == "string":
        return st.sampled_from(shape.enum or ["a", "m-1"]) | st.text(max_size=10)
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "long"):
        return st.integers(-2, 2000)
    return st.floats(allow_nan=False, allow_infinity=False) | st.integers(0, 9)


def inputs() -> st.SearchStrategy[tuple[str, Any]]:
    model = wire.load("sagemaker")
    return st.sampled_from(OFFERED).flatmap(
        lambda name: st.tuples(st.just(name), shaped(model.operation(name).input_shape))
    )


@FUZZ
@given(st.binary(max_size=200))
def test_no_bytes_break_any_protocol(app: App, body: bytes) -> None:
    assert sagemaker(app, "CreateModel", body).status < 500
    assert query(app, "iam", b"Action=CreateRole&Version=2010-05-08&" + body).status < 500
    told = IDENTITY | {"x-argosy-service": "s3"}
    assert ask(app, "PUT", "/b", told, body, query="notification").status < 500


@FUZZ
@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=255), max_size=80))
def test_no_request_line_breaks_routing(app: App, text: str) -> None:
    for service in ("sagemaker", "iam", "s3", text):
        told = IDENTITY | {"x-argosy-service": service, "x-amz-target": text}
        assert ask(app, "GET", "/" + text, told, query=text).status < 500


@FUZZ
@given(st.data())
def test_no_json_breaks_an_operation(app: App, data: st.DataObject) -> None:
    operation, value = data.draw(inputs())

    answer = sagemaker(app, operation, json.dumps(value).encode())

    assert answer.status < 500, (operation, value, answer.body)
