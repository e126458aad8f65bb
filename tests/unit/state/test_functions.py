"""How a name becomes a version to run, and whom a function's policy lets in."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.state import functions
from argosy.state.database import open_database
from argosy.state.function_policy import allows, arn_like
from argosy.state.functions import ALIAS, FUNCTION, POLICY, VERSION, parse_name, resolve
from argosy.state.records import Records

PLACE = ("000000000000", "us-east-1")
ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    engine = open_database(tmp_path / "argosy.db")
    yield Records(engine)
    engine.dispose()


def config(**members: Any) -> dict[str, Any]:
    return {
        "code": "00ff",
        "Handler": "app.handler",
        "Runtime": "python3.12",
        "Timeout": 3,
        "MemorySize": 128,
        "EphemeralStorage": {"Size": 512},
        "Role": "arn:aws:iam::000000000000:role/r",
        "LoggingConfig": {"LogGroup": "/aws/lambda/f", "LogFormat": "Text"},
        "TracingConfig": {"Mode": "PassThrough"},
        "State": "Active",
        "PackageType": "Zip",
        **members,
    }


@pytest.fixture
def function(records: Records) -> Records:
    """A function with two versions, and an alias that gives a fifth of its traffic to the first."""
    document = {"runs": "r", "config": config()}
    records.create(FUNCTION, *PLACE, "f", {**document, "concurrency": 7}, now=1)
    for number in "12":
        numbered = {"runs": number, "config": config(MemorySize=int(number) * 128)}
        records.create(VERSION, *PLACE, f"f:{number}", numbered, now=1)
    records.create(ALIAS, *PLACE, "f:live", {"version": "2", "weights": {"1": 0.2}}, now=1)
    return records


@pytest.mark.parametrize(
    ("text", "qualifier"),
    [
        ("f", ""),
        ("f:live", "live"),
        (ARN, ""),
        (f"{ARN}:3", "3"),
        ("function:f:$LATEST", "$LATEST"),
    ],
)
def test_a_function_is_named_in_several_ways(text: str, qualifier: str) -> None:
    named = parse_name(text)
    assert named is not None
    assert (named.name, named.qualifier) == ("f", qualifier)


@pytest.mark.parametrize("text", ["", "a b", "arn:aws:s3:::f", f"{ARN}:1:2", "f/g"])
def test_other_texts_name_none(text: str) -> None:
    assert parse_name(text) is None


def test_an_alias_shares_its_traffic_among_two_versions(function: Records) -> None:
    versions = [resolve(function, *PLACE, "f:live", dice=lambda at=at: at) for at in (0.1, 0.2)]
    assert [one and (one.version, one.memory_mb) for one in versions] == [("1", 128), ("2", 256)]
    assert versions[0] is not None
    assert versions[0].invoked_arn == f"{ARN}:live"
    assert versions[0].reserved_concurrency == 7


@pytest.mark.parametrize("qualifier", ["9", "nobody"])
def test_what_is_not_there_resolves_to_nothing(function: Records, qualifier: str) -> None:
    assert resolve(function, *PLACE, "f", qualifier) is None
    assert resolve(function, *PLACE, "g") is None
    assert functions.version_of(function, function.find(FUNCTION)[0], "live") in ("1", "2")


def test_a_policy_lets_in_whom_it_names_from_where_it_says(records: Records) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "s3.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Condition": {
            "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::data*"},
            "StringEquals": {"AWS:SourceAccount": "000000000000"},
        },
    }
    records.create(POLICY, *PLACE, "f", {"statements": [statement]}, now=1)
    bucket = ("arn:aws:s3:::data-1", "000000000000")
    assert allows(records, ARN, "s3.amazonaws.com", *bucket)
    assert not allows(records, ARN, "events.amazonaws.com", *bucket)
    assert not allows(records, ARN, "s3.amazonaws.com", "arn:aws:s3:::other", "000000000000")
    assert not allows(records, ARN, "s3.amazonaws.com", "arn:aws:s3:::data-1", "111111111111")
    assert not allows(records, f"{ARN}:live", "s3.amazonaws.com", *bucket)


def test_stars_of_an_arn_do_not_cross_its_parts() -> None:
    assert arn_like("arn:aws:sns:*:1:t*", "arn:aws:sns:eu-west-1:1:topic")
    assert not arn_like("arn:aws:sns:*:topic", "arn:aws:sns:eu-west-1:1:topic")
