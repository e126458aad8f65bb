"""Journey 5 and seeds 001 and 003: clients call APIs, functions and APIs call endpoints."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3
from tests.support.endpoints import ROWS, classifier, deploy, model_archive
from tests.support.lambda_functions import create

from argosy.testing import Platform

HTTP = urllib3.PoolManager(retries=False)
OLD, NEW = classifier(1.0), classifier(0.001)

ONE_ANSWER = '''
import json, os
import boto3

runtime = boto3.client("sagemaker-runtime")

def handler(event, context):
    """Two results from two models."""
    results = {}
    for name in ("gw-one", "gw-two"):
        answer = runtime.invoke_endpoint(
            EndpointName=name, ContentType="text/csv", Accept="application/json", Body=event["body"]
        )
        results[name] = json.loads(answer["Body"].read())
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(results),
    }
'''


@pytest.fixture(scope="module", autouse=True)
def endpoints(platform: Platform) -> Iterator[None]:
    """Two models, each behind an endpoint of its own."""
    deploy(platform, "gw-one", model_archive(OLD))
    deploy(platform, "gw-two", model_archive(NEW))
    yield
    for name in ("gw-one", "gw-two"):
        platform.client("sagemaker").delete_endpoint(EndpointName=name)


def functions(platform: Platform) -> Any:
    return platform.client("lambda", region_name=platform.region)


@pytest.fixture(scope="module")
def asker(platform: Platform) -> str:
    """The function that asks both endpoints; returns its ARN."""
    iam = platform.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": ["lambda.amazonaws.com", "apigateway.amazonaws.com"]},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sagemaker:InvokeEndpoint", "Resource": "*"}],
    }
    role = iam.create_role(RoleName="gw-role", AssumeRolePolicyDocument=json.dumps(trust))
    iam.put_role_policy(RoleName="gw-role", PolicyName="call", PolicyDocument=json.dumps(policy))
    made = create(functions(platform), "gw-asker", ONE_ANSWER, Role=role["Role"]["Arn"], Timeout=30)
    functions(platform).get_waiter("function_active_v2").wait(FunctionName="gw-asker")
    functions(platform).add_permission(
        FunctionName="gw-asker",
        StatementId="apis",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return str(made["FunctionArn"])


def csv(rows: Any) -> str:
    return "\n".join(",".join(map(str, row)) for row in rows)


def both(rows: Any) -> dict[str, list[float]]:
    """What both models say of rows."""
    return {"gw-one": OLD.predict(rows).tolist(), "gw-two": NEW.predict(rows).tolist()}


def test_a_rest_api_gives_two_results_from_two_models(platform: Platform, asker: str) -> None:
    apigateway = platform.client("apigateway")
    made = apigateway.create_rest_api(name="gw-predict")
    api = made["id"]
    resource = apigateway.create_resource(
        restApiId=api, parentId=made["rootResourceId"], pathPart="predict"
    )
    place = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "POST"}
    apigateway.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{asker}/invocations"
    apigateway.put_integration(
        **place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri, timeoutInMillis=29000
    )
    apigateway.create_deployment(restApiId=api, stageName="prod")
    rows = ROWS[::30]
    url = f"{platform.url}/_aws/execute-api/{api}/prod/predict"
    answer = HTTP.request("POST", url, body=csv(rows), headers={"Content-Type": "text/csv"})
    assert (answer.status, answer.json()) == (200, both(rows))


def test_an_http_api_made_with_one_call_gives_the_same(platform: Platform, asker: str) -> None:
    apis = platform.client("apigatewayv2")
    made = apis.create_api(Name="gw-quick", ProtocolType="HTTP", Target=asker)
    assert made["ApiEndpoint"].startswith(platform.url)
    rows = ROWS[::40]
    url = f"{made['ApiEndpoint']}/predict"
    answer = HTTP.request("POST", url, body=csv(rows), headers={"Content-Type": "text/csv"})
    assert (answer.status, answer.json()) == (200, both(rows))
    apis.delete_api(ApiId=made["ApiId"])
    assert HTTP.request("POST", url, body=b"").status == 403


def test_an_api_calls_an_endpoint_without_a_function(platform: Platform, asker: str) -> None:
    apigateway = platform.client("apigateway")
    made = apigateway.create_rest_api(name="gw-direct", binaryMediaTypes=["application/x-npy"])
    api = made["id"]
    resource = apigateway.create_resource(
        restApiId=api, parentId=made["rootResourceId"], pathPart="{endpoint}"
    )
    place = {"restApiId": api, "resourceId": resource["id"], "httpMethod": "POST"}
    parameters = {
        "method.request.path.endpoint": True,
        "method.request.header.Content-Type": False,
    }
    apigateway.put_method(**place, authorizationType="NONE", requestParameters=parameters)
    apigateway.put_integration(
        **place,
        type="AWS",
        integrationHttpMethod="POST",
        uri="arn:aws:apigateway:us-east-1:runtime.sagemaker:path/endpoints/{name}/invocations",
        credentials="arn:aws:iam::000000000000:role/gw-role",
        requestParameters={
            "integration.request.path.name": "method.request.path.endpoint",
            "integration.request.header.Content-Type": "method.request.header.Content-Type",
            "integration.request.header.Accept": "'application/json'",
        },
    )
    for status, pattern in (("200", None), ("400", "4\\d\\d")):
        apigateway.put_method_response(**place, statusCode=status)
        selected = {"selectionPattern": pattern} if pattern else {}
        apigateway.put_integration_response(**place, statusCode=status, **selected)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    rows = ROWS[::50]
    url = f"{platform.url}/_aws/execute-api/{api}/prod"
    given = {"Content-Type": "text/csv"}
    for name, expected in both(rows).items():
        answer = HTTP.request("POST", f"{url}/{name}", body=csv(rows), headers=given)
        assert (answer.status, answer.json()) == (200, expected)
    assert HTTP.request("POST", f"{url}/gw-none", body=csv(rows), headers=given).status == 400
