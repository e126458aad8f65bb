"""CBOR: what is written is read again, also by botocore; what is damaged is refused."""

import contextlib
from io import BufferedReader, BytesIO
from typing import Any

import pytest
from botocore.parsers import RpcV2CBORParser
from hypothesis import given
from hypothesis import strategies as st

from argosy import wire
from argosy.ground.errors import ApiError, SerializationException
from argosy.wire import HttpRequest, cbor
from argosy.wire.cbor import Moment

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 64), (1 << 64) - 1)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
    | st.builds(Moment, st.integers(0, 1 << 33) | st.floats(0, 1e10))
)
VALUES = st.recursive(SCALARS, lambda v: st.lists(v) | st.dictionaries(st.text(), v), max_leaves=20)


@given(VALUES)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert cbor.loads(cbor.dumps(value)) == value


@given(
    st.recursive(
        st.booleans()
        | st.integers(-(1 << 64), (1 << 64) - 1)
        | st.floats(allow_nan=False)
        | st.text(),
        lambda v: st.lists(v) | st.dictionaries(st.text(), v),
        max_leaves=20,
    )
)
def test_botocore_reads_the_same(value: Any) -> None:
    stream = BufferedReader(BytesIO(cbor.dumps(value)))  # type: ignore[arg-type]

    assert RpcV2CBORParser().parse_data_item(stream) == value


@given(st.binary(max_size=64))
def test_any_bytes_are_either_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(cbor.NotCbor):
        cbor.loads(data)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("f93e00", 1.5),
        ("fa47c35000", 100000.0),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
        ("c11a514b67b0", Moment(1363896240)),
        ("d818456449455446", b"dIETF"),
        ("f7", None),
    ],
)
def test_forms_of_other_writers_are_read(data: str, value: Any) -> None:
    """Most are from RFC 8949, appendix A."""
    assert cbor.loads(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81" * 100 + b"\x00",
        bytes.fromhex("9affffffff"),
        bytes.fromhex("5bffffffffffffffff"),
        bytes.fromhex("0000"),
        bytes.fromhex("a10101"),
        bytes.fromhex("62c328"),
        bytes.fromhex("c1f5"),
        bytes.fromhex("ff"),
        bytes.fromhex("1f"),
    ],
)
def test_what_is_damaged_or_too_large_is_refused(data: bytes) -> None:
    with pytest.raises(cbor.NotCbor):
        cbor.loads(data)


def request(body: bytes, **headers: str) -> HttpRequest:
    given = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", **headers}
    path = "/service/GraniteServiceVersion20100801/operation/PutMetricData"
    return HttpRequest("POST", path, "", given, body)


def test_one_service_is_asked_in_three_protocols() -> None:
    service = wire.load("cloudwatch")
    asked = [
        request(cbor.dumps({"Namespace": "N"})),
        HttpRequest(
            "POST",
            "/",
            "",
            {
                "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
                "content-type": "application/x-amz-json-1.0",
            },
            b'{"Namespace":"N"}',
        ),
        HttpRequest(
            "POST",
            "/",
            "",
            {"content-type": "application/x-www-form-urlencoded"},
            b"Action=PutMetricData&Version=2010-08-01&Namespace=N",
        ),
    ]

    for one in asked:
        match = wire.find_operation(service, one)
        assert match.operation == "PutMetricData"
        assert wire.parse(service, match, one) == {"Namespace": "N"}
    answers = [wire.serialize(service, "ListMetrics", {"Metrics": []}, "r", one) for one in asked]
    types = [answer.headers["Content-Type"] for answer in answers]
    assert types == ["application/cbor", "application/x-amz-json-1.0", "text/xml"]


def test_a_timestamp_may_be_a_plain_number_and_a_wrong_type_is_told() -> None:
    service = wire.load("cloudwatch")
    good = {"Namespace": "N", "MetricData": [{"MetricName": "M", "Timestamp": 86400}]}
    bad = {"Namespace": "N", "MetricData": [{"MetricName": "M", "Value": "1"}]}
    match = wire.find_operation(service, request(b""))

    parsed = wire.parse(service, match, request(cbor.dumps(good)))

    assert parsed["MetricData"][0]["Timestamp"].isoformat() == "1970-01-02T00:00:00+00:00"
    with pytest.raises(SerializationException, match=r"a number at 'MetricData\.1\.Value'"):
        wire.parse(service, match, request(cbor.dumps(bad)))


def test_an_error_is_told_in_cbor_with_the_code_of_old_clients() -> None:
    class InvalidParameterValue(ApiError):
        pass

    error = InvalidParameterValue("no")
    answer = wire.serialize_error(wire.load("cloudwatch"), request(b""), error, "r")

    assert cbor.loads(answer.body) == {"__type": "InvalidParameterValueException", "message": "no"}
    assert answer.headers["x-amzn-query-error"] == "InvalidParameterValue;Sender"
