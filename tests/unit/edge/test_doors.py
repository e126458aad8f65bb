"""Which requests come to an API or a function's URL."""

import pytest

from argosy.edge.doors import door_path
from argosy.edge.route import Kind, Route, route

CASES = [
    ("/_aws/execute-api/a1/prod/pets", "127.0.0.1:9000", "/_aws/execute-api/a1/prod/pets"),
    ("/_aws/lambda-url/u1/", "localhost", "/_aws/lambda-url/u1/"),
    ("/prod/p%20q", "a1.execute-api.us-east-1.localhost:9000", "/_aws/execute-api/a1/prod/p%20q"),
    ("/x", "U1.Lambda-Url.eu-west-1.on.aws", "/_aws/lambda-url/u1/x"),
    ("/_argosy/reset", "a1.execute-api.r.here", "/_aws/execute-api/a1/_argosy/reset"),
    ("/bucket/key", "localhost", ""),
    ("/bucket/key", "execute-api.us-east-1.localhost", ""),
    ("/_aws/other/", "localhost", ""),
    ("/x", "a1.execute-api.nowhere", ""),
]


@pytest.mark.parametrize(("path", "host", "found"), CASES)
def test_an_api_is_found_by_path_or_by_host(path: str, host: str, found: str) -> None:
    assert door_path(path, host) == found


def test_a_door_comes_before_everything_else_that_a_path_could_mean() -> None:
    host = "u.lambda-url.us-east-1.localhost"
    behind = Route(Kind.FUNCTION_URL, "/_aws/lambda-url/u/endpoints/a/invocations")
    assert route("POST", "/endpoints/a/invocations", "", "s3", None, "", host) == behind
    assert route("GET", "/_aws/execute-api/a/b", "", "", None, "").kind is Kind.GATEWAY
