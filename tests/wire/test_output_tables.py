"""Botocore's output tables backwards: what is answered, botocore's own parser reads again.

The tables' bytes hold things that only a client must cope with (members of the future, odd
spellings), so ours are compared by what botocore's parser makes of both.
"""

from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.parsers import create_parser

from argosy import wire
from argosy.ground.errors import ApiError
from argosy.wire import HttpRequest, HttpResponse
from tests.wire.tables import PROTOCOLS, Case, body_of, cases, python_value, same

REQUEST_ID = "00000000-1111-2222-3333-444444444444"

IGNORED = "botocore's own parser cannot read the table's answer (its ignore list)"
EMPTY = "botocore's own parser cannot read the table's empty body; ours has a RequestId in it"

NO_OUTPUT = "botocore's own parser reads no RequestId where an operation has no output in CBOR"

NOT_APPLICABLE = {
    "no_output": NO_OUTPUT,
    "NoOutputClientAllowsEmptyCbor": NO_OUTPUT,
    "NoOutputClientAllowsEmptyBody": NO_OUTPUT,
    "QueryEmptyInputAndEmptyOutput": EMPTY,
    "QueryNoInputAndNoOutput": EMPTY,
    "QueryNoInputAndOutput": EMPTY,
    "QueryXmlLists": IGNORED,
    "XmlLists": IGNORED,
    "Ec2XmlLists": IGNORED,
    "RestJsonHttpPayloadWithUnsetUnion": IGNORED,
    "RestXmlHttpPayloadWithUnsetUnion": IGNORED,
    "RestJsonDeserializesDenseSetMapAndSkipsNull": IGNORED,
    "BodyWithXmlName": IGNORED,
    "HttpPrefixHeadersResponse": "an empty prefix takes in every header, ours and the table's",
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_result_is_read_again_by_botocore(
    tables: Path, protocol: str, subtests: pytest.Subtests
) -> None:
    for case in cases(tables / "output" / f"{protocol}.json"):
        if case.id not in NOT_APPLICABLE:
            with subtests.test(case.id):
                check_error(case) if "errorCode" in case.row else check_result(case)


def check_result(case: Case) -> None:
    shape = case.service.operation(case.operation).output_shape
    result = python_value(shape, case.row["result"]) if shape else {}

    response = wire.serialize(case.service, case.operation, result, REQUEST_ID)

    assert response.status == case.row["response"]["status_code"]
    ours, theirs = read(case, response), read(case, table_response(case))
    assert ours.pop("ResponseMetadata")["RequestId"] == REQUEST_ID
    theirs.pop("ResponseMetadata")
    assert same(ours, theirs), (ours, theirs, response)


def check_error(case: Case) -> None:
    error = error_of(case)

    response = wire.serialize_error(case.service, HttpRequest("POST", "/"), error, REQUEST_ID)

    ours = read(case, response)
    assert response.status == case.row["response"]["status_code"]
    assert ours["ResponseMetadata"]["RequestId"] == REQUEST_ID
    assert ours["Error"]["Code"] == case.row["errorCode"]
    assert (ours["Error"]["Message"] or "") == case.row.get("errorMessage", "")
    assert {k: ours.get(k) for k in case.row["error"]} == case.row["error"]


def error_of(case: Case) -> ApiError:
    """An error with the table's code, which is the class's name with us."""
    status = case.row["response"]["status_code"]
    members = {k: v for k, v in case.row["error"].items() if k.lower() != "message"}
    kind = type(case.row["errorCode"], (ApiError,), {"status": status})
    return kind(case.row.get("errorMessage", ""), **members)


def table_response(case: Case) -> HttpResponse:
    given = case.row["response"]
    return HttpResponse(given["status_code"], given.get("headers", {}), body_of(case, given))


def read(case: Case, response: HttpResponse) -> Any:
    """What botocore makes of the response, the modelled members of an error included."""
    parser = create_parser(case.service.protocol)
    raw = {
        "status_code": response.status,
        "headers": HeadersDict(response.headers),
        "body": response.body,
        "context": {},
    }
    parsed = parser.parse(raw, case.service.operation(case.operation).output_shape)
    if response.status >= 301:
        error = case.service.model.shape_for_error_code(parsed["Error"]["Code"])
        parsed.update(parser.parse(raw, error) if error else {})
    return parsed


def test_every_exception_is_in_the_tables(tables: Path) -> None:
    known = {
        case.id for protocol in PROTOCOLS for case in cases(tables / "output" / f"{protocol}.json")
    }

    assert set(NOT_APPLICABLE) - known == set()
