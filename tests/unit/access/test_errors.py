"""Errors of authentication, as botocore's own parsers read them."""

import json

import pytest
from botocore.parsers import create_parser
from hypothesis import given
from hypothesis import strategies as st

from argosy.access.dialects import Dialect, dialect_of, render_error
from argosy.access.errors import AuthError, Failure

PARSERS = {
    Dialect.JSON: "json",
    Dialect.REST_JSON: "rest-json",
    Dialect.QUERY: "query",
    Dialect.EC2: "ec2",
    Dialect.S3: "rest-xml",
    Dialect.CBOR: "smithy-rpc-v2-cbor",
}

CODES = [
    (Failure.MISSING, Dialect.JSON, 400, "MissingAuthenticationTokenException"),
    (Failure.MISSING, Dialect.QUERY, 403, "MissingAuthenticationToken"),
    (Failure.UNKNOWN_KEY, Dialect.JSON, 400, "UnrecognizedClientException"),
    (Failure.UNKNOWN_KEY, Dialect.QUERY, 403, "InvalidClientTokenId"),
    (Failure.UNKNOWN_KEY, Dialect.S3, 403, "InvalidAccessKeyId"),
    (Failure.MISMATCH, Dialect.REST_JSON, 403, "InvalidSignatureException"),
    (Failure.MISMATCH, Dialect.QUERY, 403, "SignatureDoesNotMatch"),
    (Failure.MISMATCH, Dialect.S3, 403, "SignatureDoesNotMatch"),
    (Failure.MISMATCH, Dialect.EC2, 401, "AuthFailure"),
    (Failure.SKEWED, Dialect.S3, 403, "RequestTimeTooSkewed"),
    (Failure.PAYLOAD, Dialect.S3, 400, "XAmzContentSHA256Mismatch"),
]


def read_by_botocore(dialect: Dialect, status: int, code: str, message: str) -> dict[str, str]:
    headers, body = render_error(dialect, status, code, message, "the-request")
    parser = create_parser(PARSERS[dialect])
    lower = {name.lower(): value for name, value in headers.items()}
    parsed = parser.parse({"status_code": status, "headers": lower, "body": body}, None)
    error: dict[str, str] = parsed["Error"]
    return error


AWS = [dialect for dialect in Dialect if dialect in PARSERS]
"""Those that botocore reads."""


def test_a_registrys_client_is_asked_for_basic_credentials() -> None:
    told = AuthError(Failure.MISSING).told(Dialect.OCI)
    headers, body = render_error(Dialect.OCI, *told, "id")

    assert headers["WWW-Authenticate"].startswith("Basic realm=")
    assert json.loads(body) == {
        "errors": [{"code": "UNAUTHORIZED", "message": "Missing Authentication Token"}]
    }


@pytest.mark.parametrize(("failure", "dialect", "status", "code"), CODES)
def test_each_dialect_has_its_own_code(
    failure: Failure, dialect: Dialect, status: int, code: str
) -> None:
    told = AuthError(failure).told(dialect)
    assert (told.status, told.code) == (status, code)
    assert read_by_botocore(dialect, *told)["Code"] == code


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize("failure", Failure)
def test_every_failure_can_be_told_in_every_dialect(failure: Failure, dialect: Dialect) -> None:
    told = AuthError(failure).told(dialect)
    assert told.status in ((401,) if dialect is Dialect.OCI else (400, 401, 403))
    assert told.message


@given(st.sampled_from(AWS), st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_message_survives_the_wire(dialect: Dialect, message: str) -> None:
    read = read_by_botocore(dialect, 400, "SomeCode", f"<{message}&>")
    assert read["Message"] == f"<{message}&>"


@given(st.sampled_from(AWS), st.text(st.characters(exclude_categories=["Cs"])))
def test_no_message_makes_an_error_unreadable(dialect: Dialect, message: str) -> None:
    assert read_by_botocore(dialect, 400, "SomeCode", message)["Code"] == "SomeCode"


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "dialect"),
    [
        ("sagemaker", "POST", "/", "SageMaker.ListModels", Dialect.JSON),
        ("sagemaker", "POST", "/endpoints/a/invocations", None, Dialect.REST_JSON),
        ("sts", "POST", "/", None, Dialect.QUERY),
        ("s3", "POST", "/", None, Dialect.S3),
        ("monitoring", "POST", "/service/Granite/operation/ListMetrics", None, Dialect.CBOR),
        ("", "GET", "/2015-03-31/functions", None, Dialect.REST_JSON),
    ],
)
def test_the_form_of_a_request_tells_its_dialect(
    service: str, method: str, path: str, target: str | None, dialect: Dialect
) -> None:
    assert dialect_of(service, method, path, target) is dialect
