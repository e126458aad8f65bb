"""Captured requests and answers as rows."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.monitor import captured, statistics
from argosy.monitor.analysis import BadData
from argosy.monitor.dataset import Dataset
from argosy.monitor.quality import pairs
from argosy.monitor.rows import Grouped

TIME = 1_700_000_000.0


def side(data: str, encoding: str = "CSV") -> dict[str, str]:
    return {"observedContentType": "x", "mode": "INPUT", "data": data, "encoding": encoding}


def record(request: Any, answer: Any = None, at: str = "2023-11-14T22:13:20Z") -> str:
    data = {"endpointInput": request} | ({"endpointOutput": answer} if answer else {})
    return json.dumps({"captureData": data, "eventMetadata": {"inferenceTime": at}})


def rows(request: Any, answer: Any = None) -> list[list[tuple[str | None, str | None]]]:
    return captured.rows_of(json.loads(record(request, answer)))


def read(*lines: str, known: tuple[str, ...] = (), **window: Any) -> Dataset:
    dataset = Dataset()
    grouped = Grouped(dataset, known)
    captured.read(lines, dataset, grouped, **window)
    grouped.flush()
    return dataset


def test_the_answer_comes_before_the_request() -> None:
    assert rows(side("1,2\n"), side("0.5")) == [[(None, "0.5"), (None, "1"), (None, "2")]]


@pytest.mark.parametrize("answer", ["0\n1\n", "0,1"])
def test_every_line_of_a_request_is_a_row(answer: str) -> None:
    found = rows(side("1,2\n3,4\n"), side(answer))
    assert [[text for _, text in row] for row in found] == [["0", "1", "2"], ["1", "3", "4"]]


@pytest.mark.parametrize(
    ("request_body", "answer", "expected"),
    [
        ("[[1, 2], [3, 4]]", "[0, 1]", [["0", "1", "2"], ["1", "3", "4"]]),
        ('{"instances": [[1], [2]]}', '{"predictions": [5, 6]}', [["5", "1"], ["6", "2"]]),
        ("[1.50, 2]", "[7]", [["7", "1.50", "2"]]),
        ("[1, null]", "true", [["true", "1", None]]),
    ],
)
def test_json_bodies_are_taken_apart(
    request_body: str, answer: str, expected: list[list[str | None]]
) -> None:
    found = rows(side(request_body, "JSON"), side(answer, "JSON"))
    assert [[text for _, text in row] for row in found] == expected


def test_members_of_json_objects_keep_their_names() -> None:
    dataset = read(
        record(side('{"age": 4, "at": {"x": 1}}', "JSON"), side('{"score": 0.1}', "JSON"))
    )
    assert list(dataset.columns) == ["score", "age", "at.x"]


def test_columns_without_names_take_those_of_the_baseline() -> None:
    dataset = read(record(side("1,2"), side("0")), known=("label", "age"))
    assert list(dataset.columns) == ["label", "age", "_c2"]


def test_base64_and_answers_that_do_not_fit_are_skipped_and_counted() -> None:
    dataset = read(
        record(side("AAEC", "BASE64"), side("1")),
        record(side("1\n2\n3"), side("1\n2")),
        "torn {",
        "[1]",
        record(side("1"), side("2")),
    )
    assert (dataset.rows, dataset.skipped) == (1, 4)


def test_a_record_of_one_side_alone_is_a_row() -> None:
    assert read(record(side("1,2"))).rows == 1


def test_only_what_was_captured_in_the_time_asked_for_counts() -> None:
    at = ("2023-11-14T22:13:19Z", "2023-11-14T22:13:20Z", "2023-11-14T22:14:20Z", "some day")
    lines = [record(side("1"), side("2"), when) for when in at]
    assert read(*lines, start=TIME, end=TIME + 60).rows == 2


def test_a_record_that_holds_nothing_is_refused() -> None:
    with pytest.raises(BadData, match="neither"):
        captured.rows_of({"captureData": {}})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)
SIDES = st.fixed_dictionaries(
    {},
    optional={
        "data": ANYTHING | ANYTHING.map(json.dumps),
        "encoding": st.sampled_from(["CSV", "JSON", "BASE64", "", None]),
    },
)
RECORDS = ANYTHING | st.fixed_dictionaries(
    {
        "captureData": st.dictionaries(
            st.sampled_from([captured.INPUT, captured.OUTPUT]), SIDES | ANYTHING
        )
    },
    optional={"eventMetadata": ANYTHING | st.dictionaries(st.just("inferenceTime"), ANYTHING)},
)


@given(st.lists(RECORDS, max_size=5))
def test_whatever_a_record_holds_it_is_rows_or_counted(records: list[Any]) -> None:
    dataset = read(*map(json.dumps, records), start=TIME, end=TIME + 60)
    content = statistics.of(dataset)
    assert content["dataset"]["item_count"] == dataset.rows
    json.dumps(content, allow_nan=False)


@given(st.lists(RECORDS, max_size=5), st.lists(ANYTHING | RECORDS, max_size=5))
def test_whatever_a_truth_holds_it_is_joined_or_counted(
    records: list[Any], truths: list[Any]
) -> None:
    found: dict[str, list[str]] = {}
    pairs.read_truth(map(json.dumps, truths), found)
    attributes = {"problem": "Regression", "inference": "0", "probability": "", "truth": ""}
    joined = pairs.Pairs({**attributes, "threshold": 0.5})  # type: ignore[typeddict-item]
    pairs.join(map(json.dumps, records), found, joined, None, None)
    assert joined.rows + joined.skipped >= 0
