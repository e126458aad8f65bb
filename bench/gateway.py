"""`script/bench gateway`: what API Gateway adds to a request, before and beside an integration.

An API that answers by itself (MOCK) is all gateway: the edge, control, routing, templates. An API
before a function that does nothing is the same with an invocation in it; what the gateway adds is
the difference to its integration's own latency, as it tells CloudWatch.
"""

import io
import json
import zipfile
from dataclasses import asdict
from typing import Any
from urllib.parse import urlsplit

from argosy.testing import Platform
from bench import machine, wrk
from bench.progress import steps
from bench.report import Report, milliseconds
from bench.results import Verdict, at_most

CONNECTIONS = (1, 2, 8)
_OVERHEAD_MS = 1.0
_CODE = "def handler(event, context):\n    return {'statusCode': 200, 'body': 'ok'}\n"
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


def measure(seconds: float) -> Report:
    """A mock at several numbers of connections, then APIs of both kinds before a function."""
    here = machine.describe()
    with steps(3) as progress, Platform() as platform:
        progress.now("APIs")
        paths = {"mock": _mock(platform), **_before_function(platform)}
        progress.done()
        progress.now("mock")
        loads = [("mock", _load(platform, paths["mock"], n, seconds)) for n in CONNECTIONS]
        progress.done()
        progress.now("functions")
        behind = ("REST, function", "HTTP, function")
        loads += [(name, _load(platform, paths[name], 1, seconds)) for name in behind]
        progress.done()
    return _report(here.sentence(), loads)


def _load(platform: Platform, path: str, connections: int, seconds: float) -> wrk.Load:
    host = urlsplit(platform.url).netloc
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: */*\r\n\r\n".encode()
    wrk.run(platform.url, [request], connections=connections, seconds=1.0)
    return wrk.run(platform.url, [request], connections=connections, seconds=seconds)


def _mock(platform: Platform) -> str:
    client = platform.client("apigateway")
    made = client.create_rest_api(name="mock")
    place = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    asked = {"application/json": '{"statusCode": 200}'}
    client.put_integration(**place, type="MOCK", requestTemplates=asked)
    client.put_method_response(**place, statusCode="200")
    told = {"application/json": '{"ok": true}'}
    client.put_integration_response(**place, statusCode="200", responseTemplates=told)
    client.create_deployment(restApiId=made["id"], stageName="prod")
    return f"/_aws/execute-api/{made['id']}/prod/"


def _before_function(platform: Platform) -> dict[str, str]:
    arn = _function(platform)
    client = platform.client("apigateway")
    made = client.create_rest_api(name="function")
    place = {"restApiId": made["id"], "resourceId": made["rootResourceId"], "httpMethod": "GET"}
    client.put_method(**place, authorizationType="NONE")
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    client.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    client.create_deployment(restApiId=made["id"], stageName="prod")
    quick = platform.client("apigatewayv2").create_api(
        Name="quick", ProtocolType="HTTP", Target=arn
    )
    return {
        "REST, function": f"/_aws/execute-api/{made['id']}/prod/",
        "HTTP, function": f"/_aws/execute-api/{quick['ApiId']}/",
    }


def _function(platform: Platform) -> str:
    role = platform.client("iam").create_role(
        RoleName="bench", AssumeRolePolicyDocument=json.dumps(_TRUST)
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("app.py", _CODE)
    client: Any = platform.client("lambda")
    made = client.create_function(
        FunctionName="bench",
        Role=role["Role"]["Arn"],
        Runtime="python3.12",
        Handler="app.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    client.get_waiter("function_active_v2").wait(FunctionName="bench", WaiterConfig={"Delay": 1})
    client.add_permission(
        FunctionName="bench",
        StatementId="apis",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    return str(made["FunctionArn"])


def _report(here: str, loads: list[tuple[str, wrk.Load]]) -> Report:
    return Report(
        name="gateway",
        title="API Gateway",
        machine=here,
        columns=("API", "connections", "a second", "p50", "p99"),
        rows=tuple(
            (
                name,
                str(load.connections),
                f"{load.per_second:,.0f}",
                milliseconds(load.p50_us),
                milliseconds(load.p99_us),
            )
            for name, load in loads
        ),
        notes=("mock: the gateway answers by itself; wrk, a closed loop.",),
        verdicts=(
            at_most("mock: p50 with 1 connection", _OVERHEAD_MS, loads[0][1].p50_us / 1000, "ms"),
            Verdict(
                target="no request fails",
                got=f"{sum(load.failed for _, load in loads)} failed",
                passed=not any(load.failed for _, load in loads),
            ),
        ),
        figures={"loads": [{"api": name, **asdict(load)} for name, load in loads]},
    )
