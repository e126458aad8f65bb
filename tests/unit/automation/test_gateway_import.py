"""REST APIs out of OpenAPI documents."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.errors import ApiError
from argosy.services.apigateway.errors import BadRequestException
from tests.support.gateway import GatewayStage, gateway_stage, lambda_uri


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        made.engine.answer = lambda v, event: {"statusCode": 200, "body": json.dumps(event)}
        yield made


def pets(function: str) -> str:
    return f"""
openapi: 3.0.1
info: {{title: pets, version: '7'}}
x-amazon-apigateway-request-validators:
  all: {{validateRequestBody: true, validateRequestParameters: true}}
x-amazon-apigateway-request-validator: all
paths:
  /pets/{{id}}:
    parameters:
      - {{name: id, in: path, required: true, schema: {{type: string}}}}
    post:
      parameters:
        - {{name: q, in: query, required: true, schema: {{type: string}}}}
      requestBody:
        content:
          application/json: {{schema: {{$ref: '#/components/schemas/Pet'}}}}
      responses: {{'200': {{description: ok}}}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: {lambda_uri(function)}
  /closed:
    x-amazon-apigateway-any-method:
      security: [{{key: []}}]
      responses: {{'200': {{description: ok, headers: {{X-A: {{schema: {{type: string}}}}}}}}}}
      x-amazon-apigateway-integration:
        type: mock
        requestTemplates: {{application/json: '{{"statusCode": 200}}'}}
        responses:
          default:
            statusCode: '200'
            responseParameters: {{method.response.header.X-A: "'b'"}}
components:
  securitySchemes:
    key: {{type: apiKey, name: x-api-key, in: header}}
  schemas:
    Name: {{type: string, maxLength: 3}}
    Pet:
      type: object
      required: [name]
      properties: {{name: {{$ref: '#/components/schemas/Name'}}}}
"""


def test_an_imported_api_serves_checks_and_asks_for_keys(stage: GatewayStage) -> None:
    definition = pets(stage.function("f"))
    made = stage.call("ImportRestApi", body=definition.encode())
    assert (made["name"], made["version"]) == ("pets", "7")
    stage.call("CreateDeployment", restApiId=made["id"], stageName="prod")
    path = f"{made['id']}/prod"
    good = stage.ask("POST", f"{path}/pets/7", '{"name": "bo"}', query="q=1")
    assert json.loads(good.text)["pathParameters"] == {"id": "7"}
    assert stage.ask("POST", f"{path}/pets/7", '{"name": "long"}', query="q=1").status == 400
    assert stage.ask("POST", f"{path}/pets/7", '{"name": "bo"}').status == 400
    assert stage.ask("GET", f"{path}/closed").json == {"message": "Forbidden"}


def test_another_import_adds_or_replaces(stage: GatewayStage) -> None:
    made = stage.call("ImportRestApi", body=pets(stage.function("f")).encode())
    more: dict[str, Any] = {
        "swagger": "2.0",
        "info": {"title": "more"},
        "paths": {
            "/new": {
                "get": {
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "http_proxy",
                        "httpMethod": "GET",
                        "uri": "http://here/",
                    },
                }
            }
        },
    }
    body = json.dumps(more).encode()

    def paths() -> set[str]:
        found = stage.call("GetResources", restApiId=made["id"])["items"]
        return {one["path"] for one in found}

    stage.call("PutRestApi", restApiId=made["id"], mode="merge", body=body)
    assert paths() == {"/", "/pets", "/pets/{id}", "/closed", "/new"}
    stage.call("PutRestApi", restApiId=made["id"], mode="overwrite", body=body)
    assert paths() == {"/", "/new"}


SCHEME = (
    "openapi: 3.0.1\ninfo: {title: a}\npaths: {}\n"
    "components: {securitySchemes: {s: {x-amazon-apigateway-authorizer: %s}}}"
)


@pytest.mark.parametrize(
    "body",
    [
        "no: openapi",
        "[1]",
        "{",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: &x {get: {}}, /b: *x}",
        "openapi: 3.0.1\npaths: {}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: 3}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: {get: 3}}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a b: {get: {}}}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: {get: {parameters: [{$ref: '#/no'}]}}}",
        "openapi: 3.0.1\ninfo: {title: a}\ncomponents: {schemas: {A: {type: 3}}}",
        "openapi: 3.0.1\ninfo: 3",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: {get: {security: 3}}}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: []",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {1: {get: {parameters: [{in: path}]}}}",
        "openapi: 3.0.1\ninfo: {title: a, version: .nan}\npaths: {}",
        "openapi: 3.0.1\ninfo: {title: a}\npaths: {/a: {get: {parameters: [{$ref: '#/openapi'}]}}}",
        SCHEME % "3",
        SCHEME % "{type: token, authorizerUri: 3}",
        SCHEME % "{type: token, authorizerResultTtlInSeconds: soon}",
    ],
)
def test_a_definition_that_cannot_be_understood_is_refused(stage: GatewayStage, body: str) -> None:
    with pytest.raises(ApiError) as caught:
        stage.call("ImportRestApi", body=body.encode())
    assert isinstance(caught.value, BadRequestException)
    assert stage.call("GetRestApis")["items"] == []
