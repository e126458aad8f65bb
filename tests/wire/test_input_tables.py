"""Botocore's input tables backwards: from the request that is sent, the parameters come back."""

from pathlib import Path

import pytest

from argosy import wire
from tests.wire.tables import PROTOCOLS, Case, cases, python_value, request_of, same

COMPRESSED = "the request is compressed and the table leaves out its body"
ELSEWHERE = "the path before the request URI belongs to the endpoint's URL, which is not ours"
NOT_SENT = "an empty list or map is not sent at all, so nothing can come back"
AUTOFILL = "the table leaves out the token that the client makes up"
TWICE = "the client of the table gives one parameter twice; sent it is once"
AS_EMPTY = "an absent structure is sent as {}, which is not told from an empty one"

NOT_APPLICABLE = {
    "SDKAppliedContentEncoding_awsJson1_0": COMPRESSED,
    "SDKAppliedContentEncoding_awsJson1_1": COMPRESSED,
    "SDKAppliedContentEncoding_awsQuery": COMPRESSED,
    "SDKAppliedContentEncoding_ec2Query": COMPRESSED,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_ec2Query": COMPRESSED,
    "Ec2ProtocolIdempotencyTokenAutoFillIsSet": AUTOFILL,
    "Ec2ProtocolIdempotencyTokenAutoFill": AUTOFILL,
    "SDKAppliedContentEncoding_restJson1": COMPRESSED,
    "SDKAppliedContentEncoding_restXml": COMPRESSED,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_0": COMPRESSED,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsJson1_1": COMPRESSED,
    "SDKAppendsGzipAndIgnoresHttpProvidedEncoding_awsQuery": COMPRESSED,
    "SDKAppendedGzipAfterProvidedEncoding_restJson1": COMPRESSED,
    "SDKAppendedGzipAfterProvidedEncoding_restXml": COMPRESSED,
    "RestJsonHostWithPath": ELSEWHERE,
    "QueryEmptyQueryMaps": NOT_SENT,
    "Ec2EmptyQueryLists": NOT_SENT,
    "HttpPrefixHeadersAreNotPresent": NOT_SENT,
    "RestJsonHttpPrefixHeadersAreNotPresent": NOT_SENT,
    "RestJsonOmitsEmptyListQueryValues": NOT_SENT,
    "QueryProtocolIdempotencyTokenAutoFill": AUTOFILL,
    "QueryIdempotencyTokenAutoFill": AUTOFILL,
    "RestJsonQueryIdempotencyTokenAutoFill": AUTOFILL,
    "RestJsonAllQueryStringTypes": TWICE,
    "RestJsonQueryStringEscaping": TWICE,
    "RestJsonSupportsNaNFloatQueryValues": TWICE,
    "RestJsonSupportsInfinityFloatQueryValues": TWICE,
    "RestJsonSupportsNegativeInfinityFloatQueryValues": TWICE,
    "RestJsonZeroAndFalseQueryValues": TWICE,
    "RestJsonQueryPrecedence": TWICE,
    "RestXmlQueryPrecedence": TWICE,
    "RestJsonHttpWithEmptyStructurePayload": AS_EMPTY,
    "RestJsonHttpWithHeadersButNoPayload": AS_EMPTY,
    "BodyWithXmlName": "botocore's own client writes <Hello>, not the table's <nested>",
}


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_request_gives_the_parameters_it_was_made_of(
    tables: Path, protocol: str, subtests: pytest.Subtests
) -> None:
    for case in cases(tables / "input" / f"{protocol}.json"):
        if case.id not in NOT_APPLICABLE:
            with subtests.test(case.id):
                check(case)


def check(case: Case) -> None:
    request = request_of(case)
    match = wire.find_operation(case.service, request)
    assert match.operation == case.operation

    given = wire.parse(case.service, match, request)

    shape = case.service.operation(case.operation).input_shape
    expected = python_value(shape, case.row["params"]) if shape else {}
    assert same(given, expected), (given, expected)


def test_every_exception_is_in_the_tables(tables: Path) -> None:
    known = {
        case.id for protocol in PROTOCOLS for case in cases(tables / "input" / f"{protocol}.json")
    }

    assert set(NOT_APPLICABLE) - known == set()
