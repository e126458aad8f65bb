"""URLs of functions on a whole platform: who may call them, and what passes to and fro."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from argosy.testing import Platform
from tests.support.lambda_functions import create

HTTP = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(60))
SOURCE = """
import base64, json
def handler(event, context):
    if event["rawPath"] == "/plain":
        return "just text"
    if event["rawPath"] == "/fails":
        raise ValueError("no")
    return {
        "statusCode": 201,
        "headers": {"X-Own": "1"},
        "cookies": ["a=1", "b=2"],
        "body": json.dumps(event),
    }
"""


@pytest.fixture(scope="module")
def client(platform: Platform) -> Any:
    return platform.client("lambda", read_timeout=120)


@pytest.fixture(scope="module")
def url(client: Any) -> str:
    create(client, "lu-open", SOURCE, Timeout=30)
    made = client.create_function_url_config(
        FunctionName="lu-open",
        AuthType="NONE",
        Cors={"AllowOrigins": ["https://a.example"], "AllowMethods": ["POST"], "MaxAge": 5},
    )
    client.add_permission(
        FunctionName="lu-open",
        StatementId="everybody",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    return str(made["FunctionUrl"])


def test_a_request_becomes_an_event_and_its_answer_an_answer(url: str) -> None:
    answer = HTTP.request(
        "POST",
        f"{url}some%20path?a=1&a=2&b=",
        body=b'{"x": 1}',
        headers={"Content-Type": "application/json", "Cookie": "k=v; l=w"},
    )
    event = answer.json()
    assert (answer.status, answer.headers["x-own"]) == (201, "1")
    assert answer.headers.getlist("set-cookie") == ["a=1", "b=2"]
    assert (event["version"], event["rawPath"]) == ("2.0", "/some path")
    assert event["queryStringParameters"] == {"a": "1,2", "b": ""}
    assert event["cookies"] == ["k=v", "l=w"]
    assert "cookie" not in event["headers"]
    assert event["headers"]["x-forwarded-proto"] == "http"
    assert url.split("/")[2].endswith(f":{event['headers']['x-forwarded-port']}")
    assert (event["body"], event["isBase64Encoded"]) == ('{"x": 1}', False)
    assert event["requestContext"]["http"]["method"] == "POST"
    assert event["requestContext"]["accountId"] == "anonymous"


def test_bytes_go_in_as_base64_and_text_comes_out_as_it_is(url: str) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    event = HTTP.request("PUT", url, body=b"\xff\x00", headers=headers).json()
    assert (event["body"], event["isBase64Encoded"]) == ("/wA=", True)
    plain = HTTP.request("GET", f"{url}plain")
    assert (plain.status, plain.data) == (200, b"just text")


def test_a_function_that_fails_is_a_bad_gateway(url: str) -> None:
    assert HTTP.request("GET", f"{url}fails").status == 502


def test_browsers_are_told_who_may_ask(url: str) -> None:
    asked = {"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    answer = HTTP.request("OPTIONS", url, headers=asked)
    assert answer.headers["access-control-allow-origin"] == "https://a.example"
    assert answer.headers["access-control-max-age"] == "5"
    other = HTTP.request("GET", f"{url}plain", headers={"Origin": "https://b.example"})
    assert "access-control-allow-origin" not in other.headers


def test_a_host_names_a_function_too(platform: Platform, url: str) -> None:
    name = urlsplit(url).path.split("/")[3]
    host = {"Host": f"{name}.lambda-url.us-east-1.on.aws"}
    assert HTTP.request("GET", f"{platform.url}/plain", headers=host).data == b"just text"


def test_nobody_is_let_in_without_a_policy_and_others_not_without_a_signature(
    platform: Platform, client: Any
) -> None:
    create(client, "lu-closed", SOURCE, Timeout=30)
    closed = client.create_function_url_config(FunctionName="lu-closed", AuthType="NONE")
    address = f"{closed['FunctionUrl']}plain"
    assert HTTP.request("GET", address).status == 403
    client.update_function_url_config(FunctionName="lu-closed", AuthType="AWS_IAM")
    assert HTTP.request("GET", address).status == 403

    request = AWSRequest("GET", address)
    key = platform.credentials
    signer = Credentials(key.access_key_id, key.secret_access_key)
    SigV4Auth(signer, "lambda", platform.region).add_auth(request)
    answer = HTTP.request("GET", address, headers=dict(request.headers))
    assert (answer.status, answer.data) == (200, b"just text")

    client.delete_function_url_config(FunctionName="lu-closed")
    assert HTTP.request("GET", address).status == 403
    assert json.loads(HTTP.request("GET", address).data) == {"Message": "Forbidden"}


def test_streams_are_refused(client: Any, url: str) -> None:
    with pytest.raises(client.exceptions.InvalidParameterValueException, match="BUFFERED"):
        client.update_function_url_config(FunctionName="lu-open", InvokeMode="RESPONSE_STREAM")
    listed = client.list_function_url_configs(FunctionName="lu-open")["FunctionUrlConfigs"]
    assert [one["FunctionUrl"] for one in listed] == [url]
