"""API Gateway's REST APIs by boto3, and what they answer to a plain HTTP client."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.exceptions import ClientError

from argosy.testing import Platform

HTTP = urllib3.PoolManager(retries=False)


@pytest.fixture(scope="module")
def apigateway(platform: Platform) -> Any:
    return platform.client("apigateway")


def mock_api(apigateway: Any, name: str, **members: Any) -> str:
    """An API whose stage `prod` says who calls GET /hello/{name}."""
    made = apigateway.create_rest_api(name=name, **members)
    api, root = made["id"], made["rootResourceId"]
    hello = apigateway.create_resource(restApiId=api, parentId=root, pathPart="hello")
    named = apigateway.create_resource(restApiId=api, parentId=hello["id"], pathPart="{name}")
    place = {"restApiId": api, "resourceId": named["id"], "httpMethod": "GET"}
    apigateway.put_method(**place, authorizationType="NONE")
    template = {"application/json": '{"statusCode": 200}'}
    apigateway.put_integration(**place, type="MOCK", requestTemplates=template)
    apigateway.put_method_response(**place, statusCode="200")
    text = {"application/json": '{"hello": "$input.params(\'name\')"}'}
    apigateway.put_integration_response(**place, statusCode="200", responseTemplates=text)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    return str(api)


def test_an_api_answers_at_its_path_and_at_its_host(platform: Platform, apigateway: Any) -> None:
    api = mock_api(apigateway, "gw-hello")
    answer = HTTP.request("GET", f"{platform.url}/_aws/execute-api/{api}/prod/hello/you%20two")
    assert (answer.status, answer.json()) == (200, {"hello": "you two"})
    assert answer.headers["x-amz-apigw-id"]
    host = f"{api}.execute-api.us-east-1.{urlsplit(platform.url).netloc}"
    answer = HTTP.request("GET", f"{platform.url}/prod/hello/you", headers={"Host": host})
    assert answer.json() == {"hello": "you"}
    assert HTTP.request("GET", f"{platform.url}/_aws/execute-api/{api}/prod/no").status == 403


def test_an_api_is_seen_changed_and_removed(apigateway: Any) -> None:
    api = mock_api(apigateway, "gw-changed", tags={"a": "b"}, binaryMediaTypes=["image/*"])
    patch = [
        {"op": "replace", "path": "/description", "value": "pets"},
        {"op": "add", "path": "/binaryMediaTypes/audio~1*"},
        {"op": "remove", "path": "/binaryMediaTypes/image~1*"},
    ]
    seen = apigateway.update_rest_api(restApiId=api, patchOperations=patch)
    assert (seen["description"], seen["binaryMediaTypes"]) == ("pets", ["audio/*"])
    assert api in [one["id"] for one in apigateway.get_rest_apis(limit=500)["items"]]
    tree = apigateway.get_resources(restApiId=api, embed=["methods"])["items"]
    (method,) = [one["resourceMethods"] for one in tree if "resourceMethods" in one]
    assert method["GET"]["methodIntegration"]["type"] == "MOCK"
    assert apigateway.get_stages(restApiId=api)["item"][0]["stageName"] == "prod"
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
    apigateway.tag_resource(resourceArn=arn, tags={"c": "d"})
    assert apigateway.get_tags(resourceArn=arn)["tags"] == {"a": "b", "c": "d"}
    apigateway.delete_rest_api(restApiId=api)
    with pytest.raises(ClientError, match="Invalid API identifier") as caught:
        apigateway.get_rest_api(restApiId=api)
    assert caught.value.response["Error"]["Code"] == "NotFoundException"


def test_pages_of_apis_go_on_where_the_last_one_ended(apigateway: Any) -> None:
    made = {apigateway.create_rest_api(name=f"gw-page-{n}")["id"] for n in range(3)}
    pages = apigateway.get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 1})
    assert made <= {one["id"] for page in pages for one in page["items"]}


def test_a_key_is_needed_where_the_method_says_so(platform: Platform, apigateway: Any) -> None:
    api = mock_api(apigateway, "gw-keys")
    resources = apigateway.get_resources(restApiId=api)["items"]
    (named,) = [one for one in resources if one["path"] == "/hello/{name}"]
    place = {"restApiId": api, "resourceId": named["id"], "httpMethod": "GET"}
    needed = [{"op": "replace", "path": "/apiKeyRequired", "value": "true"}]
    apigateway.update_method(**place, patchOperations=needed)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    url = f"{platform.url}/_aws/execute-api/{api}/prod/hello/me"
    assert HTTP.request("GET", url).status == 403
    key = apigateway.create_api_key(name="gw-key", enabled=True)
    stages = [{"apiId": api, "stage": "prod"}]
    quota = {"limit": 1, "period": "MONTH"}
    plan = apigateway.create_usage_plan(name="gw-plan", apiStages=stages, quota=quota)
    apigateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    headers = {"x-api-key": key["value"]}
    assert HTTP.request("GET", url, headers=headers).status == 200
    answer = HTTP.request("GET", url, headers=headers)
    assert (answer.status, json.loads(answer.data)) == (429, {"message": "Limit Exceeded"})


def test_a_signed_request_is_let_in_and_a_wrongly_signed_one_is_not(
    platform: Platform, apigateway: Any
) -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    api = mock_api(apigateway, "gw-signed")
    resources = apigateway.get_resources(restApiId=api)["items"]
    (named,) = [one for one in resources if one["path"] == "/hello/{name}"]
    place = {"restApiId": api, "resourceId": named["id"], "httpMethod": "GET"}
    iam = [{"op": "replace", "path": "/authorizationType", "value": "AWS_IAM"}]
    apigateway.update_method(**place, patchOperations=iam)
    apigateway.create_deployment(restApiId=api, stageName="prod")
    url = f"{platform.url}/_aws/execute-api/{api}/prod/hello/me"
    assert HTTP.request("GET", url).json() == {"message": "Missing Authentication Token"}
    own = apigateway._request_signer._credentials
    for secret, status in ((own.secret_key, 200), ("wrong", 403)):
        request = AWSRequest("GET", url)
        SigV4Auth(Credentials(own.access_key, secret), "execute-api", "us-east-1").add_auth(request)
        assert HTTP.request("GET", url, headers=dict(request.headers)).status == status


def test_a_definition_becomes_an_api_that_answers(platform: Platform, apigateway: Any) -> None:
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
    operation = {
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": mock,
    }
    definition = {
        "openapi": "3.0.1",
        "info": {"title": "gw-imported", "version": "1"},
        "paths": {"/a/b": {"get": operation}},
    }
    made = apigateway.import_rest_api(body=json.dumps(definition).encode())
    apigateway.create_deployment(restApiId=made["id"], stageName="s")
    url = f"{platform.url}/_aws/execute-api/{made['id']}/s/a/b"
    assert HTTP.request("GET", url).status == 200
    apigateway.put_rest_api(restApiId=made["id"], mode="overwrite", body=json.dumps(definition))
