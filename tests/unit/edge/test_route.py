"""Where a request goes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.edge.route import Kind, Route, is_bucket, route

V2 = "AWSAccessKeyId=A&Signature=B"
SITE = "/_aws/notebook/lab-1a2b3c4d"
CASES = [
    ("POST", "/endpoints/a/invocations", "", "sagemaker", None, Route(Kind.INVOKE, "a")),
    ("POST", "/endpoints/a%20b/invocations", "", "", None, Route(Kind.INVOKE, "a b")),
    (
        "POST",
        "/endpoints/a/invocations-response-stream",
        "",
        "sagemaker",
        None,
        Route(Kind.INVOKE_STREAM, "a"),
    ),
    (
        "POST",
        "/endpoints/a/async-invocations",
        "",
        "sagemaker",
        None,
        Route(Kind.INVOKE_ASYNC, "a"),
    ),
    ("PUT", "/endpoints/a/invocations", "", "s3", None, Route(Kind.STORE)),
    (
        "GET",
        "/endpoints/a/invocations",
        "AWSAccessKeyId=A&Signature=B",
        "",
        None,
        Route(Kind.STORE),
    ),
    ("GET", "/v2/", "", "", None, Route(Kind.REGISTRY)),
    ("GET", "/metrics", "", "", None, Route(Kind.METRICS)),
    ("GET", "/metrics", "list-type=2", "s3", None, Route(Kind.STORE)),
    ("PUT", "/metrics", "", "", None, Route(Kind.STORE)),
    ("PATCH", "/v2/team/model/blobs/uploads/1", "", "", None, Route(Kind.REGISTRY)),
    ("GET", "/v2/apis", "", "apigateway", None, Route(Kind.CONTROL)),
    ("GET", "/v2/key", "", "s3", None, Route(Kind.STORE)),
    ("POST", "/", "", "sagemaker", "SageMaker.ListModels", Route(Kind.CONTROL)),
    ("POST", "/", "", "", "SageMaker.ListModels", Route(Kind.CONTROL)),
    ("POST", "/", "", "sts", None, Route(Kind.CONTROL)),
    ("POST", "/", "", "", None, Route(Kind.CONTROL)),
    ("GET", "/", "", "", None, Route(Kind.STORE)),
    ("GET", "/", "", "s3", None, Route(Kind.STORE)),
    ("GET", "/bucket/key", "", "", None, Route(Kind.STORE)),
    ("POST", "/000000000000/queue", "", "sqs", "AmazonSQS.SendMessage", Route(Kind.CONTROL)),
    ("GET", "/", "Action=ConfirmSubscription&Token=t", "", None, Route(Kind.LINK)),
    ("GET", "/", "SubscriptionArn=a&Action=Unsubscribe", "", None, Route(Kind.LINK)),
    ("GET", "/", "Action=Unsubscribe", "sns", None, Route(Kind.CONTROL)),
    ("GET", "/", "Action=ListTopics", "", None, Route(Kind.STORE)),
    ("GET", "/bucket", "Action=Unsubscribe", "", None, Route(Kind.STORE)),
    ("POST", "/", "Action=Unsubscribe", "", None, Route(Kind.CONTROL)),
    ("GET", "/SimpleNotificationService-0a.pem", "", "", None, Route(Kind.LINK)),
    ("PUT", "/SimpleNotificationService-0a.pem", "", "", None, Route(Kind.STORE)),
    ("PUT", "/bucket", "notification", "s3", None, Route(Kind.CONTROL)),
    ("PUT", "/bucket", "notification=", "", None, Route(Kind.CONTROL)),
    ("PUT", "/bucket", "no%74ification", "s3", None, Route(Kind.CONTROL)),
    ("PUT", "/bucket", "prefix=notification", "s3", None, Route(Kind.STORE)),
    ("GET", "/_argosy/health", "", "", None, Route(Kind.HEALTH)),
    ("POST", "/_argosy/reset", "", "", None, Route(Kind.RESET)),
    ("GET", "/_argosy/status", "", "argosy", None, Route(Kind.CONTROL)),
    ("GET", "/_argosy/else", "", "s3", None, Route(Kind.CONTROL)),
    ("GET", f"{SITE}/lab", "authToken=t", "", None, Route(Kind.NOTEBOOK, f"{SITE}/lab")),
    ("PUT", f"{SITE}/api", "", "s3", None, Route(Kind.NOTEBOOK, f"{SITE}/api")),
    ("GET", f"{SITE}/", "authToken=t", "", None, Route(Kind.NOTEBOOK_LINK, f"{SITE}/")),
    ("GET", SITE, "view=lab&authToken=t", "", None, Route(Kind.NOTEBOOK_LINK, SITE)),
    ("HEAD", f"{SITE}/", "authToken=t", "", None, Route(Kind.NOTEBOOK, f"{SITE}/")),
    ("GET", f"{SITE}/", "xauthToken=t", "", None, Route(Kind.NOTEBOOK, f"{SITE}/")),
    ("POST", "/2015-03-31/functions", "", "lambda", None, Route(Kind.CONTROL)),
]


@pytest.mark.parametrize(("method", "path", "query", "service", "target", "expected"), CASES)
def test_requests_go_where_they_belong(
    method: str, path: str, query: str, service: str, target: str | None, expected: Route
) -> None:
    assert route(method, path, query, service, target, "") == expected


def test_a_form_at_the_root_is_an_upload() -> None:
    found = route("POST", "/", "", "", None, "multipart/form-data; boundary=x")
    assert found.kind is Kind.STORE


@given(st.text(), st.text(), st.text(), st.none() | st.text())
def test_every_request_goes_somewhere(
    path: str, query: str, service: str, target: str | None
) -> None:
    assert route("POST", path, query, service, target, "").kind in Kind


@pytest.mark.parametrize(
    ("path", "expected"), [("/", False), ("/b", True), ("/b/", True), ("/b/k", False)]
)
def test_a_bucket_is_told_from_a_key(path: str, expected: bool) -> None:
    assert is_bucket(path) is expected
