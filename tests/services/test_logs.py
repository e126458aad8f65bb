"""CloudWatch Logs through boto3, over real log files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.ground.paths import DataDir
from argosy.telemetry.logs import LogWriter, delete_all
from tests.support.api_client import ApiServer

GROUP = "/aws/sagemaker/Endpoints/one"
Refused = Callable[..., str]
Write = Callable[..., None]


@pytest.fixture(scope="session")
def one_logs_client(one_server: ApiServer) -> Any:
    return one_server.client("logs")


@pytest.fixture
def root(server: ApiServer) -> Iterator[Path]:
    root = DataDir.at(server.settings.data_dir).logs
    yield root
    delete_all(root)


@pytest.fixture
def logs(root: Path, one_logs_client: Any) -> Any:
    return one_logs_client


@pytest.fixture
def write(root: Path) -> Write:
    """write(stream, (ms, text), …) appends to a stream of GROUP."""

    def write(
        stream: str, *events: tuple[int, str], group: str = GROUP, max_bytes: int = 1 << 20
    ) -> None:
        writer = LogWriter(root, DEFAULT_ACCOUNT, DEFAULT_REGION, group, stream, max_bytes)
        for moment, text in events:
            writer.write(text, moment)
        writer.close()

    return write


def numbered(count: int, start: int = 0) -> list[tuple[int, str]]:
    return [(start + number, f"line {start + number}") for number in range(count)]


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


def pages(call: Callable[..., Any], member: str, **asked: Any) -> list[list[dict[str, Any]]]:
    """Every page of a call that pages by nextToken."""
    found: list[list[dict[str, Any]]] = []
    while True:
        answer = call(**asked)
        found.append(answer[member])
        if "nextToken" not in answer:
            return found
        asked["nextToken"] = answer["nextToken"]


def test_groups_are_listed_by_name_and_filtered(logs: Any, write: Write) -> None:
    for group in ("/aws/sagemaker/Endpoints/b", "/aws/sagemaker/Endpoints/a", "/other"):
        write("s", (5, "x"), group=group)

    def names(**filters: Any) -> list[str]:
        return [group["logGroupName"] for group in logs.describe_log_groups(**filters)["logGroups"]]

    a, b = "/aws/sagemaker/Endpoints/a", "/aws/sagemaker/Endpoints/b"
    assert names() == [a, b, "/other"]
    assert names(logGroupNamePrefix="/aws/") == [a, b]
    assert names(logGroupNamePattern="Endpoints/b") == [b]
    assert names(logGroupClass="INFREQUENT_ACCESS") == []
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{a}"
    assert names(logGroupIdentifiers=["/other", arn]) == [a, "/other"]


def test_a_group_is_described(logs: Any, write: Write) -> None:
    write("s", (5, "x"))
    (group,) = logs.describe_log_groups()["logGroups"]
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    assert (group["arn"], group["logGroupArn"]) == (f"{arn}:*", arn)
    assert group["storedBytes"] > 0
    assert group["creationTime"] > 1_600_000_000_000


def test_groups_and_streams_page(logs: Any, write: Write) -> None:
    for number in range(5):
        write("s", (1, "x"), group=f"/g{number}")
        write(f"s{number}", (1, "x"))
    found = pages(logs.describe_log_groups, "logGroups", limit=2, logGroupNamePrefix="/g")
    assert [[g["logGroupName"] for g in page] for page in found] == [
        ["/g0", "/g1"], ["/g2", "/g3"], ["/g4"],
    ]  # fmt: skip
    for order in ("LogStreamName", "LastEventTime"):
        found = pages(
            logs.describe_log_streams,
            "logStreams",
            logGroupName=GROUP,
            limit=3,
            orderBy=order,
            descending=True,
        )
        assert [[s["logStreamName"] for s in page] for page in found] == [
            ["s4", "s3", "s2"], ["s1", "s0"],
        ]  # fmt: skip


def test_streams_sort_by_name_or_by_their_last_event(logs: Any, write: Write) -> None:
    write("b", (1, "x"), (10, "x"))
    write("a", (30, "x"))
    write("c", (20, "x"))

    def names(**asked: Any) -> list[str]:
        answer = logs.describe_log_streams(logGroupName=GROUP, **asked)
        return [stream["logStreamName"] for stream in answer["logStreams"]]

    assert names() == ["a", "b", "c"]
    assert names(descending=True) == ["c", "b", "a"]
    assert names(orderBy="LastEventTime") == ["b", "c", "a"]
    assert names(orderBy="LastEventTime", descending=True) == ["a", "c", "b"]
    assert names(logStreamNamePrefix="b") == ["b"]


def test_a_stream_is_described(logs: Any, write: Write) -> None:
    write("variant/i-1", (5, "x"), (9, "y"))
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert (stream["firstEventTimestamp"], stream["lastEventTimestamp"]) == (5, 9)
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    assert stream["arn"] == f"{arn}:log-stream:variant/i-1"


def test_events_are_read_from_the_tail_unless_told(logs: Any, write: Write) -> None:
    write("s", *numbered(10))
    asked = {"logGroupName": GROUP, "logStreamName": "s", "limit": 3}
    assert texts(logs.get_log_events(**asked)) == ["line 7", "line 8", "line 9"]
    head = logs.get_log_events(**asked, startFromHead=True)
    assert texts(head) == ["line 0", "line 1", "line 2"]
    assert head["events"][1]["timestamp"] == 1


def test_reading_forward_ends_with_no_events_and_the_same_token(logs: Any, write: Write) -> None:
    write("s", *numbered(7))
    asked = {"logGroupName": GROUP, "logStreamName": "s", "limit": 3}
    answer = logs.get_log_events(**asked, startFromHead=True)
    found = texts(answer)
    while texts(answer):
        token = answer["nextForwardToken"]
        answer = logs.get_log_events(**asked, nextToken=token)
        found += texts(answer)
    assert found == [f"line {number}" for number in range(7)]
    assert answer["nextForwardToken"] == token
    write("s", (7, "later"))
    assert texts(logs.get_log_events(**asked, nextToken=token)) == ["later"]


def test_reading_backward_ends_at_the_head_with_the_same_token(logs: Any, write: Write) -> None:
    write("s", *numbered(7))
    asked = {"logGroupName": GROUP, "logStreamName": "s", "limit": 3}
    answer = logs.get_log_events(**asked)
    found = texts(answer)
    while texts(answer):
        token = answer["nextBackwardToken"]
        answer = logs.get_log_events(**asked, nextToken=token)
        found = texts(answer) + found
    assert found == [f"line {number}" for number in range(7)]
    assert answer["nextBackwardToken"] == token


def test_events_can_be_bounded_in_time(logs: Any, write: Write) -> None:
    write("s", *numbered(10))
    asked = {"logGroupName": GROUP, "logStreamName": "s", "startTime": 3, "endTime": 5}
    assert texts(logs.get_log_events(**asked)) == ["line 3", "line 4"]
    assert texts(logs.get_log_events(**asked, startFromHead=True)) == ["line 3", "line 4"]
    # FilterLogEvents' end is inclusive, GetLogEvents' is not (CloudWatch Logs API reference).
    filtered = logs.filter_log_events(logGroupName=GROUP, startTime=3, endTime=5)
    assert texts(filtered) == ["line 3", "line 4", "line 5"]


def test_an_arn_names_a_group_too(logs: Any, write: Write) -> None:
    write("s", (1, "x"))
    arn = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}"
    for identifier in (GROUP, arn):
        answer = logs.get_log_events(logGroupIdentifier=identifier, logStreamName="s")
        assert texts(answer) == ["x"]
        assert texts(logs.filter_log_events(logGroupIdentifier=identifier)) == ["x"]
        assert logs.describe_log_streams(logGroupIdentifier=identifier)["logStreams"]


def test_what_is_missing_is_said(logs: Any, write: Write, refused: Refused) -> None:
    no_group, no_stream = (
        f"The specified log {thing} does not exist." for thing in ("group", "stream")
    )
    code, group = "ResourceNotFoundException", {"logGroupName": GROUP}
    assert refused(logs.describe_log_streams, code, **group) == no_group
    assert refused(logs.filter_log_events, code, **group) == no_group
    assert refused(logs.get_log_events, code, logStreamName="s", **group) == no_group
    write("s", (1, "x"))
    assert refused(logs.get_log_events, code, logStreamName="t", **group) == no_stream
    assert logs.filter_log_events(logStreamNames=["t"], **group)["events"] == []


def test_another_regions_logs_are_not_seen(server: ApiServer, write: Write) -> None:
    write("s", (1, "x"))
    elsewhere = server.client("logs", region="eu-west-1")
    assert elsewhere.describe_log_groups()["logGroups"] == []


def test_streams_are_interleaved_by_time(logs: Any, write: Write) -> None:
    write("a", (1, "a1"), (4, "a4"), (5, "a5"))
    write("b", (2, "b2"), (3, "b3"), (6, "b6"))
    answer = logs.filter_log_events(logGroupName=GROUP)
    assert texts(answer) == ["a1", "b2", "b3", "a4", "a5", "b6"]
    assert answer["events"][1]["logStreamName"] == "b"
    assert len({event["eventId"] for event in answer["events"]}) == 6
    assert "nextToken" not in answer


@pytest.mark.parametrize("limit", [1, 2, 5, 7])
def test_filtered_pages_give_each_event_once_in_order(logs: Any, write: Write, limit: int) -> None:
    for stream, offset in (("a", 0), ("b", 1), ("c", 2)):
        write(stream, *((3 * n + offset, f"{3 * n + offset}") for n in range(6)))
    found = pages(logs.filter_log_events, "events", logGroupName=GROUP, limit=limit)
    assert all(len(page) <= limit for page in found)
    assert [event["message"] for page in found for event in page] == [
        str(number) for number in range(18)
    ]


def test_what_is_written_between_pages_is_neither_lost_nor_repeated(
    logs: Any, write: Write
) -> None:
    write("a", (1, "a1"), (5, "a5"))
    first = logs.filter_log_events(logGroupName=GROUP, limit=1)
    write("a", (6, "a6"))
    write("new", (3, "new"))
    rest = logs.filter_log_events(logGroupName=GROUP, nextToken=first["nextToken"])
    assert texts(first) + texts(rest) == ["a1", "new", "a5", "a6"]


def test_a_long_search_goes_on_by_token_until_it_has_found(logs: Any, write: Write) -> None:
    write("a", *numbered(25_000), (30_000, "needle"), max_bytes=1 << 23)
    found = pages(logs.filter_log_events, "events", logGroupName=GROUP, filterPattern="needle")
    assert [len(page) for page in found] == [0, 1]


def test_streams_can_be_chosen(logs: Any, write: Write, refused: Refused) -> None:
    for stream in ("v1/a", "v1/b", "v2/c"):
        write(stream, (1, stream))
    chosen = logs.filter_log_events(logGroupName=GROUP, logStreamNames=["v1/b", "v2/c"])
    assert texts(chosen) == ["v1/b", "v2/c"]
    by_prefix = logs.filter_log_events(logGroupName=GROUP, logStreamNamePrefix="v1/")
    assert texts(by_prefix) == ["v1/a", "v1/b"]
    message = refused(
        logs.filter_log_events,
        "InvalidParameterException",
        logGroupName=GROUP,
        logStreamNames=["a"],
        logStreamNamePrefix="b",
    )
    assert "not both" in message


def test_a_pattern_chooses_messages(logs: Any, write: Write) -> None:
    write("s", (1, "GET /ping 200"), (2, "ERROR model died"), (3, "ERROR model slow"))
    answer = logs.filter_log_events(logGroupName=GROUP, filterPattern='ERROR -slow "model died"')
    assert texts(answer) == ["ERROR model died"]


def test_calls_that_contradict_themselves_are_refused(
    logs: Any, write: Write, refused: Refused
) -> None:
    write("s", (1, "x"))
    code, group, stream = "InvalidParameterException", {"logGroupName": GROUP}, "s"
    both = {"logGroupNamePrefix": "/a", "logGroupNamePattern": "b"}
    refused(logs.describe_log_groups, code, **both)
    by_time = {"orderBy": "LastEventTime", "logStreamNamePrefix": "s"}
    refused(logs.describe_log_streams, code, **group, **by_time)
    refused(logs.describe_log_streams, code)
    refused(logs.filter_log_events, code, **group, logGroupIdentifier=GROUP)
    refused(logs.filter_log_events, code, **group, startFromHead=False)
    refused(logs.filter_log_events, code, **group, filterPattern="{ $.a = 1")
    for token in ("made up", "f/x", "x/00000000000000000001", "f/-1"):
        for call, extra in (
            (logs.get_log_events, {"logStreamName": stream}),
            (logs.filter_log_events, {}),
            (logs.describe_log_streams, {}),
        ):
            message = refused(call, code, **group, **extra, nextToken=token)
            assert message == "The specified nextToken is invalid."


def test_events_trimmed_away_do_not_disturb_a_reader(logs: Any, write: Write) -> None:
    write("s", *numbered(10))
    asked = {"logGroupName": GROUP, "logStreamName": "s"}
    head = logs.get_log_events(**asked, startFromHead=True, limit=1)
    write("s", *numbered(20_000, start=10), max_bytes=1 << 17)
    rest = logs.get_log_events(**asked, nextToken=head["nextForwardToken"], limit=1)
    assert int(texts(rest)[0].split()[1]) > 1
    found = pages(logs.filter_log_events, "events", logGroupName=GROUP, limit=9000)
    numbers = [event["timestamp"] for page in found for event in page]
    assert numbers == list(range(numbers[0], 20_010))
