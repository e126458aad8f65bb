"""API Gateway's HTTP APIs by boto3; and APIs of both kinds before other services."""

import json
import os
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.endpoints import until

HTTP = urllib3.PoolManager(retries=False)
ROLE = "arn:aws:iam::000000000000:role/gw2-role"


@pytest.fixture(scope="module")
def apis(platform: Platform) -> Any:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "apigateway.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    iam = platform.client("iam")
    iam.create_role(RoleName="gw2-role", AssumeRolePolicyDocument=json.dumps(trust))
    return platform.client("apigatewayv2")


def test_an_api_and_its_parts_are_seen_changed_and_removed(apis: Any) -> None:
    api = apis.create_api(Name="gw2", ProtocolType="HTTP", Tags={"a": "b"})["ApiId"]
    made = apis.create_integration(
        ApiId=api,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="GET",
        IntegrationUri="http://127.0.0.1:9/",
    )
    target = f"integrations/{made['IntegrationId']}"
    route = apis.create_route(ApiId=api, RouteKey="GET /a", Target=target)
    apis.update_route(ApiId=api, RouteId=route["RouteId"], RouteKey="GET /b")
    assert [one["RouteKey"] for one in apis.get_routes(ApiId=api)["Items"]] == ["GET /b"]
    stage = apis.create_stage(ApiId=api, StageName="prod", AutoDeploy=True)
    assert stage["AutoDeploy"]
    assert stage["DeploymentId"]
    changed = apis.update_api(
        ApiId=api, Description="pets", CorsConfiguration={"AllowOrigins": ["*"]}
    )
    assert changed["CorsConfiguration"]["AllowOrigins"] == ["*"]
    assert changed["Tags"] == {"a": "b"}
    assert api in [one["ApiId"] for one in apis.get_apis(MaxResults="500")["Items"]]
    with pytest.raises(ClientError) as caught:
        apis.delete_integration(ApiId=api, IntegrationId=made["IntegrationId"])
    assert caught.value.response["Error"]["Code"] == "ConflictException"
    apis.delete_api(ApiId=api)
    with pytest.raises(ClientError) as caught:
        apis.get_api(ApiId=api)
    assert caught.value.response["Error"]["Code"] == "NotFoundException"


def test_an_http_api_puts_messages_into_a_queue(platform: Platform, apis: Any) -> None:
    sqs = platform.client("sqs")
    queue = sqs.create_queue(QueueName="gw2-queue")["QueueUrl"]
    api = apis.create_api(Name="gw2-queue", ProtocolType="HTTP")
    made = apis.create_integration(
        ApiId=api["ApiId"],
        IntegrationType="AWS_PROXY",
        IntegrationSubtype="SQS-SendMessage",
        CredentialsArn=ROLE,
        PayloadFormatVersion="1.0",
        RequestParameters={"QueueUrl": queue, "MessageBody": "$request.body.text"},
    )
    target = f"integrations/{made['IntegrationId']}"
    apis.create_route(ApiId=api["ApiId"], RouteKey="POST /", Target=target)
    apis.create_stage(ApiId=api["ApiId"], StageName="$default", AutoDeploy=True)
    answer = HTTP.request("POST", api["ApiEndpoint"], body=b'{"text": "hello"}')
    assert answer.status == 200
    assert answer.json()["MessageId"]
    (message,) = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    assert message["Body"] == "hello"


def test_a_rest_api_asks_any_service_as_a_role(platform: Platform, apis: Any) -> None:
    client = platform.client("apigateway")
    made = client.create_rest_api(name="gw2-aws")
    place = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    client.put_integration(
        **place,
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:sagemaker:path//",
        credentials=ROLE,
        requestParameters={
            "integration.request.header.X-Amz-Target": "'SageMaker.ListModels'",
            "integration.request.header.Content-Type": "'application/x-amz-json-1.1'",
        },
        requestTemplates={"application/json": '{"NameContains": "gw2-none"}'},
    )
    client.put_method_response(**place, statusCode="200")
    client.put_integration_response(
        **place,
        statusCode="200",
        responseTemplates={"application/json": '{"n": $input.path("$.Models.size()")}'},
    )
    client.create_deployment(restApiId=made["id"], stageName="prod")
    answer = HTTP.request("GET", f"{platform.url}/_aws/execute-api/{made['id']}/prod")
    assert (answer.status, answer.json()) == (200, {"n": 0})


def test_requests_are_counted_by_cloudwatch(platform: Platform, apis: Any) -> None:
    api = apis.create_api(Name="gw2-counted", ProtocolType="HTTP", Target="http://127.0.0.1:9/")
    assert HTTP.request("GET", f"{api['ApiEndpoint']}/x").status == 500
    wanted = [{"Name": "ApiId", "Value": api["ApiId"]}]

    def listed() -> set[str]:
        found = platform.client("cloudwatch").list_metrics(
            Namespace="AWS/ApiGateway", Dimensions=wanted
        )
        return {one["MetricName"] for one in found["Metrics"]}

    until(lambda: {"Count", "5xx", "Latency"} <= listed())


def said(platform: Platform, head: str, body: bytes = b"") -> str:
    """The status line that a request is answered with, sent as it stands."""
    place = urlsplit(platform.url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)
        return connection.makefile("rb").readline().decode()


def test_what_is_too_large_or_strange_is_refused(platform: Platform, apis: Any) -> None:
    api = apis.create_api(Name="gw2-odd", ProtocolType="HTTP", Target="http://127.0.0.1:9/")
    path = f"/_aws/execute-api/{api['ApiId']}"
    large = os.urandom(1) * (10 * 1024 * 1024 + 1)
    answer = HTTP.request("POST", f"{platform.url}{path}/a", body=large)
    assert (answer.status, answer.json()) == (413, {"message": "Request Too Long"})
    for asked, status in (
        (f"GET {path}/%ff%00 HTTP/1.1\nHost: a", "500"),
        (f"GET {path}/a?{'&'.join(['a=1'] * 12_000)} HTTP/1.1\nHost: a", "4"),
        ("GET /_aws/execute-api/ HTTP/1.1\nHost: a", "403"),
        ("GET /_aws/execute-api/../x/y HTTP/1.1\nHost: a", "403"),
        (f"GET {path}/a HTTP/1.1\nHost: a\nAuthorization: AWS4-HMAC-SHA256 nonsense", "4"),
        ("GET / HTTP/1.1\nHost: .execute-api.us-east-1.here", "40"),
        ("GET / HTTP/1.1\nHost: x.execute-api.us-east-1.here", "403"),
    ):
        assert said(platform, asked).split(" ")[1].startswith(status), asked[:100]
    assert HTTP.request("GET", f"{platform.url}{path}/a").status == 500
